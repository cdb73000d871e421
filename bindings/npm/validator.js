// What Node and browsers share: the engine with the names that callers use.

import { Engine, EngineError } from "./engine.js";

export { EngineError };

/** What can be chosen; another name is a slip that would be checked by other rules than were meant. */
const OPTIONS = ["ruleSet", "language", "now", "packages", "profiles", "redact", "advice"];

/** Checks texts by one choice of rules. Compiled definitions are kept, so one instance for many texts is fast. */
export class Validator {
  #engine;
  #choices;
  #language;

  /** @param {WebAssembly.Module} module */
  constructor(module, options = {}) {
    only(options, OPTIONS);
    const { packages = [], ...choices } = options;
    if (choices.now !== undefined && !Number.isFinite(choices.now?.getTime?.())) throw new TypeError("now must be a Date with a time");
    this.#engine = new Engine(module);
    for (const { name, bytes } of packages) this.#engine.ask({ do: "addPackage", name }, content(bytes, "the bytes of a package"));
    this.#choices = choices;
    this.#language = choices.language ?? "nb";
    this.#begin();
  }

  #begin() {
    const { ruleSet = null, language = "nb", profiles = [], redact = false, advice } = this.#choices;
    this.#engine.ask({
      do: "begin",
      ruleSet,
      language,
      now: this.#now(),
      profiles,
      redact,
      ...(advice ? { advice } : {}),
    });
  }

  /** The time that was chosen, or that of the call: a validator may live for days. */
  #now() {
    return (this.#choices.now ?? new Date()).toISOString();
  }

  /** The findings of one resource or bundle, in JSON or XML. */
  validate(text, about = {}) {
    only(about, ["file"]);
    return this.#engine.ask({ do: "validate", file: about.file ?? "", now: this.#now() }, content(text, "the text"));
  }

  /** A report on several texts, in the formats of `lmr validate --format`. */
  report(files, format, options = {}) {
    only(options, ["language"]);
    const { language = this.#language } = options;
    this.#begin();
    for (const { name, text } of files) {
      const { case: index } = this.#engine.ask({ do: "check", file: name, limit: 0 }, content(text, `the text of ${name}`));
      if (format === "html") this.#engine.ask({ do: "source", case: index }, text);
    }
    const made = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short" }).format(this.#choices.now);
    const written = this.#engine.ask({ do: "export", format, language, made });
    this.#begin();
    return written;
  }

  /** Version and rule sets. */
  about() {
    return this.#engine.ask({ do: "about" });
  }
}

/** Refuses names that mean nothing. */
function only(options, known) {
  if (typeof options !== "object" || options === null) throw new TypeError(`options must be an object with ${known.join(", ")}`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`there is no option ${name}; there are ${known.join(", ")}`);
  }
}

/** A string or bytes as they are; anything else would be read as an empty text. */
function content(text, what) {
  // By its name, since a Uint8Array may be of another realm (a frame, a sandbox of tests).
  if (typeof text === "string" || Object.prototype.toString.call(text) === "[object Uint8Array]") return text;
  throw new TypeError(`${what} must be a string or a Uint8Array`);
}
