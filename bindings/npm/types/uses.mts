// Every export of the package used as its README says, and wrong uses that the compiler must refuse: one that it lets pass
// is an error here. Checked by scripts/build-npm --test; never run.

import {
  EngineError, Validator, createValidator, load,
  type Finding, type Language, type Options, type ReportFormat, type RuleSet, type RuleSetName, type Severity, type Verdict,
} from "lmr-validator";

const exact = <T,>() => <U,>(_: U, ..._same: [T] extends [U] ? ([U] extends [T] ? [] : [never]) : [never]): void => {};

const module: WebAssembly.Module = await load();
await load("https://example.org/lmr.wasm.gz");
await load(new URL("https://example.org/lmr.wasm.gz"));

const names: RuleSetName[] = ["lmdi-0.9.4", "lmdi-1.1.2", "lmdi-1.1.7"];
const languages: Language[] = ["nb", "en"];
const formats: ReportFormat[] = ["json", "operation-outcome", "sarif", "junit", "html"];
const severities: Severity[] = ["fatal", "error", "warning", "information"];

const options: Options = {
  ruleSet: "lmdi-1.1.7", language: "en", now: new Date(), packages: [{ name: "p.tgz", bytes: new Uint8Array() }],
  profiles: ["http://example.org/p"], redact: true, advice: "warn",
};
await createValidator();
await createValidator({ ruleSet: null });
await createValidator({ ruleSet: "none", advice: "refuse" });
const validator: Validator = await createValidator(options);
new Validator(module);
new Validator(module, options);

const verdict: Verdict = validator.validate("{}");
validator.validate(new Uint8Array(), { file: "a.json" });
exact<RuleSetName | null>()(verdict.ruleSet);
exact<string | null>()(verdict.ruleSetDigest);
exact<boolean>()(verdict.readable);
for (const finding of verdict.findings satisfies Finding[]) {
  exact<string>()(finding.file);
  exact<RuleSetName | null>()(finding.ruleSet);
  exact<string | null>()(finding.ruleSetDigest);
  exact<Severity>()(finding.severity);
  exact<string>()(finding.code);
  exact<string>()(finding.issueType);
  exact<string | null>()(finding.messageId);
  exact<string>()(finding.expression);
  exact<number>()(finding.line);
  exact<number>()(finding.column);
  exact<string>()(finding.text);
  exact<string | null>()(finding.profile);
  exact<string[]>()(finding.reasons);
  exact<string>()(finding.cause);
  exact<string>()(finding.remedy);
  exact<string>()(finding.retry);
}

for (const format of formats) exact<string>()(validator.report([{ name: "a.json", text: "{}" }], format));
validator.report([{ name: "a.json", text: new Uint8Array() }], "html", { language: "nb" });
const about: { version: string; ruleSets: RuleSet[] } = validator.about();
for (const { name, version, date, bundleType, digest } of about.ruleSets) {
  exact<RuleSetName>()(name);
  exact<string>()(version);
  exact<string>()(date);
  exact<"batch" | "transaction">()(bundleType);
  exact<string>()(digest);
}
try {
  await createValidator();
} catch (error) {
  if (error instanceof EngineError) {
    const said: Error = error;
    const texts: string[] = [error.nb, error.en, said.message];
    exact<"request" | "rule-set" | "now" | "not-begun" | "no-case" | "package" | "profile" | "program">()(error.kind);
    // @ts-expect-error there is no such kind
    if (error.kind === "rule-sets") console.log(texts);
    // @ts-expect-error what an error says is not for callers to change
    error.nb = "";
  }
}
console.log(names, languages, severities);

// @ts-expect-error a rule set that there is not
await createValidator({ ruleSet: "lmdi-9" });
// @ts-expect-error a slip in an option's name
await createValidator({ ruleset: "lmdi-1.1.7" });
// @ts-expect-error a language that there is not
await createValidator({ language: "nn" });
// @ts-expect-error a time is a Date
await createValidator({ now: "2026-11-26" });
// @ts-expect-error a package has bytes
await createValidator({ packages: [{ name: "p.tgz" }] });
// @ts-expect-error profiles are a list
await createValidator({ profiles: "http://example.org/p" });
// @ts-expect-error advice is not switched on
await createValidator({ advice: true });
// @ts-expect-error a validator needs the module
new Validator();
// @ts-expect-error no text
validator.validate();
// @ts-expect-error a buffer is not bytes
validator.validate(new ArrayBuffer(1));
// @ts-expect-error a slip in what a text is named by
validator.validate("{}", { name: "a.json" });
// @ts-expect-error a format that there is not
validator.report([], "pdf");
// @ts-expect-error a file has a text
validator.report([{ name: "a.json" }], "json");
// @ts-expect-error a slip in an option's name
validator.report([], "json", { lang: "nb" });
// @ts-expect-error findings come from a promise of a validator, not from the promise
createValidator().validate("{}");
// @ts-expect-error findings have no such member
console.log(verdict.findings[0]?.message);
