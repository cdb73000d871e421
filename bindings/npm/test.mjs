// The package as somebody else installs it. Run by scripts/build-npm --test, in a folder with the package installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { EngineError, createValidator } from "lmr-validator";

const bundle = readFileSync(process.env.LMR_BUNDLE, "utf8");

test("a bundle has the register's verdict", async () => {
  const validator = await createValidator({ language: "en" });
  const { ruleSet, ruleSetDigest, readable, findings } = validator.validate(bundle);
  assert.equal(ruleSet, "lmdi-1.1.7");
  assert.match(ruleSetDigest, /^sha256:[0-9a-f]{64}$/);
  assert.ok(readable);
  assert.deepEqual(findings.filter(({ severity }) => severity === "error"), []);
  const wrong = validator.validate(bundle.replace('"female"', '"kvinne"'), { file: "a.json" });
  const fault = wrong.findings.find(({ severity }) => severity === "error");
  assert.equal(fault.file, "a.json");
  assert.match(fault.expression, /gender$/);
  assert.match(fault.text, /^[ -~]+$/, "English");
});

test("what is not JSON is a finding, what cannot be chosen is an error", async () => {
  const validator = await createValidator();
  const { readable, findings } = validator.validate("{");
  assert.equal(readable, false);
  assert.equal(findings.length, 1);
  await assert.rejects(createValidator({ ruleSet: "lmdi-9" }), (error) => error instanceof EngineError && error.kind === "rule-set" && error.nb.includes("finnes ikke"));
  await assert.rejects(createValidator({ packages: [{ name: "x.tgz", bytes: new Uint8Array([0x1f, 0x8b, 0]) }] }), (error) => error.kind === "package");
});

test("a report is what lmr validate writes", async () => {
  const validator = await createValidator({ language: "en" });
  const files = [{ name: "a.json", text: "{" }, { name: "b.json", text: bundle }];
  assert.equal(JSON.parse(validator.report(files, "sarif")).runs[0].tool.driver.name, "lmr");
  assert.match(validator.report(files, "html"), /^<!doctype html><html lang="en">/);
  assert.match(validator.report(files, "html", { language: "nb" }), /<html lang="nb">/);
});

test("what is not an option or not a text is a TypeError", async () => {
  await assert.rejects(createValidator({ ruleset: "lmdi-0.9.4" }), (error) => error instanceof TypeError && /ruleset.*ruleSet/.test(error.message));
  await assert.rejects(createValidator({ now: new Date("soon") }), TypeError);
  await assert.rejects(createValidator({ packages: [{ name: "x.tgz" }] }), TypeError);
  const validator = await createValidator();
  for (const text of [undefined, null, 5, new TextEncoder().encode(bundle).buffer, [123], {}]) {
    assert.throws(() => validator.validate(text), TypeError);
    assert.throws(() => validator.report([{ name: "a.json", text }], "json"), TypeError);
  }
  assert.throws(() => validator.validate("{}", { name: "a.json" }), TypeError);
  assert.throws(() => validator.report([], "json", { lang: "nb" }), TypeError);
});

test("the time of a check is that of the call", async (context) => {
  const text = '{"resourceType":"Patient","birthDate":"2027-01-01"}';
  const errors = (validator) => validator.validate(text).findings.filter(({ severity }) => severity === "error").length;
  context.mock.timers.enable({ apis: ["Date"], now: new Date("2026-11-26T12:00:00Z") });
  const living = await createValidator();
  const fixed = await createValidator({ now: new Date() });
  const before = errors(living);
  context.mock.timers.setTime(new Date("2027-06-01T12:00:00Z").getTime());
  assert.equal(errors(living), errors(await createValidator()));
  assert.notEqual(errors(living), before);
  assert.equal(errors(fixed), before);
});
