// What the page says of a check, and what it takes for checked; without a browser.
// usage: node --test verdict.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { InputError, dropped, texts, walk } from "../../crates/browser/page/input.js";
import { missingTexts, t } from "../../crates/browser/page/texts.js";
import { lacksOf, verdictOf } from "../../crates/browser/page/verdict.js";

const one = (errors, warnings) => ({ file: "a.json", errors, warnings });
const result = (values) => ({ cases: [], files: 0, resources: 0, skipped: [], unread: [], troubles: [], packageTroubles: [], stopped: false, ...values });
const checked = { cases: [one(0, 0)], files: 1, resources: 1 };

/** Each way in which something is not checked. */
const lacks = {
  "a file that cannot be read": [{ troubles: [{ name: "b.zip" }] }, "unread"],
  "a stop": [{ stopped: true }, "stopped"],
  "a package that cannot be read": [{ packageTroubles: [{ name: "p.tgz" }] }, "package"],
  "a file that was chosen and is of another kind": [{ unread: ["notes.txt"] }, "kind"],
};

test("all that was checked without errors is correct", () => {
  const { key, kind, incomplete } = verdictOf(result(checked));
  assert.deepEqual([key, kind, incomplete], ["in_order", "good", false]);
  assert.equal(verdictOf(result({ ...checked, skipped: ["folder/picture.png"] })).key, "in_order");
  assert.equal(verdictOf(result({ ...checked, cases: [one(0, 2)] })).key, "only_warnings");
  assert.equal(verdictOf(result({ ...checked, cases: [one(1, 2)] })).key, "with_errors_in_one");
});

for (const [what, [lack, name]] of Object.entries(lacks)) {
  test(`${what} is never called correct`, () => {
    for (const [of, expected] of [
      [checked, "no_errors_until_now"],
      [{ ...checked, cases: [one(0, 2)] }, "no_errors_until_now_warnings"],
      [{}, "nothing_checked"],
      [{ ...checked, cases: [one(1, 0)] }, "with_errors_in_one"],
    ]) {
      const verdict = verdictOf(result({ ...of, ...lack }));
      assert.equal(verdict.key, expected);
      assert.notEqual(verdict.kind, "good");
      assert.ok(verdict.incomplete);
      assert.deepEqual(lacksOf(result({ ...of, ...lack })), [name]);
      assert.doesNotMatch(t(verdict.key, { files: "1 fil", errors: "1 feil", warnings: "2 advarsler" }), /orden/i);
    }
  });
}

test("nothing is not called correct", () => {
  const { key, kind } = verdictOf(result({}));
  assert.deepEqual([key, kind], ["nothing", "warning"]);
});

test("the names of what is lacking are those that reports take", () => {
  const names = readFileSync(new URL("../../crates/report/src/lack.rs", import.meta.url), "utf8").matchAll(/Self::\w+ => "(\w+)"/g);
  const known = new Set([...names].map(([, name]) => name));
  for (const [, name] of Object.values(lacks)) assert.ok(known.has(name), name);
});

test("every text is there in both languages", () => assert.deepEqual(missingTexts(), []));

const file = (name) => ({ isFile: true, fullPath: `/${name}`, file: (ok) => ok(new Blob(["{}"])) });
const folder = (name, inside) => ({
  fullPath: `/${name}`,
  createReader() {
    let left = [inside, []];
    return { readEntries: (ok) => ok(left.shift()) };
  },
});

test("what cannot be gone through is among the files", async () => {
  let deep = file("deep.json");
  for (let i = 0; i < 40; i += 1) deep = folder(`d${i}`, [deep]);
  const gone = { isFile: true, fullPath: "/gone.json", file: (_, fail) => fail(new Error("gone")) };
  const found = [];
  for (const entry of [deep, gone, file("a.json")]) await walk(entry, found, 0);
  assert.deepEqual(found.map(({ missing }) => missing), ["too_deep", "not_readable", undefined]);
  for (const { name, missing } of found.slice(0, 2)) {
    await assert.rejects(async () => { for await (const _ of texts({ name, missing }, { only: false })); }, InputError);
    assert.ok(t(missing));
  }
});

test("a folder without anything to check is among the files, one with something is not", async () => {
  const drop = async (...entries) => {
    const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
    return (await dropped({ items, files: [] })).map(({ name, empty }) => (empty ? `${name} (empty)` : name));
  };
  assert.deepEqual(await drop(folder("a", [])), ["a (empty)"]);
  assert.deepEqual(await drop(folder("a", [file("a/b.png")]), file("c.json")), ["a/b.png", "a (empty)", "c.json"]);
  assert.deepEqual(await drop(folder("a", [folder("a/b", []), file("a/c.ndjson.gz")])), ["a/c.ndjson.gz"]);
});

test("what is left out was meant where it was chosen itself or is an archive", async () => {
  for (const [name, found, meant] of [
    ["notes.txt", false, true],
    ["folder/notes.txt", true, false],
    ["folder/more.7z", true, true],
  ]) {
    const all = [];
    for await (const text of texts({ name, blob: new Blob(["x"]), found }, { only: false })) all.push(text);
    assert.deepEqual(all, [{ name, skipped: true, meant }]);
  }
});
