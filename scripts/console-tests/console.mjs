// The console's pages, and its main tasks by keyboard alone.

import assert from "node:assert/strict";

/** Signs in with a password, by keyboard. */
export async function signIn({ page, tabTo, url }, name, password, to = "/konsoll") {
  await page.goto(`${url}/konsoll/sign-in?to=${encodeURIComponent(to)}`);
  await tabTo((at) => at.id === "name");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL((address) => address.pathname + address.search === to);
}

/** The address of the first message with this mark: `good` for taken, `bad` for refused. */
export async function firstMessage({ page, url }, mark) {
  await page.goto(`${url}/konsoll/messages`);
  const row = page.locator("tr", { has: page.locator(`.tag.${mark}`) }).first();
  return row.locator("a[href*='/konsoll/messages/']").first().getAttribute("href");
}

export async function consolePages(browser, name, password) {
  const { file, look, page, setLanguage, tabTo, url } = browser;
  await page.setViewportSize({ width: 1280, height: 900 });
  await look("/konsoll/sign-in", "console-sign-in");
  await file("/konsoll/lmr.css", /css/);
  await file("/konsoll/icon.svg", /svg/);
  await page.goto(`${url}/konsoll/messages?state=refused`);
  assert.match(page.url(), /sign-in\?to=/);
  await signIn(browser, name, password, "/konsoll/messages?state=refused");
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
  // Find a message that was taken, and show its content for a reason.
  const message = await firstMessage(browser, "good");
  await page.goto(url + message);
  await tabTo((at) => at.id === "reason");
  await page.keyboard.type("prøve i nettleseren");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/content$/);
  assert.ok(await page.locator("pre", { hasText: "resourceType" }).count(), "the content is shown");
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
  // A message's receipt, taken or refused; and the code list that is loaded.
  for (const [language, receipt, codes] of [["nb", "Kvittering", "Koder"], ["en", "Receipt", "Codes"]]) {
    await setLanguage(language);
    for (const path of [message, refused]) {
      await page.goto(url + path);
      const text = await page.locator(`pre[aria-label="${receipt}"]`).innerText();
      assert.ok(text.includes(decodeURIComponent(path.split("/").pop())), `${path}: its receipt`);
    }
    await page.goto(`${url}/konsoll/operation`);
    const table = page.locator("[aria-labelledby=lists] table");
    assert.ok((await table.locator("thead").innerText()).includes(codes));
    const row = await table.locator("tbody tr", { hasText: "http://example.org/liksom-koder" }).innerText();
    assert.match(row, /Liksom-koder\s+http:\/\/example.org\/liksom-koder\s+2026-11\s+2/);
  }
  await setLanguage("nb");
  await page.goto(`${url}/konsoll`);
  await tabTo((at) => at.tag === "BUTTON" && at.text === "Logg ut");
  await page.keyboard.press("Enter");
  await page.waitForURL(/sign-in/);
  await page.goto(`${url}/konsoll`);
  assert.match(page.url(), /sign-in/, "signed out");
}
