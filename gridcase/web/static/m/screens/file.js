// 上报: photo, place, type, send. The draft is on the disk after every step; the item before anything says "filed".

import * as api from '../api.js';
import { inPreparation, photoStrip } from '../capture.js';
import { CellMap } from '../cell_map.js';
import { h, icon, image, say } from '../dom.js';
import { ago, joined, limit, metres } from '../format.js';
import { PER_DEGREE } from '../locate.js';
import * as outbox from '../outbox.js';
import { lastPosition, onPosition, positionProblem, warmUp } from '../position.js';
import * as store from '../store.js';
import * as sync from '../sync.js';
import { named, t } from '../words.js';
import { begin, choices, draftOf, head, keepNow, keepSoon, located, placeLine, redrawing, sending, witnessed } from './shared.js';

const FREQUENT = 6;

const emptyDraft = () => ({
  photos: [], fix: null, pin: null, type: null, condition: null, note: '', address: '', self_handled: false, campaign: null, observed_at: null,
});

/** Show the screen. query: campaign and place when it is a finding there; item when something refused is changed. */
export async function show(main, { account, query }) {
  warmUp();
  const editing = query.get('item') ? await store.getItem(query.get('item')) : null;
  const campaign = query.get('campaign') ? { code: query.get('campaign'), place: Number(query.get('place')) } : null;
  const draftKey = editing ? `edit:${editing.id}` : ['file', account.id, ...(campaign ? [campaign.code, campaign.place] : [])].join(':');
  const draft = await draftOf(draftKey, editing, () => ({ ...emptyDraft(), campaign }));
  const [grid, types] = [await sync.heldGrid(), await sync.heldTypes()];
  const screen = { main, account, draft, draftKey, editing, grid, types, near: [], mode: 'form', search: '' };
  screen.save = () => store.setDraft(draftKey, draft);
  screen.again = redrawing(main, () => parts(screen));
  const stop = onPosition(() => screen.mode === 'form' && !draft.fix && screen.again.quietly());
  await begin(screen);
  lookNear(screen);
  return () => {
    stop();
    screen.map?.close();
    return keepNow(screen);
  };
}

function parts(screen) {
  if (screen.mode === 'search') return searchParts(screen);
  if (screen.mode === 'map') return mapParts(screen);
  return formParts(screen);
}

/** The position that counts: where the pin was moved to, else that of the first photo, else the newest. */
const placeOf = (draft) => draft.pin || draft.fix || null;
const beforePhotos = (draft) => draft.photos.filter((photo) => photo.usage === 'file');
const chosenType = ({ draft, types }) => types?.items?.find((type) => sync.typeKey(type) === draft.type) || null;

// --- the form ------------------------------------------------------------------------------------------------------

function formParts(screen) {
  const { draft, editing, grid } = screen;
  const place = placeOf(draft) || lastPosition();
  const type = chosenType(screen);
  const hasPhoto = beforePhotos(draft).length + inPreparation(screen.draftKey, 'file') > 0;
  return [
    head(editing ? t('file.edit') : t('file.title'), { back: editing ? '#/outbox' : '#/tasks' }),
    h('div.body', {},
      draft.campaign ? h('p.note', {}, t('file.campaign', { code: draft.campaign.code })) : null,
      hasPhoto ? strip(screen, 'file') : null,
      placePart(screen, place),
      hasPhoto ? typePart(screen, type) : h('div.start', {}, h('p.soft', {}, t('file.photo_first')), strip(screen, 'file', { isFirst: true })),
      hasPhoto && type ? detailPart(screen, type) : null,
      screen.near.length && type ? nearPart(screen) : null,
      !grid ? h('p.note.warn', {}, t('file.no_copy')) : null),
    hasPhoto ? h('div.foot', {}, h('button.button.primary.big', {
      type: 'button', 'data-key': 'send', disabled: !type, onclick: () => sending(screen, submit),
    }, icon('send'), h('span', {}, editing ? t('file.send_again') : type ? t('file.send') : t('file.choose_type')))) : null,
  ];
}

function strip(screen, usage, { isFirst = false, word } = {}) {
  const { draft } = screen;
  return photoStrip(screen, {
    usage, isFirst, word,
    onKept: (photo, fix) => {
      draft.observed_at ??= photo.evidence.captured_at;
      // The position of the first photo is that of the case.
      draft.fix ??= fix;
      lookNear(screen);
    },
  });
}

