// `validate` of @atomic-ehr/fhirschema: the base type, then each profile of `meta.profile`, from their snapshots.
// It leaves codes and references to its caller ("deferred"), who has no content to validate them by either.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { translate, validate } from '@atomic-ehr/fhirschema';
import { plan, read, run } from './driver.mjs';

const begin = performance.now();
const types = {};
const profiles = new Map();
for (const folder of [plan.core, plan.packages]) {
  for (const name of readdirSync(folder).sort()) {
    const definition = read(join(folder, name));
    if (definition.resourceType !== 'StructureDefinition' || !definition.snapshot) continue;
    try {
      // It translates differentials; a snapshot is one that repeats what it inherits.
      const schema = translate({ ...definition, differential: definition.snapshot });
      profiles.set(definition.url, schema);
      if (definition.derivation !== 'constraint') types[definition.type] = schema;
    } catch (error) {
      console.error(`${definition.url}: ${error.message}`);
    }
  }
}
const loadSeconds = (performance.now() - begin) / 1000;

function issuesOf(resource, schema) {
  try {
    const issues = validate(resource, schema, types).outcome.issue;
    return issues.filter((i) => i.severity === 'error').map((i) => `${i.expression?.join(' ')}: ${i.details?.text}`);
  } catch (error) {
    return [String(error)];
  }
}

function errors(resource) {
  const base = types[resource?.resourceType];
  const found = base ? issuesOf(resource, base) : [`unknown type ${resource?.resourceType}`];
  for (const url of [].concat(resource?.meta?.profile ?? [])) {
    const profile = profiles.get(url);
    if (profile) found.push(...issuesOf(resource, profile));
    else found.push(`unknown profile ${url}`);
  }
  return found;
}
run('@atomic-ehr/fhirschema', loadSeconds, errors);
