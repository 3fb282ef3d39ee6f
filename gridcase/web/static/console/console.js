// What every page of the console does in the browser: close what pops up, say that the network is gone, go by keyboard.

const KEYS_OFF = "gridcase-keys-off";

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]") !== null;

/** Whether a key that is pressed means a shortcut: not while somebody types, with another key held, or over a dialog. */
export function isShortcut(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  return !typing(event.target) && !document.querySelector("dialog[open]") && !localStorage.getItem(KEYS_OFF);
}

const reveal = () => document.querySelectorAll("[data-needs-script]").forEach((one) => { one.hidden = false; });
reveal();
document.addEventListener("htmx:afterSettle", reveal);

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-close-toast]");
  if (toast) toast.closest(".toast").remove();
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  const closer = event.target.closest("[data-close-dialog], dialog [data-close-form]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  if (event.target.closest("[data-print]")) window.print();
  for (const drop of document.querySelectorAll("details.drop[open]")) {
    if (!drop.contains(event.target) || opener) drop.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      drop.open = false;
      drop.querySelector("summary").focus();
    }
  }
});

// "g", then the letter of a page, goes there; "?" tells of all keys.
let goes = -Infinity;
document.addEventListener("keydown", (event) => {
  if (!isShortcut(event)) return;
  if (event.key === "g") {
    goes = event.timeStamp;
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("shortcuts").showModal();
  } else if (event.timeStamp - goes < 1500) {
    const item = document.querySelector(`.menu a[data-key="${CSS.escape(event.key)}"]`);
    goes = -Infinity;
    if (item) {
      event.preventDefault();
      event.stopImmediatePropagation();
      location.assign(item.href);
    }
  }
}, true);

// Who speaks to the computer, or strikes keys by mistake, can do without them (WCAG 2.1.4).
const switched = document.getElementById("keys-on");
switched.checked = !localStorage.getItem(KEYS_OFF);
switched.addEventListener("change", () => {
  if (switched.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
});
document.addEventListener("keydown", (event) => {
  // "?" opens the window even then: it is where they are switched on again.
  if (event.key !== "?" || !localStorage.getItem(KEYS_OFF) || typing(event.target)) return;
  if (!document.querySelector("dialog[open]")) document.getElementById("shortcuts").showModal();
});

export function toast(text, kind = "") {
  const box = document.createElement("div");
  box.className = `toast ${kind}`;
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 8000);
}

// A page that asks by itself says so in its own place.
document.addEventListener("htmx:sendError", (event) => {
  if (!event.detail.elt.closest("[data-asks-by-itself]")) toast(document.body.dataset.offline, "toast-alarm");
});
