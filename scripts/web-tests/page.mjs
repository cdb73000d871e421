// The page of the validator in headless Chromium: both languages and schemes without script errors, reports of the
// content security policy or requests elsewhere; axe-core without violations; the tasks by keyboard alone; files,
// archives and what is wrong with them; a large bundle without a frozen page.
// usage: node page.mjs URL [SCREENSHOT-FOLDER]

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { missingTexts } from "../../crates/browser/page/texts.js";
import { accessible, bundle, choose, end, file, folder, open as openAt, saved, test, verdict, zipped } from "./harness.mjs";

const [url, screenshots] = process.argv.slice(2);
const open = (query, options) => openAt(url, query, options);

assert.deepEqual(missingTexts(), [], "texts that one language lacks");

async function shoot(page, name, whole = false) {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: whole });
}

for (const language of ["nb", "en"]) {
  for (const scheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      await test(`${language}, ${scheme}, ${width} px: no violations, empty and with findings`, async () => {
        const page = await open(`?lang=${language}`, { scheme, width });
        assert.equal(await page.getAttribute("html", "lang"), language);
        for (const more of await page.$$("summary")) await more.click();
        await accessible(page, "empty");
        for (const more of await page.$$("summary")) await more.click();
        await page.click("#example");
        await verdict(page);
        await page.waitForSelector("#lines .l");
        await accessible(page, "with findings");
        await page.evaluate(() => scrollTo(0, 0));
        await shoot(page, `${language}-${scheme}-${width}`, width === 320);
        return page;
      });
    }
  }
}

await test("the language can be changed with findings on the page", async () => {
  const page = await open("?lang=nb");
  await page.click("#example");
  await verdict(page);
  const before = await page.textContent("#findings li p:nth-of-type(2)");
  await page.click("#en");
  await page.waitForFunction((text) => document.querySelector("#findings li p:nth-of-type(2)").textContent !== text, before);
  assert.match(await page.textContent("#verdict"), /errors/);
  return page;
});

await test("by keyboard alone: file, finding, place, back, filter, export", async () => {
  const page = await open("?lang=en");
  // From the start, since the browser is asked to hand choosers over.
  const choosers = [];
  page.on("filechooser", (chooser) => choosers.push(chooser));
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
  const tabTo = async (wanted) => {
    for (let i = 0; i < 120; i += 1) {
      await page.keyboard.press("Tab");
      if ((await focused()).split(" ").includes(wanted)) return;
    }
    assert.fail(`${wanted} cannot be reached by Tab`);
  };
  await tabTo("skip");
  await tabTo("choose");
  await page.keyboard.press("Enter");
  while (!choosers.length) await page.waitForTimeout(50);
  await choosers[0].setFiles([]);
  await tabTo("folder");
  await tabTo("example");
  await page.keyboard.press("Enter");
  await verdict(page);
  await page.waitForFunction(() => document.activeElement.id === "results");
  await tabTo("search");
  await page.keyboard.type("birthDate");
  await page.waitForFunction(() => document.querySelectorAll("#findings li[id]").length === 1);
  await tabTo("place");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.matches("#lines a.mark.current"));
  assert.match(await page.textContent("#lines a.mark.current"), /1961-02-30/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.matches("#findings li.current"));
  await page.focus("#document");
  await page.keyboard.press("End");
  const all = readFileSync(new URL("../../crates/browser/page/example.json", import.meta.url), "utf8").trim().split("\n").length;
  await page.waitForFunction((all) => Number([...document.querySelectorAll("#lines .n")].at(-1).textContent) === all, all);
  await page.keyboard.press("PageUp");
  await page.waitForFunction((all) => Number([...document.querySelectorAll("#lines .n")].at(-1).textContent) < all, all);
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector("#lines .n").textContent === "1");
  const download = page.waitForEvent("download");
  await page.focus('[data-export="sarif"]');
  await page.keyboard.press("Enter");
  const log = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  assert.equal(log.version, "2.1.0");
  assert.ok(log.runs[0].results.length > 3);
  return page;
});