function placePart(screen, place) {
  const { draft, grid } = screen;
  const problem = place ? '' : positionProblem();
  const isLost = !place && draft.photos.length > 0;
  return h('section.where', {},
    problem ? h('p.place.warn', { role: 'status' }, icon('place'), h('span', {}, t(`place.${problem}`))) : placeLine(grid, place, { isMoved: Boolean(draft.pin) }),
    grid ? h('button.button.small', {
      type: 'button', 'data-key': 'move', onclick: () => { screen.mode = 'map'; screen.centre = null; screen.again(); },
    }, t(place ? 'place.move' : 'place.set')) : null,
    isLost || draft.address ? h('label.field', {}, h('span', {}, t('place.address')), h('input', {
      type: 'text', maxlength: 500, value: draft.address, 'data-key': 'address',
      oninput: (event) => { draft.address = event.target.value; keepSoon(screen); },
    })) : null);
}

function typePart(screen, type) {
  const { draft, types } = screen;
  if (!types) return h('p.note.warn', {}, t('file.no_types'));
  if (type) {
    return h('section.chosen', {},
      h('div', {}, h('small', {}, t('file.type')), h('b', {}, named(type)), h('span.code', {}, type.code)),
      h('button.button.small', { type: 'button', 'data-key': 'change-type', onclick: () => choose(screen, null) }, t('file.change')));
  }
  const frequent = (types.items || []).slice(0, FREQUENT);
  return h('section', {},
    choices({
      name: 'type', label: t('file.type'), chosen: draft.type, onChoose: (key) => choose(screen, key),
      options: frequent.map((one) => [sync.typeKey(one), named(one), one.code]),
    }),
    h('button.button.wide', { type: 'button', 'data-key': 'search', onclick: () => openSearch(screen) }, icon('search'), h('span', {}, t('file.other_type'))));
}

async function choose(screen, key) {
  const { draft } = screen;
  draft.type = key;
  const type = chosenType(screen);
  draft.condition = type?.conditions?.length === 1 ? type.conditions[0].code : null;
  if (!type?.self_handled) draft.self_handled = false;
  screen.mode = 'form';
  screen.near = [];
  await screen.save();
  await screen.again();
  lookNear(screen);
}

function detailPart(screen, type) {
  const { draft } = screen;
  return h('section', {},
    type.conditions?.length > 1 ? h('div.field', {}, h('span', {}, t('file.condition')), choices({
      name: 'condition', label: t('file.condition'), columns: 1, chosen: draft.condition,
      options: type.conditions.map((one) => [one.code, conditionText(one), limit(one.limit)]),
      onChoose: async (code) => { draft.condition = code; await screen.save(); await screen.again(); },
    })) : null,
    type.self_handled ? selfPart(screen) : null,
    h('label.field', {}, h('span', {}, t('file.note')), h('textarea', {
      rows: 2, maxlength: 2000, 'data-key': 'note', placeholder: t('file.note_hint'),
      oninput: (event) => { draft.note = event.target.value; keepSoon(screen); },
    }, draft.note)));
}

const conditionText = (one) => one.text || named({ name_zh: one.text_zh, name_en: one.text_en });

/** Handled on the spot: one tap opens the camera for the photo after, the next one sends. */
function selfPart(screen) {
  const { draft } = screen;
  const after = draft.photos.some((photo) => photo.usage === 'self_handled') || inPreparation(screen.draftKey, 'self_handled') > 0;
  return h('div.self', {},
    h('span', {}, t(after ? 'file.self_done' : 'file.self_hint')),
    strip(screen, 'self_handled', { word: 'file.self_camera' }));
}

// --- the type by search --------------------------------------------------------------------------------------------

async function openSearch(screen) {
  screen.mode = 'search';
  screen.search = '';
  await screen.again();
  screen.main.querySelector('input[type=search]')?.focus();
}

function searchParts(screen) {
  const found = h('div.results', { role: 'list' });
  const list = () => found.replaceChildren(...matching(screen.types?.items || [], screen.search).map((type) =>
    h('button.result', { type: 'button', role: 'listitem', onclick: () => choose(screen, sync.typeKey(type)) },
      h('span', {}, named(type)), h('small', {}, joined([type.code, t(`kind.${type.kind}`), type.major_name])))));
  list();
  return [
    head(t('file.find_type'), { aside: h('button.button.small', { type: 'button', onclick: () => { screen.mode = 'form'; screen.again(); } }, t('app.cancel')) }),
    h('div.body', {},
      h('label.field', {}, h('span', {}, t('file.search_hint')), h('input', {
        type: 'search', 'data-key': 'query', autocomplete: 'off', value: screen.search,
        oninput: (event) => { screen.search = event.target.value; list(); },
      })),
      found),
  ];
}

