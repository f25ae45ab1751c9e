// A session that ended takes nothing with it: what was typed waits in this tab while the same person signs in again.
// Fallback: the server's answer keeps the form's content where it can.
import { words } from "./announce.js";
import { toast } from "./toasts.js";

const KEY = "portal.typed";
const HOURS = 3_600_000;
const LEFT_OUT = new Set(["csrf_token", "version", "next"]);
const KEPT = "form[data-keep], form[data-guard]";

function typed(form) {
  const values = [];
  for (const field of form.elements) {
    if (!field.name || LEFT_OUT.has(field.name) || ["password", "file", "hidden", "submit", "button"].includes(field.type)) continue;
    values.push([field.name, field.value, field.checked ?? null]);
  }
  return values;
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) || "null");
  } catch {
    return null;
  }
}

function write(note) {
  try {
    if (note) sessionStorage.setItem(KEY, JSON.stringify(note));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage may be switched off: then there is nothing to keep, and nothing breaks.
  }
}

function keep(form, ended) {
  const index = [...document.querySelectorAll(KEPT)].indexOf(form);
  write({ path: location.pathname, index, person: document.body.dataset.person || "", at: Date.now(), ended, values: typed(form) });
}

function restore(note) {
  const form = document.querySelectorAll(KEPT)[note.index];
  if (!form) return;
  const missing = note.values.some(([name]) => !form.elements[name]);
  // Rows that were added by script (attribute pairs) are made again first.
  if (missing) form.dispatchEvent(new CustomEvent("typed:rows", { bubbles: true, detail: note.values.map(([name]) => name) }));
  for (const [name, value, checked] of note.values) {
    const held = form.elements[name];
    const fields = held instanceof RadioNodeList ? [...held] : held ? [held] : [];
    for (const field of fields) {
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.value === value) field.checked = checked;
      } else {
        field.value = value;
      }
    }
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
  toast(words("restored"), "note");
}

export function start() {
  const note = read();
  if (note && document.body.dataset.page === "bare") {
    write({ ...note, ended: true });
  } else if (note) {
    write(null);
    const same = note.path === location.pathname && note.person === (document.body.dataset.person || "");
    // Later modules watch the form: give them their first look before the values come back.
    if (note.ended && same && Date.now() - note.at < HOURS) setTimeout(() => restore(note));
  }
  document.addEventListener("submit", (event) => { if (event.target.matches(KEPT)) keep(event.target, false); });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement.closest?.(KEPT) || document.querySelector(KEPT);
    if (ctx.response.status === 401 && form) keep(form, true);
    else if (form === ctx.sourceElement) write(null);
  });
}
