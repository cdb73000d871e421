// Whether every address of console and desk was looked at in the way that routes.json says. That the table has every
// address of the routers a test of `crates/web` asks for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Rows of which the path fits, the most exact first: `/a/b` before `/a/{x}`. */
function rowOf(rows, method, path) {
  const fits = ([, pattern]) => new RegExp(`^${pattern.replace(/\{\w+\}/g, "[^/]+")}$`).test(path);
  const found = rows.filter((row) => row[0] === method && fits(row));
  return found.sort((a, b) => a[1].split("{").length - b[1].split("{").length)[0];
}

/** Fails and names the rows that nobody has looked at. The root is of both; the console asks for it. */
export function holdTable(file) {
  const table = JSON.parse(readFileSync(new URL("routes.json", import.meta.url), "utf8"));
  const rows = [...table.console, ...table.desk];
  const looked = new Set();
  for (const line of new Set(readFileSync(file, "utf8").trim().split("\n"))) {
    const [how, method, path] = line.split(" ");
    const row = rowOf(rows, method, path);
    if (row?.[2] === how) looked.add(row.join(" "));
  }
  const missing = rows.map((row) => row.join(" ")).filter((row) => !looked.has(row));
  assert.deepEqual(missing, [], "addresses of routes.json that were not looked at");
  console.log(`table: all ${rows.length} addresses were looked at`);
}
