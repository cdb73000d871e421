// Chromium, and what every page is held to: no script errors, no reports of the content security policy, no requests
// elsewhere, axe-core without violations, the chosen language, and no wider than the window; in both languages and colour
// schemes, wide and at 320 pixels. What was looked at is kept for `routes.mjs`.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const LANGUAGES = ["nb", "en"];

/** Opens Chromium for the pages at an origin. */
export async function open(url, screenshots) {
  const folder = mkdtempSync(join(tmpdir(), "lmr-console-"));
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  const page = await context.newPage();
  const faults = [];
  /** Where else the page may go, and which status its document may have: set while that is what is tried. */
  const allowed = { origin: url, status: 200, also: 200 };
  page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    // Chromium's own line about a document with the status that is expected.
    const isExpected = [allowed.status, allowed.also].some((status) => status !== 200 && message.text().includes(`status of ${status} `));
    if (isExpected && message.location().url.startsWith(url)) return;
    // A form keeps what was written in it; a field for days cannot show what only a request made by hand has in it.
    if (allowed.status === 422 && message.text().includes("does not conform to the required format")) return;
    faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const here = request.url();
    if (![url, allowed.origin, "data:"].some((start) => here.startsWith(start))) faults.push(`request elsewhere: ${here}`);
    if (here.startsWith(url)) keep(request.method(), here, "asked");
  });

  /** Notes that an address was asked for, or looked at in all ways. */
  function keep(method, address, how) {
    if (process.env.LOOKED_AT) appendFileSync(process.env.LOOKED_AT, `${how} ${method} ${new URL(address).pathname}\n`);
  }

  const setLanguage = (language) => context.addCookies([{ name: "lmr-language", value: language, url }]);

  await setLanguage("nb");

  /** Everything that axe-core finds. Its script is run by the driver: the page's own policy allows none. */
  async function violations() {
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
  }

  /** What is on the screen now, in both schemes, wide and narrow. */
  async function examine(where, language, title) {
    if ((await page.getAttribute("html", "lang")) !== language) faults.push(`${where}: not in ${language}`);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 900 });
        const here = `${where} ${language} ${scheme} ${width}`;
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) faults.push(`${here}: ${wide} pixels wider than the window`);
        // Width changes nothing of what axe-core sees but the layout.
        if (width === 1280 || scheme === "light") {
          for (const one of await violations()) faults.push(`${here}: ${one}`);
        }
        if (screenshots && title && ((language === "nb" && scheme === "light") || (language === "en" && scheme === "dark" && width === 1280))) {
          await page.screenshot({ path: join(screenshots, `${title}-${language}-${scheme}-${width}.png`) });
        }
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  /** Looks at a page. */
  async function look(path, title, status = 200) {
    allowed.status = status;
    for (const language of LANGUAGES) {
      await setLanguage(language);
      const answer = await page.goto(url + path);
      if (answer.status() !== status) faults.push(`${path}: HTTP ${answer.status()}, not ${status}`);
      await examine(path, language, title);
    }
    allowed.status = 200;
    await setLanguage("nb");
    keep("GET", url + path, status === 200 ? "page" : "answer");
  }

  /** Looks at the answer to a form. `send` fills it in and sends it, in the language that it is given; `words` are those
   * that the answer has in it. */
  async function answer(what, send, status, words) {
    allowed.status = status;
    for (const language of LANGUAGES) {
      await setLanguage(language);
      let document;
      const listen = (response) => {
        const request = response.request();
        if (request.isNavigationRequest() && !(response.status() >= 300 && response.status() < 400)) document = response;
        if (request.isNavigationRequest() && new URL(response.url()).origin === url) sent.push([request.method(), response.url()]);
      };
      const sent = [];
      page.on("response", listen);
      await send(language);
      await page.waitForLoadState("load");
      page.off("response", listen);
      const where = `${what} (${new URL(page.url()).pathname})`;
      if (document?.status() !== status) faults.push(`${where} ${language}: HTTP ${document?.status()}, not ${status}`);
      const policy = document?.headers()["content-security-policy"] ?? "";
      if (!policy.startsWith("default-src 'none'")) faults.push(`${where}: no policy`);
      const text = await page.innerText("main");
      const wanted = words[LANGUAGES.indexOf(language)];
      if (!text.includes(wanted)) faults.push(`${where} ${language}: «${wanted}» is not in «${text.slice(0, 300)}»`);
      await examine(where, language);
      for (const [method, address] of sent) keep(method, address, "answer");
    }
    allowed.status = 200;
    await setLanguage("nb");
  }

  /** Presses Tab until the element that is chosen has the focus. */
  async function tabTo(choose, limit = 160) {
    for (let presses = 0; presses < limit; presses += 1) {
      await page.keyboard.press("Tab");
      const element = await page.evaluate(() => {
        const at = document.activeElement;
        return { tag: at.tagName, text: (at.innerText ?? "").trim(), id: at.id, name: at.getAttribute("name") ?? "", value: at.getAttribute("value") ?? "", href: at.getAttribute("href") ?? "" };
      });
      if (choose(element)) return element;
    }
    throw new Error(`not reached by keyboard on ${page.url()}: ${choose}`);
  }

  /** A file that pages load. */
  async function file(path, type) {
    const answer = await context.request.get(url + path);
    assert.equal(answer.status(), 200, path);
    assert.match(answer.headers()["content-type"], type, path);
    keep("GET", url + path, "file");
  }

  /** An address that only leads on. */
  async function elsewhere(path, to) {
    const answer = await context.request.get(url + path, { maxRedirects: 0 });
    assert.equal(answer.status(), 303, path);
    assert.match(answer.headers().location, to, path);
    keep("GET", url + path, "elsewhere");
  }

  /** Ends the browser. */
  async function close() {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }

  /** Fails where something was found. */
  function end() {
    assert.deepEqual([...new Set(faults)], [], "faults");
  }

  return { allowed, answer, close, context, elsewhere, end, examine, faults, file, keep, look, page, setLanguage, tabTo, url, violations };
}

/** Gives the answer. Fills in fields of the form with this address, hidden ones too, and sends it by the button that is chosen. `true` and
 * `false` are for boxes. What the browser itself would refuse is sent all the same; where the page has no such form, as for
 * somebody who may not, the one for signing out is sent there. */
export async function send(page, action, fields = {}, button = "button") {
  const own = page.locator(`form[method="post"][action="${action}"]`);
  const found = (await own.count()) ? own.first() : page.locator("form[action$='/sign-out']");
  // The element itself: its address, by which it was found, may be another one below.
  const form = await found.elementHandle();
  await form.evaluate((form, [action, fields]) => {
    form.setAttribute("action", action);
    form.noValidate = true;
    for (let folded = form.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
    form.hidden = false;
    for (const [name, value] of Object.entries(fields)) {
      let field = form.elements.namedItem(name);
      if (!field) {
        field = Object.assign(document.createElement("input"), { type: "hidden", name });
        form.append(field);
      }
      if (typeof value === "boolean") field.checked = value;
      else {
        field.removeAttribute("maxlength");
        field.value = value;
      }
    }
  }, [action, fields]);
  const [response] = await Promise.all([page.waitForNavigation(), form.$(button).then((one) => one.click())]);
  return response;
}
