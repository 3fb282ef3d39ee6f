// The queue in the browser: keeps itself up to date without losing ticks, focus or place, and goes by keyboard.
//
// The list asks /queue/live every few seconds while it is looked at; the answer is usually "nothing new". Without this
// script the page is the same, but stands still.

import { isShortcut, toast } from "./console.js";

const EVERY_MS = 10_000;
// What time alone does (a case becomes late, a count grows) is no change of any case: asked for now and then.
const ANEW_MS = 60_000;
const NEW_MS = 30_000;

const list = () => document.getElementById("queue-list");
const news = document.getElementById("queue-news");
const bulk = document.getElementById("queue-bulk");
const dialog = document.getElementById("bulk-dialog");
const slot = document.getElementById("bulk-slot");
const rows = () => [...list().querySelectorAll("tr[data-case]")];
const ticks = () => [...list().querySelectorAll("input[name=case]")];
const say = (word, values) => Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), news.dataset[word]);

// --- ticks ----------------------------------------------------------------------------------------------------------

function showTicks() {
  if (!bulk) return;
  const chosen = ticks().filter((one) => one.checked).length;
  const told = document.getElementById("queue-chosen");
  told.textContent = told.dataset.words.replace("{n}", chosen);
  for (const button of bulk.querySelectorAll("button[name=do]")) button.disabled = !chosen;
  const all = bulk.querySelector("[data-choose-all] input");
  all.checked = chosen > 0 && chosen === ticks().length;
  all.indeterminate = chosen > 0 && !all.checked;
  for (const row of rows()) row.classList.toggle("is-chosen", row.querySelector("input[name=case]")?.checked ?? false);
}

function tickAll(on) {
  for (const one of ticks()) one.checked = on;
  showTicks();
}

if (bulk) {
  const all = bulk.querySelector("[data-choose-all]");
  all.hidden = false;
  all.querySelector("input").addEventListener("change", (event) => tickAll(event.target.checked));
  document.addEventListener("change", (event) => {
    if (event.target.matches("#queue-list input[name=case]")) showTicks();
  });
}

// --- keeping up to date ---------------------------------------------------------------------------------------------

let before = null;
let askedAnew = Date.now();

function remember() {
  const focused = document.activeElement?.closest("tr[data-case]");
  const anchor = focused ?? rows().find((row) => row.getBoundingClientRect().bottom > 0);
  return {
    versions: new Map(rows().map((row) => [row.dataset.case, row.dataset.version])),
    ticked: new Set(ticks().filter((one) => one.checked).map((one) => one.closest("tr").dataset.case)),
    fresh: new Set(rows().filter((row) => row.classList.contains("is-new")).map((row) => row.dataset.case)),
    focus: focused && { number: focused.dataset.case, id: document.activeElement.id, at: rows().indexOf(focused) },
    anchor: anchor && { number: anchor.dataset.case, top: anchor.getBoundingClientRect().top },
  };
}

const rowOf = (number) => list().querySelector(`tr[data-case="${CSS.escape(number)}"]`);

function restore(known) {
  let missing = 0;
  for (const number of known.ticked) {
    const box = rowOf(number)?.querySelector("input[name=case]");
    if (box) box.checked = true;
    else missing += 1;
  }
  if (missing) toast(say("unticked", { n: missing }));
  const anchor = known.anchor && rowOf(known.anchor.number);
  if (anchor && window.scrollY > 0) window.scrollBy(0, anchor.getBoundingClientRect().top - known.anchor.top);
  if (known.focus && !list().contains(document.activeElement) && !dialog.open) {
    const next = document.getElementById(known.focus.id) ?? rows()[Math.min(known.focus.at, rows().length - 1)]?.querySelector("[data-row]");
    next?.focus({ preventScroll: true });
  }
}

function highlight(known) {
  let came = 0;
  let changed = 0;
  for (const row of rows()) {
    const version = known.versions.get(row.dataset.case);
    if (version === undefined) came += 1;
    else if (version !== row.dataset.version) changed += 1;
    if (version === undefined || known.fresh.has(row.dataset.case)) markNew(row);
    else if (version !== row.dataset.version) row.classList.add("is-changed");
  }
  const went = [...known.versions.keys()].filter((number) => !rowOf(number)).length;
  const told = [came && say("came", { n: came }), changed && say("changed", { n: changed }), went && say("went", { n: went })];
  news.textContent = told.filter(Boolean).join(" · ");
}

