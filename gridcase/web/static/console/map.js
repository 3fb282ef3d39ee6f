// The map: layers and points drawn on canvases of our own in one go each, because ten thousand shapes of a map library
// are each looked at anew on every move. Leaflet moves, zooms and counts pixels; supercluster joins what is dense.

import { showTiles } from "./map_tiles.js";
import { E7, Layer, Sheet, json, nameAreas, newMap, spot } from "./vectors.js";

const box = document.getElementById("map");
const form = document.getElementById("map-filters");
const detail = document.getElementById("map-detail");
const note = document.getElementById("map-note");
const COLOURS = { receive: "#7a2bb5", dispatch: "#1457c0", handle: "#b65c00", check: "#0b7365", closed: "#5b6a76", ended: "#5b6a76",
  late: "#b3121d", soon: "#8f4700", ok: "#0d4f9e" };
const SHAPES = { receive: "triangle", late: "triangle", dispatch: "diamond", soon: "diamond", handle: "square", check: "ring" };
const HEAT = ["#fff3c4", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000"];
const LINES = { unit: ["#8795a1", 0.7], community: ["#123a5a", 2.2], duty: ["#7a2bb5", 1.6], assessment: ["#0b7365", 1.6] };
const REFRESH_MS = 20000;
// Colours of urgency change by time alone: so many turns ask for what has changed, the next for everything.
const TURNS = 5;

const map = newMap(box);
const layers = new Map();
let heat = null;
let chosen = null;

const ground = new Sheet((context, view) => {
  const cells = layers.get("unit");
  if (heat && cells) {
    cells.place(context, view);
    const fills = HEAT.map(() => new Path2D());
    for (const one of cells.areas) if (heat.cells[one.code] >= 0) fills[heat.cells[one.code]].addPath(one.path);
    fills.forEach((path, level) => {
      context.fillStyle = HEAT[level];
      context.fill(path);
    });
  }
  for (const input of shownLayers()) {
    const layer = layers.get(input.value);
    if (!layer || !layer.anchor) continue;
    const [colour, width] = LINES[layer.name] || ["#a0522d", 2];
    layer.place(context, view);
    context.strokeStyle = colour;
    context.lineWidth = width / view.scale;
    context.stroke(layer.edges);
    if (layer.name === "community") nameAreas(context, view, layer);
  }
  if (chosen && cells) {
    cells.place(context, view);
    context.strokeStyle = "#d97800";
    context.lineWidth = 3 / view.scale;
    context.stroke(chosen.path);
  }
}, { padding: 0.3 });

let drawn = [];
let clusters = null;
const marks = new Sheet((context, view) => {
  drawn = [];
  if (!clusters) return;
  const area = map.getBounds().pad(0.3);
  const kind = document.querySelector("[name=colour]:checked").value;
  for (const one of clusters.getClusters([area.getWest(), area.getSouth(), area.getEast(), area.getNorth()], Math.round(map.getZoom()))) {
    const [lon, lat] = one.geometry.coordinates;
    const [x, y] = spot(view, lon * E7, lat * E7);
    const radius = one.properties.cluster ? 13 + Math.min(9, Math.log2(one.properties.point_count)) : 7;
    drawn.push({ lon, lat, radius, ...one.properties });
    if (one.properties.cluster) drawCluster(context, x, y, radius, one.properties);
    else drawMark(context, x, y, kind === "state" ? one.properties.mark : one.properties.urgency);
  }
}, { padding: 0.3 });

function drawCluster(context, x, y, radius, cluster) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = cluster.late ? "#b3121d" : "#123a5a";
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.stroke();
  context.fillStyle = "#fff";
  context.font = "600 12px sans-serif";
  context.textAlign = "center";
  context.fillText(cluster.point_count_abbreviated, x, y + 4);
}

function drawMark(context, x, y, name) {
  const shape = SHAPES[name];
  const r = 7;
  context.beginPath();
  if (shape === "triangle") { context.moveTo(x, y - r); context.lineTo(x + r, y + r * 0.8); context.lineTo(x - r, y + r * 0.8); context.closePath(); }
  else if (shape === "diamond") { context.moveTo(x, y - r); context.lineTo(x + r, y); context.lineTo(x, y + r); context.lineTo(x - r, y); context.closePath(); }
  else if (shape === "square") context.rect(x - 5.5, y - 5.5, 11, 11);
  else context.arc(x, y, 6, 0, 2 * Math.PI);
  context.fillStyle = shape === "ring" ? "#fff" : COLOURS[name];
  context.fill();
  context.lineWidth = shape === "ring" ? 3.5 : 1.5;
  context.strokeStyle = shape === "ring" ? COLOURS[name] : "#fff";
  context.stroke();
}

const shownLayers = () => [...document.querySelectorAll("[name=layer]:checked")];
const query = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();

