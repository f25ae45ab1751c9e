// What a poll brings never takes away the menu in which its reader is just choosing: it comes with the next one.
// Fallback: without script nothing polls.

const OPEN = "details.menu[open]";

export function start() {
  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    if (!ctx.sourceElement?.matches?.("[id^='inbox-news-']")) return;
    for (let at = tasks.length - 1; at >= 0; at -= 1) {
      const { type, target } = tasks[at];
      if (type !== "oob" || !target?.querySelector?.(OPEN)) continue;
      tasks.splice(at, 1);
      ctx.isLeftOut = true;
    }
  });
  // The stamp of the next poll says that not all of it is here yet; the number before the dot, that nothing is to be announced.
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!ctx.isLeftOut) return;
    const poll = document.querySelector("[id^='inbox-news-']");
    poll?.setAttribute("hx-get", poll.getAttribute("hx-get").replace(/(stamp=\d+)[^&]*/, "$1."));
  });
}
