// A button that was pressed is busy until its answer comes, so that nothing is sent twice. Fallback: the server bears a repeat.

const busy = new Set();
const LONGEST = 20_000; // milliseconds: an answer that never comes must not leave a dead button

function hold(button) {
  if (!button || button.disabled) return;
  button.setAttribute("aria-busy", "true");
  busy.add(button);
  // After the submission has read the button's own name and value.
  setTimeout(() => { if (busy.has(button)) button.disabled = true; });
  setTimeout(() => release(button), LONGEST);
}

function release(button) {
  if (!busy.delete(button)) return;
  button.disabled = false;
  button.removeAttribute("aria-busy");
}

export function start() {
  const pressed = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter || form.querySelector("button[type=submit], button:not([type])");
    if (form.method === "dialog" || form.target || "download" in form.dataset) return;
    pressed.set(form, button);
    // htmx forms are prevented and tell us themselves; the rest leave the page.
    setTimeout(() => { if (!event.defaultPrevented) hold(button); });
  }, true); // before htmx's own listener on the form, which asks for the button at once
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    const button = source.matches("form") ? pressed.get(source) : source.matches("button") ? source : null;
    event.detail.ctx.busyButton = button;
    hold(button);
  });
  document.addEventListener("htmx:finally:request", (event) => release(event.detail.ctx.busyButton));
  // Back from the page cache: nothing is in flight any more.
  addEventListener("pageshow", () => { for (const button of [...busy]) release(button); });
}
