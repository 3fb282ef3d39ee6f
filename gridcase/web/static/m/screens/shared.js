// Pieces that several screens show: the head, a line about a place, a row of choices.

import { clockOffsetMs } from '../api.js';
import { draftInHand, inPreparation, photosReady } from '../capture.js';
import { fill, h, icon, say } from '../dom.js';
import { metres } from '../format.js';
import { PER_DEGREE, distanceM, toE7 } from '../locate.js';
import * as store from '../store.js';
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

/** A position as the API takes it, with its accuracy where it was measured. */
export const located = ({ x, y, accuracy_m: accuracy }) => ({
  lon: x / PER_DEGREE, lat: y / PER_DEGREE, datum: 'wgs84', ...(accuracy === undefined ? {} : { accuracy_m: accuracy }),
});

/** What an answer or a visit says of this moment: where, when, by which clock, on which phone. */
export function witnessed(fix, device) {
  const offset = clockOffsetMs();
  return {
    observed_at: new Date().toISOString(),
    ...(offset === null ? {} : { clock_offset_ms: offset }),
    ...(device ? { device } : {}),
    ...(fix ? { location: located(fix) } : {}),
  };
}

/** Where a place of a campaign lies {lon, lat}; null where nobody said. */
export const pointOf = (place) => (place.lon_e7 === null ? null : { lon: place.lon_e7 / PER_DEGREE, lat: place.lat_e7 / PER_DEGREE });

export function distanceTo(location, fix) {
  if (!location || !fix) return Infinity;
  return distanceM(fix.x, fix.y, toE7(location.lon), toE7(location.lat));
}

/** How far a case is from here, or ''. */
export const away = (location, fix) => metres(distanceTo(location, fix));

// --- drawing anew ----------------------------------------------------------------------------------------------------

let isPressed = false;
for (const name of ['pointerdown', 'pointerup', 'pointercancel']) {
  window.addEventListener(name, () => { isPressed = name === 'pointerdown'; }, { capture: true, passive: true });
}

const FIELDS = 'textarea, input:not([type=file])';

/** Whether what the person does would be lost if the screen were drawn anew: a word half written, a tap half done. */
const isHandled = (main) => isPressed || (main.contains(document.activeElement) && document.activeElement.matches(FIELDS));

const LATER_MS = 500;

/**
 * A screen that draws itself anew; draw returns the children. again() does so at once, because of what the person did;
 * again.quietly(), because of what happened by itself, only once nobody writes in the screen or presses on it.
 */
export function redrawing(main, draw) {
  let waiting = null;
  let drawing = Promise.resolve();
  let isAsked = false;
  let timer = 0;
  const run = async () => {
    waiting = null;
    const mayDisturb = isAsked;
    isAsked = false;
    const waits = () => !mayDisturb && isHandled(main);
    const children = waits() ? null : await draw();
    if (!waits()) return fill(main, children);
    clearTimeout(timer);
    timer = setTimeout(soon, LATER_MS);
    return main;
  };
  // One after the other: what was read later is never drawn over by what was read before.
  const soon = () => {
    waiting ??= drawing.then(run);
    drawing = waiting.catch(() => {});
    return waiting;
  };
  const again = () => {
    isAsked = true;
    return soon();
  };
  again.quietly = () => soon();
  return again;
}

// --- filling in and sending --------------------------------------------------------------------------------------------

/** What is filled in so far under a key, else what is being changed, else a new draft. */
export async function draftOf(key, editing, make) {
  // Whoever left while a photo was made ready and came back goes on with the draft it is put in.
  return draftInHand(key) || (await store.getDraft(key)) || (editing ? structuredClone(editing.draft) : make());
}

/** Draw a screen for the first time, and once more when the photos that were on their way before it are there. */
export async function begin(screen) {
  await screen.again();
  if (inPreparation(screen.draftKey)) photosReady(screen.draftKey).then(screen.again);
}

/** Keep what is written a moment after the last key. */
export function keepSoon(screen) {
  clearTimeout(screen.keeping);
  screen.keeping = 0;
  if (screen.isSending) return;
  screen.keeping = setTimeout(() => keepNow(screen), 300);
}

/** Keep at once what was to be kept soon; on leaving the screen too. */
export async function keepNow(screen) {
  if (!screen.keeping) return;
  clearTimeout(screen.keeping);
  screen.keeping = 0;
  await screen.save();
}

/**
 * Send what is filled in: once, however often the button is tapped, with the photos still being made ready, and with
 * nothing left to write the draft down again once it is gone. send returns true where the form is done with: a tap that
 * comes before the next screen does nothing then.
 */
export async function sending(screen, send) {
  if (screen.isSending) return;
  screen.isSending = true;
  let isDone = false;
  try {
    if (inPreparation(screen.draftKey)) say(t('photo.working'));
    await photosReady(screen.draftKey);
    await keepNow(screen);
    isDone = Boolean(await send(screen));
  } catch (error) {
    if (!store.isFull(error)) throw error;
    say(t('storage.full_item'), { isAlarm: true });
  } finally {
    screen.isSending = isDone;
  }
}
