// Which unit cell holds a point, without network: the very rule of gridcase/grid/index.py, on the same integers.
// Sides are decided exactly, in whole numbers; distances in the same steps and order as gridcase/grid/outline.py.
// Knows only the cells it is given: what lies beyond them, the server decides.

export const PER_DEGREE = 1e7;

const RADIANS_PER_UNIT = Math.PI / 180 / PER_DEGREE;
const A = 6378137.0;
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const LEAST = 1e-300;
const PER_METRE = 1e6;
const FARTHEST = 3.6e9;

/** Round as Python does: a half goes to the even neighbour. */
function roundHalfEven(x) {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest < 0.5) return low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** Degrees to whole units of 1e-7 degree, as the server snaps them. */
export function toE7(degrees) {
  return roundHalfEven(degrees * PER_DEGREE);
}

/** Metres of one unit of longitude and of latitude at a latitude in units. */
export function metresPerUnit(latE7) {
  const latitude = latE7 * RADIANS_PER_UNIT;
  const bend = 1 - E2 * Math.sin(latitude) ** 2;
  const east = (A * Math.cos(latitude)) / Math.sqrt(bend);
  const north = (A * (1 - E2)) / (bend * Math.sqrt(bend));
  return [Math.max(east * RADIANS_PER_UNIT, 1e-9), north * RADIANS_PER_UNIT];
}

/** Great-circle distance in metres between two points in units. */
export function distanceM(lon1, lat1, lon2, lat2) {
  const r = RADIANS_PER_UNIT;
  const chord = Math.sin(((lat2 - lat1) * r) / 2) ** 2
    + Math.cos(lat1 * r) * Math.cos(lat2 * r) * Math.sin(((lon2 - lon1) * r) / 2) ** 2;
  return 2 * 6371008.8 * Math.asin(Math.sqrt(chord));
}

/** Sign of a*b - c*d, exactly: products beyond 2^53 are made of BigInts. */
export function compareProducts(a, b, c, d) {
  const one = a * b;
  const other = c * d;
  if (Math.abs(one) <= Number.MAX_SAFE_INTEGER && Math.abs(other) <= Number.MAX_SAFE_INTEGER) return Math.sign(one - other);
  const exact = BigInt(a) * BigInt(b) - BigInt(c) * BigInt(d);
  return exact > 0n ? 1 : exact < 0n ? -1 : 0;
}

/**
 * Unpack a ring: the first two numbers are its first vertex, every two more the steps from vertex to vertex.
 * The last vertex equals the first and is not sent.
 */
function unpackRing(flat) {
  const ring = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    x += flat[i];
    y += flat[i + 1];
    ring.push(x, y);
  }
  ring.push(ring[0], ring[1]);
  return ring;
}

/** The cells of a grid as the sync sends it, ready to be asked. */
export class Grid {
  constructor({ tolerance_m: tolerance = 30, cells = [], communities = [] }) {
    this.toleranceM = tolerance;
    this.communities = new Map(communities);
    // By code: the first cell found that holds a point has the lowest code.
    const ordered = [...cells].sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
    this.cells = ordered.map((cell) => makeCell(cell));
    this.bounds = around(this.cells);
  }

  /** Name of the community a cell lies in: its code begins with that of the community. */
  communityOf(code) {
    return code ? this.communities.get(code.slice(0, 12)) || '' : '';
  }

