#!/usr/bin/env node
// How often the module checks a file in a second of processor time, in this Node.
//
// usage: node bench/web/rate.mjs [--module target/web/lmr.wasm] [--file bench/bundles/transaction-8.json]
//                                [--rule-set lmdi-1.1.7] [--seconds 5] [--rounds 5]
//
// Processor time of the process, so that other work on the machine counts for less; what warms up is not counted.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Engine } from "../../crates/browser/page/engine.js";

const { values: asked } = parseArgs({
  options: {
    module: { type: "string", default: "target/web/lmr.wasm" },
    file: { type: "string", default: "bench/bundles/transaction-8.json" },
    "rule-set": { type: "string", default: "lmdi-1.1.7" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "5" },
  },
});
const engine = new Engine(new WebAssembly.Module(readFileSync(asked.module)));
engine.ask({ do: "begin", ruleSet: asked["rule-set"], language: "en", now: new Date().toISOString() });
const text = readFileSync(asked.file);
const { findings } = engine.ask({ do: "validate", file: asked.file }, text);

/** Checks the file until so many milliseconds of processor time are used; gives the checks in a second of it. */
function rate(milliseconds) {
  const start = process.cpuUsage();
  for (let done = 0; ; ) {
    for (let i = 0; i < 50; i++, done++) engine.ask({ do: "validate", file: asked.file }, text);
    const { user, system } = process.cpuUsage(start);
    const used = (user + system) / 1000;
    if (used >= milliseconds) return (done / used) * 1000;
  }
}

const milliseconds = Number(asked.seconds) * 1000;
rate(milliseconds / 2);
const rates = Array.from({ length: Number(asked.rounds) }, () => rate(milliseconds)).sort((a, b) => a - b);
console.log(
  `${asked.file}, ${text.length} bytes, ${findings.length} findings: ${rates[0].toFixed(0)} to ${rates.at(-1).toFixed(0)},` +
    ` middle ${rates[rates.length >> 1].toFixed(0)} checks a second of processor time; Node ${process.version}`,
);
