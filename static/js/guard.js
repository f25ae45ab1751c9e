// Warns before typed text is lost and says what is unsaved. Fallback: nothing is lost by the server, it only is not saved.
import { words } from "./announce.js";

const saved = new WeakMap();
const kept = new WeakMap();
const leaving = new WeakSet();
const OWN = new Set(["csrf_token", "version", "draft", "seen"]);

// What a form holds, as a text that can be compared.
export function picture(form) {
  const parts = [];
  for (const [name, value] of new FormData(form)) {
    if (!OWN.has(name)) parts.push([name, typeof value === "string" ? value : value.name]);
  }
  return JSON.stringify(parts);
}

export function isDirty(form) {
  return saved.has(form) && (form.hasAttribute("data-unsaved") || saved.get(form) !== picture(form));
}

// The server keeps this much of the form as a draft: leaving with exactly that loses nothing.
export function stored(form, what) {
  kept.set(form, what);
}

export function isStored(form, what) {
  return kept.get(form) === what;
}

function show(form) {
  for (const place of document.querySelectorAll("[data-save-state]")) {
    if (place.closest("form") !== form && place.getAttribute("data-save-state") !== form.id) continue;
    const dirty = isDirty(form);
    if (!("first" in place.dataset)) place.dataset.first = place.textContent;
    place.classList.toggle("is-due", dirty);
    place.textContent = dirty ? words("unsaved") : place.dataset.first;
  }
}

function watch(root) {
  const forms = [...(root.querySelectorAll?.("form[data-guard]") || [])];
  if (root.matches?.("form[data-guard]")) forms.push(root);
  for (const form of forms) {
    if (!saved.has(form)) saved.set(form, picture(form));
    // A draft that was opened to go on with: only looking at it writes nothing.
    if (form.dataset.unsaved === "kept" && !kept.has(form)) stored(form, picture(form));
    show(form);
  }
}

export function start() {
  watch(document);
  const changed = (event) => {
    const form = event.target.form || event.target.closest?.("form");
    if (form && saved.has(form)) show(form);
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("pairs:changed", changed);
  document.addEventListener("submit", (event) => setTimeout(() => { if (!event.defaultPrevented) leaving.add(event.target); }));
  document.addEventListener("htmx:before:response", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    const goesOn = response.headers.has("HX-Redirect") || response.headers.has("HX-Location") || response.headers.has("HX-Refresh");
    if (!goesOn) return;
    // Leaving after a save is meant; when the session ended, what was typed is kept (see sessions.js).
    const forms = response.status === 401 ? document.querySelectorAll("form[data-guard]") : [sourceElement.closest?.("form")];
    for (const form of forms) if (form) leaving.add(form);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { sourceElement, response, target } = event.detail.ctx;
    if (saved.has(sourceElement) && response?.status < 400) {
      sourceElement.removeAttribute("data-unsaved");
      saved.set(sourceElement, picture(sourceElement));
      show(sourceElement);
    }
    watch(target?.isConnected ? target : document);
  });
  addEventListener("beforeunload", (event) => {
    for (const form of document.querySelectorAll("form[data-guard]")) {
      if (!leaving.has(form) && isDirty(form) && !isStored(form, picture(form))) {
        event.preventDefault();
        event.returnValue = "";
        return;
      }
    }
  });
}
