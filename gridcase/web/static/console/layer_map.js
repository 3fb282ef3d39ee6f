// A layer on a map, with what a trial or a check says of it: outlines from an attribute of the page (htmx drops scripts, islands too), nothing asked elsewhere.

import { E7, corners, json, newMap } from "./vectors.js";

const STYLES = {
  base: { color: "#8795a1", weight: 0.8, fill: false },
  former: { color: "#5b6a76", weight: 1.2, dashArray: "4 4", fill: false },
  changed: { color: "#8f4700", weight: 2, fillColor: "#f6c177", fillOpacity: 0.35 },
  added: { color: "#0b7365", weight: 2, fillColor: "#5bb7a8", fillOpacity: 0.35 },
  ended: { color: "#b3121d", weight: 2, dashArray: "6 4", fillColor: "#e5484d", fillOpacity: 0.2 },
  note: { color: "#1457c0", weight: 1.2, fillColor: "#9dbdf0", fillOpacity: 0.35 },
  warning: { color: "#8f4700", weight: 2.5, fillColor: "#f6c177", fillOpacity: 0.6 },
  error: { color: "#b3121d", weight: 3, fillColor: "#e5484d", fillOpacity: 0.7 },
};

const places = (ring) => corners(ring).map(([x, y]) => [y / E7, x / E7]);

function shape([code, name, rings, isLine], style) {
  const drawn = rings.map(places);
  const made = isLine ? L.polyline(drawn, style) : L.polygon(drawn, style);
  // Text as text: a name from a file is no markup.
  const told = document.createElement("span");
  told.textContent = [code, name].filter(Boolean).join(" ");
  return told.textContent ? made.bindTooltip(told, { sticky: true }) : made;
}

async function draw(box) {
  const { base, drawn } = JSON.parse(box.dataset.drawing);
  const map = newMap(box, { minZoom: 9 });
  const said = L.featureGroup();
  for (const [kind, outlines] of Object.entries(drawn)) {
    if (kind === "moved") continue;
    for (const one of outlines) shape(one, STYLES[kind]).addTo(said);
  }
  for (const [number, lon, lat] of drawn.moved || []) {
    const told = document.createElement("span");
    told.textContent = number;
    L.circleMarker([lat / E7, lon / E7], { radius: 6, color: "#fff", weight: 1.5, fillColor: "#7a2bb5", fillOpacity: 1 }).bindTooltip(told).addTo(said);
  }
  let below = null;
  if (base) {
    // Without what lies below, what is said of it still counts.
    const outlines = await json(base).catch(() => null);
    if (outlines) {
      const rings = outlines.flatMap(([, , lines]) => lines.map(places));
      // One shape for all: ten thousand would each be looked at anew on every move.
      below = outlines[0]?.[3] ? L.polyline(rings, { ...STYLES.base, interactive: false }) : L.polygon(rings.map((ring) => [ring]), { ...STYLES.base, interactive: false });
      below.addTo(map);
    }
  }
  said.addTo(map);
  const whole = said.getLayers().length ? said.getBounds() : below?.getBounds();
  if (whole?.isValid()) map.fitBounds(whole, { padding: [24, 24], maxZoom: 18, animate: false });
  box.dataset.ready = "1";
}

const drawAll = (root) => root.querySelectorAll("[data-drawing]:not([data-begun])").forEach((box) => {
  box.dataset.begun = "1";
  draw(box);
});
drawAll(document);
document.addEventListener("htmx:afterSettle", () => drawAll(document));
