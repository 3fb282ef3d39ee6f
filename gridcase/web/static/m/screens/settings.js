// 设置: who I am, my devices, language, what the phone keeps, version, and signing out without losing anything.

import * as api from '../api.js';
import { confirmed, h, say } from '../dom.js';
import { size, when } from '../format.js';
import * as install from '../install.js';
import * as outbox from '../outbox.js';
import { tally } from '../rules.js';
import * as session from '../session.js';
import * as store from '../store.js';
import * as sync from '../sync.js';
import { language, speak, t } from '../words.js';
import { choices, head, redrawing } from './shared.js';

export async function show(main, { account, reload }) {
  const screen = { account, reload, devices: null };
  screen.again = redrawing(main, () => parts(screen));
  await screen.again();
  loadDevices(screen);
  return install.onChange(screen.again.quietly);
}

async function parts(screen) {
  const { account } = screen;
  const storage = await install.storageState();
  return [
    head(t('settings.title')),
    h('div.body', {},
      h('section', {}, h('h2', {}, t('settings.language')), choices({
        name: 'language', label: t('settings.language'), chosen: language(), options: [['zh', '中文'], ['en', 'English']],
        onChoose: async (chosen) => { await store.setMeta('language', chosen); speak(chosen); screen.reload(); },
      })),
      h('section', {}, h('h2', {}, t('settings.account')), h('dl.facts', {},
        fact('settings.name', account.name), fact('settings.username', account.username), fact('settings.role', t('settings.inspector')),
        fact('settings.device', account.device), account.expires_at ? fact('settings.until', when(account.expires_at)) : null)),
      devices(screen),
      storagePart(screen, storage),
      h('section', {}, h('h2', {}, t('settings.app')),
        h('dl.facts', {}, fact('settings.version', document.body.dataset.version)),
        h('div.row', {},
          install.canInstall() ? h('button.button', { type: 'button', onclick: install.ask }, t('install.do')) : null,
          h('button.button', { type: 'button', onclick: () => look() }, t('settings.look')),
          h('button.button', { type: 'button', onclick: () => copyDiagnostics(screen) }, t('settings.diagnostics'))),
        install.isInstalled() ? null : h('p.soft', {}, t('install.hint'))),
      h('section', {}, h('button.button.danger.wide', { type: 'button', 'data-key': 'sign-out', onclick: () => leave(screen) }, t('settings.sign_out')),
        h('p.soft', {}, t('settings.sign_out_told')))),
  ];
}

const fact = (word, value) => [h('dt', {}, t(word)), h('dd', {}, value || '—')];

async function look() {
  say(t((await install.lookForUpdate()) ? 'update.found' : 'update.none'));
}

// --- devices ---------------------------------------------------------------------------------------------------------

async function loadDevices(screen) {
  const reply = await api.call('GET', '/api/v1/auth/sessions');
  screen.devices = reply?.status === 200 ? reply.body.items : [];
  await screen.again.quietly();
}

function devices(screen) {
  if (!screen.devices?.length) return screen.devices ? h('section', {}, h('h2', {}, t('settings.devices')), h('p.soft', {}, t('settings.devices_offline'))) : null;
  return h('section', {}, h('h2', {}, t('settings.devices')), h('ul.devices', {}, screen.devices.map((one) => h('li', {},
    h('span', {}, h('b', {}, one.device || t('settings.browser')), h('small', {}, one.current ? t('settings.this_device') : t('settings.since', { time: when(one.created_at) }))),
    one.current ? null : h('button.button.small.danger', { type: 'button', onclick: () => revoke(screen, one) }, t('settings.revoke'))))));
}

async function revoke(screen, one) {
  if (!(await confirmed(t('settings.revoke_sure', { device: one.device || '' }), t('settings.revoke'), t('app.cancel')))) return;
  const reply = await api.call('DELETE', `/api/v1/auth/sessions/${one.id}`);
  say(reply?.status === 204 ? t('settings.revoked') : t('settings.devices_offline'), { isAlarm: reply?.status !== 204 });
  await loadDevices(screen);
}

// --- what the phone keeps ----------------------------------------------------------------------------------------------

function storagePart(screen, storage) {
  return h('section', {}, h('h2', {}, t('settings.storage')),
    h('dl.facts', {},
      storage.quota ? fact('settings.used', t('settings.used_of', { used: size(storage.usage), quota: size(storage.quota) })) : null,
      fact('settings.kept', t(storage.isPersistent ? 'settings.persistent' : 'settings.not_persistent'))),
    storage.isPersistent ? null : h('div.row', {}, h('button.button', {
      type: 'button', onclick: async () => {
        const isGranted = await install.persist();
        say(t(isGranted ? 'settings.persistent' : 'settings.persist_refused'), { isAlarm: !isGranted });
        await screen.again();
      },
    }, t('settings.persist'))));
}

/** Facts for the help desk; nobody's name, no place, no text that somebody wrote. */
async function copyDiagnostics({ account }) {
  const items = await store.allItems();
  const storage = await install.storageState();
  const told = {
    version: document.body.dataset.version, agent: navigator.userAgent, online: navigator.onLine, installed: install.isInstalled(),
    storage, outbox: tally(items, account.id), clock_offset_ms: api.clockOffsetMs(), last_sync: (await store.getMeta(`synced:${account.id}`)) || null,
    sync_failed: sync.state.failed, failures: outbox.state.failures,
    refused: items.filter((item) => item.reason).map((item) => ({ kind: item.kind, code: item.reason.code, attempts: item.attempts })),
    screen: [window.innerWidth, window.innerHeight, window.devicePixelRatio],
  };
  try {
    await navigator.clipboard.writeText(JSON.stringify(told, null, 1));
    say(t('settings.copied'));
  } catch {
    say(t('settings.not_copied'), { isAlarm: true });
  }
}

async function leave({ account, reload }) {
  const count = tally(await store.allItems(), account.id);
  const waits = count.queued + count.parked + count.stale;
  const question = waits ? t('settings.sign_out_waiting', { n: waits }) : t('settings.sign_out_sure');
  if (!(await confirmed(question, t('settings.sign_out'), t('app.cancel')))) return;
  await session.signOut();
  reload();
}
