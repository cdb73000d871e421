import { Engine } from "./engine.js";
import { Validator } from "./validator.js";

export { EngineError, Validator } from "./validator.js";

let module;

/** The module, fetched and compiled once for the page; `address` where it is served from somewhere else. */
export function load(address = new URL("./lmr.wasm.gz", import.meta.url)) {
  module ??= fetch(address).then(Engine.compile);
  return module;
}

/** A validator for one choice of rules. Use it in a worker: a large bundle takes a while. */
export async function createValidator(options) {
  return new Validator(await load(), options);
}
