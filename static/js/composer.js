// Which of the two boxes is written in, and how far its writer has read. Fallback: the choice is a radio button of its own.

// A box that nothing is written in has seen what the page shows; one that is begun has seen what stood there then.
function read() {
  for (const letters of document.querySelectorAll("[data-newest]")) {
    const seen = letters.closest(".pane")?.querySelector("[data-seen]");
    if (seen && !seen.form.querySelector("textarea").value) seen.value = letters.dataset.newest;
  }
}

// A thread opens at what was said last, where it scrolls by itself; one that stands there stays where it was.
let opened;
function scroll() {
  const letters = document.querySelector("[data-newest]");
  if (letters && letters.id !== opened) letters.scrollTop = letters.scrollHeight;
  opened = letters?.id;
}

export function start() {
  scroll();
  document.addEventListener("click", (event) => {
    const choice = event.target.closest?.("[data-writes]") || event.target.closest?.("label")?.control;
    // A pointer or a shortcut goes on to the box; the arrow keys only choose.
    if (!choice?.matches("[data-writes]") || (event.isTrusted && event.detail === 0)) return;
    setTimeout(() => {
      const box = choice.closest(".composer").querySelector(`form:has([name=writing][value=${choice.value}]) textarea`);
      box?.focus();
    });
  });
  // Out of the box and back to the thread, so that the single keys work again; what is written stays.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || !event.target.matches?.(".composer textarea")) return;
    event.target.closest(".pane").querySelector("h2")?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:after:swap", () => {
    read();
    scroll();
  });
}
