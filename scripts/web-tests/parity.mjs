// Compares the WebAssembly module with the program on every input that is at hand: the same findings, byte for byte.
// usage: node parity.mjs LMR MODULE FOLDER-OR-FILE...
// LMR is the program, MODULE the file lmr.wasm.gz. Folders are searched for JSON, XML and NDJSON.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { Engine } from "../../crates/browser/page/engine.js";

const [lmr, moduleFile, ...places] = process.argv.slice(2);
if (!places.length) {
  console.error("usage: node parity.mjs LMR MODULE FOLDER-OR-FILE...");
  process.exit(2);
}

const packed = readFileSync(moduleFile);
const module = await WebAssembly.compile(packed[0] === 0x1f ? gunzipSync(packed) : packed);

/** Files in the order of their paths; packages are not resources to be checked. */
function gather(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !["node_modules", "target", ".git"].includes(name))
    .sort()
    .flatMap((name) => {
      const inside = join(path, name);
      const is = statSync(inside, { throwIfNoEntry: false });
      if (!is) return [];
      if (is.isDirectory()) return gather(inside);
      return /\.(json|xml|ndjson)$/.test(name) ? [inside] : [];
    });
}

const files = places.flatMap(gather);
/** Files that one call of the program gets. */
const AT_A_TIME = 400;
const folder = mkdtempSync(join(tmpdir(), "lmr-parity-"));
let findings = 0;
let different = 0;
try {
  for (const ruleSet of [null, "lmdi-0.9.4", "lmdi-1.1.2", "lmdi-1.1.7", "none"]) {
    for (const language of ["nb", "en"]) {
      // One language is enough where the other would only repeat the same rules.
      if (language === "en" && ruleSet !== null && ruleSet !== "none") continue;
      const engine = new Engine(module);
      for (let from = 0; from < files.length; from += AT_A_TIME) {
        const some = files.slice(from, from + AT_A_TIME);
        const asked = ["validate", "--format", "json", "--lang", language, "--exit-zero"];
        if (ruleSet) asked.push("--ruleset", ruleSet);
        const native = run([...asked, ...some]);
        engine.ask({ do: "begin", ruleSet, language, now: new Date().toISOString() });
        for (const file of some) {
          const bytes = readFileSync(file);
          if (/\.ndjson$/.test(file)) {
            const { resources } = engine.ask({ do: "checkLines", file, line: 1 }, bytes);
            if (!resources) engine.ask({ do: "noResource", file });
          } else engine.ask({ do: "check", file, limit: 0 }, bytes);
        }
        const here = engine.ask({ do: "export", format: "json", language });
        compare(native, here, `${ruleSet ?? "by type"}, ${language}`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

function run(args) {
  const out = join(folder, "native.ndjson");
  writeFileSync(out, "");
  try {
    execFileSync(lmr, [...args, "--output", out], { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    // 2: a file that cannot be read, which is a finding in both.
    if (error.status !== 2) throw error;
  }
  return readFileSync(out, "utf8");
}

function compare(native, here, what) {
  const [there, mine] = [native, here].map((text) => text.split("\n").filter(Boolean));
  findings += there.length;
  if (native === here) return;
  for (let at = 0; at < Math.max(there.length, mine.length) && different < 20; at += 1) {
    if (there[at] !== mine[at]) {
      different += 1;
      console.log(`${what}\n  program: ${there[at]}\n  module:  ${mine[at]}`);
      break;
    }
  }
  different += 1;
}

console.log(`${files.length} files, ${findings} findings compared; ${different} differences`);
if (!files.length || !findings || different) process.exit(1);
