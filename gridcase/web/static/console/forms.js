// Forms of actions wherever they stand. Without this script they work too: photos then travel with the form.

function prepare(root) {
  for (const rows of root.querySelectorAll("[data-rows]")) rows.querySelector("[data-add-row]").hidden = false;
}

function addRow(button) {
  const rows = button.closest("[data-rows]");
  const last = [...rows.querySelectorAll("[data-row]")].at(-1);
  const row = last.cloneNode(true);
  const number = rows.querySelectorAll("[data-row]").length + 1;
  for (const field of row.querySelectorAll("input, select")) {
    const id = `${field.id.replace(/\d+$/, "")}${number}`;
    row.querySelector(`label[for="${CSS.escape(field.id)}"]`)?.setAttribute("for", id);
    field.id = id;
    if (field.tagName === "INPUT") field.value = "";
    else field.selectedIndex = [...field.options].findIndex((option) => option.defaultSelected);
  }
  last.after(row);
  row.querySelector("select, input").focus();
}

function thumb(field, answer) {
  const item = document.createElement("li");
  item.className = "thumb";
  const picture = document.createElement("img");
  picture.src = `${answer.url}?size=thumb`;
  picture.alt = field.dataset.kept;
  const kept = document.createElement("input");
  kept.type = "hidden";
  kept.name = "attachments";
  kept.value = answer.id;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "link-button";
  remove.textContent = field.dataset.remove;
  remove.addEventListener("click", () => {
    item.remove();
    field.querySelector("input[type=file]").focus();
  });
  item.append(picture, kept, remove);
  return item;
}

async function send(field, file) {
  const body = new FormData();
  body.append("file", file);
  if (field.dataset.usage) body.append("usage", field.dataset.usage);
  const answer = await fetch("/api/v1/attachments", {
    method: "POST",
    body,
    headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
  });
  const said = await answer.json();
  if (answer.ok) return thumb(field, said);
  throw new Error(Object.values(said.errors ?? {}).flat().join(" ") || said.detail);
}

async function takePhotos(input) {
  const field = input.closest("[data-photos]");
  const list = field.querySelector("[data-photo-list]");
  const problems = field.querySelector("[data-photo-errors]");
  const button = input.form.querySelector("button[type=submit]");
  const files = [...input.files];
  input.value = "";
  problems.replaceChildren();
  button.disabled = true;
  for (const file of files) {
    const waiting = document.createElement("li");
    waiting.className = "photo-sending";
    waiting.textContent = field.dataset.sending;
    list.append(waiting);
    try {
      waiting.replaceWith(await send(field, file));
    } catch (error) {
      waiting.remove();
      const said = document.createElement("p");
      said.className = "error";
      said.textContent = `${file.name}: ${error.message || field.dataset.failed}`;
      problems.append(said);
    }
  }
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-add-row]");
  if (add) addRow(add);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-photos] input[type=file]") && event.target.files.length) takePhotos(event.target);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const form = event.target.querySelector?.("[data-action-form]");
  if (!form) return;
  prepare(form);
  const wrong = form.querySelector("[aria-invalid], .note[role=alert]");
  const first = wrong?.matches("[aria-invalid]") ? wrong : form.querySelector("h2");
  first.focus();
  form.scrollIntoView({ block: "nearest" });
});
prepare(document);