async function loadLayers() {
  await Promise.all(shownLayers().filter((one) => !layers.has(one.value)).map(async (one) => {
    layers.set(one.value, new Layer(one.value, await json(one.dataset.url)));
    if (one.value === "unit" && layers.get("unit").areas.length) map.fitBounds(layers.get("unit").bounds());
  }));
  ground.redraw();
}

let before = "";
let mark = "";
async function loadPoints(isTurn = false) {
  const asked = await json(`${box.dataset.points}?${query()}${isTurn ? `&mark=${mark}` : ""}`);
  if (!asked) return false;
  mark = asked.mark;
  const now = JSON.stringify(asked.points);
  if (now === before) return false;
  before = now;
  const made = new Supercluster({ radius: 48, maxZoom: 17, map: (one) => ({ late: one.urgency === "late" ? 1 : 0 }), reduce: (sum, one) => { sum.late += one.late; } });
  if (asked.points.length) made.load(asked.points.map(([number, mark, urgency, lon, lat]) => ({ type: "Feature", properties: { number, mark, urgency },
    geometry: { type: "Point", coordinates: [lon / E7, lat / E7] } })));
  // supercluster cannot be asked about nothing.
  clusters = asked.points.length ? made : null;
  marks.redraw();
  box.dataset.shown = asked.points.length;
  note.hidden = !asked.more;
  return true;
}

async function loadHeat() {
  const legend = document.querySelector("[data-legend=heat]");
  heat = form.elements.days.value ? await json(`${box.dataset.heat}?${query()}`) : null;
  legend.hidden = !heat;
  legend.replaceChildren();
  for (const [level, begin] of (heat?.begins || []).entries()) {
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.backgroundColor = HEAT[level];
    const next = heat.begins[level + 1];
    legend.append(swatch, next ? (next - 1 > begin ? `${begin}–${next - 1}` : `${begin}`) : `≥ ${begin}`);
  }
  ground.redraw();
}

const open = (url) => htmx.ajax("GET", url, { target: detail, swap: "innerHTML" });
const openCase = (number) => open(box.dataset.case.replace(/_$/, encodeURIComponent(number)));
function openCell(code) {
  chosen = layers.get("unit")?.areas.find((one) => one.code === code) || null;
  ground.redraw();
  return open(`${box.dataset.cell.replace(/_$/, encodeURIComponent(code))}?days=${form.elements.days.value}`);
}

async function goTo(text) {
  try {
    const found = await json(`${box.dataset.find}?q=${encodeURIComponent(text)}`);
    map.setView([found.lat / E7, found.lon / E7], 18);
    await (found.case ? openCase(found.case) : openCell(found.cell));
  } catch {
    detail.textContent = box.dataset.missing;
  }
}

map.on("click", (event) => {
  const near = drawn.find((one) => map.latLngToContainerPoint([one.lat, one.lon]).distanceTo(event.containerPoint) <= one.radius + 3);
  if (near?.cluster) map.setView([near.lat, near.lon], Math.min(20, clusters.getClusterExpansionZoom(near.cluster_id)));
  else if (near) openCase(near.number);
  else {
    const cell = layers.get("unit")?.at(Math.round(event.latlng.lng * E7), Math.round(event.latlng.lat * E7));
    if (cell) openCell(cell.code);
  }
});

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-show-case], [data-show-cell]");
  if (asked) goTo(asked.dataset.showCase || asked.dataset.showCell);
});
document.getElementById("map-find").addEventListener("submit", (event) => {
  event.preventDefault();
  goTo(event.target.elements.q.value);
});
document.addEventListener("change", (event) => {
  if (event.target.name === "layer") loadLayers();
  if (event.target.name === "colour") {
    for (const one of document.querySelectorAll("[data-legend=state], [data-legend=urgency]")) one.hidden = one.dataset.legend !== event.target.value;
    marks.redraw();
  }
});

async function loadAll() {
  await Promise.all([loadPoints(), loadHeat()]);
  htmx.ajax("GET", `${box.dataset.list}?${query()}`, { target: "#map-list", swap: "innerHTML" });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `?${query()}`);
  loadAll();
});
form.addEventListener("change", () => form.requestSubmit());

showTiles(map);
ground.addTo(map);
marks.addTo(map);
await Promise.all([loadLayers(), loadPoints(), loadHeat()]);
const sought = new URLSearchParams(location.search).get("q");
if (sought) await goTo(sought);
box.dataset.ready = "1";
window.gridcaseMap = map;
let turn = 0;
setInterval(async () => {
  if (document.hidden) return;
  turn += 1;
  try {
    if (await loadPoints(turn % (TURNS + 1) !== 0)) htmx.ajax("GET", `${box.dataset.list}?${query()}`, { target: "#map-list", swap: "innerHTML" });
  } catch {
    // The network is gone: the next turn tries again, and htmx says so.
  }
}, REFRESH_MS);