  /**
   * Give a point in units its cell: {cell, how, distanceM, candidates}, as the server does.
   * how is inside, edge, snapped or outside; accuracyM null when the receiver did not say.
   */
  locate(x, y, accuracyM = null) {
    const hits = [];
    this.cells.forEach((cell, row) => {
      const [west, south, east, north] = cell.bounds;
      if (west <= x && x <= east && south <= y && y <= north) {
        const side = sideOf(cell.edges, x, y);
        if (side) hits.push([row, side]);
      }
    });
    let row = null;
    let how = 'outside';
    let distance = 0;
    if (hits.length) {
      [row, how] = hits[0];
    } else {
      const near = this.within(x, y, hits, this.toleranceM);
      for (const [other, metres] of near) {
        if (row === null || metres < distance) [row, distance] = [other, metres];
      }
      if (row !== null) how = 'snapped';
      else distance = Infinity;
    }
    const touched = accuracyM === null ? [] : this.within(x, y, hits, accuracyM);
    return {
      cell: row === null ? null : this.cells[row].code,
      how,
      distanceM: distance,
      candidates: touched.filter(([other]) => other !== row).map(([other]) => this.cells[other].code),
    };
  }

  /** Rows and distances of the cells a circle touches, in order of code. */
  within(x, y, hits, radiusM) {
    const [east, north] = metresPerUnit(y);
    const wide = Math.min(radiusM / east, FARTHEST) + 1;
    const high = Math.min(radiusM / north, FARTHEST) + 1;
    const holding = new Set(hits.map(([row]) => row));
    const found = [];
    this.cells.forEach((cell, row) => {
      const b = cell.bounds;
      if (b[0] > x + wide || b[2] < x - wide || b[1] > y + high || b[3] < y - high) return;
      const metres = holding.has(row) ? 0 : outlineDistanceM(cell.edges, x, y, east, north);
      if (metres <= radiusM) found.push([row, metres]);
    });
    return found;
  }
}

function makeCell([code, , parts]) {
  const rings = parts.flatMap((part) => part.map(unpackRing));
  const edges = [];
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const [x0, y0, x1, y1] = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]];
      bounds[0] = Math.min(bounds[0], x0);
      bounds[1] = Math.min(bounds[1], y0);
      bounds[2] = Math.max(bounds[2], x0);
      bounds[3] = Math.max(bounds[3], y0);
      // The end that sorts first stands first, so that neighbours compute a shared edge alike.
      if (x0 > x1 || (x0 === x1 && y0 > y1)) edges.push([x1, y1, x0, y0]);
      else edges.push([x0, y0, x1, y1]);
    }
  }
  return { code, rings, edges, bounds };
}

function around(cells) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const cell of cells) {
    bounds[0] = Math.min(bounds[0], cell.bounds[0]);
    bounds[1] = Math.min(bounds[1], cell.bounds[1]);
    bounds[2] = Math.max(bounds[2], cell.bounds[2]);
    bounds[3] = Math.max(bounds[3], cell.bounds[3]);
  }
  return bounds;
}

/** '' outside, 'edge' on an edge or corner, 'inside'. */
function sideOf(edges, x, y) {
  let inside = false;
  for (const [x0, y0, x1, y1] of edges) {
    if (y0 > y !== y1 > y) {
      const turn = compareProducts(x1 - x0, y - y0, x - x0, y1 - y0);
      if (turn === 0) return 'edge';
      if (turn > 0 === y1 > y0) inside = !inside;
    } else if ((y0 === y && y === y1 && x0 <= x && x <= x1) || (x0 === x && y0 === y) || (x1 === x && y1 === y)) {
      return 'edge';
    }
  }
  return inside ? 'inside' : '';
}

function outlineDistanceM(edges, x, y, east, north) {
  let least = Infinity;
  for (const [x0, y0, x1, y1] of edges) {
    let ax = (x0 - x) * east;
    let ay = (y0 - y) * north;
    const bx = (x1 - x) * east;
    const by = (y1 - y) * north;
    const wx = bx - ax;
    const wy = by - ay;
    const along = -(ax * wx + ay * wy) / Math.max(wx * wx + wy * wy, LEAST);
    if (along >= 1) [ax, ay] = [bx, by];
    else if (along > 0) [ax, ay] = [ax + along * wx, ay + along * wy];
    least = Math.min(least, ax * ax + ay * ay);
  }
  return roundHalfEven(Math.sqrt(least) * PER_METRE) / PER_METRE;
}
