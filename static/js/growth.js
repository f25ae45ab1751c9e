// Text areas grow with what is written in them. Where the engine does it itself (field-sizing) or without script they scroll.

function fit(area) {
  area.dataset.rows ||= area.rows;
  area.rows = Math.min(24, Math.max(Number(area.dataset.rows), area.value.split("\n").length + 1));
  // Long lines wrap: rows alone cannot know, so add while the text overflows.
  while (area.scrollHeight > area.clientHeight + 2 && area.rows < 24) area.rows += 1;
}

export function start() {
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-grow]")) fit(event.target);
  });
  const all = (root) => { for (const area of root.querySelectorAll?.("textarea[data-grow]") || []) fit(area); };
  all(document);
  document.addEventListener("htmx:after:settle", (event) => all(event.target));
}
