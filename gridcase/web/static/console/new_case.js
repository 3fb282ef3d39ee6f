// Filing a case: a usual type writes itself into the field, Ctrl + Enter files, a second click does nothing.

import "./forms.js";
import "./place.js";

const form = document.getElementById("filing");
const type = form.querySelector("[data-type]");

for (const usual of form.querySelectorAll("[data-usual]")) {
  usual.addEventListener("change", () => {
    type.value = "";
  });
}
// What is typed counts; the usual ones then are not chosen.
type.addEventListener("input", () => {
  if (!type.value.trim()) return;
  for (const usual of form.querySelectorAll("[data-usual]:checked")) usual.checked = false;
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector(".filing-end button"));
  // Enter in a field must not file half a case, nor press the first button, which may add to another case.
  else if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
form.addEventListener("submit", () => {
  for (const button of form.querySelectorAll("button[type=submit]")) setTimeout(() => { button.disabled = true; });
});
// Back from the case that was filed: the buttons work again.
window.addEventListener("pageshow", () => {
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
});
form.querySelector(".note[role=alert], [aria-invalid]")?.scrollIntoView({ block: "center" });
(form.querySelector("[aria-invalid]") ?? form.querySelector(".note[tabindex]"))?.focus();