await test("every format is saved with the findings in it", async () => {
  const page = await open("?lang=nb");
  await page.click("#example");
  await verdict(page);
  for (const [format, mark] of [["html", "<!doctype html>"], ["json", "{\"file\":\"example.json\""], ["operation-outcome", "{\"resourceType\":\"OperationOutcome\""], ["junit", "<?xml"]]) {
    const text = await saved(page, format);
    assert.ok(text.startsWith(mark), `${format}: ${text.slice(0, 60)}`);
    assert.match(text, /LMR-\d{4}/, format);
  }
  return page;
});

await test("zip, gzip, NDJSON, XML and what is not read", async () => {
  const page = await open("?lang=en");
  const good = JSON.parse(bundle);
  good.entry[0].resource.gender = "kvinne";
  const bad = JSON.stringify(good);
  const zip = zipped({ "a/one.json": bundle, "a/two.json": bad, "a/picture.png": "x", "three.json.gz": gzipSync(bad) });
  await choose(page, [
    file("all.zip", zip),
    file("lines.ndjson", `${bundle}\n\n${bad}\n`),
    file("patient.xml", '<Patient xmlns="http://hl7.org/fhir"><birthDate value="1990-02-30"/></Patient>'),
    file("notes.txt", "nothing"),
    file("broken.zip", zip.subarray(0, 200)),
  ]);
  const names = await page.$$eval("#resources .name", (all) => all.map((one) => one.textContent));
  assert.deepEqual(names, ["all.zip/a/one.json", "all.zip/a/two.json", "all.zip/three.json", "lines.ndjson:1", "lines.ndjson:3", "patient.xml"]);
  const notices = await page.$$eval("#troubles li", (all) => all.map((one) => one.textContent).join("\n"));
  assert.match(notices, /broken\.zip: the zip file is damaged/);
  assert.match(notices, /2 files were not read: all\.zip\/a\/picture\.png, notes\.txt/);
  assert.match(await page.textContent("#verdict"), /Not everything has been checked/);
  await page.click('#resources [data-case] >> text="lines.ndjson:3"');
  await page.waitForFunction(() => document.querySelector("#findings-heading").textContent.includes("lines.ndjson:3"));
  await page.click("#findings a.place");
  await page.waitForFunction(() => document.activeElement.matches("a.mark"));
  return page;
});

await test("a text that is not JSON, an empty file and a deep one are findings", async () => {
  const page = await open("?lang=en");
  await choose(page, [file("a.json", "{"), file("b.json", ""), file("c.json", "[".repeat(100_000)), file("d.xml", "<a>")]);
  const errors = await page.$$eval("#resources .badge.error", (all) => all.length);
  assert.equal(errors, 4);
  return page;
});

await test("own packages count, are named and can be removed", async () => {
  const page = await open("?lang=en");
  await page.click("#more summary");
  const profile = {
    resourceType: "StructureDefinition", url: "http://example.org/fhir/StructureDefinition/needs-name", name: "NeedsName", status: "active",
    kind: "resource", abstract: false, type: "Patient", baseDefinition: "http://hl7.org/fhir/StructureDefinition/Patient", derivation: "constraint",
    differential: { element: [{ id: "Patient", path: "Patient" }, { id: "Patient.name", path: "Patient.name", min: 1 }] },
  };
  await page.setInputFiles("#packages", [file("needs-name.json", JSON.stringify(profile)), file("wrong.json", "{}")]);
  await page.selectOption("#rules", "none");
  await page.fill("#profiles", profile.url);
  await choose(page, [file("p.json", '{"resourceType":"Patient"}')]);
  assert.match(await page.textContent("#loaded"), /needs-name\.json: 1 profiles/);
  assert.match(await page.textContent("#loaded"), /wrong\.json.*no StructureDefinition/i);
  assert.match(await page.textContent("#findings"), /Patient\.name/);
  await page.click("#loaded button");
  await page.click("#again");
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("needs-name"));
  return page;
});

