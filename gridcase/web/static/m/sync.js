// Copies of what the server knows: tasks, my cases, campaigns, the grid of my area, the catalogue. Only what changed
// since the last time comes over the network.

import * as api from './api.js';
import { setCalendars } from './countdown.js';
import { Grid } from './locate.js';
import * as outbox from './outbox.js';
import { judge, Verdict } from './rules.js';
import * as store from './store.js';

export const events = new EventTarget();
export const state = { busy: false, failed: false };

const PAGES = 200;
const EVERY_MS = 3 * 60 * 1000;
let timer = 0;
let grid = null;

const caseId = (one) => one.number;
const taskId = (one) => `${one.case}:${one.number}`;
const placeId = (one) => `${one.campaign}:${one.number}`;

/** Bring the copies up to date; quietly nothing without network or sign-in. */
export async function pull() {
  if (state.busy) return;
  const account = await store.getMeta('account');
  if (!account || (await store.getMeta('signed_out')) || (await store.getMeta('session_problem'))) return;
  state.busy = true;
  clearTimeout(timer);
  try {
    state.failed = !(await pullAll(account));
  } finally {
    state.busy = false;
    timer = setTimeout(pull, EVERY_MS);
    events.dispatchEvent(new Event('change'));
  }
}

async function pullAll(account) {
  for (let page = 0; page < PAGES; page += 1) {
    const reply = await api.call('GET', `/api/v1/sync?${await question(account)}`, { timeout: 60000 });
    const verdict = judge(reply);
    if (verdict === Verdict.SIGN_IN) {
      await store.setMeta('session_problem', { ...api.inWords(reply), at: Date.now() });
      outbox.events.dispatchEvent(new Event('change'));
    }
    if (verdict !== Verdict.DONE) return false;
    if (reply.body.me && reply.body.me.id !== account.id) return false;
    await takeIn(account, reply.body);
    if (!reply.body.more) break;
  }
  await store.setMeta(`synced:${account.id}`, Date.now());
  await fetchThumbs(account);
  return true;
}

async function question(account) {
  const asked = new URLSearchParams();
  const cursor = await store.getMeta(`cursor:${account.id}`);
  if (cursor) asked.set('cursor', cursor);
  for (const name of ['grid', 'types', 'usual', 'clocks']) {
    const held = await store.getMeta(`${name}:${account.id}`);
    if (held?.digest) asked.set(name, held.digest);
  }
  return asked;
}

async function takeIn(account, body) {
  const gone = body.gone || {};
  const meta = { [`cursor:${account.id}`]: body.cursor };
  if (body.grid) {
    meta[`grid:${account.id}`] = body.grid;
    grid = null;
  }
  meta[`within_m:${account.id}`] = body.within_m;
  if (body.types) meta[`types:${account.id}`] = body.types;
  if (body.usual) meta[`usual:${account.id}`] = body.usual;
  if (body.clocks) {
    meta[`clocks:${account.id}`] = body.clocks;
    setCalendars(body.clocks.calendars);
  }
  await store.takeIn(account.id, {
    reset: Boolean(body.reset),
    put: [
      ...(body.tasks || []).map((one) => ['task', taskId(one), one]),
      ...(body.cases || []).map((one) => ['case', caseId(one), one]),
      ...(body.campaigns || []).map((one) => ['campaign', placeId(one), one]),
    ],
    gone: [
      ...(gone.tasks || []).map((one) => ['task', typeof one === 'string' ? one : taskId(one)]),
      ...(gone.cases || []).map((one) => ['case', typeof one === 'string' ? one : caseId(one)]),
      ...(gone.campaigns || []).map((one) => ['campaign', typeof one === 'string' ? one : placeId(one)]),
    ],
    meta,
  });
}

/** The photos of a case as held on the phone. */
export function photosOf(held) {
  return held?.photos || held?.attachments || [];
}

/** Small pictures of what is held, so that they are there without network. */
async function fetchThumbs(account) {
  const cases = await store.heldOf(account.id, 'case');
  const tasks = await store.heldOf(account.id, 'task');
  const wanted = new Set([...tasks.map((one) => one.case_view), ...cases].flatMap((one) => photosOf(one).map((photo) => photo.id)));
  for (const id of wanted) {
    if (await store.getPicture(account.id, id)) continue;
    const reply = await api.call('GET', `/api/v1/attachments/${id}?size=thumb`, { binary: true });
    if (reply === null) return;
    if (reply.status === 200 && reply.body instanceof ArrayBuffer) await store.setPicture(account.id, id, { bytes: reply.body, type: reply.type });
  }
  await store.keepPictures(account.id, wanted);
}

/** The grid of my area, ready to be asked; null before the first sync. */
export async function heldGrid() {
  const account = await store.getMeta('account');
  if (!account) return null;
  if (grid?.owner !== account.id) {
    const kept = await store.getMeta(`grid:${account.id}`);
    grid = kept ? { owner: account.id, grid: new Grid(kept) } : null;
  }
  return grid?.grid || null;
}

/** Take up the working time that was sent last, so that deadlines tick without network. */
export async function loadClocks() {
  const account = await store.getMeta('account');
  const clocks = account && (await store.getMeta(`clocks:${account.id}`));
  if (clocks) setCalendars(clocks.calendars);
}

/** How near an answer has to be given, in metres; null before the first sync. */
export async function heldWithin() {
  const account = await store.getMeta('account');
  return (account && (await store.getMeta(`within_m:${account.id}`))) ?? null;
}

export const typeKey = (type) => `${type.scheme}/${type.kind}/${type.code}`;

/** The catalogue {items}, what is filed most here first; null before the first sync. */
export async function heldTypes() {
  const account = await store.getMeta('account');
  const types = account && (await store.getMeta(`types:${account.id}`));
  if (!types) return null;
  const usual = (await store.getMeta(`usual:${account.id}`))?.keys || [];
  const place = new Map(usual.map((key, index) => [key, index]));
  const rank = (type) => place.get(typeKey(type)) ?? usual.length;
  return { ...types, items: [...types.items].sort((a, b) => rank(a) - rank(b)) };
}

/** What was confirmed changes the copies at once, before the next sync says so. */
outbox.events.addEventListener('confirmed', async ({ detail: { item, body } }) => {
  const gone = [];
  const put = [];
  if (item.kind === 'file' && body?.number) put.push(['case', body.number, body]);
  if (item.target.task) gone.push(['task', `${item.target.number}:${item.target.task}`]);
  if (item.kind === 'visit') gone.push(['campaign', `${item.target.campaign}:${item.target.place}`]);
  await store.takeIn(item.owner, { put, gone, reset: false, meta: {} });
  events.dispatchEvent(new Event('change'));
});
