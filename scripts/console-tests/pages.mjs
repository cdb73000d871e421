// The console, and the desk, in headless Chromium: every page in both languages and schemes, at 320 pixels and wide,
// without script errors, reports of the content security policy or requests elsewhere; axe-core without violations; the
// main tasks by keyboard alone; signing in with a password, at an issuer and with a passkey.
// usage: node pages.mjs console URL NAME PASSWORD [SCREENSHOT-FOLDER]
//        node pages.mjs desk URL [SCREENSHOT-FOLDER]
//        node pages.mjs passkey-make URL NAME FOLDER     makes a passkey and prints its line; FOLDER keeps its key
//        node pages.mjs passkey-use URL NAME FOLDER      signs in with it
// CHROMIUM names the browser, /usr/bin/chromium if not set.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const [what, address, ...rest] = process.argv.slice(2);
/** The desk is opened by an address with a key. */
const url = new URL(address).origin;
const [name, password] = what === "console" ? rest.splice(0, 2) : [];
const screenshots = what.startsWith("passkey") ? undefined : rest[0];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "lmr-console-"));
if (screenshots) mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const faults = [];
const page = await browser.newPage();
page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) faults.push(`${page.url()}: ${message.text()}`);
});
/** Where else the page may go: the issuer, while somebody signs in there. */
let issuer = url;
page.on("request", (request) => {
  const here = request.url();
  if (!here.startsWith(url) && !here.startsWith(issuer) && !here.startsWith("data:")) faults.push(`request elsewhere: ${here}`);
});

/** Everything that axe-core finds on the page. Its script is run by the driver: the page's own policy allows none. */
async function violations() {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
}

/** Looks at a page in both languages and schemes, narrow and wide. */
async function look(path, title) {
  for (const language of ["nb", "en"]) {
    await browser.addCookies([{ name: "lmr-language", value: language, url }]);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 900 });
        const answer = await page.goto(url + path);
        const where = `${path} ${language} ${scheme} ${width}`;
        if (answer.status() !== 200) faults.push(`${where}: HTTP ${answer.status()}`);
        if ((await page.getAttribute("html", "lang")) !== language) faults.push(`${where}: not in its language`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) faults.push(`${where}: ${wide} pixels wider than the window`);
        // Width changes nothing of what axe-core sees but the layout.
        if (width === 1280 || scheme === "light") {
          for (const one of await violations()) faults.push(`${where}: ${one}`);
        }
        if (screenshots && title && ((language === "nb" && scheme === "light") || (language === "en" && scheme === "dark" && width === 1280))) {
          await page.screenshot({ path: join(screenshots, `${title}-${language}-${scheme}-${width}.png`) });
        }
      }
    }
  }
  await browser.addCookies([{ name: "lmr-language", value: "nb", url }]);
}

/** Presses Tab until the element that is chosen has the focus. */
async function tabTo(choose, limit = 120) {
  for (let presses = 0; presses < limit; presses += 1) {
    await page.keyboard.press("Tab");
    const element = await page.evaluate(() => {
      const at = document.activeElement;
      return { tag: at.tagName, text: (at.innerText ?? "").trim(), id: at.id, name: at.getAttribute("name") ?? "", href: at.getAttribute("href") ?? "" };
    });
    if (choose(element)) return element;
  }
  throw new Error(`not reached by keyboard on ${page.url()}: ${choose}`);
}

