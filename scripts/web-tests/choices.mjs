// What is chosen on the page counts: rule sets, own code lists and profiles; findings in groups, filtered, and from each to
// its place and back.
// usage: node choices.mjs URL

import assert from "node:assert/strict";

import { bundle, checkedAfter, choose, end, file, open as openAt, saved, test, verdict } from "./harness.mjs";

const [url] = process.argv.slice(2);
const open = (query) => openAt(url, query);

const codes = async (page) => (await saved(page, "json")).split("\n").filter(Boolean).map((line) => JSON.parse(line));
const errors = (findings) => findings.filter(({ severity }) => ["fatal", "error"].includes(severity));

const system = "http://example.org/fhir/CodeSystem/wards";
const valueSet = "http://example.org/fhir/ValueSet/wards";
const lists = {
  "wards.json": { resourceType: "CodeSystem", url: system, name: "Wards", status: "active", content: "complete", concept: [{ code: "a" }] },
  "wards-set.json": { resourceType: "ValueSet", url: valueSet, name: "WardsSet", status: "active", compose: { include: [{ system }] } },
  "ward-observation.json": {
    resourceType: "StructureDefinition", url: "http://example.org/fhir/StructureDefinition/ward-observation", name: "WardObservation", status: "active",
    kind: "resource", abstract: false, type: "Observation", baseDefinition: "http://hl7.org/fhir/StructureDefinition/Observation", derivation: "constraint",
    differential: { element: [{ id: "Observation", path: "Observation" }, { id: "Observation.code", path: "Observation.code", binding: { strength: "required", valueSet } }] },
  },
};
const observation = (code) => JSON.stringify({ resourceType: "Observation", status: "final", code: { coding: [{ system, code }] } });
const asked = [file("right.json", observation("a")), file("wrong.json", observation("b"))];
const own = Object.entries(lists).map(([name, content]) => file(name, JSON.stringify(content)));

/** Puts files on a part of the page, as if they were dropped there. */
async function dropOn(page, selector, files) {
  const given = files.map(({ name, buffer }) => ({ name, text: buffer.toString() }));
  await page.evaluate(([selector, given]) => {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of given) dataTransfer.items.add(new File([text], name));
    document.querySelector(selector).dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, [selector, given]);
}

for (const how of ["chosen", "dropped"]) {
  await test(`an own CodeSystem and ValueSet that are ${how} decide the verdict, and no longer when they are removed`, async () => {
    const page = await open("?lang=en");
    await page.click("#more summary");
    await page.selectOption("#rules", "none");
    if (how === "chosen") await page.setInputFiles("#packages", own);
    else await dropOn(page, "#more", own);
    await page.waitForFunction(() => document.querySelectorAll("#loaded li").length === 3);
    assert.ok(!(await page.isVisible("#results")), "what is dropped there is not checked itself");
    await page.fill("#profiles", lists["ward-observation.json"].url);
    assert.match(await choose(page, asked), /in 1 file of 2 files/);
    const loaded = await page.textContent("#loaded");
    assert.match(loaded, /wards\.json: 0 profiles, 0 value sets, 1 code systems/);
    assert.match(loaded, /wards-set\.json: 0 profiles, 1 value sets, 0 code systems/);
    const with_both = errors(await codes(page));
    assert.deepEqual([...new Set(with_both.map(({ file }) => file))], ["wrong.json"]);
    assert.ok(with_both.some(({ expression }) => expression.startsWith("Observation.code")), JSON.stringify(with_both));

    for (const name of ["wards.json", "wards-set.json"]) {
      await page.click(`#loaded li:has-text("${name}") button`);
      await checkedAfter(page, () => page.click("#again"));
      const left = await codes(page);
      assert.deepEqual(errors(left), [], `an error without ${name}`);
      assert.ok(left.some(({ severity, file }) => severity === "warning" && file === "wrong.json"), `no word of the missing ${name}`);
    }
    assert.equal(await page.$$eval("#loaded li", (all) => all.length), 1);
    return page;
  });
}

await test("the rule set that is chosen decides the verdict, and its digest is shown", async () => {
  const page = await open("?lang=en");
  const digests = await page.$$eval("#digest span", (all) => all.map((one) => one.textContent));
  assert.equal(digests.length, 3, "all that could be used are shown before a check");
  assert.match(await choose(page, [file("b.json", bundle)]), /^Correct/);
  assert.match(await page.textContent("#digest"), /^lmdi-1\.1\.7: .*sha256:[0-9a-f]{64}$/);
  const seen = new Map([["", await page.textContent("#digest")]]);
  for (const [rules, right] of [["lmdi-0.9.4", /error/], ["lmdi-1.1.2", /Correct|error/], ["lmdi-1.1.7", /^Correct/]]) {
    const said = await checkedAfter(page, () => page.selectOption("#rules", rules));
    assert.match(said, right, rules);
    const digest = await page.textContent("#digest");
    assert.ok(digest.startsWith(`${rules}: `) && digests.includes(digest), digest);
    seen.set(rules, digest);
    const found = await codes(page);
    for (const { ruleSet, ruleSetDigest } of found) {
      assert.equal(ruleSet, rules);
      assert.ok(digest.endsWith(ruleSetDigest), `${digest} is not ${ruleSetDigest}`);
    }
    assert.equal(errors(found).length > 0, /error/.test(said));
  }
  assert.equal(new Set(seen.values()).size, 3);
  await checkedAfter(page, () => page.selectOption("#rules", "none"));
  assert.equal(await page.textContent("#digest"), "");
  for (const { ruleSet } of await codes(page)) assert.equal(ruleSet, null);
  return page;
});

