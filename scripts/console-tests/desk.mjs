// The hospital's desk: its pages, every answer to its forms, and its tasks by keyboard alone.

import assert from "node:assert/strict";

import { send } from "./browser.mjs";

export async function deskPages(browser, address) {
  const { answer, context, elsewhere, file, look, page, tabTo, url } = browser;
  const enter = () => page.keyboard.press("Enter");
  const count = async () => Number((await page.locator("h1").innerText()).match(/\((\d+)\)/)[1]);
  const journal = "Begrunnelse til journalen, uten fødselsnummer";

  await answer("the desk without its key", () => page.goto(`${url}/desk/open?key=galt`), 422,
    ["Åpne arbeidsbordet med adressen", "Open the desk with the address"]);
  await page.goto(address);
  const cause = await page.locator("a[href*='/desk/held?']").first().getAttribute("href");
  // The record with a fault that a person can correct: the check before sending has found it.
  await page.goto(`${url}/desk/held`);
  const own = page.locator("tr", { hasText: "kontrollen her" }).filter({ hasText: "Patient" }).first();
  const record = await own.locator("a[href*='/desk/held/']").first().getAttribute("href");
  for (const [path, title] of [
    ["/desk", "desk-overview"],
    ["/desk/held", ""],
    [cause, "desk-cause"],
    [record, "desk-record"],
    ["/desk/why", "desk-why"],
    ["/desk/why?name=Patient", ""],
    ["/desk/history", "desk-history"],
    ["/desk/rehearsal", ""],
  ]) {
    await look(path, title);
  }
  await file("/desk/lmr.css", /css/);
  await file("/desk/icon.svg", /svg/);
  await elsewhere("/", /^\/desk$/);
  await elsewhere("/desk/language?to=en&back=%2Fdesk%2Fheld", /^\/desk\/held$/);

  // What is refused.
  const post = async (path, action, fields, button) => {
    await page.goto(url + path);
    await send(page, action, fields, button);
  };
  const foreign = ["Skjemaet er ikke herfra, eller økten er utløpt.", "The form is not from here, or the session has ended."];
  const unopened = ["Åpne arbeidsbordet med adressen", "Open the desk with the address"];
  const trial = `${record}/trial#trial`;
  await answer("another secret for all", () => post("/desk/held", "/desk/held", { csrf: "x", reason: "x" }), 403, foreign);
  await answer("another secret for a trial", () => post(record, trial, { csrf: "x" }), 403, foreign);
  await answer("another secret for a rehearsal", () => post("/desk/rehearsal", "/desk/rehearsal", { csrf: "x" }), 403, foreign);
  await answer("a rule set that is not there", () => post("/desk/rehearsal", "/desk/rehearsal", { ruleset: "lmdi-9" }), 404,
    ["Siden finnes ikke.", "There is no such page."]);
  const key = (await context.cookies()).find((one) => one.name === "lmr-desk");
  await answer("a browser without the key", async () => {
    await page.goto(`${url}/desk/held`);
    await context.clearCookies({ name: "lmr-desk" });
    await send(page, "/desk/held", { reason: "x" });
    await context.addCookies([key]);
  }, 422, unopened);
  await answer("no reason for all", () => post("/desk/held", "/desk/held", { reason: "feil hos 13057012345" }), 422,
    ["Skriv en begrunnelse til journalen", "Write a reason for the journal"]);
  assert.equal(await page.inputValue("#reason"), "feil hos 13057012345", "what was written stays");
  await answer("no reason for one", () => post(record, "/desk/held", { reason: " " }), 422,
    ["Skriv en begrunnelse til journalen", "Write a reason for the journal"]);
  await answer("another selection", () => post("/desk/held", "/desk/held", { seal: "x", reason: "avklart" }), 409,
    ["Utvalget har endret seg", "The selection has changed"]);
  assert.equal(await page.inputValue("#reason"), "avklart");
  await answer("a record that is not held", () => post(record, "/desk/held", { number: "999999", reason: "avklart" }), 409,
    ["Posten holdes ikke tilbake lenger", "The record is not held any more"]);
  await answer("a number that is none", () => post(record, "/desk/held", { number: "x", reason: "avklart" }), 422,
    ["Nummeret til posten kan ikke leses.", "The number of the record cannot be read."]);
  await look("/desk/held/999999", "", 404);

  // By keyboard: a changed copy is tried, first as it is, then corrected.
  await page.goto(url + record);
  assert.ok(await page.locator("main pre mark.bad").count(), "the fault is marked in the text");
  await tabTo((at) => at.id === "copy");
  await tabTo((at) => at.tag === "BUTTON" && at.text === "Kontroller kopien");
  await enter();
  await page.locator(".box.bad", { hasText: "Feil i kopien" }).waitFor();
  const copy = await page.inputValue("#copy");
  assert.match(copy, /"kvinne"/);
  await tabTo((at) => at.id === "copy");
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(copy.replace('"kvinne"', '"female"'));
  await page.keyboard.press("Tab");
  await enter();
  await page.locator(".box.good", { hasText: "Ingen feil i kopien" }).waitFor();
  assert.match(await page.inputValue("#copy"), /"female"/, "the copy stays");
  await answer("a trial with errors", () => post(record, trial, { copy }), 200, ["Feil i kopien etter", "Errors in the copy by"]);
  await answer("a trial without errors", () => post(record, trial, { copy: copy.replace('"kvinne"', '"female"') }), 200,
    ["Ingen feil i kopien etter", "No errors in the copy by"]);

  // A rehearsal, until it has ended.
  await answer("a rehearsal", async (language) => {
    const look = language === "nb" ? "Se på nytt" : "Look again";
    await post("/desk/rehearsal", "/desk/rehearsal", {});
    for (let tries = 0; tries < 240 && (await page.getByRole("link", { name: look }).count()); tries += 1) {
      await page.waitForTimeout(500);
      await page.getByRole("link", { name: look }).click();
    }
  }, 200, ["ressurser kontrollert", "resources checked"]);

  // By keyboard: from what is held to a record, and the record let go or discarded.
  const decide = async (word, wanted) => {
    await page.goto(`${url}/desk`);
    await tabTo((at) => at.href.includes("/desk/held?"));
    await enter();
    await page.waitForURL(/\/desk\/held\?/);
    await tabTo((at) => /\/desk\/held\/\d+$/.test(at.href));
    await enter();
    await page.waitForURL(/\/desk\/held\/\d+$/);
    const one = new URL(page.url()).pathname;
    await tabTo((at) => at.id === "reason-release");
    await page.keyboard.type(`avklart: ${word}`);
    await tabTo((at) => at.tag === "BUTTON" && at.value === word);
    await enter();
    await page.waitForURL(wanted);
    const shown = new URL(page.url());
    await look(shown.pathname + shown.search, "");
    assert.equal(await page.locator(`a[href='${one}']`).count(), 0, `${one} is not held any more`);
  };
  await decide("release", /done=released-1$/);
  await decide("discard", /done=discarded-1$/);
  // And all of a filter, whose number is seen first.
  const decideAll = async (type, word, label, done) => {
    await page.goto(`${url}/desk/held`);
    const before = await count();
    await tabTo((at) => at.id === "type");
    await page.keyboard.type(type);
    await enter();
    await page.waitForURL(new RegExp(`type=${type}`));
    const chosen = await count();
    assert.ok(chosen > 1 && chosen <= before, `${type}: ${chosen} of ${before}`);
    const button = await tabTo((at) => at.id === "reason").then(async () => {
      await page.keyboard.type(`avklart for alle: ${word}`);
      return tabTo((at) => at.tag === "BUTTON" && at.value === word);
    });
    assert.equal(button.text, `${label} ${chosen}`, "the number is on the button");
    assert.ok(await page.getByLabel(journal).count());
    await enter();
    await page.waitForURL(new RegExp(`done=${done}-${chosen}$`));
    assert.equal(await count(), before - chosen, "all of them, and no others");
    const shown = new URL(page.url());
    await look(shown.pathname + shown.search, "");
  };
  await decideAll("MedicationRequest", "discard", "Forkast", "discarded");
  assert.ok(await count() > 0, "the filter has left others");
  await decideAll("MedicationAdministration", "release", "Frigi", "released");
}
