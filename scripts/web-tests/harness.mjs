// What all tests of pages in headless Chromium share: pages that take note of everything that must not happen, and what
// is put on them. CHROMIUM names the browser, /usr/bin/chromium if not set.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";

import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A bundle that is correct by lmdi-1.1.7. */
export const bundle = readFileSync(new URL("../../bench/bundles/transaction-8.json", import.meta.url), "utf8").trim();
/** For files of tests; gone at the end. */
export const folder = mkdtempSync(join(tmpdir(), "lmr-page-"));

/** Names that mean another machine are not looked up: what asks for one fails, and is reported. */
export const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ],
  acceptDownloads: true,
});

const failures = [];
let passed = 0;

/** A page at this address that takes note of script errors, of reports of the content security policy and of requests elsewhere. */
export async function visit(address, { width = 1280, height = 900, scheme = "light", within = address } = {}) {
  const page = await browser.newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme });
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(within) && !asked.startsWith("blob:")) page.faults.push(`request elsewhere: ${asked}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(address);
  return page;
}

/** The page of the validator below this address, ready. */
export async function open(url, query = "", options = {}) {
  const page = await visit(url + query, { ...options, within: url });
  await page.waitForSelector("html[data-ready]", { timeout: 60_000 });
  return page;
}

/** Runs a test. The page that it gives must have no faults. LMR_ONLY names a part of the names of those that are run. */
export async function test(name, run) {
  if (process.env.LMR_ONLY && !name.includes(process.env.LMR_ONLY)) return;
  try {
    const page = await run();
    if (page) assert.deepEqual(page.faults, []);
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL ${name}\n     ${String(error.message).split("\n").slice(0, 12).join("\n     ")}`);
  }
  for (const one of browser.pages().slice(1)) await one.close();
}

/** Ends the browser and the process: with 1 if a test failed, or there was none. */
export async function end() {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
  console.log(`${passed} passed, ${failures.length} failed`);
  if (failures.length || !passed) process.exit(1);
}

export const file = (name, content) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

export async function choose(page, files) {
  return checkedAfter(page, () => page.setInputFiles("#choose", files));
}

/** Does something that begins a check, and waits until its result is shown, not the one before. */
export async function checkedAfter(page, act) {
  await page.evaluate(() => {
    globalThis.changed = false;
    new MutationObserver(() => (globalThis.changed = true)).observe(document.querySelector("#verdict"), { childList: true, characterData: true, subtree: true });
  });
  await act();
  await page.waitForFunction(() => globalThis.changed, null, { timeout: 60_000 });
  return verdict(page);
}

export async function verdict(page, timeout = 60_000) {
  await page.waitForFunction(() => document.querySelector("#progress").hidden && !document.querySelector("#results").hidden, null, { timeout });
  return page.textContent("#verdict");
}

/** What is saved in a format. */
export async function saved(page, format) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-export="${format}"]`)]);
  return readFileSync(await download.path(), "utf8");
}

/** Fails where axe-core knows a violation, or the page is wider than the screen. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(said, [], what);
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= width, `${what}: the page is ${wide} px wide on a screen of ${width}`);
}

/** A zip file of these texts (deflated, the first one stored). */
export function zipped(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    const bytes = Buffer.from(content);
    const packed = index ? deflateRawSync(bytes) : bytes;
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(index ? 8 : 0, 8);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(bytes.length, 22);
    head.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(index ? 8 : 0, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(at, 42);
    parts.push(head, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    at += head.length + Buffer.byteLength(name) + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}
