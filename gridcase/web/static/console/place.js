// Choosing a place: a small map of our own cells in every field of a place; a click writes the coordinates beside it.
// Leaflet is fetched when the first such field appears. Without this script the coordinates are typed.

const MARK = "#b3121d";
const PICKED = "#1457c0";
const NEAR = "#b65c00";
const LINES = { unit: ["#9aa7a0", 0.7], community: ["#123a5a", 1.8] };

let loading = null;
function leaflet(field) {
  loading ??= new Promise((done, failed) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = field.dataset.leafletCss;
    const script = document.createElement("script");
    script.src = field.dataset.leaflet;
    script.addEventListener("load", () => import("./vectors.js").then(done, failed));
    script.addEventListener("error", failed);
    document.head.append(sheet, script);
  });
  return loading;
}

class Place {
  constructor(field, vectors) {
    this.field = field;
    this.vectors = vectors;
    this.box = field.querySelector("[data-place-map]");
    this.lon = field.querySelector("[data-lon]");
    this.lat = field.querySelector("[data-lat]");
    this.datum = field.querySelector("[data-datum]");
    this.cell = field.querySelector("[data-cell]");
    this.layers = new Map();
    this.spot = null;
    this.picked = null;
    this.near = [];
    this.box.hidden = false;
    field.querySelector("[data-place-tools]").hidden = false;
    this.map = vectors.newMap(this.box);
    this.sheet = new vectors.Sheet((context, view) => this.draw(context, view), { padding: 0.3 });
    this.sheet.addTo(this.map);
    this.map.on("click", (event) => this.mark(event.latlng));
    field.querySelector("[data-place-middle]").addEventListener("click", () => this.mark(this.map.getCenter()));
    field.querySelector("[data-place-clear]").addEventListener("click", () => this.clear());
    this.areas = field.querySelector("[data-place-areas]");
    this.areas.addEventListener("change", (event) => {
      event.stopPropagation();
      this.goTo(this.areas.value);
    });
    this.cell?.addEventListener("change", () => this.goToCell(this.cell.value.trim()));
    new ResizeObserver(() => this.map.invalidateSize()).observe(this.box);
  }

  async load() {
    const addresses = Object.entries(JSON.parse(this.field.dataset.layers));
    await Promise.all(addresses.map(async ([name, url]) => {
      // Without a layer the place can still be marked.
      const outlines = await this.vectors.json(url).catch(() => null);
      if (outlines) this.layers.set(name, new this.vectors.Layer(name, outlines));
    }));
    const communities = [...(this.layers.get("community")?.areas ?? [])].sort((a, b) => a.label.localeCompare(b.label, "zh"));
    this.areas.append(...communities.map((one) => new Option(one.label, one.code)));
    this.areas.closest("label").hidden = communities.length === 0;
    if (this.layers.get("unit")?.areas.length) this.map.fitBounds(this.layers.get("unit").bounds());
    if (this.datum.value === "wgs84" && this.lon.value && this.lat.value) this.show(Number(this.lon.value), Number(this.lat.value), 17);
    this.sheet.redraw();
    this.box.dataset.ready = "1";
  }

  draw(context, view) {
    for (const [name, layer] of this.layers) {
      if (!layer.anchor) continue;
      layer.place(context, view);
      context.strokeStyle = LINES[name][0];
      context.lineWidth = LINES[name][1] / view.scale;
      context.stroke(layer.edges);
    }
    if (this.picked) {
      this.layers.get("unit").place(context, view);
      context.fillStyle = `${PICKED}26`;
      context.fill(this.picked.path);
      context.strokeStyle = PICKED;
      context.lineWidth = 2.5 / view.scale;
      context.stroke(this.picked.path);
    }
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    if (this.layers.has("community")) this.vectors.nameAreas(context, view, this.layers.get("community"));
    for (const [lon, lat] of this.near) this.dot(context, view, lon, lat, 5, NEAR);
    if (this.spot) this.dot(context, view, ...this.spot, 8, MARK);
  }

  dot(context, view, lon, lat, radius, colour) {
    const [x, y] = this.vectors.spot(view, lon * this.vectors.E7, lat * this.vectors.E7);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = "#fff";
    context.stroke();
  }

  mark(place) {
    this.lon.value = place.lng.toFixed(7);
    this.lat.value = place.lat.toFixed(7);
    this.datum.value = "wgs84";
    if (this.cell) this.cell.value = "";
    this.show(place.lng, place.lat);
    this.lat.dispatchEvent(new Event("change", { bubbles: true }));
  }

  clear() {
    for (const input of [this.lon, this.lat, this.cell]) if (input) input.value = "";
    this.show(null, null);
    this.lat.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Show where the mark is; a zoom also brings it into the middle. */
  show(lon, lat, zoom = 0) {
    const { E7 } = this.vectors;
    const known = Number.isFinite(lon) && Number.isFinite(lat) && lon !== null;
    this.spot = known ? [lon, lat] : null;
    this.picked = known ? this.layers.get("unit")?.at(Math.round(lon * E7), Math.round(lat * E7)) ?? null : null;
    if (!known) this.near = [];
    if (known && (zoom || !this.map.getBounds().contains([lat, lon]))) this.map.setView([lat, lon], zoom || this.map.getZoom());
    this.sheet.redraw();
  }

  /** Show what the server made of the position: converted, and with similar cases around it. */
  told(said) {
    this.near = [...said.querySelectorAll("[data-near-lon]")].map((one) => [Number(one.dataset.nearLon), Number(one.dataset.nearLat)]);
    const spot = said.querySelector("[data-spot]");
    if (spot?.dataset.lon) this.show(Number(spot.dataset.lon), Number(spot.dataset.lat));
    else this.show(null, null);
  }

  goTo(code) {
    const area = this.layers.get("community")?.areas.find((one) => one.code === code);
    if (area) this.fit(area);
  }

  goToCell(code) {
    const area = this.layers.get("unit")?.areas.find((one) => one.code === code);
    if (area && !this.lon.value && !this.lat.value) this.fit(area);
  }

  fit(area) {
    const { E7 } = this.vectors;
    this.map.fitBounds([[area.south / E7, area.west / E7], [area.north / E7, area.east / E7]], { maxZoom: 17.5 });
  }
}

const places = new Map();
async function prepare(root) {
  for (const field of root.querySelectorAll("[data-place]")) {
    if (places.has(field)) continue;
    places.set(field, null);
    const place = new Place(field, await leaflet(field));
    places.set(field, place);
    await place.load();
    const said = document.getElementById("place-said");
    if (said?.querySelector("[data-lon]")) place.told(said);
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "place-said") for (const place of places.values()) place?.told(event.target);
  else prepare(event.target);
  for (const field of places.keys()) if (!field.isConnected) places.delete(field);
});
prepare(document);
