// What is typed into the editor is kept on the server, so that another device can go on with it. Ctrl+S or ⌘S saves.
// Fallback: a button keeps it, and the page warns before anything is lost.
import { isDirty, isStored, picture, stored } from "./guard.js";

const PAUSE = 1500; // milliseconds after the last key
const LEAST = 2000; // milliseconds between two writes
const OVERTAKEN = 61_000; // milliseconds after which the server no longer takes it for older than the last save
const forms = new WeakMap();

function watched(form) {
  if (!forms.has(form)) forms.set(form, { timer: 0, at: 0, isBusy: false, isOver: false });
  return forms.get(form);
}

function say(form, state) {
  const place = form.querySelector("[data-draft-state]");
  if (place) place.replaceChildren(...[...state.childNodes].map((node) => document.adoptNode(node)));
}

async function keep(form, isLeaving = false) {
  const state = watched(form);
  clearTimeout(state.timer);
  if (state.isBusy || state.isOver || !form.isConnected || !isDirty(form)) return;
  const what = picture(form);
  if (isStored(form, what)) return;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  state.isBusy = true;
  state.at = Date.now();
  try {
    const response = await fetch(form.dataset.autosave, {
      method: "POST", body, keepalive: isLeaving,
      headers: { "HX-Request": "true", "HX-Request-Type": "partial", "X-CSRFToken": body.get("csrf_token") },
    });
    heard(form, state, what, response.status, await response.text());
  } catch {
    // No connection: the next key tries again, and the page warns before it is left.
  } finally {
    state.isBusy = false;
  }
  if (picture(form) !== what) soon(form);
}

function heard(form, state, what, status, html) {
  const answer = new DOMParser().parseFromString(html, "text/html").querySelector("[data-draft-state]");
  if (status === 200 && answer) {
    form.querySelector("[data-draft]").value = answer.dataset.revision;
    stored(form, what);
  } else if (status === 204) {
    state.timer = setTimeout(() => keep(form), OVERTAKEN);
  } else if (status < 500) {
    state.isOver = true; // newer elsewhere, too much, or signed out: asking again changes nothing
  }
  if (answer) say(form, answer);
}

function soon(form) {
  const state = watched(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => keep(form), Math.max(PAUSE, state.at + LEAST - Date.now()));
}

function all() {
  return document.querySelectorAll("form[data-autosave]");
}

export function start() {
  const changed = (event) => {
    const form = event.target.form || event.target.closest?.("form");
    if (form?.matches("[data-autosave]")) soon(form);
  };
  for (const kind of ["input", "change", "pairs:changed"]) document.addEventListener(kind, changed);
  const unsaved = () => { for (const form of all()) if (form.hasAttribute("data-unsaved")) soon(form); };
  unsaved();
  document.addEventListener("htmx:after:swap", unsaved);
  document.addEventListener("submit", (event) => {
    // What is being saved needs no draft; a form that comes back is a new one.
    if (!event.target.matches("[data-autosave]")) return;
    const state = watched(event.target);
    clearTimeout(state.timer);
    state.timer = 0; // nor when the page is left for what the save leads to
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") for (const form of all()) if (watched(form).timer) keep(form, true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key?.toLowerCase() !== "s" || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
    const form = document.activeElement?.closest("form[data-save-key]") || document.querySelector("form[data-save-key]");
    if (!form || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[aria-keyshortcuts]"));
  });
}
