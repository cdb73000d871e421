// The document in lines, of which only those in sight are in the page: a bundle of sixty megabytes scrolls like a
// small one. Places of findings are links to them.

import { element } from "./findings.js";
import { t } from "./texts.js";

/** Browsers do not lay out boxes of any height; beyond this one the scroll bar stands for several lines a pixel. */
const MAX_HEIGHT = 8_000_000;

export class DocumentView {
  #box;
  #spacer;
  #lines;
  #fetch;
  #back;
  #failed;
  #count = 0;
  #lineHeight = 20;
  #first = 0;
  #marks = new Map();
  #placeOf = new Map();
  #texts = [];
  #ticket = 0;
  #current = -1;
  #scrolledTo = -1;

  /** `fetch(from, count)` gives lines; `back(index)` goes to a finding; `failed(trouble)` says why lines that came into sight cannot be had. */
  constructor(box, fetch, back, failed) {
    this.#box = box;
    this.#spacer = box.querySelector("#spacer");
    this.#lines = box.querySelector("#lines");
    this.#fetch = fetch;
    this.#back = back;
    this.#failed = failed;
    box.addEventListener("scroll", () => this.#scrolled());
    box.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#redraw()).observe(box);
  }

  /** The findings with a place. */
  get marked() {
    return new Set(this.#placeOf.keys());
  }

  /** Shows a document of so many lines, with `[finding, line, from, to]` and the findings' texts and severities. */
  show({ lines, marks }, findings) {
    this.#ticket += 1;
    this.#count = lines;
    this.#texts = findings;
    this.#marks = new Map();
    this.#placeOf = new Map();
    for (const [finding, line, from, to] of marks) {
      if (!this.#marks.has(line)) this.#marks.set(line, []);
      this.#marks.get(line).push({ finding, from, to });
      this.#placeOf.set(finding, line);
    }
    for (const places of this.#marks.values()) places.sort((a, b) => a.from - b.from || b.to - a.to);
    this.#first = 0;
    this.#current = -1;
    this.#measure();
    this.#box.scrollTo(0, 0);
    this.#scrolledTo = 0;
    return this.#draw();
  }

  /** The findings in another language. */
  rename(findings) {
    this.#texts = findings;
    return this.#draw();
  }

  clear() {
    this.#ticket += 1;
    this.#count = 0;
    this.#marks = new Map();
    this.#placeOf = new Map();
    this.#spacer.style.height = "0";
    this.#lines.replaceChildren();
  }

  /** Shows a finding's place in the middle and moves to it. */
  async jump(finding) {
    const line = this.#placeOf.get(finding);
    if (line === undefined) return;
    this.#current = finding;
    this.#to(line - Math.floor(this.#visible() / 2));
    await this.#draw();
    this.#box.scrollIntoView({ block: "nearest" });
    const link = this.#lines.querySelector(`[data-finding="${finding}"]`);
    link?.scrollIntoView({ block: "nearest", inline: "nearest" });
    link?.focus({ preventScroll: true });
  }

  #visible() {
    return Math.max(1, Math.floor(this.#box.clientHeight / this.#lineHeight));
  }

  #height() {
    return Math.min(this.#count * this.#lineHeight + this.#box.clientHeight / 4, MAX_HEIGHT);
  }

  #last() {
    return Math.max(0, this.#count - this.#visible() + 1);
  }

  #measure() {
    const probe = element("div", { class: "l" }, "0");
    this.#lines.replaceChildren(probe);
    this.#lineHeight = probe.getBoundingClientRect().height || 20;
    this.#spacer.style.height = `${this.#height()}px`;
    this.#lines.style.setProperty("--digits", String(String(this.#count).length));
  }

  /** Makes a line the first one in sight. */
  #to(line) {
    this.#first = Math.min(Math.max(0, line), this.#last());
    const room = this.#height() - this.#box.clientHeight;
    this.#scrolledTo = Math.round(this.#last() ? (this.#first / this.#last()) * room : 0);
    this.#box.scrollTop = this.#scrolledTo;
  }

  #scrolled() {
    // What #to has set is known to the line; the scroll bar alone may be less exact.
    if (Math.abs(this.#box.scrollTop - this.#scrolledTo) <= 1) return;
    this.#scrolledTo = this.#box.scrollTop;
    const room = this.#height() - this.#box.clientHeight;
    this.#first = Math.round(room > 0 ? (this.#box.scrollTop / room) * this.#last() : 0);
    this.#redraw();
  }

  #key(event) {
    if (event.target !== this.#box || event.altKey || event.metaKey) return;
    const page = this.#visible() - 1;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || (event.ctrlKey && Number.isFinite(by))) return;
    event.preventDefault();
    this.#to(by === Infinity ? this.#last() : by === -Infinity ? 0 : this.#first + by);
    this.#redraw();
  }

  /** Draws where nobody waits for it. */
  #redraw() {
    const ticket = this.#ticket + 1;
    this.#draw().catch((trouble) => {
      // Another document, or other lines of it, are shown since.
      if (ticket === this.#ticket) this.#failed(trouble);
    });
  }

  async #draw() {
    if (!this.#count) return;
    this.#ticket += 1;
    const ticket = this.#ticket;
    const from = this.#first;
    const count = this.#visible() + 2;
    const lines = await this.#fetch(from, count);
    if (ticket !== this.#ticket) return;
    const focused = document.activeElement?.dataset?.finding;
    this.#lines.replaceChildren(...lines.map((text, index) => this.#line(from + index, text)));
    if (focused !== undefined) this.#lines.querySelector(`[data-finding="${focused}"]`)?.focus({ preventScroll: true });
  }

  #line(number, text) {
    const parts = [];
    let at = 0;
    for (const { finding, from, to } of this.#marks.get(number) ?? []) {
      // Places may be within each other; the inner ones are links too, behind the outer one's text.
      const start = Math.max(from, at);
      const end = Math.min(Math.max(to, start), text.length);
      if (start > at) parts.push(text.slice(at, start));
      parts.push(this.#link(finding, text.slice(start, end)));
      at = Math.max(at, end);
    }
    parts.push(text.slice(at));
    return element("div", { class: "l" }, element("span", { class: "n", "aria-hidden": "true" }, String(number + 1)), element("code", {}, ...parts));
  }

  #link(finding, text) {
    const about = this.#texts[finding];
    const name = t("to_finding", { text: about ? `${about.code}: ${about.text}` : "" });
    const severity = about?.severity === "fatal" ? "error" : (about?.severity ?? "error");
    return element(
      "a",
      {
        href: `#finding-${finding}`,
        class: `mark ${severity}${finding === this.#current ? " current" : ""}`,
        "data-finding": String(finding),
        title: about ? `${about.code}: ${about.text}` : undefined,
        "aria-label": text ? `${text} (${name})` : name,
        onclick: (event) => {
          event.preventDefault();
          this.#current = finding;
          this.#back(finding);
        },
      },
      text || "\u2038",
    );
  }
}
