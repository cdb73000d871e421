// Files and folders that are really dropped on the page, as the browser hands them over (webkitGetAsEntry), beside the
// chooser of folders: the same files with the same findings.
// usage: node drop.mjs URL

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { browser, bundle, end, folder, open as openAt, saved, test, verdict, zipped } from "./harness.mjs";

const [url] = process.argv.slice(2);
const open = () => openAt(url, "?lang=en");

const bad = bundle.replace('"female"', '"kvinne"');
assert.notEqual(bad, bundle);

/** A folder with everything that is read, at several depths, and with what is not. */
const tree = join(folder, "tree");
const inTree = {
  "a.json": bundle,
  "b.ndjson": `${bundle}\n\n${bad}\n`,
  "deep/er/c.zip": zipped({ "in/one.json": bad, "in/lines.ndjson": `${bad}\n` }),
  "deep/d.json.gz": gzipSync(bad),
  "deep/e.ndjson.gz": gzipSync(`${bundle}\n${bad}\n`),
  "deep/f.xml": '<Patient xmlns="http://hl7.org/fhir"><gender value="x"/></Patient>',
  "deep/notes.txt": "nothing",
  "deep/.hidden.json": bad,
};
for (const [name, content] of Object.entries(inTree)) {
  mkdirSync(join(tree, name, ".."), { recursive: true });
  writeFileSync(join(tree, name), content);
}
for (const name of ["empty", "pictures", "many"]) mkdirSync(join(folder, name));
writeFileSync(join(folder, "pictures", "a.png"), "x");
// Browsers give a hundred entries of a folder at a time.
for (let number = 0; number < 120; number += 1) {
  writeFileSync(join(folder, "many", `${String(number).padStart(3, "0")}.json`), '{"resourceType":"Patient","gender":"x"}');
}

/** Drops these paths where the page takes files. */
async function drop(page, ...paths) {
  const client = await browser.newCDPSession(page);
  const box = await (await page.$("#drop")).boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + 10];
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await client.send("Input.dispatchDragEvent", { type, x, y, data });
  return verdict(page);
}

/** What the page shows and saves of a check; names without the folder that was dropped or chosen. */
async function outcome(page) {
  const names = await page.$$eval("#resources .name", (all) => all.map((one) => one.textContent));
  const findings = (await saved(page, "json")).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return { names, findings, verdict: await page.textContent("#verdict"), notices: await page.$$eval("#troubles li", (all) => all.map((one) => one.textContent)) };
}

await test("dropped files are checked, several at once", async () => {
  const page = await open();
  assert.match(await drop(page, join(tree, "a.json")), /^Correct.*: 1 file/);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  await drop(page, join(tree, "b.ndjson"), join(tree, "a.json"));
  const { names, verdict: said } = await outcome(page);
  assert.ok(names.includes("a.json") && names.includes("b.ndjson:3"), names.join());
  assert.match(said, /in 1 file of 2 files, 3 resources/);
  return page;
});

await test("a dropped folder gives the files and findings that a chosen one gives: NDJSON, zip and gzip too", async () => {
  const page = await open();
  await drop(page, tree);
  const dropped = await outcome(page);
  const chosen = await open();
  await chosen.setInputFiles("#folder", tree);
  await verdict(chosen);
  const other = await outcome(chosen);
  assert.deepEqual(dropped.names.toSorted(), other.names.toSorted());
  const byPlace = (findings) => findings.map((one) => JSON.stringify(one)).toSorted();
  assert.deepEqual(byPlace(dropped.findings), byPlace(other.findings));
  assert.equal(dropped.verdict, other.verdict);
  const faulty = (names) => names.map((name) => `tree/${name}`);
  for (const name of faulty(["b.ndjson:3", "deep/er/c.zip/in/one.json", "deep/er/c.zip/in/lines.ndjson:1", "deep/d.json", "deep/e.ndjson:2", "deep/f.xml"])) {
    assert.ok(dropped.names.includes(name), `${name} is not among ${dropped.names.join()}`);
  }
  assert.ok(dropped.names.includes("tree/a.json"));
  // What is no text is named, and is not an error: nobody chose it by itself.
  assert.match(dropped.notices.join(), /1 file was not read: tree\/deep\/notes\.txt/);
  assert.doesNotMatch(dropped.verdict, /Not everything/);
  assert.deepEqual(chosen.faults, []);
  return page;
});

await test("all files of a large folder are there", async () => {
  const page = await open();
  await page.selectOption("#rules", "none");
  assert.match(await drop(page, join(folder, "many")), /in 120 files of 120 files/);
  return page;
});

await test("folders without anything to check are a finding, beside what is right too", async () => {
  const page = await open();
  await drop(page, join(folder, "empty"), join(folder, "pictures"), join(tree, "a.json"));
  const { names, findings, verdict: said } = await outcome(page);
  assert.match(said, /^2 errors and .* in 2 files of 3 files/);
  assert.deepEqual(names.toSorted(), ["a.json", "empty", "pictures"]);
  assert.deepEqual(findings.filter(({ severity }) => severity === "fatal").map(({ file }) => file).toSorted(), ["empty", "pictures"]);
  return page;
});

await end();
