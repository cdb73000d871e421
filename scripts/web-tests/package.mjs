// The npm package in a browser, imported as a module: the findings that it gives in Node.
// usage: node package.mjs FOLDER      FOLDER is what scripts/build-npm made

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { bundle, end, test, visit } from "./harness.mjs";
import { serve } from "./static.mjs";

const [made] = process.argv.slice(2);
const { exports: ways } = JSON.parse(readFileSync(join(made, "package.json"), "utf8"));
const host = await serve(made);
const bundles = new URL("../../bench/bundles/", import.meta.url);
const texts = [
  ...readdirSync(bundles).filter((name) => name.endsWith(".json")).sort().slice(0, 6).map((name) => readFileSync(new URL(name, bundles), "utf8")),
  bundle.replace('"female"', '"kvinne"'),
  readFileSync(new URL("../../crates/browser/page/example.json", import.meta.url), "utf8"),
  '<Patient xmlns="http://hl7.org/fhir"><gender value="x"/></Patient>',
  "{", "",
];
const now = "2026-11-26T12:00:00Z";
const choices = [{}, { ruleSet: "lmdi-0.9.4", language: "en" }, { ruleSet: "lmdi-1.1.2", advice: "refuse" }, { ruleSet: "none", language: "en", redact: true }];
const node = await import(pathToFileURL(resolve(made, ways["."].node)));

await test("the browser's module gives the findings and reports that Node's gives", async () => {
  const page = await visit(`${host.url}package.json`, { within: host.url });
  const here = await page.evaluate(async ([entry, texts, choices, now]) => {
    const { EngineError, createValidator, load } = await import(new URL(entry, location));
    const answers = [];
    for (const choice of choices) {
      const validator = await createValidator({ ...choice, now: new Date(now) });
      answers.push(texts.map((text, at) => validator.validate(text, { file: `${at}` })), validator.report(texts.map((text, at) => ({ name: `${at}`, text })), "sarif"), validator.about());
    }
    const wrong = await createValidator({ ruleSet: "lmdi-9" }).catch((error) => [error instanceof EngineError, error.kind, error.nb]);
    return { answers, wrong, isModule: (await load()) instanceof WebAssembly.Module };
  }, [ways["."].default, texts, choices, now]);
  const there = [];
  for (const choice of choices) {
    const validator = await node.createValidator({ ...choice, now: new Date(now) });
    there.push(texts.map((text, at) => validator.validate(text, { file: `${at}` })), validator.report(texts.map((text, at) => ({ name: `${at}`, text })), "sarif"), validator.about());
  }
  assert.deepEqual(here.answers, JSON.parse(JSON.stringify(there)));
  const found = there[0].flatMap(({ findings }) => findings);
  assert.ok(found.length > 5 && found.some(({ severity }) => severity === "error"), "there is something to compare");
  assert.ok(here.isModule);
  assert.deepEqual(here.wrong.slice(0, 2), [true, "rule-set"]);
  assert.deepEqual(host.asked.filter((path) => path.endsWith(".gz")), ["/lmr.wasm.gz"], "fetched once");
  return page;
});

host.close();
await end();
