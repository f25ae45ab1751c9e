// Editing in a table cell: Escape cancels, the form's own Enter saves. Fallback: the trigger is a link, the cancel too.

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter and Escape belong to the input method while it composes Chinese.
    const form = event.target.closest?.("form[data-inline-edit]") || event.target.form?.closest?.("form[data-inline-edit]");
    if (!form) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("[data-cancel]")?.click();
    } else if (event.key === "Enter" && event.target.matches("select")) {
      event.preventDefault();
      form.requestSubmit();
    }
  }, true);
}
