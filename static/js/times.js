// Keeps "42 minutes ago" true while the page stands open. Fallback: the server's words, with the exact time in the title.

const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [604800, "day", 86400],
];

export function relative(then, now, language) {
  const seconds = Math.round((then - now) / 1000);
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  if (!step) return null;
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / step[2]), step[1]);
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const then = Date.parse(element.dateTime);
    const text = Number.isNaN(then) ? null : relative(then, now, document.documentElement.lang);
    if (text && element.textContent !== text) element.textContent = text;
  }
}

export function start() {
  // Rows that the server keeps drawn say the hour or the day: nearer words come from here.
  refresh();
  document.addEventListener("htmx:after:swap", refresh);
  setInterval(() => { if (!document.hidden) refresh(); }, 60_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}
