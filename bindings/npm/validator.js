// What Node and browsers share: the engine with the names that callers use.

import { Engine, EngineError } from "./engine.js";

export { EngineError };

/** Checks texts by one choice of rules. Compiled definitions are kept, so one instance for many texts is fast. */
export class Validator {
  #engine;
  #choices;
  #language;

  /** @param {WebAssembly.Module} module */
  constructor(module, options = {}) {
    const { packages = [], ...choices } = options;
    this.#engine = new Engine(module);
    for (const { name, bytes } of packages) this.#engine.ask({ do: "addPackage", name }, bytes);
    this.#choices = choices;
    this.#language = choices.language ?? "nb";
    this.#begin();
  }

  #begin() {
    const { ruleSet = null, language = "nb", now, profiles = [], redact = false, advice } = this.#choices;
    this.#engine.ask({
      do: "begin",
      ruleSet,
      language,
      now: (now ?? new Date()).toISOString(),
      profiles,
      redact,
      ...(advice ? { advice } : {}),
    });
  }

  /** The findings of one resource or bundle, in JSON or XML. */
  validate(text, { file = "" } = {}) {
    return this.#engine.ask({ do: "validate", file }, text);
  }

  /** A report on several texts, in the formats of `lmr validate --format`. */
  report(files, format, { language = this.#language } = {}) {
    this.#begin();
    for (const { name, text } of files) {
      const { case: index } = this.#engine.ask({ do: "check", file: name, limit: 0 }, text);
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
