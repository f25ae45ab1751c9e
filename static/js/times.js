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

// A deadline, in one step as the server says it: "due in 2h".
export function due(deadline, now, language, words) {
  const left = (deadline - now) / 1000;
  const size = Math.abs(left);
  const [unit, length] = size >= 86400 ? ["day", 86400] : size >= 3600 ? ["hour", 3600] : ["minute", 60];
  const step = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.max(1, Math.floor(size / length)));
  return words[left < 0 ? "over" : "left"].replace("{}", step);
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-due]")) {
    const text = due(Date.parse(element.dateTime), now, document.documentElement.lang, { left: element.dataset.left, over: element.dataset.over });
    if (element.textContent !== text) element.textContent = text;
  }
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
