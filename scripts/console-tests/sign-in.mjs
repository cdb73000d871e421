// Signing in at an issuer and with a passkey.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { send } from "./browser.mjs";

/** Signing in at the issuer, by keyboard; its own page is the sandbox's and not looked at. */
export async function atIssuer({ allowed, answer, elsewhere, keep, look, page, tabTo, url }) {
  await page.goto(`${url}/konsoll/sign-in?to=%2Fkonsoll%2Falerts`);
  allowed.origin = "http://127.0.0.1:";
  await tabTo((at) => at.href.includes("/sign-in/open-id"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/connect\/authorize/);
  keep("GET", `${url}/konsoll/sign-in/open-id`, "elsewhere");
  await tabTo((at) => at.text === "Vilde Vakt");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/alerts/);
  assert.ok(await page.getByText("Vilde Vakt (liksom-2)").count(), "signed in at the issuer");
  await tabTo((at) => at.tag === "BUTTON" && at.text === "Logg ut");
  await page.keyboard.press("Enter");
  await page.waitForURL(/sign-in\?out=1/);
  await tabTo((at) => at.href.includes("/connect/endsession"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/sign-in$/);
  // Somebody without a role is not let in, and what the issuer did not send counts for nothing.
  await answer("no role", async () => {
    await page.goto(`${url}/konsoll/sign-in`);
    await page.click("a[href*='/sign-in/open-id']");
    await page.click("text=Geir Gjest");
    await page.waitForURL(/callback/);
  }, 403, ["Du har ingen rolle i konsollen.", "You have no role in the console."]);
  allowed.origin = url;
  await answer("a state of nobody", () => page.goto(`${url}/konsoll/sign-in/open-id/callback?state=x&code=y`), 400,
    ["Innloggingen er ukjent, brukt før", "The sign-in is unknown, was used before"]);
  await look("/konsoll/sign-in?out=1", "");
  await elsewhere("/", /^\/konsoll$/);
  await elsewhere("/konsoll/language?to=en&back=%2Fkonsoll%2Falerts", /^\/konsoll\/alerts$/);
}

/** An authenticator that the browser plays (WebDriver's virtual one), unlocked by its holder. */
async function authenticator({ context, page }) {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  return { session, authenticatorId };
}

export async function makePasskey(browser, operator, keep) {
  const { answer, file, look, page, tabTo, url } = browser;
  const { session, authenticatorId } = await authenticator(browser);
  await look("/konsoll/passkey", "");
  await file("/konsoll/passkey.js", /javascript/);
  await page.goto(`${url}/konsoll/passkey`);
  await tabTo((at) => at.id === "name");
  await page.keyboard.type(operator);
  await page.keyboard.press("Enter");
  const line = await page.locator("main pre").innerText();
  assert.match(line, /^passkey es256 \S+ \S+ /);
  const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  writeFileSync(join(keep, "credential.json"), JSON.stringify(credentials[0]));
  writeFileSync(join(keep, "line"), `${line}\n`);
  const path = "/konsoll/passkey";
  await answer("a passkey", async () => {
    await page.goto(url + path);
    await page.fill("#name", "en annen");
    await page.keyboard.press("Enter");
    await page.locator("main pre").waitFor();
  }, 200, ["Passnøkkelen er laget.", "The passkey is made."]);
  await answer("a passkey of a challenge that is used up", async () => {
    await page.goto(url + path);
    await page.evaluate(() => { document.getElementById("passkey-form").submit(); });
    await page.locator("[role=alert]:not([hidden])").waitFor();
  }, 422, ["Svaret fra nettleseren godtas ikke.", "The browser's answer is not accepted."]);
}

export async function usePasskey(browser, operator, keep) {
  const { answer, look, page, tabTo, url } = browser;
  const { session, authenticatorId } = await authenticator(browser);
  const credential = JSON.parse(readFileSync(join(keep, "credential.json"), "utf8"));
  await session.send("WebAuthn.addCredential", { authenticatorId, credential });
  await look("/konsoll/sign-in", "");
  await page.goto(`${url}/konsoll/sign-in?to=%2Fkonsoll%2Faudit`);
  await tabTo((at) => at.tag === "BUTTON" && at.text === "Logg inn med passnøkkel");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/audit/);
  assert.ok(await page.locator(".who", { hasText: operator }).count(), "signed in with the passkey");
  // A holder who is not verified does not get in, and the page says so.
  await page.goto(`${url}/konsoll`);
  await page.getByRole("button", { name: "Logg ut" }).click();
  await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto(`${url}/konsoll/sign-in`);
  await page.getByRole("button", { name: "Logg inn med passnøkkel" }).click();
  await page.locator("#passkey-problem:not([hidden])").waitFor();
  // Nor does an answer that no authenticator gave.
  await answer("an empty answer for a passkey", async () => {
    await page.goto(`${url}/konsoll/sign-in`);
    await page.evaluate(() => { document.querySelector("form[action$='/sign-in/passkey']").submit(); });
    await page.locator("[role=alert]:not([hidden])").waitFor();
  }, 401, ["Passnøkkelen godtas ikke.", "The passkey is not accepted."]);
}
