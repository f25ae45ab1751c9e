// Ticked rows: this page's at once, a stretch with Shift, `x` on the current row; what is ticked is counted and said.
// Fallback: the boxes are plain boxes of a plain form, and the bar with its buttons stands above the table.
import { announce } from "./announce.js";

let last = null;

function boxes(area) {
  return [...area.querySelectorAll("input[data-select]")];
}

function areaOf(element) {
  return element.closest?.("[data-bulk]");
}

export function count(area, isSaid = true) {
  const all = boxes(area);
  const ticked = all.filter((box) => box.checked);
  const whole = area.querySelector("[data-select-all]");
  if (whole && whole.checked && ticked.length < all.length) whole.checked = false;
  for (const page of area.querySelectorAll("[data-select-page]")) {
    page.checked = all.length > 0 && ticked.length === all.length;
    page.indeterminate = ticked.length > 0 && ticked.length < all.length;
  }
  const text = area.querySelector("[data-selected-text]");
  if (!text) return;
  text.dataset.idle ??= text.textContent;
  const number = whole?.checked ? area.querySelector("#listings-matching, [data-matching]")?.textContent || ticked.length : ticked.length;
  text.textContent = ticked.length ? text.dataset.say.replace("{n}", number) : text.dataset.idle;
  if (isSaid && ticked.length) announce(text.textContent);
}

function stretch(area, box) {
  const all = boxes(area);
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const one of all.slice(from, to + 1)) one.checked = box.checked;
}

export function toggle(row) {
  const box = row?.querySelector("input[data-select]");
  if (box) box.click();
}

export function start() {
  document.addEventListener("click", (event) => {
    const area = areaOf(event.target);
    if (!area) return;
    if (event.target.matches("input[data-select]")) {
      if (event.shiftKey && last) stretch(area, event.target);
      last = event.target;
      count(area);
    } else if (event.target.matches("[data-select-page]")) {
      for (const box of boxes(area)) box.checked = event.target.checked;
      count(area);
    } else if (event.target.matches("[data-select-all]")) {
      for (const box of boxes(area)) box.checked = event.target.checked;
      count(area);
    } else if (event.target.closest("[data-select-clear]")) {
      event.preventDefault();
      for (const box of area.querySelectorAll("[data-select], [data-select-all]")) box.checked = false;
      count(area);
      area.querySelector("input[data-select]")?.focus();
    }
  });
  // Back shows the boxes as they were left: the bar has to agree.
  addEventListener("pageshow", () => document.querySelectorAll("[data-bulk]").forEach((area) => count(area, false)));
  document.addEventListener("htmx:after:swap", () => document.querySelectorAll("[data-bulk]").forEach((area) => count(area, false)));
}
