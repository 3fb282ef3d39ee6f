// 今日任务: what is asked of me, what I filed, what a campaign wants visited; all from the copies on the phone.

import { ticking } from '../countdown.js';
import { h, icon, image } from '../dom.js';
import { joined, when } from '../format.js';
import { distanceM } from '../locate.js';
import * as outbox from '../outbox.js';
import { lastPosition, onPosition, warmUp } from '../position.js';
import { Status } from '../rules.js';
import * as store from '../store.js';
import * as sync from '../sync.js';
import { named, t } from '../words.js';
import { away, choices, distanceTo, head, pointOf, redrawing } from './shared.js';

const TABS = ['asked', 'mine', 'campaigns'];

export async function show(main, { account, query }) {
  warmUp();
  const screen = { account, tab: TABS.includes(query.get('tab')) ? query.get('tab') : 'asked', order: (await store.getMeta('order')) || 'due' };
  screen.again = redrawing(main, () => parts(screen));
  await screen.again();
  const stop = onPosition(() => hasMoved(screen) && screen.again.quietly());
  const tick = setInterval(screen.again.quietly, 30000);
  for (const source of [sync.events, outbox.events]) source.addEventListener('change', screen.again.quietly);
  return () => {
    stop();
    clearInterval(tick);
    for (const source of [sync.events, outbox.events]) source.removeEventListener('change', screen.again.quietly);
  };
}

const WORTH_DRAWING_M = 15;

/** Whether the person walked far enough for the distances to be drawn anew. */
function hasMoved(screen) {
  const [fix, before] = [lastPosition(), screen.drawnAt];
  return fix && (!before || distanceM(fix.x, fix.y, before.x, before.y) > WORTH_DRAWING_M);
}

async function parts(screen) {
  const { account } = screen;
  screen.drawnAt = lastPosition();
  const [tasks, cases, places, items] = await Promise.all([
    store.heldOf(account.id, 'task'), store.heldOf(account.id, 'case'), store.heldOf(account.id, 'campaign'), store.allItems(),
  ]);
  const answered = new Set(items.filter((item) => item.status !== Status.DONE && item.target.task).map((item) => `${item.target.number}:${item.target.task}`));
  const visited = new Set(items.filter((item) => item.status !== Status.DONE && item.kind === 'visit').map((item) => `${item.target.campaign}:${item.target.place}`));
  const lists = {
    asked: tasks.map((one) => taskRow(one, answered)), mine: cases.map(caseRow), campaigns: places.map((one) => placeRow(one, visited)),
  };
  const synced = await store.getMeta(`synced:${account.id}`);
  return [
    head(t('tasks.title'), { aside: h('button.button.small', {
      type: 'button', 'data-key': 'sync', disabled: sync.state.busy, onclick: () => { sync.pull().then(screen.again); screen.again(); },
    }, icon('refresh'), h('span', {}, sync.state.busy ? t('tasks.syncing') : t('tasks.sync'))) }),
    h('div.body', {},
      choices({
        name: 'tab', label: t('tasks.title'), columns: 3, chosen: screen.tab,
        options: TABS.map((tab) => [tab, t(`tasks.${tab}`), String(lists[tab].length)]),
        onChoose: (tab) => { screen.tab = tab; screen.again(); },
      }),
      h('div.order', {},
        h('span.soft', {}, synced ? t('tasks.synced', { time: when(synced) }) : t('tasks.never_synced')),
        choices({
          name: 'order', label: t('tasks.order'), chosen: screen.order, options: ['due', 'near'].map((order) => [order, t(`tasks.by_${order}`)]),
          onChoose: async (order) => { screen.order = order; await store.setMeta('order', order); screen.again(); },
        })),
      list(screen, lists[screen.tab])),
  ];
}

/** What the three lists have in common: where to go, when due, where it is. */
const caseOf = (one) => one.case_view || one;
const taskRow = (one, answered) => ({
  ...rowOf(caseOf(one)), clock: one.clock, href: `#/task/${encodeURIComponent(`${one.case}:${one.number}`)}`, kind: one.kind, due: one.due_at,
  isAnswered: answered.has(`${one.case}:${one.number}`),
});
const caseRow = (one) => ({ ...rowOf(one), clock: one.clock, href: `#/case/${encodeURIComponent(one.number)}`, state: one.state_label, due: one.due_at });
const placeRow = (one, visited) => ({
  title: one.name, where: one.campaign_name || one.campaign, location: pointOf(one), href: `#/place/${encodeURIComponent(`${one.campaign}:${one.number}`)}`,
  kind: 'campaign', lastDay: one.last_day, due: null, isAnswered: visited.has(`${one.campaign}:${one.number}`), photo: null,
});
const rowOf = (one) => ({
  title: named(one.type), number: one.number, where: one.address || one.place || one.description || one.cell || '', location: one.location,
  photo: sync.photosOf(one)[0]?.id || null,
});

function list(screen, rows) {
  const fix = lastPosition();
  const sorted = [...rows].sort((one, other) => Number(one.isAnswered || 0) - Number(other.isAnswered || 0) || (screen.order === 'near'
    ? distanceTo(one.location, fix) - distanceTo(other.location, fix)
    : new Date(one.due || 8e15) - new Date(other.due || 8e15)));
  if (!sorted.length) return h('p.empty', {}, t(`tasks.none_${screen.tab}`));
  return h('ul.cards', {}, sorted.map((row) => h('li', {}, card(screen, row, fix))));
}

function card(screen, row, fix) {
  const time = row.due && !row.isAnswered ? ticking(row.clock) || h('span.left', {}, t('tasks.due', { time: when(row.due) })) : null;
  return h('a.card', { href: row.href, class: row.isAnswered ? 'answered' : '' },
    smallPicture(screen.account, row.photo),
    h('div.what', {},
      h('p.line', {}, row.kind ? h(`span.tag.tag-${row.kind}`, {}, t(`task.${row.kind}`)) : null, h('b', {}, row.title)),
      h('p.where', {}, row.where),
      h('p.line.foot-line', {},
        row.isAnswered ? h('span.tag', {}, t('tasks.answered')) : null,
        time,
        row.lastDay ? h('span.soft', {}, t('tasks.until', { day: row.lastDay })) : null,
        h('span.soft', {}, joined([row.state, away(row.location, fix)])))));
}

/** A small picture from the copies; an empty box where there is none. */
export function smallPicture(account, id, alt = '') {
  const box = h('span.thumb', {});
  if (id) {
    store.getPicture(account.id, id).then((picture) => picture && box.append(image(picture.bytes, picture.type, alt)));
  }
  return box;
}
