// Single-key shortcuts: silent while typing, and they can be switched off for this device (WCAG 2.1.4).
// Fallback: every one of them is also a link, a button or a field.
import { closeMenus, openDialog } from "./dialogs.js";
import { toggle } from "./selection.js";

const KEY = "portal.shortcuts";

function isOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function isTyping(target) {
  return target.isContentEditable || Boolean(target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog[open]"));
}

function rows() {
  return [...document.querySelectorAll("table[data-rows] tbody tr, [data-row]")].filter((row) => row.querySelector("a[href], button, input"));
}

function current() {
  return document.querySelector(".is-current") || document.activeElement?.closest?.("table[data-rows] tbody tr, [data-row]");
}

function step(by) {
  // The open thread has just left the list: the next one is known.
  const next = by > 0 && document.querySelector("a[data-next]");
  if (next) {
    next.click();
    return;
  }
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const row = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
  for (const other of all) other.classList.toggle("is-current", other === row);
  const link = row.querySelector("[data-col='title'] a, [data-col='title'] button, a[href], button");
  link?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

// What the page itself offers under a key: a field is gone to, a menu opened, all else pressed.
function press(key) {
  const offered = [...document.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.getClientRects().length || one.closest("details.menu"));
  if (!offered) return false;
  const menu = offered.matches("summary") ? offered.parentElement : null;
  const around = menu ? null : offered.closest("details.menu");
  if (around) {
    closeMenus(around);
    around.open = true;
  }
  if (offered.matches("textarea, input:not([type=radio]), select")) {
    offered.focus();
    offered.scrollIntoView({ block: "nearest" });
  } else if (menu?.open) {
    menu.querySelector("summary ~ * :is(button, input, select, textarea, a)")?.focus();
  } else {
    offered.click();
    // What stands in a menu is gone on with there: the arrows choose, Enter sends.
    if (around) offered.focus();
    menu?.querySelector("summary ~ * :is(button, input:not([type=hidden]), select, textarea, a)")?.focus();
  }
  return true;
}

const ACTIONS = {
  "/": () => {
    const search = document.querySelector("[data-search]") || document.querySelector("input[type=search]");
    const fold = search?.closest("details");
    if (fold) fold.open = true;
    search?.focus();
    search?.select();
  },
  j: () => step(1),
  k: () => step(-1),
  e: () => (current()?.querySelector("[data-edit]") || document.querySelector("[data-edit]:not(tr [data-edit])"))?.click(),
  x: () => toggle(current()),
  "?": () => openDialog("shortcuts"),
};

export function start() {
  const box = document.querySelector("[data-shortcuts-switch]");
  if (box) box.checked = isOn();
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-shortcuts-switch]")) return;
    try {
      localStorage.setItem(KEY, event.target.checked ? "on" : "off");
    } catch {
      // Without storage the choice lasts until the page is left.
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target) || !isOn()) return;
    const isOffered = /^[a-z]$/.test(event.key) && press(event.key);
    const action = !isOffered && Object.hasOwn(ACTIONS, event.key) && ACTIONS[event.key];
    if (!isOffered && !action) return;
    event.preventDefault();
    if (action) action();
  });
}
