// A button that fills a field with a ready value, such as a last day 30 days from now.
// Fallback: the same button submits, the server answers with the field filled.

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-fill]");
    const field = button && document.getElementById(button.dataset.fill);
    if (!field) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (field.type === "text") field.type = "date"; // A refused day was shown as text.
    field.value = button.dataset.fillValue;
    const box = button.dataset.fillUntick && document.getElementById(button.dataset.fillUntick);
    if (box) box.checked = false;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
