// Filters are folded on a phone unless one is in use (data-fold="always": folded even then). Fallback: they stand open.

export function start() {
  const phone = matchMedia("(max-width: 47.99rem)");
  for (const fold of document.querySelectorAll("details[data-fold]")) {
    const form = fold.closest("form");
    const inUse = fold.dataset.fold !== "always" && form && [...new FormData(form).entries()].some(([name, value]) => value && new URLSearchParams(location.search).get(name) === value);
    if (phone.matches && !inUse) fold.open = false;
    phone.addEventListener?.("change", () => { fold.open = !phone.matches; });
  }
}