await test("what was not checked is not called correct, on the page and in what is saved", async () => {
  const page = await open("?lang=en");
  await page.click("#more summary");
  await page.fill("#profiles", "http://nope");
  await choose(page, [file("ok.json", '{"resourceType":"Patient"}'), file("bad.json", '{"resourceType":"Patient","gender":"bad"}')]);
  assert.equal(await page.textContent("#verdict"), "Nothing has been checked.");
  assert.match(await page.getAttribute("#verdict", "class"), /warning/);
  assert.equal(JSON.parse(await saved(page, "sarif")).runs[0].invocations[0].executionSuccessful, false);
  return page;
});

await test("every saved format of an incomplete check says so to programs, and why", async () => {
  const page = await open("?lang=en");
  const marks = {
    html: (text) => /data-incomplete="([^"]*)"/.exec(text)?.[1],
    junit: (text) => /<error type="incomplete: ([^"]*)"/.exec(text)?.[1],
    sarif: (text) => JSON.parse(text).runs[0].properties.incomplete.join(" "),
    json: (text) => JSON.parse(text.trim().split("\n").at(-1)).reasons?.join(" "),
    "operation-outcome": (text) => JSON.parse(text.trim().split("\n").at(-1)).issue.find(({ code }) => code === "incomplete")?.diagnostics,
  };
  await choose(page, [file("a.json", '{"resourceType":"Patient","gender":"x"}'), file("b.json", "{}")]);
  for (const [format, mark] of Object.entries(marks)) assert.ok(!mark(await saved(page, format)), `${format}, complete`);
  await choose(page, [file("a.json", '{"resourceType":"Patient","gender":"x"}'), file("notes.txt", "x"), file("broken.zip", zipped({ "a.json": "{}" }).subarray(0, 40))]);
  for (const [format, mark] of Object.entries(marks)) assert.equal(mark(await saved(page, format)), "unread kind", format);
  return page;
});

await test("where there is nothing to check, that is a finding and not correct", async () => {
  const page = await open("?lang=en");
  const nothing = [file("empty.ndjson", ""), file("blank.ndjson", "\n \n"), file("empty.zip", zipped({})), file("pictures.zip", zipped({ "a.png": "x" })), file("empty.ndjson.gz", gzipSync(""))];
  for (const one of [...nothing, null]) {
    const files = [file("right.json", bundle), ...(one ? [one] : nothing)];
    const said = await choose(page, files);
    assert.match(said, one ? /^1 error and .* in 1 file of 2 files/ : /^5 errors/, one?.name);
    const names = await page.$$eval("#resources button:has(.badge.error) .name", (all) => all.map((name) => name.textContent));
    assert.equal(names.length, files.length - 1);
    const lines = (await saved(page, "json")).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.filter(({ code, severity }) => code === "LMR-3002" && severity === "fatal").length, files.length - 1);
  }
  return page;
});

await test("pasted text is checked", async () => {
  const page = await open("?lang=nb");
  await page.click("#drop summary");
  await page.fill("#text", bundle);
  await page.click("#check-text");
  assert.match(await verdict(page), /1 fil/);
  assert.match(await page.textContent("#digest"), /sha256:[0-9a-f]{64}/);
  return page;
});

await test("a resource cannot write into the page", async () => {
  const page = await open("?lang=en");
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await choose(page, [file(`${"<b>x</b>"}.json`, JSON.stringify({ resourceType: "Patient", gender: evil, [evil]: evil }, null, 1))]);
  assert.equal(await page.$$eval("#results img, #results script, #results b", (all) => all.length), 0);
  assert.equal(await page.title(), "Check files against the rules of Legemiddelregisteret");
  return page;
});

