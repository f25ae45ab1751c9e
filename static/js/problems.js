// Why a move was refused stands at the field too, and the focus goes there: what is typed in the form beside it stays.
// Fallback: the server answers with the form, its fields marked in the same way.

function mark(field, said) {
  const id = `${field.id}-error`;
  const list = document.getElementById(id) || document.createElement("ul");
  list.id = id;
  list.className = "errors";
  const line = document.createElement("li");
  line.textContent = said;
  list.replaceChildren(line);
  (field.closest(".field__row") || field).after(list);
  field.setAttribute("aria-invalid", "true");
  const described = new Set((field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean));
  field.setAttribute("aria-describedby", [id, ...[...described].filter((other) => other !== id)].join(" "));
}

export function start() {
  // After swaps.js, which puts the focus into what was swapped.
  document.addEventListener("htmx:after:swap", (event) => {
    const { target } = event.detail.ctx;
    const root = target?.isConnected ? target : target?.id && document.getElementById(target.id);
    const marked = [];
    for (const reason of root?.querySelectorAll?.("[data-problem-of]") || []) {
      const field = document.getElementById(reason.dataset.problemOf);
      if (!field) continue;
      mark(field, reason.textContent.trim());
      marked.push(field);
    }
    if (!marked.length) return;
    marked[0].focus();
    document.getElementById(`${marked[0].id}-error`).scrollIntoView({ block: "nearest" });
  });
}
