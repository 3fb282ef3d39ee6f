// A small map without tiles: cells, marks and the person, on a canvas; moved by one finger, two fingers or the keys.

import { metresPerUnit } from './locate.js';

const LEAST_SCALE = 0.02; // pixels a metre
const MOST_SCALE = 8;
const COLOURS = {
  ground: '#eef2f5', cell: '#ffffff', line: '#8795a1', here: '#ffe2b3', mine: '#dbe9f6', ink: '#17222d',
  me: '#0d4f9e', task: '#b3121d', case: '#0a6157', near: '#8f4700',
};

export class CellMap {
  /**
   * canvas fills its parent. centre {x, y} in units; marks [{x, y, kind, label}]; onMove is called with the centre
   * after each move; onPick with the mark that was tapped.
   */
  constructor(canvas, { grid, centre, scale = 0.6, marks = [], me = null, onMove = null, onPick = null }) {
    Object.assign(this, { canvas, grid, scale, marks, me, onMove, onPick });
    this.centre = { ...centre };
    this.pointers = new Map();
    this.moved = 0;
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    }, { passive: false });
    canvas.addEventListener('keydown', (event) => this.key(event));
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(canvas);
    this.draw();
  }

  close() {
    this.resizing.disconnect();
  }

  set(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  zoom(factor) {
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    this.draw();
  }

  goTo(place) {
    this.centre = { x: place.x, y: place.y };
    this.draw();
    this.onMove?.(this.centre);
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.offsetX, event.offsetY];
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    const apart = () => {
      const [one, other] = [...this.pointers.values()];
      return Math.hypot(one[0] - other[0], one[1] - other[1]);
    };
    const wide = this.pointers.size === 2 ? apart() : 0;
    this.pointers.set(event.pointerId, now);
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (wide) this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, (this.scale * apart()) / Math.max(wide, 1)));
    this.pan(dx / Math.max(this.pointers.size, 1), dy / Math.max(this.pointers.size, 1));
  }

  up(event) {
    const wasTap = this.pointers.size === 1 && this.moved < 8 && event.type === 'pointerup';
    this.pointers.delete(event.pointerId);
    if (wasTap) this.pick(event.offsetX, event.offsetY);
    else if (!this.pointers.size) this.onMove?.(this.centre);
  }

  key(event) {
    const steps = { ArrowLeft: [24, 0], ArrowRight: [-24, 0], ArrowUp: [0, 24], ArrowDown: [0, -24] };
    if (steps[event.key]) this.pan(...steps[event.key]);
    else if (event.key === '+' || event.key === '=') this.zoom(1.25);
    else if (event.key === '-') this.zoom(1 / 1.25);
    else return;
    event.preventDefault();
    this.onMove?.(this.centre);
  }

  pan(dx, dy) {
    const [east, north] = metresPerUnit(this.centre.y);
    this.centre = {
      x: Math.round(this.centre.x - dx / this.scale / east),
      y: Math.round(this.centre.y + dy / this.scale / north),
    };
    this.draw();
  }

  pick(px, py) {
    const near = this.marks
      .map((mark) => ({ mark, at: this.place(mark.x, mark.y) }))
      .map(({ mark, at }) => ({ mark, far: Math.hypot(at[0] - px, at[1] - py) }))
      .filter((one) => one.far < 28)
      .sort((one, other) => one.far - other.far)[0];
    if (near) this.onPick?.(near.mark);
  }

  /** Pixels of a place. */
  place(x, y) {
    const [east, north] = this.metric;
    return [
      this.width / 2 + (x - this.centre.x) * east * this.scale,
      this.height / 2 - (y - this.centre.y) * north * this.scale,
    ];
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    [this.width, this.height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!this.width) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.metric = metresPerUnit(this.centre.y);
    const pen = this.canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.fillStyle = COLOURS.ground;
    pen.fillRect(0, 0, this.width, this.height);
    const here = this.grid?.locate(this.centre.x, this.centre.y).cell;
    for (const cell of this.grid?.cells || []) this.drawCell(pen, cell, cell.code === here);
    for (const mark of this.marks) this.drawMark(pen, mark);
    if (this.me) this.drawMe(pen);
  }

  drawCell(pen, cell, isHere) {
    const [west, south, east, north] = cell.bounds;
    const [left, bottom] = this.place(west, south);
    const [right, top] = this.place(east, north);
    if (right < 0 || left > this.width || bottom < 0 || top > this.height) return;
    pen.beginPath();
    for (const ring of cell.rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const [x, y] = this.place(ring[i], ring[i + 1]);
        if (i === 0) pen.moveTo(x, y);
        else pen.lineTo(x, y);
      }
    }
    pen.fillStyle = isHere ? COLOURS.here : COLOURS.cell;
    pen.fill('evenodd');
    pen.lineWidth = isHere ? 2 : 1;
    pen.strokeStyle = COLOURS.line;
    pen.stroke();
    if (right - left > 64) {
      pen.fillStyle = COLOURS.ink;
      pen.font = '12px system-ui, sans-serif';
      pen.textAlign = 'center';
      // The last six digits tell cells of a street apart; the whole code stands beside the map.
      pen.fillText(cell.code.slice(-6), (left + right) / 2, (top + bottom) / 2);
    }
  }

  /** Kinds differ in shape too: tasks are squares, cases discs, places rhombs. */
  drawMark(pen, mark) {
    const [x, y] = this.place(mark.x, mark.y);
    pen.fillStyle = COLOURS[mark.kind] || COLOURS.near;
    pen.strokeStyle = '#fff';
    pen.lineWidth = 2;
    pen.beginPath();
    if (mark.kind === 'task') pen.rect(x - 8, y - 8, 16, 16);
    else if (mark.kind === 'case') pen.arc(x, y, 8, 0, 2 * Math.PI);
    else [[0, -10], [10, 0], [0, 10], [-10, 0]].forEach(([dx, dy], i) => (i ? pen.lineTo(x + dx, y + dy) : pen.moveTo(x + dx, y + dy)));
    pen.closePath();
    pen.fill();
    pen.stroke();
  }

  drawMe(pen) {
    const [x, y] = this.place(this.me.x, this.me.y);
    const radius = Math.min((this.me.accuracy_m || 0) * this.scale, 4000);
    pen.fillStyle = 'rgba(13, 79, 158, 0.15)';
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = COLOURS.me;
    pen.strokeStyle = '#fff';
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(x, y, 8, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }
}
