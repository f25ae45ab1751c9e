// Puts a snippet, filled in by the server, into the text where the cursor stands. Fallback: the menu is not there; snippets have a page.
import { words } from "./announce.js";
import { toast } from "./toasts.js";

async function insert(button) {
  const area = document.getElementById(button.closest("[data-snippets]").dataset.snippets);
  const response = await fetch(button.dataset.snippet, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (!response.ok) return toast(words("failed"));
  const { text, missing } = await response.json();
  const menu = button.closest("details");
  if (menu) menu.open = false;
  area.focus();
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  const place = area.form.querySelector("[data-snippets-missing]");
  if (place) place.textContent = missing.length ? place.dataset.snippetsMissing.replace("{names}", missing.join(", ")) : "";
  return undefined;
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-snippet]");
    if (button) insert(button).catch(() => toast(words("offline"), "due"));
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-snippets-search]")) return;
    const wanted = event.target.value.trim().toLowerCase();
    for (const button of event.target.closest("[data-snippets]").querySelectorAll("[data-snippet]")) {
      button.closest("li").hidden = !button.textContent.toLowerCase().includes(wanted);
    }
  });
  document.addEventListener("keydown", (event) => {
    // Enter in the search takes the first that is left; it must not send the answer.
    if (event.key !== "Enter" || event.isComposing || !event.target.matches?.("[data-snippets-search]")) return;
    event.preventDefault();
    event.target.closest("[data-snippets]").querySelector("li:not([hidden]) [data-snippet]")?.click();
  });
}
