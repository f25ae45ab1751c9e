// Attribute pairs are added, removed and moved without a round trip. Fallback: the same buttons submit, the server answers with the rows.
import { announce, words } from "./announce.js";

export function renumber(set) {
  const prefix = set.dataset.pairs;
  const pattern = new RegExp(`^${prefix}-(\\d+|__n__)`);
  set.querySelectorAll("[data-pair]").forEach((row, n) => {
    for (const element of row.querySelectorAll("[id], [name], [for], [aria-describedby], [value]")) {
      for (const attribute of ["id", "name", "for", "aria-describedby"]) {
        const old = element.getAttribute(attribute);
        if (old) element.setAttribute(attribute, old.replace(pattern, `${prefix}-${n}`));
      }
      if (element.dataset.move) element.value = `${element.dataset.move}-${n}`;
    }
    for (const label of row.querySelectorAll("label")) label.textContent = label.textContent.replace(/\d+|__n__/, String(n + 1));
  });
}

function add(set) {
  const row = set.querySelector("template[data-pairs-blank]").content.firstElementChild.cloneNode(true);
  set.querySelector("[data-pairs-list]").append(row);
  renumber(set);
  return row;
}

function move(row, up) {
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (up) other.before(row);
  else other.after(row);
}

function act(button, set) {
  const what = button.dataset.move;
  const row = button.closest("[data-pair]");
  if (what === "add") {
    add(set).querySelector("input").focus();
    return;
  }
  if (what === "remove") {
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    renumber(set);
    (next?.querySelector("[data-move='remove']") || set.querySelector("[data-move='add'], input[type=file]"))?.focus();
    announce(words("removed"));
    return;
  }
  if (what === "cover") row.parentElement.prepend(row);
  else move(row, what === "up");
  renumber(set);
  const position = [...row.parentElement.children].indexOf(row) + 1;
  // At either end the button hides; its sibling takes the focus.
  button.focus();
  const look = getComputedStyle(button);
  if (look.visibility === "hidden" || look.display === "none") row.querySelector(`[data-move='${what === "down" ? "up" : "down"}']`)?.focus();
  announce(words("moved").replace(/\d+/, String(position)));
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-move]");
    const set = button?.closest("[data-pairs]");
    if (!set) return;
    event.preventDefault();
    act(button, set);
    set.dispatchEvent(new Event("pairs:changed", { bubbles: true }));
  });
  document.addEventListener("typed:rows", (event) => {
    for (const set of event.target.querySelectorAll("[data-pairs]")) {
      const wanted = new Set(event.detail.filter((name) => name.startsWith(`${set.dataset.pairs}-`) && name.endsWith("-name"))).size;
      while (set.querySelectorAll("[data-pair]").length < wanted) add(set);
    }
  });
}
