// One key opens a menu or presses a button of the open thread: whatever carries it in [data-key]; a field in a menu gets the focus.
// Fallback: all of them are menus, buttons and fields that work by themselves.

function firstIn(details) {
  return details.querySelector(".menu__body :is(button, input:not([type=hidden]), select, a[href])");
}

export function press(key) {
  const wanted = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!wanted) return false;
  const details = wanted.closest("details.menu");
  if (!details) {
    wanted.click();
    return true;
  }
  for (const other of document.querySelectorAll("details.menu[open]")) other.open = other === details;
  details.open = true;
  const field = wanted.matches("summary") ? firstIn(details) : wanted;
  field?.focus();
  field?.select?.();
  return true;
}
