// Copy buttons. Hidden without script; the text beside them can be selected as ever.
import { announce, words } from "./announce.js";

async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Plain http has no clipboard object: a selection does it.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

export function start() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await put(button.dataset.copy);
      announce(words("copied"));
      const old = button.title;
      button.title = words("copied");
      button.classList.add("is-done");
      button.focus();
      setTimeout(() => {
        button.title = old;
        button.classList.remove("is-done");
      }, 2000);
    } catch {
      announce(words("failed"));
    }
  });
}
