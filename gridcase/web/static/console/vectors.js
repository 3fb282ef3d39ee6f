// Vectors of ours on a map of Leaflet's: a canvas that moves along with it, and layers as paths made once.

export const E7 = 1e7;
const LABEL = "600 13px 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";

/** A map without names of map makers, in half steps, still for those who ask for stillness. */
export function newMap(box, options = {}) {
  const map = L.map(box, { zoomSnap: 0.5, minZoom: 10, maxZoom: 20, attributionControl: false, fadeAnimation: false, preferCanvas: true,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches, ...options });
  return map.setView([31.78, 119.95], 14);
}

/** What the server says; null when it says that nothing has changed. */
export async function json(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
}

/** Corners of a ring, longitude first: the first as it is, then what is added to get to each next one. */
export function corners(ring) {
  const found = [];
  let [x, y] = [0, 0];
  for (let i = 0; i < ring.length; i += 2) {
    x += ring[i];
    y += ring[i + 1];
    found.push([x, y]);
  }
  return found;
}

/** A canvas that Leaflet moves along; `paint(context, place)` draws what is in view, once a move. */
export const Sheet = L.Renderer.extend({
  initialize(paint, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this.paint = paint;
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },
  _destroyContainer() {
    this._container.remove();
  },
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = ratio * size.x;
    this._container.height = ratio * size.y;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this.redraw();
  },
  redraw() {
    if (!this._map || !this._bounds) return;
    const ratio = window.devicePixelRatio || 1;
    const origin = this._map.getPixelOrigin().add(this._bounds.min);
    const context = this._context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this._container.width, this._container.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paint(context, { origin, ratio, scale: 2 ** this._map.getZoom(), bounds: this._bounds });
  },
});

/** Pixels at zoom 0; the paths are made once around an anchor, so that 32-bit canvas numbers stay exact at zoom 20. */
export const flat = (lon, lat) => L.CRS.EPSG3857.latLngToPoint(L.latLng(lat / E7, lon / E7), 0);

/** Where a position stands on a sheet, in pixels. */
export function spot(view, x, y) {
  const found = flat(x, y);
  return [found.x * view.scale - view.origin.x, found.y * view.scale - view.origin.y];
}

/** Write the names of a layer's areas into their middles. */
export function nameAreas(context, view, layer) {
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.font = LABEL;
  context.textAlign = "center";
  context.lineWidth = 3;
  context.strokeStyle = "#ffffffd0";
  context.fillStyle = "#123a5a";
  for (const one of layer.areas) {
    const [x, y] = spot(view, (one.west + one.east) / 2, (one.south + one.north) / 2);
    context.strokeText(one.label, x, y);
    context.fillText(one.label, x, y);
  }
}

/** A layer of ours as it comes from the server: codes, names, and rings of differences. */
export class Layer {
  constructor(name, raw) {
    this.name = name;
    this.areas = [];
    this.anchor = null;
    this.edges = new Path2D();
    for (const [code, label, rings, isLine] of raw) this.add(code, label, rings, isLine);
  }
  add(code, label, rings, isLine) {
    const path = new Path2D();
    const held = [];
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of rings) {
      const vertices = corners(ring);
      for (const [i, [x, y]] of vertices.entries()) {
        west = Math.min(west, x); east = Math.max(east, x); south = Math.min(south, y); north = Math.max(north, y);
        const at = flat(x, y);
        this.anchor ??= at;
        const [px, py] = [at.x - this.anchor.x, at.y - this.anchor.y];
        if (i) path.lineTo(px, py);
        else path.moveTo(px, py);
      }
      if (!isLine) path.closePath();
      held.push(vertices);
    }
    this.edges.addPath(path);
    this.areas.push({ code, label, path, corners: held, isLine, west, south, east, north });
  }
  at(lon, lat) {
    return this.areas.find((one) => !one.isLine && lon >= one.west && lon <= one.east && lat >= one.south && lat <= one.north && holds(one.corners, lon, lat));
  }
  bounds() {
    const most = (name, pick) => this.areas.reduce((found, one) => pick(found, one[name]), pick === Math.min ? Infinity : -Infinity);
    return [[most("south", Math.min) / E7, most("west", Math.min) / E7], [most("north", Math.max) / E7, most("east", Math.max) / E7]];
  }
  place(context, view) {
    context.setTransform(view.ratio * view.scale, 0, 0, view.ratio * view.scale,
      view.ratio * (this.anchor.x * view.scale - view.origin.x), view.ratio * (this.anchor.y * view.scale - view.origin.y));
  }
}

/** Whether rings hold a point, by the even-odd rule. */
function holds(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}
