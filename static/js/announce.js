// Says a sentence to a screen reader through the page's one status region, and hands out the page's own words.

export function words(name) {
  return document.body.getAttribute(`data-say-${name}`) || "";
}

export function announce(text) {
  const region = document.getElementById("announce");
  if (!region || !text) return;
  region.textContent = "";
  // A pause, or the same text twice in a row is read once only.
  setTimeout(() => { region.textContent = text; }, 60);
}