async function consolePages() {
  await page.setViewportSize({ width: 1280, height: 900 });
  await look("/konsoll/sign-in", "console-sign-in");
  // By keyboard: sign in.
  await page.goto(`${url}/konsoll/messages?state=refused`);
  assert.match(page.url(), /sign-in\?to=/);
  await tabTo((at) => at.id === "name");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/messages\?state=refused/);
  // Find a refused message, from the first page on, and read why.
  await page.goto(`${url}/konsoll`);
  await tabTo((at) => at.href.includes("/konsoll/messages?") && at.href.includes("state=refused"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/state=refused/);
  await tabTo((at) => at.href.includes("/konsoll/messages/"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/messages\/\d{9}\//);
  const refused = new URL(page.url()).pathname;
  assert.ok(await page.locator("ul.findings li.error", { hasText: /LMR-\d{4}/ }).count(), "why it was refused");
  // Find a message that was taken.
  await page.goto(`${url}/konsoll/messages`);
  const taken = page.locator("tr", { has: page.locator(".tag.good") }).first().locator("a[href*='/konsoll/messages/']");
  const message = await taken.first().getAttribute("href");
  await page.goto(url + message);
  // Show its content for a reason.
  await tabTo((at) => at.id === "reason");
  await page.keyboard.type("prøve i nettleseren");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/content$/);
  assert.ok(await page.locator("pre", { hasText: "resourceType" }).count(), "the content is shown");
  for (const one of await violations()) faults.push(`content: ${one}`);
  // And find the reason in the audit log.
  await page.goto(`${url}/konsoll/audit`);
  assert.ok(await page.getByText("prøve i nettleseren").count(), "the reason is in the audit log");
  const sender = message.split("/")[3];
  for (const [path, title] of [
    ["/konsoll", "console-overview"],
    ["/konsoll?days=90", ""],
    ["/konsoll/messages", "console-messages"],
    [message, "console-message"],
    [refused, "console-refused"],
    [`${message}?entries=findings`, ""],
    ["/konsoll/calendar", "console-calendar"],
    ["/konsoll/refusals", "console-refusals"],
    ["/konsoll/senders", "console-senders"],
    [`/konsoll/senders/${sender}`, "console-sender"],
    ["/konsoll/alerts", "console-alerts"],
    [`/konsoll/again?sender=${sender}&from=2026-01-01&to=2026-12-31`, ""],
    ["/konsoll/operation", "console-operation"],
    ["/konsoll/audit", "console-audit"],
  ]) {
    await look(path, title);
  }
  await page.goto(`${url}/konsoll`);
  await tabTo((at) => at.tag === "BUTTON" && at.text === "Logg ut");
  await page.keyboard.press("Enter");
  await page.waitForURL(/sign-in/);
  await page.goto(`${url}/konsoll`);
  assert.match(page.url(), /sign-in/, "signed out");
}

/** Signing in at the issuer, by keyboard; its own page is the sandbox's and not looked at. */
async function atIssuer() {
  await page.goto(`${url}/konsoll/sign-in?to=%2Fkonsoll%2Falerts`);
  issuer = "http://127.0.0.1:";
  await tabTo((at) => at.href.includes("/sign-in/open-id"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/connect\/authorize/);
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
  issuer = url;
  // Somebody without a role is not let in.
  await page.goto(`${url}/konsoll/sign-in`);
  issuer = "http://127.0.0.1:";
  await page.click("a[href*='/sign-in/open-id']");
  await page.click("text=Geir Gjest");
  await page.waitForURL(/callback/);
  assert.ok(await page.getByText("Du har ingen rolle i konsollen.").count());
  const expected = faults.findIndex((one) => one.includes("403"));
  if (expected >= 0) faults.splice(expected, 1);
  issuer = url;
}

/** An authenticator that the browser plays (WebDriver's virtual one), unlocked by its holder. */
async function authenticator() {
  const session = await browser.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  return { session, authenticatorId };
}

async function makePasskey(operator, keep) {
  const { session, authenticatorId } = await authenticator();
  await look("/konsoll/passkey", "");
  await page.goto(`${url}/konsoll/passkey`);
  await tabTo((at) => at.id === "name");
  await page.keyboard.type(operator);
  await page.keyboard.press("Enter");
  const line = await page.locator("main pre").innerText();
  assert.match(line, /^passkey es256 \S+ \S+ /);
  for (const one of await violations()) faults.push(`passkey line: ${one}`);
  const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  writeFileSync(join(keep, "credential.json"), JSON.stringify(credentials[0]));
  writeFileSync(join(keep, "line"), `${line}\n`);
}

async function usePasskey(operator, keep) {
  const { session, authenticatorId } = await authenticator();
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
}

async function deskPages() {
  await page.goto(address);
  const cause = await page.locator("a[href*='/desk/held?']").first().getAttribute("href");
  const record = await (async () => {
    await page.goto(url + cause);
    return page.locator("a[href*='/desk/held/']").first().getAttribute("href");
  })();
  for (const [path, title] of [
    ["/desk", "desk-overview"],
    [cause, "desk-cause"],
    [record, "desk-record"],
    ["/desk/why", "desk-why"],
    ["/desk/why?name=Patient", ""],
    ["/desk/history", "desk-history"],
    ["/desk/rehearsal", ""],
  ]) {
    await look(path, title);
  }
  // A changed copy is tried: first as it is, then corrected.
  await page.goto(url + record);
  assert.ok(await page.locator("main pre mark.bad").count(), "the fault is marked in the text");
  await page.getByRole("button", { name: "Kontroller kopien" }).click();
  await page.locator(".box.bad", { hasText: "Feil i kopien" }).waitFor();
  for (const one of await violations()) faults.push(`trial: ${one}`);
  const copy = await page.inputValue("#copy");
  await page.fill("#copy", copy.replace('"kvinne"', '"female"'));
  await page.getByRole("button", { name: "Kontroller kopien" }).click();
  await page.locator(".box.good", { hasText: "Ingen feil i kopien" }).waitFor();
  // A rehearsal, until it has ended.
  await page.goto(`${url}/desk/rehearsal`);
  await page.selectOption("#ruleset", { index: 0 });
  await page.getByRole("button", { name: "Prøv" }).click();
  for (let tries = 0; tries < 60 && (await page.getByRole("link", { name: "Se på nytt" }).count()); tries += 1) {
    await page.waitForTimeout(500);
    await page.getByRole("link", { name: "Se på nytt" }).click();
  }
  assert.match(await page.locator("main pre").innerText(), /ressurser kontrollert/);
  for (const one of await violations()) faults.push(`rehearsal: ${one}`);
  // By keyboard: from what is held to a record, and a record let go.
  await page.goto(`${url}/desk`);
  await tabTo((at) => at.href.includes("/desk/held?"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/desk\/held\?/);
  await tabTo((at) => /\/desk\/held\/\d+$/.test(at.href));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/desk\/held\/\d+$/);
  await tabTo((at) => at.id === "reason-release");
  await page.keyboard.type("rettet i kilden");
  await page.keyboard.press("Enter");
  await page.waitForURL(/done=released/);
}

try {
  if (what === "desk") await deskPages();
  else if (what === "passkey-make") await makePasskey(...rest);
  else if (what === "passkey-use") await usePasskey(...rest);
  else {
    await consolePages();
    await atIssuer();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
assert.deepEqual([...new Set(faults)], [], "faults");
console.log(`${what}: every page in both languages and schemes, narrow and wide, without faults`);
