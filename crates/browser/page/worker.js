// Runs the engine, so that the page can always be used. Messages carry a number that the answer repeats; what is
// reported on the way has none.

import { Engine, EngineError } from "./engine.js";
import { InputError, isLines, texts } from "./input.js";

/** Bytes of a file with a resource a line that are checked at a time. */
const CHUNK = 4 << 20;
/** Findings of one resource that cross to the page; the engine keeps and exports all. */
const LIMIT = 5000;

/** Bytes of texts that go into a saved page. */
const MAX_SOURCES = 4 << 20;

const compiled = fetch("lmr.wasm.gz").then(Engine.compile);
let engine;
/** Where the text of each case is: its blob and its bytes in it. */
let sources = [];
let packagesKey = "";
let stopping = false;

const answers = {
  async start() {
    engine = new Engine(await compiled);
    const about = engine.ask({ do: "about" });
    // Definitions are read and profiles compiled when they are first needed: that is now, not at the first file.
    await begin({ ruleSet: null, language: "nb", now: new Date().toISOString() }, []);
    const example = await fetch("example.json").catch(() => undefined);
    if (example?.ok) engine.ask({ do: "validate" }, new Uint8Array(await example.arrayBuffer()));
    return about;
  },

  async check({ files, choices, packages, chosen }) {
    stopping = false;
    const loaded = await begin(choices, packages);
    const result = { cases: [], resources: 0, files: 0, skipped: [], unread: [], troubles: [], ...loaded };
    for (const [index, file] of files.entries()) {
      if (stopping) break;
      postMessage({ progress: { name: file.name, done: index, all: files.length } });
      // What is left out by its name was looked at; an archive or a folder with nothing to check was not.
      let looked = false;
      try {
        for await (const text of texts(file, { only: chosen && files.length === 1 })) {
          if (stopping) break;
          // What was chosen itself, and an archive in another one, was meant to be checked.
          if (text.skipped) (text.meant ? result.unread : result.skipped).push(text.name);
          else await checkText(text, result, choices, { done: index, all: files.length });
          looked ||= !text.skipped || text.name === file.name;
          await turn();
        }
        if (!looked && !stopping) withoutResource(file.name, result);
      } catch (error) {
        result.troubles.push(trouble(file.name, error));
        if (error instanceof WebAssembly.RuntimeError) {
          engine = new Engine(await compiled);
          packagesKey = "";
          sources = [];
          // What was found went with the memory: nothing of it has been checked any more.
          Object.assign(result, { cases: [], resources: 0, files: 0 });
          break;
        }
      }
    }
    return { ...result, stopped: stopping };
  },

  stop() {
    stopping = true;
  },

  findings({ index, language, all }) {
    return engine.ask({ do: "findings", case: index, language, ...(all ? {} : { limit: LIMIT }) });
  },

  async view({ index }) {
    const { blob, from, to } = sources[index];
    return engine.ask({ do: "view", case: index }, await bytesOf(blob.slice(from, to)));
  },

  lines({ from, count }) {
    return engine.ask({ do: "viewLines", from, count });
  },

  /** A page has the texts too, as far as they can be read by a person. */
  async export({ format, language, incomplete }) {
    let left = format === "html" ? MAX_SOURCES : 0;
    for (const [index, source] of sources.entries()) {
      const size = source.to - source.from;
      if (size > left) continue;
      left -= size;
      engine.ask({ do: "source", case: index }, await bytesOf(source.blob.slice(source.from, source.to)));
    }
    const made = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short" }).format();
    return engine.ask({ do: "export", format, language, made, incomplete });
  },
};

/** Sets what is checked by; packages are read again only where they are others than before. */
async function begin(choices, packages) {
  const key = packages.map((file) => `${file.name} ${file.size} ${file.lastModified}`).join("\n");
  const loaded = { packages: [], packageTroubles: [] };
  if (key !== packagesKey || packages.length) {
    engine.ask({ do: "reset" });
    packagesKey = key;
    for (const file of packages) {
      try {
        const bytes = await bytesOf(file);
        loaded.packages.push({ file: file.name, ...engine.ask({ do: "addPackage", name: file.name }, bytes) });
      } catch (error) {
        loaded.packageTroubles.push(trouble(file.name, error));
      }
    }
  }
  engine.ask({ do: "begin", ...choices });
  sources = [];
  return loaded;
}

/** A file, an archive or a folder in which there is nothing to check: a finding, so that nobody takes it for checked. */
function withoutResource(name, result) {
  const found = engine.ask({ do: "noResource", file: name });
  sources[found.case] = { blob: new Blob([]), from: 0, to: 0 };
  result.cases.push(found);
  result.resources += 1;
  result.files += 1;
}

async function checkText({ name, blob }, result, choices, progress) {
  if (isLines(name) || (await looksLikeLines(blob))) {
    const before = result.resources;
    await checkLines(name, blob, result, progress);
    if (stopping) return;
    if (result.resources === before) withoutResource(name, result);
    else result.files += 1;
    return;
  }
  const bytes = await bytesOf(blob);
  const found = engine.ask({ do: "check", file: name, limit: 0 }, bytes);
  sources[found.case] = { blob, from: 0, to: blob.size };
  result.cases.push(found);
  result.resources += 1;
  result.files += 1;
}

async function checkLines(name, blob, result, { done, all }) {
  let from = 0;
  let line = 1;
  while (from < blob.size && !stopping) {
    let chunk = await bytesOf(blob.slice(from, from + CHUNK));
    // A line is checked whole: up to the last line's end, or the longer line.
    for (let size = CHUNK; from + chunk.length < blob.size; ) {
      const end = chunk.lastIndexOf(0x0a);
      if (end >= 0) {
        chunk = chunk.subarray(0, end + 1);
        break;
      }
      size *= 2;
      chunk = await bytesOf(blob.slice(from, from + size));
    }
    const found = engine.ask({ do: "checkLines", file: name, line }, chunk);
    for (const one of found.cases) {
      sources[one.case] = { blob, from: from + one.bytes[0], to: from + one.bytes[1] };
      result.cases.push(one);
    }
    result.resources += found.resources;
    line += found.lines;
    from += chunk.length;
    postMessage({ progress: { name, done: done + from / blob.size, all } });
    await turn();
  }
}

/** Whether the first two lines are a JSON object each, whatever the file is called. */
async function looksLikeLines(blob) {
  const start = await blob.slice(0, 1 << 16).text();
  const lines = start.split("\n", 3).map((line) => line.trim());
  if (lines.length < 3 && start.length === 1 << 16) return false;
  return lines.slice(0, 2).every((line) => {
    if (!line.startsWith("{") || !line.endsWith("}")) return false;
    try {
      JSON.parse(line);
      return true;
    } catch {
      return false;
    }
  }) && lines.length > 1;
}

async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** Lets messages in between two pieces of work: that is how a check is stopped. */
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
}

/** What went wrong with a file, for the page to say. */
function trouble(name, error) {
  if (error instanceof InputError) return { name, key: error.message, values: error.values };
  if (error instanceof EngineError) return { name, nb: error.nb, en: error.en };
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return { name, key: "out_of_memory", values: {} };
  return { name, nb: String(error.message ?? error), en: String(error.message ?? error) };
}

addEventListener("message", async ({ data: { id, ask, ...values } }) => {
  try {
    postMessage({ id, ok: await answers[ask](values) });
  } catch (error) {
    postMessage({ id, trouble: trouble("", error) });
  }
});
