// After a swap the focus goes where the work goes and the change is said aloud; what failed is said too.
// Fallback: a whole new page, whose own autofocus and headings do the same.
import { announce, words } from "./announce.js";
import { toast } from "./toasts.js";

const FIRST = "[data-focus], [autofocus], [aria-invalid='true']";

function place(root, cameFrom) {
  const editing = root.matches?.("form[data-inline-edit]") ? root : root.querySelector("form[data-inline-edit]");
  const wanted = root.matches?.(FIRST) ? root : root.querySelector(FIRST);
  if (editing) {
    const input = editing.querySelector("[aria-invalid='true']") || editing.querySelector("input:not([type=hidden]), select, textarea");
    input?.focus();
    input?.select?.();
  } else if (wanted) {
    wanted.focus();
  } else if (cameFrom.edit) {
    const row = root.closest("tr") || root;
    (row.querySelector(`[data-col="${cameFrom.edit}"] [data-edit-trigger]`) || row.querySelector("[data-edit-trigger]"))?.focus();
  } else if (cameFrom.lost()) {
    const next = cameFrom.button && root.querySelector("[data-col='actions'] button");
    if (next) {
      next.focus({ preventScroll: true });
      return;
    }
    if (!root.hasAttribute("tabindex")) root.setAttribute("tabindex", "-1");
    root.focus({ preventScroll: true });
  }
}

function failed(ctx) {
  const status = ctx.response?.status;
  if (!status || status < 400 || [401, 409, 422].includes(status)) return;
  if (status === 429) toast(words("busy"), "due");
  else if (status === 403 || status === 404 || status === 410) toast(words("denied"), "due");
  else toast(words("failed"));
}

export function start() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const active = document.activeElement;
    ctx.cameFrom = {
      id: ctx.target?.id,
      // A button in flight is disabled and has let go of the focus: what the reader pressed counts too.
      inside: Boolean(active && (ctx.target?.contains(active) || ctx.sourceElement?.contains(active)))
        || (active === document.body && Boolean(ctx.sourceEvent?.isTrusted)),
      button: ctx.sourceElement?.matches?.("tr button") || false,
      edit: ctx.sourceElement?.closest?.("form[data-inline-edit]")?.closest("td")?.dataset.col || false,
      // A field that came to stand in a menu that is shut has lost it too.
      lost() {
        const now = document.activeElement;
        return this.inside && (!now || now === document.body || now.matches("details:not([open]) > :not(summary) *"));
      },
    };
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    if (!ctx.cameFrom || ctx.swap === "none") return;
    const root = (ctx.target?.isConnected && ctx.target) || (ctx.cameFrom.id && document.getElementById(ctx.cameFrom.id)) || null;
    if (!root) return;
    // A poll or a refresh that nobody asked for must not move the focus.
    if (ctx.cameFrom.inside || ctx.sourceEvent?.isTrusted) place(root, ctx.cameFrom);
    const spoken = root.matches("[data-announce]") ? root : root.querySelector("[data-announce]");
    if (spoken) announce(spoken.dataset.announce);
  });
  document.addEventListener("htmx:response:error", (event) => failed(event.detail.ctx));
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx && !event.detail.ctx.response) toast(words("offline"), "due");
  });
}