const MOST_RESULTS = 40;

/** Types whose name or code has what was written; a name that begins with it first. */
function matching(types, written) {
  const words = written.trim().toLowerCase();
  const texts = (type) => [type.name_zh, type.name_en, type.name, type.code, type.major_name].filter(Boolean).map((text) => text.toLowerCase());
  const rank = (type) => (texts(type).some((text) => text.startsWith(words)) ? 0 : texts(type).some((text) => text.includes(words)) ? 1 : 2);
  return types.map((type) => [rank(type), type]).filter(([place]) => place < 2)
    .sort(([one], [other]) => one - other).slice(0, MOST_RESULTS).map(([, type]) => type);
}

// --- the pin -------------------------------------------------------------------------------------------------------

function mapParts(screen) {
  const { draft, grid } = screen;
  // Drawn anew while the pin is being moved, it stays where it was moved to.
  const start = screen.centre || placeOf(draft) || lastPosition() || middleOf(grid);
  const canvas = h('canvas.map', { tabindex: 0, role: 'application', 'aria-label': t('map.pin_help') });
  const told = h('div.told', { role: 'status' });
  screen.centre = { x: start.x, y: start.y };
  const tell = (place) => {
    screen.centre = place;
    const isMoved = !draft.fix || place.x !== draft.fix.x || place.y !== draft.fix.y;
    told.replaceChildren(placeLine(grid, { ...place, accuracy_m: isMoved ? 0 : draft.fix.accuracy_m }, { isMoved }));
  };
  requestAnimationFrame(() => {
    screen.map?.close();
    screen.map = new CellMap(canvas, { grid, centre: start, scale: 1.2, me: draft.fix || lastPosition(), onMove: tell });
    tell(screen.centre);
  });
  return [
    head(t('place.move'), { aside: h('button.button.small', { type: 'button', onclick: () => { screen.mode = 'form'; screen.again(); } }, t('app.cancel')) }),
    h('div.mapbox', {}, canvas, h('span.pin', { 'aria-hidden': 'true' }, icon('pin')), zoomButtons(screen)),
    h('div.foot', {}, told, h('button.button.primary.big', {
      type: 'button', 'data-key': 'use-pin',
      onclick: async () => {
        const { centre } = screen;
        const isMoved = !draft.fix || centre.x !== draft.fix.x || centre.y !== draft.fix.y;
        draft.pin = isMoved ? { x: Math.round(centre.x), y: Math.round(centre.y) } : null;
        screen.mode = 'form';
        await screen.save();
        await screen.again();
        lookNear(screen);
      },
    }, t('place.use'))),
  ];
}

export function zoomButtons(screen) {
  return h('div.zoom', {},
    h('button.button', { type: 'button', 'aria-label': t('map.in'), onclick: () => screen.map?.zoom(1.5) }, '+'),
    h('button.button', { type: 'button', 'aria-label': t('map.out'), onclick: () => screen.map?.zoom(1 / 1.5) }, '−'));
}

export const middleOf = (grid) => ({
  x: Math.round((grid.bounds[0] + grid.bounds[2]) / 2), y: Math.round((grid.bounds[1] + grid.bounds[3]) / 2),
});

// --- the same thing? -----------------------------------------------------------------------------------------------

/** Ask, when there is a network, for open cases like this nearby. */
async function lookNear(screen) {
  const { draft } = screen;
  const place = placeOf(draft);
  if (!draft.type || !place || screen.editing || !navigator.onLine) return;
  const asked = `${draft.type}:${place.x}:${place.y}`;
  if (screen.asked === asked) return;
  screen.asked = asked;
  const query = new URLSearchParams({ lon: place.x / PER_DEGREE, lat: place.y / PER_DEGREE, type: draft.type });
  const reply = await api.call('GET', `/api/v1/cases/nearby?${query}`, { timeout: 6000 });
  if (screen.asked !== asked || reply?.status !== 200) return;
  screen.near = (reply.body.items || []).slice(0, 3);
  if (screen.near.length) await screen.again.quietly();
}

function nearPart(screen) {
  return h('section.near', { 'aria-label': t('near.title') },
    h('h2', {}, t('near.title')),
    screen.near.map((one) => h('div.case', {},
      thumb(one, screen.account),
      h('div', {}, h('b', {}, named(one.type)), h('small', {}, joined([one.state_label, metres(one.distance_m), one.filed_at ? ago(one.filed_at) : ''])),
        h('small.code', {}, one.number)),
      h('button.button.small', { type: 'button', 'data-key': `same-${one.number}`, onclick: () => sending(screen, () => attachTo(screen, one)) }, t('near.same')))));
}