function markNew(row) {
  row.classList.add("is-new");
  const tag = document.createElement("span");
  tag.className = "tag tag-new";
  tag.textContent = news.dataset.new;
  row.querySelector("[data-row]").before(tag, " ");
  setTimeout(() => {
    row.classList.remove("is-new");
    tag.remove();
  }, NEW_MS);
}

function online(isOn) {
  const note = document.getElementById("queue-offline");
  if (!isOn && note.hidden) note.textContent = say("offline", { time: list().dataset.at });
  note.hidden = isOn;
  document.getElementById("queue-live").classList.toggle("is-off", !isOn);
}

function ask() {
  if (document.hidden || list().classList.contains("htmx-request")) return;
  htmx.trigger(list(), "queue:poll");
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target !== list()) return;
  if (Date.now() - askedAnew > ANEW_MS) delete event.detail.parameters.mark;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "queue-list") before = remember();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "queue-list") return;
  online(event.detail.successful);
});
document.addEventListener("htmx:afterSwap", () => {
  if (!before) return;
  const known = before;
  before = null;
  askedAnew = Date.now();
  restore(known);
  highlight(known);
  showTicks();
  document.getElementById("queue-at").textContent = say("asOf", { time: list().dataset.at });
});

function askAnew() {
  askedAnew = 0;
  ask();
}

setInterval(ask, EVERY_MS);
document.addEventListener("visibilitychange", ask);
window.addEventListener("offline", () => online(false));
window.addEventListener("online", ask);
document.getElementById("queue-live").hidden = false;

// --- many cases at once ---------------------------------------------------------------------------------------------

let opener = null;

// Once settled: before, a key that is pressed at once would send the form past htmx.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!slot.childElementCount || event.detail.target?.id === "queue-list") return;
  const isOpening = !dialog.open;
  if (isOpening) {
    opener = document.activeElement?.id;
    dialog.showModal();
  }
  // A preview made anew keeps the focus in the field that was changed; a result has none of the fields.
  if (isOpening || !slot.contains(document.activeElement)) {
    (slot.querySelector("select, button[type=submit]:not([disabled], .no-script)") ?? slot.querySelector("h1")).focus();
  }
});
dialog.addEventListener("close", () => {
  const isDone = slot.querySelector("[data-bulk-done]") !== null;
  slot.replaceChildren();
  if (isDone) {
    tickAll(false);
    askAnew();
  }
  (document.getElementById(opener) ?? list().querySelector("[data-row]"))?.focus();
});

function start(action) {
  const button = bulk?.querySelector(`button[value="${action}"]`);
  if (!button) return;
  const row = current();
  if (ticks().some((one) => one.checked)) button.click();
  else if (row) {
    const address = new URL(bulk.action);
    address.searchParams.set("do", action);
    address.searchParams.set("case", `${row.dataset.case}.${row.dataset.version}`);
    address.searchParams.set("back", bulk.elements.back.value);
    htmx.ajax("GET", address.pathname + address.search, { source: bulk, target: "#bulk-slot", swap: "innerHTML" });
  }
}

// --- keyboard -------------------------------------------------------------------------------------------------------

const current = () => document.activeElement?.closest("tr[data-case]");

function move(step) {
  const all = rows();
  const at = current() ? all.indexOf(current()) + step : step > 0 ? 0 : all.length - 1;
  const row = all[Math.max(0, Math.min(at, all.length - 1))];
  row?.querySelector("[data-row]").focus();
  row?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector("input[name=case]")?.click(),
  a: () => bulk && tickAll(!ticks().every((one) => one.checked)),
  d: () => start("dispatch"),
  r: () => start("reassign"),
  w: () => start("withdraw_dispatch"),
  u: askAnew,
  "/": () => document.getElementById("queue-q").select(),
};

document.addEventListener("keydown", (event) => {
  if (!isShortcut(event) || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});

showTicks();
