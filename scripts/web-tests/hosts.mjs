// The page from everywhere it is given out: `lmr web`, the receiver's /validator/, and the folder of static files. The same
// verdict, digest and findings as the program's, no report of the content security policy, no request elsewhere; packed with
// brotli where that is said; the first verdict in time.
// usage: node hosts.mjs LMR FOLDER URL...      FOLDER is what `lmr web --export` wrote

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";

import { browser, bundle, choose, end, file, folder, open, saved, test } from "./harness.mjs";
import { serve } from "./static.mjs";

const [lmr, exported, ...urls] = process.argv.slice(2);
assert.ok(urls.length >= 2, "usage: node hosts.mjs LMR FOLDER URL...");

/** Most bytes of the module on the wire. */
const LARGEST = 2_000_000;
/** Most milliseconds from the navigation to the first verdict: one second is meant, and a loaded machine may take three. */
const FIRST_VERDICT = Number(process.env.LMR_FIRST_VERDICT_MS ?? 3000);

const plain = await serve(exported);
const packed = await serve(exported, { br: true });
const hosts = [...urls.map((url) => ({ url, br: true })), { url: plain.url, br: false }, { url: packed.url, br: true }];

const inputs = {
  "right.json": bundle,
  "wrong.json": bundle.replace('"female"', '"kvinne"').replace('"active"', '"activ"'),
  "patient.xml": '<Patient xmlns="http://hl7.org/fhir"><birthDate value="1990-02-30"/></Patient>',
  "lines.ndjson": `${bundle}\n{"resourceType":"Patient","gender":"x"}\n{\n`,
};
for (const [name, text] of Object.entries(inputs)) writeFileSync(join(folder, name), text);
const arguments_ = ["validate", "--no-project", "--format", "json", "--lang", "en", "--output", "findings.ndjson", ...Object.keys(inputs)];
try {
  execFileSync(lmr, arguments_, { cwd: folder, stdio: "pipe" });
  assert.fail("the program finds nothing");
} catch (error) {
  // 2: one of the lines is not JSON.
  if (error.status !== 2) throw error;
}
const expected = readFileSync(join(folder, "findings.ndjson"), "utf8");
assert.ok(expected.split("\n").length > 5);

/** The head of an answer, and how many bytes its body has on the wire. */
function fetched(url, encoding) {
  return new Promise((resolve, reject) => {
    get(url, { headers: encoding ? { "accept-encoding": encoding } : {} }, (response) => {
      let bytes = 0;
      response.on("data", (part) => (bytes += part.length));
      response.on("end", () => resolve({ headers: response.headers, bytes, status: response.statusCode }));
    }).on("error", reject);
  });
}

let digests;
for (const { url, br } of hosts) {
  await test(`${url}: the program's findings, the digests of all, nothing asked for elsewhere`, async () => {
    const page = await open(url, "?lang=en");
    const shown = await page.$$eval("#digest span", (all) => all.map((one) => one.textContent));
    digests ??= shown;
    assert.deepEqual(shown, digests);
    const said = await choose(page, Object.entries(inputs).map(([name, text]) => file(name, text)));
    assert.match(said, /errors .* of 4 files, 6 resources/);
    assert.equal(await saved(page, "json"), expected);
    return page;
  });

  await test(`${url}: the module as ${br ? `brotli, at most ${LARGEST} bytes` : "gzip"}`, async () => {
    const address = new URL("lmr.wasm.gz", url).href;
    const taken = await fetched(address, "gzip, deflate, br");
    const small = statSync(join(exported, "lmr.wasm.gz.br")).size;
    assert.equal(taken.status, 200);
    assert.equal(taken.headers["content-encoding"], br ? "br" : undefined);
    console.log(`     ${taken.bytes} bytes, ${taken.headers["content-encoding"] ?? "gzip in the file"}`);
    if (br) {
      assert.equal(taken.bytes, small);
      assert.ok(taken.bytes <= LARGEST, `${taken.bytes} bytes`);
    }
    // Whoever does not take it gets the other.
    const other = await fetched(address, "gzip");
    assert.equal(other.headers["content-encoding"], undefined);
    assert.ok(other.bytes > small);
    // A browser takes it from here.
    const page = await open(url, "?lang=en");
    const encoding = await page.evaluate(async () => (await fetch("lmr.wasm.gz", { cache: "no-store" })).headers.get("content-encoding"));
    assert.equal(encoding, br ? "br" : null);
    return page;
  });

  await test(`${url}: the first verdict after a cold load`, async () => {
    const page = await browser.newPage();
    page.faults = [];
    const client = await browser.newCDPSession(page);
    await client.send("Network.setCacheDisabled", { cacheDisabled: true });
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForSelector("#choose", { state: "attached" });
    await page.waitForFunction(() => document.readyState !== "loading");
    await page.setInputFiles("#choose", [file("first.json", bundle)]);
    await page.waitForFunction(() => document.querySelector("#results") && !document.querySelector("#results").hidden, null, { timeout: 60_000 });
    const ms = await page.evaluate(() => performance.now());
    console.log(`     ${ms.toFixed(0)} ms from navigation to verdict (1000 are meant, ${FIRST_VERDICT} the bound)`);
    assert.ok(ms < FIRST_VERDICT, `${ms} ms`);
    return page;
  });
}

await test("the folder needs no more than its own files", async () => {
  for (const { asked } of [plain, packed]) {
    const missing = asked.filter((path) => path !== "/" && !statSync(join(exported, path), { throwIfNoEntry: false }));
    assert.deepEqual(missing, []);
    assert.ok(asked.includes("/lmr.wasm.gz") && asked.includes("/worker.js"));
  }
});

plain.close();
packed.close();
await end();
