// Messages in the corner: they stay until closed, and script can add one. Fallback: they are plain text in the page.
import { words } from "./announce.js";

export function toast(text, tone = "danger") {
  const area = document.getElementById("toasts");
  if (!area || !text) return;
  const said = [...area.querySelectorAll(".toast__text")].some((old) => old.textContent === text);
  if (said) return;
  const box = document.createElement("div");
  box.className = `toast is-${tone}`;
  const line = document.createElement("p");
  line.className = "toast__text";
  line.setAttribute("role", "status");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn--quiet btn--small";
  close.dataset.closeToast = "";
  close.textContent = words("close");
  box.append(line, close);
  area.append(box);
  // The region must stand in the page before its words come, or they are not read.
  setTimeout(() => { line.textContent = text; }, 60);
}

export function start() {
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-toast]");
    if (!close) return;
    const held = close.contains(document.activeElement);
    close.closest(".toast")?.remove();
    if (held) document.getElementById("content")?.focus({ preventScroll: true });
  });
}
