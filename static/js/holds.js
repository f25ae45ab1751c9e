// Counts down the seconds in which an answer can be taken back. Fallback: the button stands there, and says when it is too late.
const ends = new WeakMap();

function show(form) {
  const known = ends.get(form);
  if (known?.said !== form.dataset.hold) ends.set(form, { said: form.dataset.hold, at: Date.now() + 1000 * Number(form.dataset.hold) });
  const left = Math.ceil((ends.get(form).at - Date.now()) / 1000);
  const text = form.querySelector("[data-hold-left]");
  if (left > 0) {
    const now = text.textContent.replace(/\d+/, String(left));
    if (now !== text.textContent) text.textContent = now;
    return;
  }
  text.textContent = form.dataset.holdAfter;
  const button = form.querySelector("button");
  const held = button && button === document.activeElement;
  button?.remove();
  if (held) form.closest("[tabindex]")?.focus({ preventScroll: true });
}

function all() {
  document.querySelectorAll("[data-hold]").forEach(show);
}

export function start() {
  all();
  document.addEventListener("htmx:after:swap", all);
  setInterval(all, 500);
}
