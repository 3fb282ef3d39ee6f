// The app: which screen is shown, the bar at the foot, what is told at the head, and when things are sent and fetched.

import * as api from './api.js';
import { fill, h, icon, releaseImages } from './dom.js';
import * as install from './install.js';
import * as outbox from './outbox.js';
import { coolDown } from './position.js';
import { tally } from './rules.js';
import * as session from './session.js';
import * as store from './store.js';
import * as sync from './sync.js';
import { loadWords, t } from './words.js';
import * as caseScreens from './screens/case.js';
import * as fileScreen from './screens/file.js';
import * as mapScreen from './screens/map.js';
import * as outboxScreen from './screens/outbox.js';
import * as settingsScreen from './screens/settings.js';
import * as signInScreen from './screens/sign_in.js';
import { problemText } from './screens/sign_in.js';
import * as tasksScreen from './screens/tasks.js';

const SCREENS = {
  tasks: tasksScreen.show, file: fileScreen.show, map: mapScreen.show, outbox: outboxScreen.show, settings: settingsScreen.show,
  case: caseScreens.showCase, task: caseScreens.showTask, place: caseScreens.showPlace,
};
const BAR = ['tasks', 'map', 'file', 'outbox', 'settings'];
const NEEDS_POSITION = new Set(['file', 'task', 'tasks', 'map', 'place', 'case']);

const main = document.getElementById('screen');
const bar = document.getElementById('bar');
const told = document.getElementById('told');
let leave = () => {};
let turn = 0;
let isNewReady = false;
let isOutdated = false;

function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/');
  return { name: SCREENS[name] ? name : 'tasks', id: decodeURIComponent(rest.join('/')), query: new URLSearchParams(query) };
}

/** Show the screen of the address. A screen that is still being made when the next is asked for is thrown away. */
async function show() {
  turn += 1;
  const mine = turn;
  const account = await session.currentAccount();
  const problem = await session.sessionProblem();
  const { name, id, query } = route();
  leave();
  leave = () => {};
  releaseImages();
  if (!NEEDS_POSITION.has(name)) coolDown();
  const page = h('div', {});
  const wantsSignIn = !account || query.has('sign-in');
  const made = await (wantsSignIn ? signInScreen.show : SCREENS[name])(page, { account, id, query, reload });
  if (mine !== turn) {
    made();
    return;
  }
  leave = made;
  main.className = `screen-${wantsSignIn ? 'sign-in' : name}`;
  fill(main, page);
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
  await Promise.all([drawBar(wantsSignIn ? '' : name), tell(account, problem, wantsSignIn)]);
}

async function reload() {
  if (route().query.has('sign-in')) history.replaceState(null, '', '#/tasks');
  await show();
  sync.pull();
}

async function drawBar(name) {
  bar.hidden = !name || ['file', 'task', 'place'].includes(name);
  document.body.classList.toggle('with-bar', !bar.hidden);
  if (bar.hidden) return;
  const account = await store.getMeta('account');
  const count = tally(await store.allItems(), account?.id);
  const waits = count.queued + count.parked + count.stale;
  const current = name === 'case' ? 'tasks' : name;
  fill(bar, BAR.map((one) => h('a', { href: `#/${one}`, class: one, 'aria-current': one === current ? 'page' : null, 'data-key': `bar-${one}` },
    icon(one), h('span', {}, t(`bar.${one}`)),
    one === 'outbox' && waits ? h('b.badge', { class: count.parked + count.stale ? 'alarm' : '', 'aria-label': t('outbox.count', { n: waits }) }, String(waits)) : null)));
}

/** What the person has to know on every screen, the gravest first. */
async function tell(account, problem, wantsSignIn) {
  const lines = [];
  const line = (kind, text, action, name) => lines.push(h(`p.tell.${kind}`, {}, h('span', {}, text), action
    ? h('button.button.small', { type: 'button', onclick: action, 'data-key': `tell-${kind}` }, name) : null));
  if (isOutdated) line('alarm', t('update.outdated'), () => location.reload(), t('update.do'));
  if (problem && account && !wantsSignIn) line('alarm', problemText(problem), () => { location.hash = '#/settings?sign-in'; }, t('sign_in.go'));
  if (isNewReady) line('info', t('update.ready'), install.takeOver, t('update.do'));
  if (!navigator.onLine) line('quiet', t('app.offline'));
  fill(told, lines);
}

async function refresh() {
  const { name } = route();
  const account = await session.currentAccount();
  await Promise.all([drawBar(account ? name : ''), tell(account, await session.sessionProblem(), !account || route().query.has('sign-in'))]);
}

/** The network is back, or the person came back: send and fetch at once. */
function awake() {
  refresh();
  if (document.visibilityState !== 'visible' || !navigator.onLine) return;
  session.endOnServer();
  outbox.wake({ isUrgent: true }).then(sync.pull);
}

async function start() {
  await Promise.all([loadWords(await store.getMeta('language')), api.loadClock(), sync.loadClocks()]);
  store.onOutdated(() => { isOutdated = true; refresh(); });
  install.start(() => { isNewReady = true; refresh(); }).catch(() => {});
  install.persist();
  window.addEventListener('hashchange', show);
  window.addEventListener('online', awake);
  window.addEventListener('offline', refresh);
  document.addEventListener('visibilitychange', awake);
  navigator.serviceWorker?.addEventListener('message', ({ data }) => data === 'send' && awake());
  for (const source of [outbox.events, sync.events]) source.addEventListener('change', refresh);
  await show();
  await outbox.tidy();
  awake();
}

start();
