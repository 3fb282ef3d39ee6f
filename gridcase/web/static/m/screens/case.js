// A case as the phone holds it; the answer to a task asked of me; a place of a campaign to be visited.

import * as api from '../api.js';
import { inPreparation, photoStrip } from '../capture.js';
import { ticking } from '../countdown.js';
import { h, icon, image, say } from '../dom.js';
import { joined, limit, when } from '../format.js';
import * as outbox from '../outbox.js';
import { lastPosition, onPosition, warmUp } from '../position.js';
import * as store from '../store.js';
import * as sync from '../sync.js';
import { named, t } from '../words.js';
import {
  away, begin, choices, distanceTo, draftOf, head, keepNow, keepSoon, located, placeLine, pointOf, redrawing, sending, witnessed,
} from './shared.js';
import { smallPicture } from './tasks.js';

/** #/case/NUMBER */
export async function showCase(main, { account, id }) {
  const again = redrawing(main, async () => {
    const held = (await store.getHeld(account.id, 'case', id)) || (await taskCase(account, id));
    if (!held) return [head(id, { back: '#/tasks' }), h('p.empty', {}, t('case.not_here'))];
    return [head(named(held.type), { back: '#/tasks?tab=mine' }), h('div.body', {}, facts(held), pictures(account, held))];
  });
  await again();
  sync.events.addEventListener('change', again.quietly);
  return () => sync.events.removeEventListener('change', again.quietly);
}

async function taskCase(account, number) {
  const tasks = await store.heldOf(account.id, 'task');
  return tasks.find((one) => one.case === number)?.case_view || null;
}

function facts(held) {
  const fix = lastPosition();
  const lines = [
    ['case.number', held.number && h('span.code', {}, held.number)],
    ['case.state', held.state_label],
    ['case.condition', held.condition_text],
    ['case.where', joined([held.address, held.place, held.cell])],
    ['case.distance', away(held.location, fix)],
    ['case.description', held.description],
    ['case.filed', held.filed_at && when(held.filed_at)],
    ['case.due', held.due_at && [when(held.due_at), ' ', ticking(held.clock)]],
    ['case.limit', limit(held.limit)],
  ];
  return h('dl.facts', {}, lines.filter(([, value]) => value).map(([word, value]) => [h('dt', {}, t(word)), h('dd', {}, value)]));
}

/** The photos of the case: the small ones are here, a tap shows the larger one when there is a network. */
function pictures(account, held) {
  const photos = sync.photosOf(held);
  if (!photos.length) return null;
  return h('div.gallery', {}, photos.map((photo) => h('button.shot', {
    type: 'button', 'aria-label': t(`usage.${photo.usage || 'other'}`), onclick: () => enlarge(account, photo.id),
  }, smallPicture(account, photo.id), h('small', {}, t(`usage.${photo.usage || 'other'}`)))));
}

async function enlarge(account, id) {
  const dialog = h('dialog.large', { 'aria-label': t('case.photo') });
  const close = h('button.button', { type: 'button', onclick: () => dialog.close() }, t('app.close'));
  const kept = await store.getPicture(account.id, id);
  const box = h('div.frame', {}, kept ? image(kept.bytes, kept.type, t('case.photo')) : h('p', {}, t('case.no_photo')));
  dialog.append(box, close);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  const reply = await api.call('GET', `/api/v1/attachments/${id}?size=shown`, { binary: true });
  if (reply?.status === 200 && reply.body instanceof ArrayBuffer) box.replaceChildren(image(reply.body, reply.type, t('case.photo')));
}

// --- the answer to a task --------------------------------------------------------------------------------------------

const RESULTS = { verify: ['true', 'false', 'not_found'], check: ['pass', 'fail'] };

/** #/task/CASE:NUMBER, or ?item= to change an answer that was refused. */
export async function showTask(main, { account, id, query }) {
  warmUp();
  const editing = query.get('item') ? await store.getItem(query.get('item')) : null;
  const task = (await store.getHeld(account.id, 'task', id)) || editing?.task;
  if (!task) {
    main.replaceChildren(head(t('task.title'), { back: '#/tasks' }), h('p.empty', {}, t('task.gone')));
    return () => {};
  }
  const draftKey = editing ? `edit:${editing.id}` : `task:${account.id}:${id}`;
  const draft = await draftOf(draftKey, editing, () => ({ photos: [], fix: null, result: null, note: '', reason: '' }));
  return shown({ main, account, task, draft, draftKey, editing, grid: await sync.heldGrid() }, taskParts);
}

