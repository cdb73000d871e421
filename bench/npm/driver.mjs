// What every driver of this folder does: read the plan that `bench/compare` wrote, validate each file, then the
// speed files over and over. Same plan, same answer as engines/src/lib.rs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
export const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
export const here = new URL('.', import.meta.url).pathname;

// `errors(resource)` gives the errors of one resource, without its entries.
export function run(name, loadSeconds, errors) {
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
  const version = read(join(here, `node_modules/${name}/package.json`)).version;
  console.log(
    JSON.stringify({
      engine: `${name} ${version}, Node.js ${process.versions.node}`,
      load_seconds: loadSeconds,
      cases,
      speed,
      resident_bytes: process.resourceUsage().maxRSS * 1024,
    })
  );
}
