// Reports one view of a public page, when a person can see it. Fallback: the page's own plain-HTML counter.

function send(url, token) {
  // keepalive: the answer may come after the page is left. No cookie matters here, the token says which page.
  fetch(url, { method: "POST", body: new URLSearchParams({ token }), keepalive: true, credentials: "same-origin" }).catch(() => {});
}

export function start() {
  const element = document.querySelector("[data-view-url][data-view-token]");
  if (!element) return;
  let sent = false;
  const report = () => {
    if (sent || document.visibilityState !== "visible" || document.prerendering) return;
    sent = true;
    document.removeEventListener("visibilitychange", report);
    send(element.dataset.viewUrl, element.dataset.viewToken);
  };
  document.addEventListener("visibilitychange", report);
  document.addEventListener("prerenderingchange", report);
  report();
}
