// Pictures are sent as soon as they are chosen, dropped or pasted, each with its progress; a removed one can be put back.
// Fallback: the same file field has a button of its own, and the server answers with the form and its pictures.
import { announce } from "./announce.js";
import { renumber } from "./pairs.js";

const LARGEST = 10 * 1024 * 1024; // bytes, as the server takes them
const MOST = 20;

function changed(set) {
  renumber(set);
  set.dispatchEvent(new Event("pairs:changed", { bubbles: true }));
}

function line(set, name) {
  const row = document.createElement("li");
  row.className = "upload";
  const label = document.createElement("span");
  label.className = "upload__name";
  label.textContent = name;
  row.append(label);
  set.querySelector("[data-uploads]").append(row);
  return row;
}

function refuse(row, why) {
  row.querySelector("progress")?.remove();
  row.querySelector(".small")?.remove();
  const text = document.createElement("p");
  text.className = "errors";
  text.textContent = why;
  row.append(text);
}

function send(set, file, row) {
  const form = set.closest("form");
  const body = new FormData();
  for (const name of ["csrf_token", "listing_id", "form_nonce"]) {
    const field = form.elements[name];
    if (field) body.append(name, field.value);
  }
  body.append("pictures", file);
  const text = document.createElement("span");
  text.className = "small muted";
  text.textContent = set.dataset.saySending;
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", file.name);
  bar.max = 100;
  bar.value = 0;
  row.append(text, bar);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", set.dataset.upload);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("HX-Request-Type", "partial");
    request.setRequestHeader("X-CSRFToken", body.get("csrf_token"));
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); text.textContent = set.dataset.sayDrawing; });
    request.addEventListener("loadend", () => { arrived(set, row, request); resolve(); });
    request.send(body);
  });
}

function arrived(set, row, request) {
  const answer = new DOMParser().parseFromString(request.responseText || "", "text/html");
  const cards = [...answer.querySelectorAll("#uploaded .picture")];
  if (request.status === 200 && cards.length) {
    set.querySelector("[data-pairs-list]").append(...cards.map((card) => document.adoptNode(card)));
    row.remove();
    changed(set);
    return;
  }
  const said = [...answer.querySelectorAll("#uploaded .errors li")].map((reason) => reason.textContent).join(" ");
  refuse(row, said.replace(`${row.querySelector(".upload__name").textContent}: `, "") || (request.status === 413 ? set.dataset.sayLarge : set.dataset.sayFailed));
}

let queue = Promise.resolve();

function take(set, files) {
  let room = MOST - set.querySelectorAll("[data-pair]").length;
  for (const file of files) {
    const row = line(set, file.name);
    if (file.size > LARGEST) refuse(row, set.dataset.sayLarge);
    else if (room <= 0) refuse(row, set.dataset.sayMany);
    else {
      room -= 1;
      // One after the other: each is drawn anew over there, which takes all of a processor.
      queue = queue.then(() => (set.isConnected ? send(set, file, row) : null));
    }
  }
}

function keepForUndo(set, card) {
  const after = card.previousElementSibling;
  const row = line(set, set.dataset.sayGone);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn--default btn--small";
  button.textContent = set.dataset.sayBack;
  button.addEventListener("click", () => {
    if (after?.isConnected) after.after(card);
    else set.querySelector("[data-pairs-list]").prepend(card);
    row.remove();
    changed(set);
    card.querySelector("[data-move='remove']").focus();
  });
  row.append(button);
}

function insert(button) {
  const text = button.closest("form").elements.description;
  const alt = button.closest("[data-pair]").querySelector("input[name$='-alt']").value.replace(/[[\]\n]/g, " ").trim();
  const before = text.value.slice(0, text.selectionStart);
  const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  text.setRangeText(`${gap}![${alt}](${button.dataset.insert})\n\n`, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

export function start() {
  document.addEventListener("change", (event) => {
    const set = event.target.matches("input[type=file]") && event.target.closest("[data-upload]");
    if (!set || !event.target.files.length) return;
    take(set, [...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    const set = document.querySelector("[data-upload]");
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (!set || !files.length) return;
    event.preventDefault();
    take(set, files);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!document.querySelector("[data-upload]") || !event.dataTransfer?.types.includes("Files")) return;
      const zone = event.target.closest?.("[data-drop]");
      if (zone) zone.classList.toggle("is-over", kind === "dragover");
      if (kind === "dragleave") return;
      // Beside the zone the browser would leave the page for the picture.
      event.preventDefault();
      if (kind === "drop" && zone) take(zone.closest("[data-upload]"), [...event.dataTransfer.files]);
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-upload] button");
    if (!button) return;
    if (button.dataset.move === "remove") keepForUndo(button.closest("[data-upload]"), button.closest("[data-pair]"));
    else if (button.dataset.insert) insert(button);
    else if (button.dataset.move === "cover") announce(button.getAttribute("aria-label"));
  }, true); // before the card is taken out
}
