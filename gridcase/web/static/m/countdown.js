// Deadlines that tick on the screen by themselves, without network; the arithmetic is in time_left.js.

import { now } from './api.js';
import { h } from './dom.js';
import { left, unpack } from './time_left.js';
import { t } from './words.js';

let held = {};

/** Take the calendars of the sync, by name. */
export function setCalendars(calendars) {
  held = Object.fromEntries(Object.entries(calendars || {}).map(([name, minutes]) => [name, unpack(minutes)]));
}

const shown = new WeakMap();

/** An element that says what is left of a clock and goes on by itself; null where there is nothing to count. */
export function ticking(clock) {
  if (!clock || !left(clock, held, Math.floor(now() / 1000), t)) return null;
  const element = h('span.left', { 'data-ticks': '' }, h('span', {}), ' ', h('small', {}));
  shown.set(element, clock);
  write(element, Math.floor(now() / 1000));
  return element;
}

function write(element, instant) {
  const told = left(shown.get(element), held, instant, t);
  if (!told) return;
  const [text, note] = element.children;
  if (text.textContent !== told.text) text.textContent = told.text;
  if (note.textContent !== told.note) note.textContent = told.note;
  element.className = `left left-${told.level}`;
}

setInterval(() => {
  for (const element of document.querySelectorAll('[data-ticks]')) if (shown.has(element)) write(element, Math.floor(now() / 1000));
}, 1000);
