// What the page says, in both languages. Findings come from the engine in the language asked for.

const nb = {
  title: "Kontroller filer mot Legemiddelregisterets regler",
  skip: "Hopp til filene",
  language: "Språk",
  lead: "Registerets egen kontroll, kjørt i nettleseren. Ingenting forlater maskinen.",
  not_started: "Siden er ikke startet. Den må åpnes fra en tjener (lmr web), ikke som fil fra disken, i en nettleser med JavaScript og WebAssembly.",
  no_engine: "Kontrollen kunne ikke hentes eller startes: {reason}. Last siden på nytt; nettleseren må støtte WebAssembly med SIMD (alle fra 2023).",
  files: "Filer",
  drop: "Slipp filer eller mapper her: JSON, XML, NDJSON, zip eller gzip.",
  choose: "Velg filer",
  folder: "Velg mappe",
  example: "Prøv et eksempel",
  paste: "Lim inn tekst",
  paste_label: "En ressurs eller Bundle i JSON eller XML",
  pasted: "limt inn",
  check: "Kontroller",
  rule_set: "Regelsett",
  by_type: "etter Bundle.type",
  plain: "ingen: FHIR R4 og egne pakker",
  guide_of: "{name}, veiledningen av {date} ({type})",
  digest: "{name}: veiledningen {version} av {date}, {digest}",
  more: "Egne pakker, kodelister og profiler",
  packages_help: "FHIR-pakker (.tgz), eller enkeltfiler med StructureDefinition, ValueSet eller CodeSystem. De gjelder foran regelsettets egne.",
  packages: "Velg pakker og kodelister",
  package_holds: "{name}: {profiles} profiler, {valueSets} kodesett, {codeSystems} kodeverk",
  package_needs: "bygger på {needs}",
  remove: "Fjern {name}",
  profiles: "Profiler som hver ressurs også skal følge (kanonisk URL, en per linje)",
  advice: "Gjør råd om til feil, og si hvilken versjon av veiledningen som trengs",
  redact: "Hold verdier fra ressursen utenfor tekstene",
  again: "Kontroller på nytt",
  stop: "Stans",
  checking: "Kontrollerer {name} ({done} av {all})",
  stopped: "Stanset: ikke alt er kontrollert.",
  in_order: "I orden: {files}",
  with_errors: "{errors} og {warnings} i {faulty} av {files}",
  with_errors_in_one: "{errors} og {warnings}",
  only_warnings: "I orden, med {warnings}: {files}",
  file: ["1 fil", "{n} filer"],
  resource: ["1 ressurs", "{n} ressurser"],
  error: ["1 feil", "{n} feil"],
  warning: ["1 advarsel", "{n} advarsler"],
  note: ["1 merknad", "{n} merknader"],
  correct: "i orden",
  skipped: ["1 fil ble ikke lest: {names}. JSON, XML, NDJSON, zip og gzip leses.", "{n} filer ble ikke lest: {names}. JSON, XML, NDJSON, zip og gzip leses."],
  nothing: "Ingen filer å kontrollere.",
  not_read: "{name}: {reason}",
  out_of_memory: "filen er for stor for nettleseren, eller kontrollen stanset; lmr validate kontrollerer den uten grense. Slipp de andre filene på nytt",
  save: "Lagre funnene som",
  resources: "Ressurser",
  only_faulty: "Bare dem med feil",
  more_resources: ["Vis 1 til", "Vis {n} til"],
  findings_of: "Funn i {name}",
  filters: "Utvalg av funn",
  group_by: "Grupper etter",
  by_code: "kode",
  by_entry: "ressurs i bunten",
  by_place: "plass i dokumentet",
  about_bundle: "Bunten selv",
  errors: "feil",
  warnings: "advarsler",
  notes: "merknader",
  search: "Søk i funnene",
  shown: "{shown} av {all} funn vises",
  no_findings: "Ingen funn.",
  at: "linje {line}:{column}",
  whole: "hele innholdet",
  more_findings: ["Vis 1 til", "Vis {n} til"],
  remedy: "Slik rettes det:",
  in_document: "Vis i dokumentet",
  severity_fatal: "kan ikke leses",
  severity_error: "feil",
  severity_warning: "advarsel",
  severity_information: "merknad",
  document: "Dokumentet",
  document_lines: "Linjene i dokumentet, bla med piltastene",
  laid_out: "Vist med linjeskift; linje og kolonne i funnene er de i filen.",
  to_finding: "Til funnet: {text}",
  program: "lmr {version}. Fri programvare under Apache-2.0 eller MIT.",
  zip_damaged: "zip-filen er skadet",
  zip_encrypted: "zip-filen er kryptert",
  zip_method: "zip-filen bruker en pakkemetode som ikke leses",
  too_large: "mer enn {limit} MB utpakket",
  http_only: "siden må åpnes over http(s)",
};

