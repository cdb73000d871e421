// The HTML report of `lmr validate`: in both languages and schemes, narrow and wide, of one file and of many; axe-core
// without violations, no script errors, nothing asked for. Every link leads somewhere.
// usage: node report.mjs LMR

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { accessible, bundle, end, folder, test, visit } from "./harness.mjs";

const [lmr] = process.argv.slice(2);
const many = join(folder, "many");
mkdirSync(many);
const write = (name, text) => writeFileSync(join(many, name), text);
const example = readFileSync(new URL("../../crates/browser/page/example.json", import.meta.url), "utf8");
const patient = (gender) => JSON.stringify({ resourceType: "Patient", gender, birthDate: "1990-02-30" }, null, 1);
for (let number = 0; number < 240; number += 1) write(`right-${number}.json`, '{"resourceType":"Basic","code":{"text":"a"}}');
for (let number = 0; number < 30; number += 1) write(`wrong-${number}.json`, patient(`x${number}`));
write(`${"a-long-name-without-a-place-to-break-it-".repeat(5)}.json`, patient("x"));
write("one-line.json", JSON.stringify({ resourceType: "Patient", gender: "x".repeat(3000), name: [{ text: "<script>document.title = 1</script>" }] }));
write("lines.ndjson", '{"resourceType":"Basic","code":{"text":"a"}}\n{"resourceType":"Patient","gender":"x"}\n');
write("empty.ndjson", "");
write("broken.json", "{");
write("patient.xml", '<Patient xmlns="http://hl7.org/fhir"><gender value="x"/></Patient>');
write("packed.zip", "PK\u0003\u0004");
const one = join(folder, "one.json");
writeFileSync(one, example);
const right = join(folder, "right.json");
writeFileSync(right, bundle);

/** What is asked for, and the exit status. */
const asked = { many: [many, 2], one: [one, 1], right: [right, 0] };

for (const language of ["nb", "en"]) {
  for (const [what, [input, status]] of Object.entries(asked)) {
    const report = join(folder, `${what}-${language}.html`);
    let ended = 0;
    try {
      execFileSync(lmr, ["validate", "--no-project", ...(what === "many" ? ["--ruleset", "none"] : []), "--format", "html", "--lang", language, "--output", report, input], { stdio: "pipe" });
    } catch (error) {
      ended = error.status;
    }
    await test(`${what}, ${language}: made`, () => assert.equal(ended, status));
    for (const scheme of ["light", "dark"]) {
      for (const width of [320, 1280]) {
        await test(`${what}, ${language}, ${scheme}, ${width} px: no violations, no errors, every link leads somewhere`, async () => {
          const page = await visit(pathToFileURL(report).href, { scheme, width });
          assert.equal(await page.getAttribute("html", "lang"), language);
          await accessible(page, "as it opens");
          await page.$$eval("details", (all) => all.forEach((one) => one.setAttribute("open", "")));
          if (what === "one") await accessible(page, "with everything open");
          const lost = await page.$$eval('a[href^="#"]', (all) => all.filter((one) => !document.getElementById(one.getAttribute("href").slice(1))).map((one) => one.outerHTML));
          assert.deepEqual(lost, []);
          assert.equal(await page.$$eval("script, img, iframe, link", (all) => all.length), 0);
          assert.notEqual(await page.title(), "1");
          const incomplete = await page.$("[data-incomplete]");
          assert.equal(await incomplete?.getAttribute("data-incomplete"), what === "many" ? "packed" : undefined);
          assert.equal(await page.$eval(".verdict", (verdict) => verdict.classList.contains("good") || verdict.classList.contains("warning")), what === "right");
          return page;
        });
      }
    }
  }
}

await end();
