// Fields that mean something beside one choice only are shown with that choice. They are sent all the same: nothing typed is lost.
// Fallback: they stand there always, and their hint says when they count.

function fit(form) {
  for (const part of form.querySelectorAll("[data-only-with]")) {
    const [name, value] = part.dataset.onlyWith.split("=");
    // What has to be looked at again is never out of sight.
    part.hidden = form.elements[name]?.value !== value && !part.querySelector("[aria-invalid='true'], .reason");
  }
}

function all() {
  for (const form of new Set([...document.querySelectorAll("[data-only-with]")].map((part) => part.closest("form")))) fit(form);
}

export function start() {
  all();
  document.addEventListener("change", (event) => { if (event.target.form?.querySelector("[data-only-with]")) fit(event.target.form); });
  document.addEventListener("htmx:after:swap", all);
}
