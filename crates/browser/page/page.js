// The page: what is chosen goes to the worker, what it finds is shown. Everything stays in memory.

import { DocumentView } from "./document.js";
import { FindingList, badge, element } from "./findings.js";
import { dropped, named } from "./input.js";
import { language, setLanguage, t, translate } from "./texts.js";
import { lacksOf, verdictOf } from "./verdict.js";

const $ = (id) => document.getElementById(id);

/** Resources that are listed at first, and more at a time. */
const STEP = 200;

/** The worker with its questions. */
class Checker {
  #worker;
  #waiting = new Map();
  #next = 1;

  constructor() {
    this.#begin();
  }

  #begin() {
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => {
      if (data.progress) {
        showProgress(data.progress);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.trouble) waiting?.reject(data.trouble);
      else waiting?.resolve(data.ok);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(event.message || "worker");
    });
    this.started = this.ask("start");
    // Whoever waits for it says what is wrong.
    this.started.catch(() => {});
  }

  ask(what, values = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ask: what, ...values });
    });
  }

  /** Asks it to stop; what is in one long piece of work is ended with the worker. */
  stop() {
    // Its answer says nothing, and does not come where the worker is ended.
    this.ask("stop").catch(() => {});
    const asked = checks;
    setTimeout(() => {
      // A check that was begun since is another one, and what was found until then is about to be shown.
      if (!busy || answered || checks !== asked) return;
      this.#worker.terminate();
      this.#fail(null);
      this.#begin();
    }, 700);
  }

  #fail(reason) {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason === null ? { stopped: true } : { name: "", nb: reason, en: reason });
  }
}

let busy = false;
/** What was chosen while another check was under way: the latest is checked after it. */
let next;
/** How many checks were begun. */
let checks = 0;
/** Whether the worker has answered the one under way, so that only its result is still to be shown. */
let answered = false;
let about;
/** What was chosen last, to check it again with other rules. */
let input = { files: [], chosen: true };
let packages = [];
let result;
let current = -1;
let findings = [];
let resourcesShown = STEP;

const checker = new Checker();
const list = new FindingList($("findings"), (index) => view.jump(index).catch(sayTrouble));
const view = new DocumentView(
  $("document"),
  (from, count) => checker.ask("lines", { from, count }),
  (index) => list.focus(index),
  sayTrouble,
);

start();

async function start() {
  speak();
  try {
    about = await checker.started;
  } catch (trouble) {
    const notice = $("unusable");
    notice.textContent = t("no_engine", { reason: trouble[language] ?? "" });
    return;
  }
  $("unusable").remove();
  listRuleSets();
  document.documentElement.dataset.ready = "";
}

/** Everything that has a language. */
function speak() {
  document.documentElement.lang = language;
  document.title = t("title");
  translate(document);
  for (const tag of ["nb", "en"]) $(tag).setAttribute("aria-pressed", String(tag === language));
  if (about) {
    listRuleSets();
    showPackages();
  }
}

function listRuleSets() {
  const select = $("rules");
  const chosen = select.value;
  const options = about.ruleSets.map(({ name, date, bundleType }) =>
    element("option", { value: name }, t("guide_of", { name, date, type: bundleType })),
  );
  select.replaceChildren(element("option", { value: "" }, t("by_type")), ...options, element("option", { value: "none" }, t("plain")));
  select.value = chosen;
  $("program").textContent = t("program", { version: about.version });
  showDigest();
}

/** Digests of the rule sets that are used, or could be. */
function showDigest() {
  const used = new Set((result?.cases ?? []).map((one) => one.ruleSet).filter(Boolean));
  const chosen = $("rules").value;
  const shown = about.ruleSets.filter(({ name }) => (used.size ? used.has(name) : chosen ? name === chosen : true));
  $("digest").replaceChildren(
    ...(chosen === "none" ? [] : shown).map(({ name, version, date, digest }) =>
      element("span", {}, t("digest", { name, version, date, digest })),
    ),
  );
}

