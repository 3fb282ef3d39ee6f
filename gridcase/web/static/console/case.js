// The page of a case and every form of an action: photos are sent as soon as they are chosen, rows are added, what was
// typed stays when the case is shown anew.

import "./forms.js";
import "./place.js";

const head = () => document.getElementById("case-head");

document.addEventListener("click", (event) => {
  const photo = event.target.closest("[data-photo]");
  if (photo && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const large = document.getElementById("photo-large");
    large.src = photo.dataset.photo;
    large.alt = photo.querySelector("img").alt;
    document.getElementById("photo-dialog").showModal();
  }
  const close = event.target.closest("#action [data-close-form]");
  if (close) {
    event.preventDefault();
    document.getElementById("action").replaceChildren();
    head().querySelector(".action-bar a, .action-bar button")?.focus();
  }
});

// The newest version was shown: whoever has read it may send the form they had begun.
document.addEventListener("htmx:afterSettle", () => {
  const shown = head();
  if (shown.dataset.shown === shown.dataset.seen) return;
  shown.dataset.shown = shown.dataset.seen;
  const form = document.querySelector("#action [data-action-form]");
  if (form === null || Number(form.querySelector("[data-seen]").value) > Number(shown.dataset.seen)) return;
  form.querySelector("[data-seen]").value = shown.dataset.seen;
  form.querySelector("[data-version]").value = shown.dataset.version;
});
head().dataset.shown = head().dataset.seen;
