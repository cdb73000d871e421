/** A rule set of the guide. */
export type RuleSetName = "lmdi-0.9.4" | "lmdi-1.1.2" | "lmdi-1.1.7";
export type Language = "nb" | "en";
export type Severity = "fatal" | "error" | "warning" | "information";
export type ReportFormat = "json" | "operation-outcome" | "sarif" | "junit" | "html";

/** One finding, as a line of `lmr validate --format json`. */
export interface Finding {
  /** The name that was given; empty without one. */
  file: string;
  /** The rule set it is of; `null` for plain FHIR. */
  ruleSet: RuleSetName | null;
  /** `sha256:` and the digest of the rule set's definitions. */
  ruleSetDigest: string | null;
  severity: Severity;
  /** `LMR-nnnn`, of the error catalogue. */
  code: string;
  /** FHIR's issue-type. */
  issueType: string;
  /** The HL7 validator's message id, where the rule is one of its. */
  messageId: string | null;
  /** FHIRPath of the element. */
  expression: string;
  /** From 1; 0 when unknown. */
  line: number;
  /** From 1, behind the element; 0 when unknown. */
  column: number;
  text: string;
  profile: string | null;
  /** Why a slice or a target profile did not match. */
  reasons: string[];
  cause: string;
  remedy: string;
  /** What the sender does about it. */
  retry: string;
}

export interface Verdict {
  ruleSet: RuleSetName | null;
  ruleSetDigest: string | null;
  /** Whether the text is JSON or FHIR XML at all. */
  readable: boolean;
  findings: Finding[];
}

export interface Options {
  /** Without one the bundle's type decides; `none` is plain FHIR R4 with `packages`. */
  ruleSet?: RuleSetName | "none" | null;
  /** Language of texts; bokmål if left out. */
  language?: Language;
  /** The time of all checks; the time of each call if left out. */
  now?: Date;
  /** FHIR packages (.tgz), or definitions in JSON, that count before the rule set's own. */
  packages?: { name: string; bytes: Uint8Array }[];
  /** Profiles that each resource must meet as well. */
  profiles?: string[];
  /** Keeps values of the resource out of texts. */
  redact?: boolean;
  /** What is done about what the register would lose in silence. */
  advice?: "warn" | "refuse";
}

export interface RuleSet {
  name: RuleSetName;
  version: string;
  date: string;
  bundleType: "batch" | "transaction";
  digest: string;
}

/** What cannot be answered: options, packages or profiles that cannot be used. What is wrong with a text is a finding. */
export class EngineError extends Error {
  readonly kind: "request" | "rule-set" | "now" | "not-begun" | "no-case" | "package" | "profile" | "program";
  readonly nb: string;
  readonly en: string;
}

/** Options that there are not, and texts that are neither a string nor a Uint8Array, are a `TypeError`. */
export class Validator {
  constructor(module: WebAssembly.Module, options?: Options);
  validate(text: string | Uint8Array, about?: { file?: string }): Verdict;
  report(files: { name: string; text: string | Uint8Array }[], format: ReportFormat, options?: { language?: Language }): string;
  about(): { version: string; ruleSets: RuleSet[] };
}

/** The module, compiled once. In browsers it may be fetched from another address. */
export function load(address?: string | URL): Promise<WebAssembly.Module>;
export function createValidator(options?: Options): Promise<Validator>;