function choices() {
  return {
    ruleSet: $("rules").value || null,
    language,
    now: new Date().toISOString(),
    profiles: $("profiles").value.split(/\s+/).filter(Boolean),
    redact: $("redact").checked,
    ...($("advice").checked ? { advice: "refuse" } : {}),
  };
}

async function check(files, { chosen }) {
  if (busy) {
    // From here on this is what other rules are tried on; nothing chosen replaces nothing.
    if (files.length) input = next = { files, chosen };
    return;
  }
  input = { files, chosen };
  if (!files.length) {
    $("status").textContent = t("nothing");
    return;
  }
  busy = true;
  answered = false;
  checks += 1;
  $("status").classList.remove("heard");
  $("status").textContent = "";
  showProgress({ name: files[0].name, done: 0, all: files.length });
  // Short work needs no bar that flashes.
  const showing = setTimeout(() => ($("progress").hidden = false), 300);
  try {
    await checker.started;
    result = await checker.ask("check", { files, choices: choices(), packages, chosen });
    answered = true;
    showPackages();
    await showResult();
  } catch (trouble) {
    result = undefined;
    // The worker has nothing of it any more.
    current = -1;
    view.clear();
    $("results").hidden = true;
    $("status").textContent = trouble.stopped ? t("stopped") : t("not_read", { name: trouble.name, reason: reasonOf(trouble) });
  } finally {
    busy = false;
    clearTimeout(showing);
    $("progress").hidden = true;
  }
  const waiting = next;
  next = undefined;
  if (waiting) await check(waiting.files, waiting);
}

function showProgress({ name, done, all }) {
  $("bar").value = done / all;
  $("doing").textContent = t("checking", { name, done: Math.floor(done) + 1, all });
}

/**
 * Says what went wrong where nobody waits for an answer. What ended with the worker was asked to stop, which is said
 * already, and what is shown during a check is about to be replaced.
 */
function sayTrouble(trouble) {
  if (trouble instanceof Error) throw trouble;
  if (trouble.stopped || busy) return;
  $("status").classList.remove("heard");
  $("status").textContent = t("not_read", { name: trouble.name ?? "", reason: reasonOf(trouble) });
}

const reasonOf = (trouble) => (trouble.key ? t(trouble.key, trouble.values) : trouble[language]);

async function showResult() {
  sayVerdict();
  resourcesShown = STEP;
  $("only-faulty").checked = false;
  $("resources-part").hidden = result.cases.length < 2;
  $("results").hidden = false;
  showDigest();
  const first = result.cases.find((one) => one.errors) ?? result.cases.find((one) => one.warnings) ?? result.cases[0];
  showResources();
  if (first) await select(first.case);
  else {
    current = -1;
    findings = [];
    view.clear();
    showFindings();
  }
  $("results").focus({ preventScroll: true });
  $("results").scrollIntoView({ block: "start" });
}

function sayVerdict() {
  const { key, kind, incomplete, errors, warnings, faulty, files: checked, resources } = verdictOf(result);
  const files = checked === resources ? t("file", { n: checked }) : `${t("file", { n: checked })}, ${t("resource", { n: resources })}`;
  const values = { files, errors: t("error", { n: errors }), warnings: t("warning", { n: warnings }), faulty: t("file", { n: faulty }) };
  const verdict = errors && incomplete ? `${t(key, values)}. ${t("not_all")}` : t(key, values);
  $("verdict").textContent = verdict;
  $("verdict").className = `verdict ${kind}`;
  // Heard where the heading is not seen to change.
  $("status").classList.add("heard");
  $("status").textContent = result.stopped ? `${t("stopped")} ${verdict}` : verdict;
  const notices = [...result.packageTroubles, ...result.troubles].map((trouble) => [trouble, "error"]);
  if (result.stopped) notices.push([t("stopped"), "warning"]);
  const unread = [...result.skipped, ...result.unread];
  if (unread.length) {
    const names = unread.slice(0, 3).join(", ") + (unread.length > 3 ? " …" : "");
    notices.push([t("skipped", { n: unread.length, names }), result.unread.length ? "warning" : "information"]);
  }
  $("troubles").replaceChildren(
    ...notices.map(([what, kind]) =>
      element("li", { class: `notice ${kind}` }, typeof what === "string" ? what : t("not_read", { name: what.name, reason: reasonOf(what) })),
    ),
  );
}

