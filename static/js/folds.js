// Filters are folded on a phone; the button that opens them says how many are in use. Fallback: they stand open.

function count(fold) {
  const place = fold.querySelector("[data-fold-count]");
  if (!place) return;
  // An order narrows nothing.
  const inUse = [...fold.querySelectorAll("select:not([name=sort]), input:not([type=hidden])")]
    .filter((field) => (field.type === "checkbox" ? field.checked : field.value)).length;
  place.textContent = inUse;
  place.hidden = !inUse;
}

export function start() {
  const phone = matchMedia("(max-width: 47.99rem)");
  for (const fold of document.querySelectorAll("details[data-fold]")) {
    const fit = () => { fold.open = !phone.matches; };
    fit();
    phone.addEventListener?.("change", fit);
    count(fold);
    fold.addEventListener("change", () => count(fold));
  }
}