/** Show a form about something that lies somewhere; returns how to leave it. */
async function shown(screen, parts) {
  const { main, draft, draftKey } = screen;
  screen.withinM = await sync.heldWithin();
  screen.save = () => store.setDraft(draftKey, draft);
  screen.again = redrawing(main, () => parts(screen));
  await begin(screen);
  const stop = onPosition(() => !draft.fix && screen.again.quietly());
  return () => {
    stop();
    return keepNow(screen);
  };
}

/** The photos of a form; the newest says where the person stands. */
function strip(screen, usage, options = {}) {
  return photoStrip(screen, { usage, ...options, onKept: (_photo, fix) => { screen.draft.fix = fix || screen.draft.fix; } });
}

function taskParts(screen) {
  const { task, draft, draftKey, account, editing } = screen;
  const held = task.case_view || {};
  const fix = draft.fix || lastPosition();
  const isFar = isFarFrom(screen, held.location, fix);
  const hasPhoto = draft.photos.length + inPreparation(draftKey) > 0;
  const needsReason = isFar || Boolean(editing) || Boolean(draft.reason);
  return [
    head(t(`task.${task.kind}`), { back: editing ? '#/outbox' : '#/tasks' }),
    h('div.body', {},
      h('h2', {}, named(held.type), ' ', h('span.code', {}, held.number || task.case)),
      task.due_at ? h('p.due', {}, t('tasks.due', { time: when(task.due_at) }), ' ', ticking(task.clock)) : null,
      facts({ ...held, number: null, due_at: null }),
      pictures(account, held),
      placeLine(screen.grid, fix),
      isFar ? h('p.note.warn', { role: 'status' }, t('task.far', { distance: away(held.location, fix) })) : null,
      strip(screen, task.kind, { isFirst: !hasPhoto }),
      hasPhoto ? h('div.field', {}, h('span', {}, t(`task.${task.kind}_question`)), choices({
        name: 'result', label: t(`task.${task.kind}_question`), chosen: draft.result, columns: RESULTS[task.kind].length,
        options: RESULTS[task.kind].map((result) => [result, t(`result.${result}`)]),
        onChoose: async (result) => { draft.result = result; await screen.save(); await screen.again(); },
      })) : null,
      hasPhoto ? field(screen, 'note', 'file.note') : null,
      hasPhoto && needsReason ? field(screen, 'reason', 'task.reason') : null),
    hasPhoto ? h('div.foot', {}, h('button.button.primary.big', {
      type: 'button', 'data-key': 'send', disabled: !draft.result, onclick: () => sending(screen, answer),
    }, icon('send'), h('span', {}, t(draft.result ? 'task.send' : 'task.choose')))) : null,
  ];
}

/** Whether somebody stands farther away than the city takes, for all the phone knows; the server decides. */
const isFarFrom = ({ withinM }, location, fix) => {
  const far = distanceTo(location, fix);
  return withinM !== null && Number.isFinite(far) && far - fix.accuracy_m > withinM;
};

function field(screen, name, word) {
  const { draft } = screen;
  return h('label.field', {}, h('span', {}, t(word)), h('textarea', {
    rows: 2, maxlength: name === 'note' ? 2000 : 500, 'data-key': name,
    oninput: (event) => { draft[name] = event.target.value; keepSoon(screen); },
  }, draft[name]));
}

