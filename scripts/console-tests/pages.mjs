// The console, and the desk, in headless Chromium: every page in both languages and schemes, at 320 pixels and wide,
// without script errors, reports of the content security policy or requests elsewhere; axe-core without violations; the
// main tasks by keyboard alone.
// usage: node pages.mjs console URL NAME PASSWORD [SCREENSHOT-FOLDER]
//        node pages.mjs desk URL [SCREENSHOT-FOLDER]
// CHROMIUM names the browser, /usr/bin/chromium if not set.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const [what, url, ...rest] = process.argv.slice(2);
const [name, password] = what === "console" ? rest.splice(0, 2) : [];
const screenshots = rest[0];
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
page.on("request", (request) => {
  if (!request.url().startsWith(url)) faults.push(`request elsewhere: ${request.url()}`);
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
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/messages\?state=refused/);
  // Find a message, and read what became of it.
  await page.goto(`${url}/konsoll/messages`);
  await tabTo((at) => at.id === "main" || at.href.includes("/konsoll/messages/"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/konsoll\/messages\/\d{9}\//);
  const message = new URL(page.url()).pathname;
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

async function deskPages() {
  await page.goto(`${url}/desk`);
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
    ["/desk/history", "desk-history"],
  ]) {
    await look(path, title);
  }
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
  await (what === "desk" ? deskPages() : consolePages());
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
assert.deepEqual([...new Set(faults)], [], "faults");
console.log(`${what}: every page in both languages and schemes, narrow and wide, without faults`);