const nameOf = (one) => (one.line ? `${one.file}:${one.line}` : one.file);

function showResources() {
  const wanted = result.cases.filter((one) => one.errors || !$("only-faulty").checked);
  const items = wanted.slice(0, resourcesShown).map((one) => {
    const counts = [];
    if (one.errors) counts.push(element("span", { class: "badge error" }, t("error", { n: one.errors })));
    if (one.warnings) counts.push(element("span", { class: "badge warning" }, t("warning", { n: one.warnings })));
    if (one.notes) counts.push(element("span", { class: "badge information" }, t("note", { n: one.notes })));
    if (!counts.length) counts.push(element("span", { class: "badge good" }, t("correct")));
    const button = element(
      "button",
      { type: "button", "data-case": String(one.case), "aria-current": one.case === current ? "true" : undefined, onclick: () => select(one.case).catch(sayTrouble) },
      element("span", { class: "name" }, nameOf(one)),
      ...counts.flatMap((count) => [" ", count]),
    );
    return element("li", {}, button);
  });
  const left = wanted.length - items.length;
  if (left > 0) {
    const more = () => {
      resourcesShown += STEP;
      showResources();
      $("resources").children[resourcesShown - STEP]?.firstElementChild?.focus();
    };
    items.push(element("li", {}, element("button", { type: "button", onclick: more }, t("more_resources", { n: Math.min(STEP, left) }))));
  }
  $("resources").replaceChildren(...items);
}

