// The sheet of sections on the phone. Engines with popover need nothing of this; without script the link's :target opens it.

export function start() {
  const sheet = document.getElementById("sidebar");
  if (!sheet || HTMLElement.prototype.hasOwnProperty("popover")) return;
  document.documentElement.classList.add("no-popover");
  const opener = document.querySelector("[data-sidebar-open]");

  const show = (open) => {
    sheet.classList.toggle("is-open", open);
    opener?.setAttribute("aria-expanded", String(open));
    if (open) sheet.querySelector("a[href]")?.focus();
    else opener?.focus();
  };

  opener?.setAttribute("aria-expanded", "false");
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sidebar-open]")) {
      event.preventDefault();
      show(true);
    } else if (event.target.closest("[data-sidebar-close]") || (sheet.classList.contains("is-open") && !sheet.contains(event.target))) {
      event.preventDefault();
      show(false);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && sheet.classList.contains("is-open")) show(false);
  });
}