const items = (page) => page.$$eval("#findings li[id]", (all) => all.map((one) => Number(one.id.replace("finding-", ""))));
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);

await test("findings are grouped by code, by entry and by place, and filtered by severity and by words", async () => {
  const page = await open("?lang=en");
  await page.click("#example");
  await verdict(page);
  const all = await codes(page);
  assert.ok(all.length > 5);
  const every = all.map((_, index) => index);
  const groups = () => page.$$eval("#findings details", (all) =>
    all.map((one) => ({ name: one.querySelector("summary strong").textContent, count: Number(one.querySelector(".count").textContent), items: [...one.querySelectorAll("li[id]")].map((item) => Number(item.id.replace("finding-", ""))) })));
  const of = { code: ({ code }) => code, entry: ({ expression }) => /^Bundle\.entry\[\d+\]/.exec(expression)?.[0] ?? "The bundle itself" };
  for (const [by, key] of Object.entries(of)) {
    await page.selectOption("#group", by);
    const shown = await groups();
    assert.deepEqual(sorted(shown.flatMap(({ items }) => items)), every, by);
    assert.ok(shown.length > 1, by);
    for (const { name, count, items } of shown) {
      assert.equal(items.length, count);
      for (const item of items) assert.equal(key(all[item]), name);
    }
    const names = shown.map(({ name, items }) => `${name} ${by === "code" ? all[items[0]].severity : ""}`);
    assert.equal(new Set(names).size, names.length, "a group is there once");
  }
  // What refuses comes first.
  await page.selectOption("#group", "code");
  const gravity = (await groups()).map(({ items }) => ["fatal", "error", "warning", "information"].indexOf(all[items[0]].severity));
  assert.deepEqual(gravity.map((one) => Math.max(one, 1)), sorted(gravity.map((one) => Math.max(one, 1))));
  await page.selectOption("#group", "");
  assert.deepEqual(await items(page), every);

  for (const severity of ["error", "warning", "information"]) {
    await page.uncheck(`[data-severity="${severity}"]`);
    const left = every.filter((index) => (all[index].severity === "fatal" ? "error" : all[index].severity) !== severity);
    assert.deepEqual(await items(page), left, severity);
    assert.equal(await page.textContent("#shown"), `${left.length} of ${all.length} findings are shown`);
    await page.check(`[data-severity="${severity}"]`);
  }
  assert.ok(new Set(all.map(({ severity }) => severity)).size > 1, "the example has findings of several severities");
  for (const word of [all[0].code.toLowerCase(), "birthDate", "no such word"]) {
    await page.fill("#search", word);
    const wanted = word.toLowerCase();
    const left = every.filter((index) => [all[index].code, all[index].text, all[index].expression, ...all[index].reasons].some((text) => text.toLowerCase().includes(wanted)));
    assert.deepEqual(await items(page), left, word);
    assert.ok(left.length < all.length);
  }
  return page;
});

await test("from every finding to its place in the document, and from there back", async () => {
  const page = await open("?lang=en");
  await page.click("#example");
  await verdict(page);
  const all = await codes(page);
  const linked = await page.$$eval("#findings a.place:not([hidden])", (all) => all.map((one) => Number(one.dataset.index)));
  assert.equal(linked.length, all.filter(({ line }) => line > 0).length, "every finding with a line has a place");
  for (const index of linked) {
    await page.click(`#findings a.place[data-index="${index}"]`);
    await page.waitForFunction((index) => document.activeElement?.dataset?.finding === String(index), index);
    const mark = await page.$eval("#lines a.mark.current", (link) => ({ finding: Number(link.dataset.finding), line: Number(link.closest(".l").querySelector(".n").textContent), severity: link.className }));
    assert.equal(mark.finding, index);
    assert.equal(mark.line, all[index].line, all[index].expression);
    assert.ok(mark.severity.includes(all[index].severity === "fatal" ? "error" : all[index].severity), mark.severity);
    await page.keyboard.press("Enter");
    await page.waitForFunction((index) => document.activeElement?.id === `finding-${index}`, index);
    assert.equal(await page.$$eval("#findings .current", (all) => all.length), 1);
  }
  // A group that is closed is opened on the way back.
  await page.click(`#findings a.place[data-index="${linked[0]}"]`);
  await page.waitForFunction((index) => document.activeElement?.dataset?.finding === String(index), linked[0]);
  await page.$$eval("#findings details", (all) => all.forEach((one) => one.removeAttribute("open")));
  await page.keyboard.press("Enter");
  await page.waitForFunction((index) => document.activeElement?.id === `finding-${index}`, linked[0]);
  assert.ok(await page.isVisible(`#finding-${linked[0]}`));
  return page;
});

await end();
