// Forms of actions that open over a list: in the dialog "form-dialog" with its slot; and ticking all cases at once.

import "./forms.js";

const dialog = document.getElementById("form-dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "form-slot" && event.target.childElementCount && !dialog.open) dialog.showModal();
});
dialog.addEventListener("close", () => document.getElementById("form-slot").replaceChildren());

for (const all of document.querySelectorAll("[data-choose-all]")) {
  all.hidden = false;
  all.querySelector("input").addEventListener("change", (event) => {
    for (const one of all.closest("form").querySelectorAll("input[name=case]")) one.checked = event.target.checked;
  });
}
