// What every page of the console does in the browser: close what pops up, say that the network is gone, go by keyboard.

const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-close-toast]");
  if (toast) toast.closest(".toast").remove();
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  const closer = event.target.closest("[data-close-dialog]");
  if (closer) closer.closest("dialog").close();
  for (const drop of document.querySelectorAll("details.drop[open]")) {
    if (!drop.contains(event.target)) drop.open = false;
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

// "g", then the letter of a page, goes there.
let goes = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "g") {
    goes = event.timeStamp;
    return;
  }
  if (event.timeStamp - goes < 1500) {
    const item = document.querySelector(`.menu a[data-key="${CSS.escape(event.key)}"]`);
    goes = 0;
    if (item) {
      event.preventDefault();
      event.stopImmediatePropagation();
      location.assign(item.href);
    }
  }
}, true);

export function toast(text, kind = "") {
  const box = document.createElement("div");
  box.className = `toast ${kind}`;
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 8000);
}

document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline, "toast-alarm"));
