// Every answer to a form of the console: success, and every kind of failure.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { LANGUAGES, send } from "./browser.mjs";
import { firstMessage, signIn } from "./console.mjs";

const FOREIGN = ["Skjemaet er ikke herfra, eller økten er utløpt.", "The form is not from here, or the session has ended."];
const NOT_ALLOWED = ["Rollen din gir ikke adgang til dette.", "Your role does not allow this."];
const NO_PAGE = ["Siden finnes ikke.", "There is no such page."];
const PERSONAL = "avklart for 13057012345";
/** A sender that the files of the world have a certificate for, and that is not registered. */
const OTHER = "310000019";

/** Renames a table of the receiver's database: the statements that need it fail until it is renamed back. */
function rename(database, from, to) {
  const change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=20); db.execute(f'ALTER TABLE {sys.argv[2]} RENAME TO {sys.argv[3]}'); db.commit()";
  execFileSync("python3", ["-c", change, database, from, to]);
}

export async function consoleAnswers(browser, name, password, database) {
  const { answer, context, look, page, setLanguage, url } = browser;
  const open = (path) => page.goto(`${url}/konsoll${path}`);
  const post = async (path, action, fields, button) => {
    await open(path);
    await send(page, `/konsoll${action}`, fields, button);
  };
  /** A form that is taken: once, and its page in both languages. */
  const done = async (what, path, action, fields, to, words) => {
    await post(path, action, fields);
    assert.match(page.url(), to, what);
    const shown = new URL(page.url());
    await look(shown.pathname + shown.search, "");
    for (const language of LANGUAGES) {
      await setLanguage(language);
      await page.goto(shown.href);
      assert.equal(await page.locator(".box.good[role=status]").innerText(), words[LANGUAGES.indexOf(language)], what);
    }
    await setLanguage("nb");
  };

  // Signing in.
  await answer("a wrong password", () => post("/sign-in", "/sign-in", { name, password: "et galt passord" }), 401,
    ["Navnet eller passordet er galt.", "The name or the password is wrong."]);
  assert.equal(await page.inputValue("#name"), name, "the name stays");
  assert.equal(await page.inputValue("#password"), "", "the password does not");
  browser.allowed.also = 401;
  await answer("too many attempts", async () => {
    // Each further attempt has to wait for longer.
    for (let tries = 0; tries < 15; tries += 1) {
      await open("/sign-in");
      if ((await send(page, "/konsoll/sign-in", { name: "ukjent", password: "x" })).status() === 429) return;
    }
  }, 429, ["For mange forsøk.", "Too many attempts."]);
  browser.allowed.also = 200;

  // Whoever may only read.
  await signIn(browser, "leser", password);
  const message = (await firstMessage(browser, "good")).replace("/konsoll", "");
  const sender = message.split("/")[2];
  for (const [what, action, fields] of [
    ["content for a reader", `${message}/content`, { reason: "nysgjerrig" }],
    ["closing for a reader", "/alerts/close", { kind: "invalid", reason: "sett" }],
    ["a sender for a reader", `/senders/${sender}/set`, { name: "x" }],
    ["registering for a reader", "/senders", { name: "x" }],
    ["giving out again for a reader", "/again", { reason: "x" }],
  ]) {
    await answer(what, () => post("", action, fields), 403, NOT_ALLOWED);
  }
  await look("/konsoll/audit", "", 403);
  await answer("signing out", async () => {
    await signIn(browser, "leser", password);
    await send(page, "/konsoll/sign-out");
  }, 200, ["Logg inn", "Sign in"]);

  await signIn(browser, name, password);
  // A form of somebody else, and of a session that has ended.
  for (const [path, action] of [["", "/sign-out"], [message, `${message}/content`], ["/senders", "/senders"], ["/alerts", "/alerts/close"]]) {
    await answer(`another secret at ${action}`, () => post(path, action, { csrf: "AAAA" }), 403, FOREIGN);
  }
  await answer("a session that has ended", async () => {
    await signIn(browser, name, password);
    await open(message);
    await context.clearCookies({ name: "lmr-console" });
    await send(page, `/konsoll${message}/content`, { reason: "for sent" });
  }, 403, FOREIGN);
  await open("/alerts");
  assert.match(page.url(), /\/konsoll\/sign-in\?to=%2Fkonsoll%2Falerts$/, "signed out");
  await signIn(browser, name, password);
  await answer("what is not there", () => post("", `/messages/${sender}/finnes-ikke/content`, { reason: "x" }), 404, NO_PAGE);
  await answer("a form that is too large", () => post("/senders", "/senders", { certificate: "x".repeat(300 << 10) }), 422,
    ["Skjemaet kan ikke leses, eller det er for stort.", "The form cannot be read, or it is too large."]);

  // Content.
  await answer("content without a reason", () => post(message, `${message}/content`, { reason: PERSONAL }), 422,
    ["Skriv hvorfor du trenger innholdet", "Write why you need the content"]);
  assert.equal(await page.inputValue("#reason"), PERSONAL);
  await answer("content", () => post(message, `${message}/content`, { reason: "prøve av svar" }), 200, ["«prøve av svar»", "«prøve av svar»"]);

  // Senders.
  const pem = (file) => readFileSync(file, "utf8");
  await answer("a certificate that is none", () => post("/senders", "/senders", { organisation: OTHER, name: "Nytt", certificate: "x" }), 422,
    ["sertifikatet kan ikke leses", "certificate"]);
  assert.equal(await page.inputValue("#organisation"), OTHER, "what was written stays");
  await answer("a sender that is there", () => post("/senders", "/senders", { organisation: sender, name: "Igjen", certificate: pem("sender.pem") }), 409,
    ["Avsenderen er registrert fra før.", "The sender is registered already."]);
  await answer("a sender of the file", () => post("", `/senders/${sender}/deactivate`, { reason: "x" }), 409,
    ["Avsenderen står i konfigurasjonsfilen", "The sender is in the configuration file"]);
  const saved = ["Endringen er lagret.", "The change is saved."];
  const place = `/senders/${OTHER}`;
  const at = new RegExp(`/senders/${OTHER}\\?done=saved$`);
  await done("registering", "/senders", "/senders", { organisation: OTHER, name: "Nytt sykehus", certificate: pem("other.pem"), reason: "avtalt" }, at, saved);
  await answer("a verb that is not there", () => post("", `${place}/no-such-verb`, { reason: "x" }), 404, NO_PAGE);
  for (const [verb, fields, words] of [
    ["set", { name: "x".repeat(201) }, ["navnet mangler", "the name is missing"]],
    ["addresses", { addresses: "hos oss" }, ["er verken en IP-adresse", "IP address"]],
    ["add-certificate", { certificate: "x" }, ["sertifikatet kan ikke leses", "certificate"]],
    ["deactivate", { reason: PERSONAL }, ["Grunnen kan ha høyst 1000 tegn", "The reason can have 1000 characters at most"]],
    ["remove", { confirm: "1" }, ["Skriv organisasjonsnummeret for å bekrefte", "Write the organisation number to confirm"]],
  ]) {
    await answer(`${verb} that is refused`, () => post(place, `${place}/${verb}`, fields), 422, words);
    for (const [field, value] of Object.entries(fields)) {
      const own = page.locator(`form[action$="/${verb}"] [name=${field}]`);
      assert.equal(await own.inputValue(), value, `${verb}: what was written stays`);
      assert.ok(await own.isVisible(), `${verb}: unfolded`);
    }
  }
  await answer("the last certificate", () => post(place, `${place}/retire-certificate`), 409,
    ["Avsenderen ville stå uten et gyldig sertifikat.", "The sender would be left without a valid certificate."]);
  await done("another name", place, `${place}/set`, { name: "Annet sykehus" }, at, saved);
  await done("addresses", place, `${place}/addresses`, { addresses: "192.0.2.0/24" }, at, saved);
  await done("another certificate", place, `${place}/add-certificate`, { certificate: pem("next.pem") }, at, saved);
  await done("no certificate", place, `${place}/retire-certificate`, { force: true }, at, saved);
  await done("stopping", place, `${place}/deactivate`, { reason: "prøve" }, at, saved);
  await done("letting send again", place, `${place}/activate`, { reason: "prøve" }, at, saved);
  await done("the same name", place, `${place}/set`, { name: "Annet sykehus" }, /\?done=unchanged$/,
    ["Ingenting er endret: det var slik fra før.", "Nothing was changed: it was so already."]);
  await done("removing", place, `${place}/remove`, { confirm: OTHER }, /\/senders\?done=saved$/, saved);

  // Giving out again.
  const now = () => new Date().toISOString();
  const span = { sender, from: "2026-01-01", to: "2099-12-31", reason: "prøve" };
  const again = `/again?sender=${sender}&from=2026-01-01&to=2099-12-31`;
  await answer("another number", () => post(again, "/again", { ...span, count: "99", at: now() }), 409, ["Antallet har endret seg", "The number has changed"]);
  await answer("a day that is none", () => post(again, "/again", { ...span, from: "i går", count: "0", at: now() }), 422,
    ["Datoen må være skrevet som", "The date must be written as"]);
  await done("giving out again", again, "/again", { ...span, count: "0", at: now() }, /\/alerts\?done=again-0$/,
    ["0 meldinger kan hentes på nytt.", "0 messages can be fetched again."]);

  // Alerts.
  await answer("an alert without a reason", () => post("/alerts", "/alerts/close", { reason: PERSONAL }), 422,
    ["Skriv hva som er gjort eller avklart", "Write what was done or found out"]);
  await answer("an alert that was not shown", () => post("/alerts", "/alerts/close", { at: "2026-01-01T00:00:00Z", reason: "sett på" }), 409,
    ["Varslene er ikke slik siden viste dem", "The alerts are not as the page showed them"]);
  // The database fails while the form is on its way.
  await answer("a database that fails", async () => {
    await open("/alerts");
    rename(database, "alert_note", "alert_note_away");
    try {
      await send(page, "/konsoll/alerts/close", { reason: "sett på" });
    } finally {
      rename(database, "alert_note_away", "alert_note");
    }
  }, 503, ["Siden kan ikke vises nå.", "The page cannot be shown now."]);
  await done("closing an alert", "/alerts", "/alerts/close", { reason: "sett på i nettleseren" }, /\/alerts\?done=closed$/,
    ["Varselet er lukket.", "The alert is closed."]);
  assert.ok(await page.getByText("sett på i nettleseren").count(), "it is among the closed ones");
}
