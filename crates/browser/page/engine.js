// The module's way in and out, the same in a worker, in Node and in a bundler. See crates/browser/src/abi.rs.

/** An answer that the engine could not give. `kind` is for programs, `nb` and `en` are for people. */
export class EngineError extends Error {
  constructor({ kind, nb, en }) {
    super(en);
    this.name = "EngineError";
    this.kind = kind;
    this.nb = nb;
    this.en = en;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One instance of the module: its packages, its rule set and what it has found. */
export class Engine {
  #exports;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports;
  }

  /** The packed module unpacked on the way, and compiled while it arrives. Servers may unpack it themselves. */
  static async compile(response) {
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const reader = response.body.getReader();
    const first = await reader.read();
    const packed = first.value?.[0] === 0x1f && first.value?.[1] === 0x8b;
    const rest = new ReadableStream({
      start(controller) {
        if (first.value) controller.enqueue(first.value);
      },
      async pull(controller) {
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    const bytes = packed ? rest.pipeThrough(new DecompressionStream("gzip")) : rest;
    return WebAssembly.compileStreaming(
      new Response(bytes, { headers: { "content-type": "application/wasm" } }),
    );
  }

  /**
   * Asks something about some bytes.
   * @param {object} request as in crates/browser/src/request.rs
   * @param {Uint8Array | string} [body]
   */
  ask(request, body) {
    this.#put(this.#exports.lmr_request, JSON.stringify(request));
    this.#put(this.#exports.lmr_body, body ?? "");
    const length = this.#exports.lmr_run();
    const answer = new Uint8Array(this.#exports.memory.buffer, this.#exports.lmr_answer(), length);
    const { ok, error } = JSON.parse(decoder.decode(answer));
    if (error) throw new EngineError(error);
    return ok;
  }

  #put(reserve, content) {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const at = reserve(bytes.length);
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
  }
}
