import { readFile } from "node:fs/promises";
import { gunzip } from "node:zlib";
import { promisify } from "node:util";

import { Validator } from "./validator.js";

export { EngineError, Validator } from "./validator.js";

let module;

/** The module, compiled once for the process. */
export function load() {
  module ??= readFile(new URL("./lmr.wasm.gz", import.meta.url))
    .then(promisify(gunzip))
    .then((bytes) => WebAssembly.compile(bytes));
  return module;
}

/** A validator for one choice of rules. */
export async function createValidator(options) {
  return new Validator(await load(), options);
}
