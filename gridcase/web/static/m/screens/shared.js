// Pieces that several screens show: the head, a line about a place, a row of choices.

import { clockOffsetMs } from '../api.js';
import { fill, h, icon } from '../dom.js';
import { metres } from '../format.js';
import { PER_DEGREE, distanceM } from '../locate.js';
import { language, t } from '../words.js';

/** The head of a screen, with a way back where it lies below another. */
export function head(title, { back = '', aside = null } = {}) {
  document.title = `${title} · ${t('app.short')}`;
  return h('header.head', {},
    back ? h('a.back', { href: back, 'aria-label': t('app.back') }, icon('back')) : null,
    h('h1', {}, title), aside);
}

/** One choice of a few, as large buttons: [[value, text]…]. */
export function choices({ name, label, options, chosen, onChoose, columns = 2 }) {
  return h('div.choices', { role: 'radiogroup', 'aria-label': label, class: `columns-${columns}` }, options.map(([value, text, note]) =>
    h('button.choice', {
      type: 'button', role: 'radio', 'aria-checked': String(value === chosen), 'data-key': `${name}-${value}`,
      onclick: () => onChoose(value),
    }, h('span', {}, text), note ? h('small', {}, note) : null)));
}

/** Where a position lies: cell, community, accuracy, and what is doubtful of it. */
export function placeLine(grid, fix, { isMoved = false } = {}) {
  if (!fix) return h('p.place.wait', { role: 'status' }, icon('place'), h('span', {}, t('place.waiting')));
  const found = grid?.locate(fix.x, fix.y, isMoved ? null : fix.accuracy_m);
  const accuracy = isMoved ? t('place.moved') : t('place.accuracy', { n: Math.round(fix.accuracy_m) });
  if (!grid) return h('p.place', {}, icon('place'), h('span', {}, `${t('place.no_grid')} ${accuracy}`));
  if (!found.cell) return h('p.place.warn', {}, icon('place'), h('span', {}, `${t('place.outside')} ${accuracy}`));
  return h('div.place', { 'data-cell': found.cell },
    icon('place'),
    h('span', {},
      h('b', {}, grid.communityOf(found.cell) || t('place.cell')), ' ', h('span.code', {}, found.cell),
      h('small', {}, accuracy, found.how === 'snapped' ? ` · ${t('place.snapped', { n: Math.round(found.distanceM) })}` : ''),
      doubts(grid, found, fix, isMoved)));
}

const POOR_M = 30;

function doubts(grid, found, fix, isMoved) {
  const said = [];
  if (!isMoved && fix.accuracy_m > POOR_M) said.push(t('place.poor'));
  if (found.how === 'edge') said.push(t('place.edge'));
  if (found.candidates.length) {
    const some = found.candidates.slice(0, 3).map((code) => code.slice(-6)).join(language() === 'en' ? ', ' : '、');
    said.push(t('place.candidates', { cells: some, n: found.candidates.length }));
  }
  return said.length ? h('small.doubt', {}, said.join(' ')) : null;
}

/** What an answer or a visit says of this moment: where, when, by which clock, on which phone. */
export function witnessed(fix, device) {
  const offset = clockOffsetMs();
  return {
    observed_at: new Date().toISOString(),
    ...(offset === null ? {} : { clock_offset_ms: offset }),
    ...(device ? { device } : {}),
    ...(fix ? { location: { lon: fix.x / PER_DEGREE, lat: fix.y / PER_DEGREE, datum: 'wgs84', accuracy_m: fix.accuracy_m } } : {}),
  };
}

/** How far a case is from here, or ''. */
export function away(location, fix) {
  if (!location || !fix) return '';
  return metres(distanceM(fix.x, fix.y, Math.round(location.lon * 1e7), Math.round(location.lat * 1e7)));
}

export function distanceTo(location, fix) {
  if (!location || !fix) return Infinity;
  return distanceM(fix.x, fix.y, Math.round(location.lon * 1e7), Math.round(location.lat * 1e7));
}

/** A screen that draws itself anew; draw returns the children. */
export function redrawing(main, draw) {
  let waiting = null;
  const again = async () => {
    waiting ??= Promise.resolve().then(async () => {
      waiting = null;
      const children = await draw();
      // A field that is being written in is not taken away under the person's fingers.
      fill(main, children);
    });
    return waiting;
  };
  return again;
}
