// The list of findings: filtered, grouped, each with a link to its place in the document.

import { t } from "./texts.js";

/** Findings of a group that are shown at first, and more at a time. */
const STEP = 100;

/** Creates an element with attributes and children; text is always text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** The gravity that filters know. */
const gravity = (severity) => (severity === "fatal" ? "error" : severity);

const entryOf = (expression) => /^Bundle\.entry\[(\d+)\]/.exec(expression)?.[0] ?? "";

export class FindingList {
  #root;
  #jump;
  #findings = [];
  #marked = new Set();
  #groups = new Map();

  /** `jump(index)` shows a finding's place in the document. */
  constructor(root, jump) {
    this.#root = root;
    this.#jump = jump;
  }

  /** Shows these findings. `titles` has the title of each code. */
  show(findings, titles, { severities, search, group }) {
    this.#findings = findings;
    const wanted = search.trim().toLowerCase();
    const matches = (finding) =>
      severities.has(gravity(finding.severity)) &&
      (!wanted ||
        [finding.code, finding.text, finding.expression, ...finding.reasons].some((text) => text.toLowerCase().includes(wanted)));
    const groups = new Map();
    let shown = 0;
    findings.forEach((finding, index) => {
      if (!matches(finding)) return;
      shown += 1;
      const key = group === "code" ? `${gravity(finding.severity)} ${finding.code}` : group === "entry" ? entryOf(finding.expression) : "";
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(index);
    });
    const order = ["error", "warning", "information"];
    const keys = [...groups.keys()];
    if (group === "code") keys.sort((a, b) => order.indexOf(a.split(" ")[0]) - order.indexOf(b.split(" ")[0]) || a.localeCompare(b));
    this.#groups = new Map();
    this.#root.replaceChildren(
      ...keys.map((key) => {
        const indices = groups.get(key);
        const list = element("ol");
        this.#groups.set(key, { indices, list });
        this.#add(key);
        if (!group) return list;
        const first = findings[indices[0]];
        const name = group === "code"
          ? [element("strong", {}, first.code), ` ${titles.get(first.code) ?? ""} `]
          : [element("strong", {}, key || t("about_bundle")), " "];
        const worst = indices.map((index) => order.indexOf(gravity(findings[index].severity)));
        const kind = order[Math.min(...worst)];
        return element(
          "details",
          { open: true, class: kind },
          element("summary", {}, badge(kind), " ", ...name, element("span", { class: "count" }, String(indices.length))),
          list,
        );
      }),
    );
    return shown;
  }

  /** The findings that have a place in the document. */
  mark(indices) {
    this.#marked = indices;
    for (const link of this.#root.querySelectorAll("a.place")) {
      link.toggleAttribute("hidden", !indices.has(Number(link.dataset.index)));
    }
  }

  /** Moves to a finding, opening its group. */
  focus(index) {
    for (const [key, group] of this.#groups) {
      const at = group.indices.indexOf(index);
      if (at < 0) continue;
      while (group.list.childElementCount <= at) this.#add(key);
    }
    const item = this.#root.querySelector(`#finding-${index}`);
    if (!item) return;
    item.closest("details")?.setAttribute("open", "");
    for (const other of this.#root.querySelectorAll(".current")) other.classList.remove("current");
    item.classList.add("current");
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }

  #add(key) {
    const { indices, list } = this.#groups.get(key);
    list.nextElementSibling?.remove();
    const from = list.childElementCount;
    list.append(...indices.slice(from, from + STEP).map((index) => this.#item(index)));
    const left = indices.length - list.childElementCount;
    if (left > 0) {
      const more = () => {
        const next = list.childElementCount;
        this.#add(key);
        list.children[next]?.focus();
      };
      queueMicrotask(() => {
        list.nextElementSibling?.remove();
        list.after(element("button", { type: "button", onclick: more }, t("more_findings", { n: Math.min(STEP, left) })));
      });
    }
  }

  #item(index) {
    const finding = this.#findings[index];
    const kind = gravity(finding.severity);
    const place = finding.line ? t("at", { line: String(finding.line), column: String(finding.column) }) : t("whole");
    const link = element(
      "a",
      {
        href: "#document",
        class: "place",
        "data-index": String(index),
        hidden: this.#marked.size > 0 && !this.#marked.has(index),
        onclick: (event) => {
          event.preventDefault();
          this.#jump(index);
        },
      },
      t("in_document"),
    );
    return element(
      "li",
      { id: `finding-${index}`, class: `finding ${kind}`, tabindex: "-1" },
      element("p", { class: "where" }, badge(finding.severity), " ", element("code", {}, finding.code), ` ${place} `, link),
      element("p", {}, finding.text),
      finding.expression ? element("p", { class: "path" }, element("code", {}, finding.expression)) : null,
      finding.reasons.length ? element("ul", {}, ...finding.reasons.slice(0, 3).map((reason) => element("li", {}, reason))) : null,
      kind === "error" && finding.remedy
        ? element("p", { class: "remedy" }, element("strong", {}, t("remedy")), ` ${finding.remedy}`)
        : null,
    );
  }
}

/** A severity in words and colour. */
export function badge(severity) {
  return element("span", { class: `badge ${gravity(severity)}` }, t(`severity_${severity}`));
}