async function answer(screen) {
  const { task, draft, draftKey, account, editing } = screen;
  const held = task.case_view || {};
  const photos = await store.getPhotos(draft.photos.map((photo) => photo.id));
  // The only photo was no good, which was said.
  if (!photos.length) return false;
  const body = { result: draft.result, attachments: [], observed_at: photos[0].evidence.captured_at };
  if (draft.fix) body.location = located(draft.fix);
  if (draft.note.trim()) body.note = draft.note.trim();
  if (draft.reason.trim()) body.override_reason = draft.reason.trim();
  const item = {
    kind: task.kind, chain: task.case, photos: draft.photos.map((photo) => photo.id), body, draft, task,
    target: { number: task.case, task: task.number, etag: editing?.target.etag || `"v${held.version}"` },
    seen: held, title: { word: `outbox.${task.kind}`, number: task.case },
  };
  return keep(item, { editing, draftKey, next: '#/tasks' });
}

// --- a place of a campaign ---------------------------------------------------------------------------------------------

/** #/place/CAMPAIGN:NUMBER, or ?item= to change a visit that was refused. */
export async function showPlace(main, { account, id, query }) {
  warmUp();
  const editing = query.get('item') ? await store.getItem(query.get('item')) : null;
  const place = (await store.getHeld(account.id, 'campaign', id)) || editing?.place;
  if (!place) {
    main.replaceChildren(head(t('place.title'), { back: '#/tasks?tab=campaigns' }), h('p.empty', {}, t('place.gone')));
    return () => {};
  }
  const draftKey = editing ? `edit:${editing.id}` : `visit:${account.id}:${id}`;
  const draft = await draftOf(draftKey, editing, () => ({ photos: [], fix: null, note: '', reason: '' }));
  return shown({ main, account, place, draft, draftKey, editing }, placeParts);
}

function placeParts(screen) {
  const { place, draft, editing } = screen;
  const where = pointOf(place);
  const fix = draft.fix || lastPosition();
  const isFar = isFarFrom(screen, where, fix);
  return [
    head(place.name, { back: editing ? '#/outbox' : '#/tasks?tab=campaigns' }),
    h('div.body', {},
      h('p', {}, place.campaign_name || place.campaign),
      h('p.soft', {}, joined([place.last_day && t('tasks.until', { day: place.last_day }), away(where, fix)])),
      isFar ? h('p.note.warn', { role: 'status' }, t('place.far', { distance: away(where, fix) })) : null,
      strip(screen, 'other', { word: 'place.photo' }),
      field(screen, 'note', 'file.note'),
      isFar || editing || draft.reason ? field(screen, 'reason', 'task.reason') : null),
    h('div.foot.two', {},
      h('button.button.big', { type: 'button', 'data-key': 'no-problem', onclick: () => sending(screen, visit) }, t('place.no_problem')),
      editing ? null : h('a.button.primary.big', {
        'data-key': 'problem', href: `#/file?campaign=${encodeURIComponent(place.campaign)}&place=${place.number}`,
      }, t('place.problem'))),
  ];
}

/** Nothing to complain of: told with the place and time of this moment, and with photos where some were taken. */
async function visit({ place, draft, draftKey, account, editing }) {
  const [note, reason] = [draft.note.trim(), draft.reason.trim()];
  const item = {
    kind: 'visit', chain: `campaign:${place.campaign}`, target: { campaign: place.campaign, place: place.number }, place, draft,
    photos: draft.photos.map((photo) => photo.id), title: { word: 'outbox.visit', number: place.name },
    body: {
      result: 'no_problem', ...(note ? { note } : {}), ...(reason ? { override_reason: reason } : {}),
      ...(editing ? witnessedOf(editing.body) : witnessed(draft.fix || lastPosition(), account.device)),
    },
  };
  return keep(item, { editing, draftKey, next: '#/tasks?tab=campaigns' });
}

/** When and where somebody was does not change by saying it again. */
const witnessedOf = ({ observed_at, clock_offset_ms, device, location }) => ({ observed_at, clock_offset_ms, device, location });

/** Put an answer in the outbox, or what was changed back in its place. */
async function keep(item, { editing, draftKey, next }) {
  if (editing) {
    await outbox.retry(editing.id, (one) => ({ ...one, ...item }));
    await store.setDraft(draftKey, null);
  } else {
    await outbox.enqueue([item], draftKey);
  }
  say(t(navigator.onLine ? 'file.kept' : 'file.kept_offline'));
  location.hash = editing ? '#/outbox' : next;
  return true;
}
