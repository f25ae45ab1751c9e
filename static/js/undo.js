// Seconds in which the last change is offered to be undone first of all; under the pointer or the focus they stand still.
// Fallback: the offer stays, and undo stands on the change's own page for a day.

function run(bar) {
  bar.dataset.running = "";
  let left = Number(bar.dataset.undo);
  const text = bar.querySelector("[data-undo-left]");
  const timer = setInterval(() => {
    if (!bar.isConnected) return clearInterval(timer);
    if (bar.matches(":hover, :focus-within") || document.hidden) return undefined;
    left -= 1;
    if (text) text.textContent = text.textContent.replace(/\d+/, String(Math.max(0, left)));
    if (left > 0) return undefined;
    clearInterval(timer);
    bar.remove();
    return undefined;
  }, 1000);
}

function all() {
  document.querySelectorAll("[data-undo]:not([data-running])").forEach(run);
}

export function start() {
  all();
  document.addEventListener("htmx:after:swap", all);
}