const en = {
  title: "Check files against the rules of Legemiddelregisteret",
  skip: "Skip to the files",
  language: "Language",
  lead: "The register's own check, run in the browser. Nothing leaves this machine.",
  not_started: "The page has not started. It must be opened from a server (lmr web), not as a file from the disk, in a browser with JavaScript and WebAssembly.",
  no_engine: "The check could not be fetched or started: {reason}. Reload the page; the browser must support WebAssembly with SIMD (all since 2023).",
  files: "Files",
  drop: "Drop files or folders here: JSON, XML, NDJSON, zip or gzip.",
  choose: "Choose files",
  folder: "Choose a folder",
  example: "Try an example",
  paste: "Paste text",
  paste_label: "A resource or Bundle in JSON or XML",
  pasted: "pasted",
  check: "Check",
  rule_set: "Rule set",
  by_type: "by Bundle.type",
  plain: "none: FHIR R4 and own packages",
  guide_of: "{name}, guide of {date} ({type})",
  digest: "{name}: guide {version} of {date}, {digest}",
  more: "Own packages, code lists and profiles",
  packages_help: "FHIR packages (.tgz), or single files with a StructureDefinition, ValueSet or CodeSystem. They count before the rule set's own.",
  packages: "Choose packages and code lists",
  package_holds: "{name}: {profiles} profiles, {valueSets} value sets, {codeSystems} code systems",
  package_needs: "builds on {needs}",
  remove: "Remove {name}",
  profiles: "Profiles that each resource must meet as well (canonical URL, one a line)",
  advice: "Make errors of advice, and say which version of the guide is needed",
  redact: "Keep values of the resource out of the texts",
  again: "Check again",
  stop: "Stop",
  checking: "Checking {name} ({done} of {all})",
  stopped: "Stopped: not everything has been checked.",
  in_order: "Correct: {files}",
  with_errors: "{errors} and {warnings} in {faulty} of {files}",
  with_errors_in_one: "{errors} and {warnings}",
  only_warnings: "Correct, with {warnings}: {files}",
  file: ["1 file", "{n} files"],
  resource: ["1 resource", "{n} resources"],
  error: ["1 error", "{n} errors"],
  warning: ["1 warning", "{n} warnings"],
  note: ["1 note", "{n} notes"],
  correct: "correct",
  skipped: ["1 file was not read: {names}. JSON, XML, NDJSON, zip and gzip are read.", "{n} files were not read: {names}. JSON, XML, NDJSON, zip and gzip are read."],
  nothing: "No files to check.",
  not_read: "{name}: {reason}",
  out_of_memory: "the file is too large for the browser, or the check stopped; lmr validate checks it without a limit. Drop the other files again",
  save: "Save the findings as",
  resources: "Resources",
  only_faulty: "Only those with errors",
  more_resources: ["Show 1 more", "Show {n} more"],
  findings_of: "Findings in {name}",
  filters: "Which findings to show",
  group_by: "Group by",
  by_code: "code",
  by_entry: "resource in the bundle",
  by_place: "place in the document",
  about_bundle: "The bundle itself",
  errors: "errors",
  warnings: "warnings",
  notes: "notes",
  search: "Search the findings",
  shown: "{shown} of {all} findings are shown",
  no_findings: "No findings.",
  at: "line {line}:{column}",
  whole: "the whole content",
  more_findings: ["Show 1 more", "Show {n} more"],
  remedy: "How to correct it:",
  in_document: "Show in the document",
  severity_fatal: "cannot be read",
  severity_error: "error",
  severity_warning: "warning",
  severity_information: "note",
  document: "The document",
  document_lines: "The lines of the document, arrow keys scroll",
  laid_out: "Shown with line breaks; line and column of the findings are those in the file.",
  to_finding: "To the finding: {text}",
  program: "lmr {version}. Free software under Apache-2.0 or MIT.",
  zip_damaged: "the zip file is damaged",
  zip_encrypted: "the zip file is encrypted",
  zip_method: "the zip file uses a method of packing that is not read",
  too_large: "more than {limit} MB unpacked",
  http_only: "the page must be opened over http(s)",
};

const texts = { nb, en };

/** The language of the page: asked for in the address, else the browser's. */
export let language = chosen();

function chosen() {
  const asked = new URLSearchParams(globalThis.location?.search ?? "").get("lang");
  if (asked in texts) return asked;
  return /^(nb|nn|no|da|sv)\b/.test(globalThis.navigator?.language ?? "nb") ? "nb" : "en";
}

export function setLanguage(tag) {
  language = tag;
}

/** A text with its values; one with two forms chooses by `n`. */
export function t(key, values = {}) {
  let text = texts[language][key];
  if (Array.isArray(text)) text = text[values.n === 1 ? 0 : 1];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? values[name].toLocaleString(language) : (values[name] ?? ""),
  );
}

/** Says everything in the page that has a text's name. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-l]")) element.setAttribute("aria-label", t(element.dataset.l));
}

/** For tests: what one language lacks. */
export function missingTexts() {
  const keys = new Set([...Object.keys(nb), ...Object.keys(en)]);
  return [...keys].filter((key) => !(key in nb) || !(key in en) || Array.isArray(nb[key]) !== Array.isArray(en[key]));
}