await test("a large bundle does not freeze the page, and its document can be gone through", async () => {
  const large = join(folder, "large.json");
  const one = JSON.parse(bundle);
  const entries = JSON.stringify(one.entry).slice(1, -1);
  const megabytes = Number(process.env.LMR_LARGE_MB ?? 12);
  const copies = Math.ceil((megabytes << 20) / entries.length);
  const head = JSON.stringify({ ...one, entry: [] }).replace(/\]\}$/, "");
  writeFileSync(large, `${head}${Array.from({ length: copies }, (_, n) => entries.replaceAll(/0000000(\d)-5e1f-4a0c-9b37/g, (_, k) => `${String(n * 10 + Number(k)).padStart(8, "0")}-5e1f-4a0c-9b37`)).join(",")}]}`);
  const page = await open("?lang=en");
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    (function tick() {
      const now = performance.now();
      globalThis.longest = Math.max(globalThis.longest, now - last);
      last = now;
      setTimeout(tick, 10);
    })();
  });
  const started = Date.now();
  await page.setInputFiles("#choose", large);
  await verdict(page, 300_000);
  const longest = await page.evaluate(() => globalThis.longest);
  console.log(`     ${megabytes} MB, ${copies * 8} entries: ${((Date.now() - started) / 1000).toFixed(1)} s, longest pause of the page ${longest.toFixed(0)} ms`);
  assert.ok(longest < 1000, `the page stood still for ${longest} ms: that is felt`);
  await page.focus("#document");
  await page.keyboard.press("End");
  await page.waitForFunction(() => Number(document.querySelector("#lines .n").textContent) > 1000);
  return page;
});

await test("a check can be stopped", async () => {
  const page = await open("?lang=en");
  // Several, so that the check is under way when the button is pressed, however fast the machine is.
  const several = [1, 2, 3, 4, 5].map((number) => join(folder, `large-${number}.json`));
  for (const copy of several) copyFileSync(join(folder, "large.json"), copy);
  await page.setInputFiles("#choose", several);
  await page.waitForSelector("#progress:not([hidden])");
  await page.click("#stop");
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("Stopped"), null, { timeout: 20_000 });
  await page.click("#example");
  await verdict(page);
  return page;
});

await test("a check can be stopped at any moment, with a document on the page too", async () => {
  const page = await open("?lang=en");
  await page.click("#example");
  await verdict(page);
  const large = [1, 2].map((number) => join(folder, `large-${number}.json`));
  for (const wait of [0, 150, 400, 700, 1000, 1400, 1900, 2500]) {
    await page.setInputFiles("#choose", large);
    await page.waitForSelector("#progress:not([hidden])");
    await page.waitForTimeout(wait);
    // It may be over by then.
    if (await page.isVisible("#stop")) await page.click("#stop", { timeout: 2_000 }).catch(() => {});
    for (let turn = 0; turn < 20 && (await page.isVisible("#progress")); turn += 1) {
      // Lines that come into sight are asked for, whether the worker is there or not.
      await page.evaluate((way) => document.querySelector("#document").scrollBy(0, way), turn % 2 ? -60 : 60);
      await page.waitForTimeout(100);
    }
    await page.waitForSelector("#progress", { state: "hidden", timeout: 60_000 });
    assert.match(await page.textContent("#status"), /Stopped|correct|error/, `after ${wait} ms`);
    await page.click("#example");
    await verdict(page);
  }
  return page;
});

await test("an example that cannot be had is named", async () => {
  const page = await open("?lang=en");
  for (const answer of [(route) => route.abort(), (route) => route.fulfill({ status: 404, body: "{}" })]) {
    await page.route("**/example.json", answer);
    await page.click("#example");
    await page.waitForFunction(() => document.querySelector("#status").textContent.includes("example.json"), null, { timeout: 10_000 });
    assert.equal(await page.isVisible("#results"), false);
    await page.unroute("**/example.json");
    await page.click("#example");
    await verdict(page);
    await page.reload();
    await page.waitForSelector("[data-ready]");
  }
  // Chromium's own, of what could not be fetched.
  page.faults = page.faults.filter((fault) => !fault.includes("Failed to load resource"));
  return page;
});

await test("what is chosen during a check is checked after it", async () => {
  const page = await open("?lang=en");
  await page.setInputFiles("#choose", [join(folder, "large.json")]);
  await page.waitForSelector("#progress:not([hidden])");
  await page.setInputFiles("#choose", [file("broken.json", '{"resourceType":')]);
  await page.waitForFunction(() => document.querySelector("#findings").textContent.includes("LMR-3002"), null, { timeout: 60_000 });
  return page;
});

await end();
