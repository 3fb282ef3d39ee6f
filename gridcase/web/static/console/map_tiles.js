// Background tiles, where the settings name a server of them. Tiles of another datum are moved by its shift at the middle
// of the view, which within a view is the same to a pixel or two.

const E7 = 1e7;

/** The shift at a place, [east, north] in units of 1e-7 degree, read between the corners of a lattice; none outside it. */
export function shiftAt(lattice, lon, lat) {
  if (!lattice) return [0, 0];
  const [across, up] = [(lon - lattice.west) / lattice.mesh, (lat - lattice.south) / lattice.mesh];
  const [column, row] = [Math.floor(across), Math.floor(up)];
  const [low, high] = [lattice.rows[row], lattice.rows[row + 1]];
  if (!low?.[column + 1] || !high?.[column] || column < 0) return [0, 0];
  const [x, y] = [across - column, up - row];
  return [0, 1].map((axis) => (low[column][axis] * (1 - x) + low[column + 1][axis] * x) * (1 - y) + (high[column][axis] * (1 - x) + high[column + 1][axis] * x) * y);
}

const Tiles = L.TileLayer.extend({
  /** Where the tiles draw what lies in the middle of the view. */
  drawnAt(middle) {
    const [east, north] = shiftAt(this.options.shift, middle.lng * E7, middle.lat * E7);
    return L.latLng(middle.lat + north / E7, middle.lng + east / E7);
  },
  _setZoomTransform(level, middle, zoom) {
    L.TileLayer.prototype._setZoomTransform.call(this, level, this.drawnAt(middle), zoom);
  },
  _getTiledPixelBounds(middle) {
    return L.TileLayer.prototype._getTiledPixelBounds.call(this, this.drawnAt(middle));
  },
  _onMoveEnd() {
    // Without it a long way would keep the shift of the place where it began.
    if (this._map && !this._map._animatingZoom) this._setZoomTransforms(this._map.getCenter(), this._map.getZoom());
    L.TileLayer.prototype._onMoveEnd.call(this);
  },
});

/** Show the tiles that the page names, and let its checkbox take them away. */
export function showTiles(map) {
  const told = document.getElementById("map-tiles");
  if (!told) return;
  const { url, shift } = JSON.parse(told.textContent);
  const tiles = new Tiles(url, { shift, minZoom: 3, maxZoom: 20, maxNativeZoom: 18, crossOrigin: false }).addTo(map);
  document.querySelector("[name=tiles]").addEventListener("change", (event) => {
    if (event.target.checked) tiles.addTo(map);
    else tiles.remove();
  });
}
