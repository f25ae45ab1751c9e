// The list of a long form's parts shows which one is being read. Fallback: the list leads there all the same.

function mark(list, id) {
  for (const link of list.querySelectorAll("a")) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function watch() {
  const list = document.querySelector(".sections");
  if (!list || list.dataset.watched || !("IntersectionObserver" in window)) return;
  list.dataset.watched = "";
  const parts = [...list.querySelectorAll("a")].map((link) => document.getElementById(link.hash.slice(1))).filter(Boolean);
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target);
      else seen.delete(entry.target);
    }
    const first = parts.find((part) => seen.has(part));
    if (first) mark(list, first.id);
  }, { rootMargin: "-15% 0px -60% 0px" });
  for (const part of parts) observer.observe(part);
}

export function start() {
  watch();
  document.addEventListener("htmx:after:swap", watch);
}