function thumb(one, account) {
  const box = h('span.thumb', {});
  if (!one.thumb_url) return box;
  api.call('GET', one.thumb_url, { binary: true, timeout: 8000 }).then((reply) => {
    if (reply?.status === 200 && reply.body instanceof ArrayBuffer) box.append(image(reply.body, reply.type, t('near.photo')));
  });
  return box;
}

/** The same thing as an open case: the photos go there as further evidence. */
async function attachTo(screen, one) {
  const { draft, draftKey, account } = screen;
  const evidence = {
    kind: 'attach', chain: one.number, target: { number: one.number, etag: '*' }, photos: draft.photos.map((photo) => photo.id),
    body: draft.note ? { note: draft.note } : {}, title: { word: 'outbox.attach', number: one.number }, draft,
  };
  const visit = visitOf(draft, account);
  await outbox.enqueue(visit ? [evidence, { ...visit, body: { ...visit.body, case: one.number } }] : [evidence], draftKey);
  say(t('near.added'));
  location.hash = '#/outbox';
  return true;
}

// --- sending -------------------------------------------------------------------------------------------------------

/** The body of the filing; fixed once it is made, so that sending it again is sending the same. */
function filingBody(draft, device, offset) {
  const [scheme, kind, code] = draft.type.split('/');
  const body = { type: { scheme, kind, code }, source: 'inspector', attachments: [] };
  if (draft.condition) body.condition = draft.condition;
  if (draft.pin) {
    body.location = located(draft.pin);
    body.location_moved = true;
    if (draft.fix) body.measured_location = located(draft.fix);
  } else if (draft.fix) {
    body.location = located(draft.fix);
  }
  if (draft.address.trim()) body.address = draft.address.trim();
  if (draft.note.trim()) body.description = draft.note.trim();
  if (draft.observed_at) body.observed_at = draft.observed_at;
  if (offset !== null && offset !== undefined) body.clock_offset_ms = offset;
  if (device) body.device = device;
  if (draft.self_handled) body.self_handled = true;
  if (draft.campaign) body.campaign = draft.campaign.code;
  return body;
}

async function submit(screen) {
  const { draft, draftKey, account, editing, grid } = screen;
  const type = chosenType(screen);
  // The only photo was no good, which was said.
  if (!beforePhotos(draft).length) return false;
  if (!draft.fix && !draft.pin && !draft.address.trim()) {
    const late = lastPosition();
    if (!late) return say(t('file.no_place'), { isAlarm: true });
    draft.fix = late;
  }
  if (type.conditions?.length > 1 && !draft.condition) return say(t('file.no_condition'), { isAlarm: true });
  draft.self_handled = draft.photos.some((photo) => photo.usage === 'self_handled');
  const place = placeOf(draft);
  const item = {
    kind: 'file', photos: draft.photos.map((photo) => photo.id), draft,
    body: filingBody(draft, account.device, editing ? editing.body.clock_offset_ms : api.clockOffsetMs()),
    title: { zh: type.name_zh || type.name, en: type.name_en || type.name, cell: place && grid ? grid.locate(place.x, place.y).cell : null },
  };
  if (editing) {
    await outbox.retry(editing.id, (one) => ({ ...one, ...item }));
    await store.setDraft(draftKey, null);
    location.hash = '#/outbox';
  } else {
    const filed = { id: crypto.randomUUID(), ...item };
    const visit = visitOf(draft, account);
    await outbox.enqueue(visit ? [filed, { ...visit, after: filed.id }] : [filed], draftKey);
    await startAnew(screen);
  }
  say(t(navigator.onLine ? 'file.kept' : 'file.kept_offline'));
  return Boolean(editing || draft.campaign);
}

/** The visit of the place of a campaign at which something was found, its case still to be named; null elsewhere. */
function visitOf({ campaign, fix }, account) {
  if (!campaign) return null;
  return {
    kind: 'visit', chain: `campaign:${campaign.code}`, target: { campaign: campaign.code, place: campaign.place },
    body: { result: 'case', ...witnessed(fix, account.device) }, title: { word: 'outbox.visit', number: `${campaign.code} ${campaign.place}` },
  };
}

async function startAnew(screen) {
  if (screen.draft.campaign) {
    location.hash = '#/tasks?tab=campaigns';
    return;
  }
  Object.assign(screen.draft, emptyDraft());
  Object.assign(screen, { near: [], asked: '', mode: 'form' });
  screen.main.scrollTo?.(0, 0);
  window.scrollTo(0, 0);
  await screen.again();
}