/** Shows a resource's findings and its text. */
async function select(index) {
  current = index;
  for (const button of $("resources").querySelectorAll("[data-case]")) {
    if (Number(button.dataset.case) === index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const found = await checker.ask("findings", { index, language });
  if (index !== current) return;
  findings = found.findings;
  const shown = await checker.ask("view", { index });
  if (index !== current) return;
  $("layout-note").hidden = !shown.laidOut;
  await view.show(shown, findings);
  showFindings(found);
}

let titles = new Map();
let total = 0;

function showFindings(found) {
  if (found) {
    titles = new Map(found.groups.map(({ code, title }) => [code, title]));
    total = found.groups.reduce((sum, { count }) => sum + count, 0);
  }
  const one = result.cases.find(({ case: index }) => index === current);
  $("findings-heading").textContent = t("findings_of", { name: one ? nameOf(one) : "" });
  const severities = new Set([...document.querySelectorAll("[data-severity]:checked")].map((box) => box.dataset.severity));
  const shown = list.show(findings, titles, { severities, search: $("search").value, group: $("group").value });
  list.mark(view.marked);
  $("shown").textContent = total ? t("shown", { shown, all: total }) : t("no_findings");
}

function addPackages(files) {
  packages.push(...files);
  showPackages();
}

function leave() {
  for (const one of document.querySelectorAll(".over")) one.classList.remove("over");
}

function showPackages() {
  const known = new Map((result?.packages ?? []).map((one) => [one.file, one]));
  const troubles = new Map((result?.packageTroubles ?? []).map((one) => [one.name, one]));
  $("loaded").replaceChildren(
    ...packages.map((file) => {
      const holds = known.get(file.name);
      const trouble = troubles.get(file.name);
      const parts = [holds ? t("package_holds", { ...holds, name: file.name }) : file.name];
      if (holds?.dependencies.length) parts.push(` (${t("package_needs", { needs: holds.dependencies.join(", ") })})`);
      if (trouble) parts.push(" ", element("span", { class: "badge error" }, reasonOf(trouble)));
      const remove = () => {
        packages = packages.filter((other) => other !== file);
        showPackages();
        $("packages").focus();
      };
      return element("li", {}, ...parts, " ", element("button", { type: "button", onclick: remove }, t("remove", { name: file.name })));
    }),
  );
}

async function say(tag) {
  if (tag === language) return;
  setLanguage(tag);
  const address = new URL(location);
  address.searchParams.set("lang", tag);
  history.replaceState(null, "", address);
  speak();
  if (!result || busy) return;
  sayVerdict();
  showResources();
  if (current < 0) return showFindings();
  const found = await checker.ask("findings", { index: current, language });
  findings = found.findings;
  await view.rename(findings);
  showFindings(found);
}

async function save(format) {
  let text;
  try {
    text = await checker.ask("export", { format, language, incomplete: lacksOf(result) });
  } catch (trouble) {
    $("status").textContent = t("not_read", { name: format, reason: reasonOf(trouble) });
    return;
  }
  const [type, ending] = {
    html: ["text/html", "html"],
    json: ["application/x-ndjson", "ndjson"],
    "operation-outcome": ["application/fhir+ndjson", "ndjson"],
    sarif: ["application/sarif+json", "sarif"],
    junit: ["application/xml", "xml"],
  }[format];
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: `lmr-${format}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function example() {
  const name = "example.json";
  // Whoever gave the page out may be gone.
  const answer = await fetch(name).catch(() => undefined);
  const blob = answer?.ok ? await answer.blob().catch(() => undefined) : undefined;
  if (blob) await check([{ name, blob }], { chosen: true });
  else sayTrouble({ name, key: "not_readable" });
}

for (const tag of ["nb", "en"]) $(tag).addEventListener("click", () => say(tag).catch(sayTrouble));
for (const id of ["choose", "folder"]) {
  $(id).addEventListener("change", ({ target }) => {
    const files = named(target.files);
    // The same file can be chosen again when it has been corrected.
    target.value = "";
    check(files, { chosen: id === "choose" });
  });
}
$("example").addEventListener("click", example);
$("check-text").addEventListener("click", () => {
  const text = $("text").value;
  check(text.trim() ? [{ name: t("pasted"), blob: new Blob([text]) }] : [], { chosen: true });
});
$("packages").addEventListener("change", ({ target }) => {
  addPackages(target.files);
  target.value = "";
});
$("rules").addEventListener("change", () => {
  if (input.files.length) check(input.files, input);
  else showDigest();
});
$("again").addEventListener("click", () => check(input.files, input));
$("stop").addEventListener("click", () => {
  next = undefined;
  checker.stop();
});
$("only-faulty").addEventListener("change", showResources);
for (const control of document.querySelectorAll("#group, [data-severity]")) control.addEventListener("change", () => showFindings());
$("search").addEventListener("input", () => showFindings());
for (const button of document.querySelectorAll("[data-export]")) button.addEventListener("click", () => save(button.dataset.export));

// Files may be dropped anywhere on the page.
/** What takes a drop: the part for own packages and code lists, else the files to be checked. */
const target = (event) => event.target.closest?.("#more") ?? $("drop");
const isFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  leave();
  target(event).classList.add("over");
});
addEventListener("dragleave", leave);
addEventListener("drop", async (event) => {
  leave();
  if (!isFiles(event)) return;
  event.preventDefault();
  if (target(event) !== $("drop")) {
    addPackages(event.dataTransfer.files);
    return;
  }
  const single = event.dataTransfer.files.length === 1;
  const files = await dropped(event.dataTransfer);
  check(files.sort((a, b) => a.name.localeCompare(b.name, "en")), { chosen: single && files.length === 1 });
});
