// 发件箱: what waits, what needs the person, what the server has confirmed; and the rescue file.

import { confirmed, h, image, say } from '../dom.js';
import { joined, when } from '../format.js';
import * as outbox from '../outbox.js';
import { exportFile, importFile } from '../rescue.js';
import { changes, inOrder, Status, tally } from '../rules.js';
import * as store from '../store.js';
import { language, t } from '../words.js';
import { head, redrawing } from './shared.js';

export async function show(main, { account }) {
  const again = redrawing(main, () => parts(account, again));
  await again();
  outbox.events.addEventListener('change', again.quietly);
  const tick = setInterval(again.quietly, 15000);
  return () => {
    outbox.events.removeEventListener('change', again.quietly);
    clearInterval(tick);
  };
}

async function parts(account) {
  const items = inOrder(await store.allItems());
  const own = items.filter((item) => item.owner === account?.id);
  const count = tally(items, account?.id);
  const groups = [
    ['outbox.needs_you', own.filter((item) => [Status.PARKED, Status.STALE].includes(item.status))],
    ['outbox.waiting', own.filter((item) => item.status === Status.QUEUED)],
    ['outbox.done', own.filter((item) => item.status === Status.DONE).reverse()],
  ];
  return [
    head(t('outbox.title')),
    h('div.body', {},
      summary(count),
      count.others ? h('p.note.warn', {}, t('outbox.others', { n: count.others, names: others(items, account) })) : null,
      groups.filter(([, members]) => members.length).map(([word, members]) => h('section', {},
        h('h2', {}, `${t(word)} · ${members.length}`),
        h('ul.cards', {}, members.map((item) => h('li', { 'data-item': item.id, 'data-status': item.status }, entry(item)))))),
      own.length ? null : h('p.empty', {}, t('outbox.empty')),
      rescue(count)),
  ];
}

function others(items, account) {
  const names = items.filter((item) => item.owner !== account?.id && item.status !== Status.DONE).map((item) => item.owner_name);
  return [...new Set(names)].join(language() === 'en' ? ', ' : '、');
}

function summary(count) {
  const waits = count.queued + count.parked + count.stale;
  const wait = outbox.state.waitsUntil - Date.now();
  const told = outbox.state.sending ? t('outbox.sending') : !navigator.onLine ? t('outbox.offline') : wait > 1000 ? t('outbox.again_in', { n: Math.ceil(wait / 1000) }) : '';
  return h('div.summary', { class: waits ? 'some' : 'none', 'data-waiting': waits },
    h('p', { role: 'status' }, h('b', {}, waits ? t('outbox.count', { n: waits }) : t('outbox.all_sent')), told && count.queued ? h('small', {}, told) : null),
    count.queued ? h('button.button', { type: 'button', 'data-key': 'now', onclick: () => outbox.wake({ isUrgent: true }) }, t('outbox.send_now')) : null);
}

function titleOf(item) {
  const { title } = item;
  return title.word ? t(title.word, { number: title.number }) : (language() === 'en' ? title.en : title.zh) || t('file.title');
}

function entry(item) {
  return h('div.card.item', {},
    picture(item),
    h('div.what', {},
      h('p.line', {}, h('b', {}, titleOf(item))),
      h('p.where', {}, joined([when(item.created_at), item.photos.length && t('outbox.photos', { n: item.photos.length }), item.title.cell?.slice(-6)])),
      h('p.line', {}, statusLine(item)),
      item.status === Status.STALE ? stale(item) : null,
      item.status === Status.PARKED ? parked(item) : null));
}

function picture(item) {
  const box = h('span.thumb', {});
  if (item.photos.length) store.getPhotos(item.photos.slice(0, 1)).then(([photo]) => photo?.thumb && box.append(image(photo.thumb, 'image/jpeg', '')));
  return box;
}

function statusLine(item) {
  if (item.status === Status.DONE) return h('span.good', {}, t('outbox.confirmed', { number: item.done.number || '' }));
  if (item.status === Status.PARKED) return h('span.alarm', {}, t('outbox.parked'));
  if (item.status === Status.STALE) return h('span.alarm', {}, t('outbox.stale'));
  if (outbox.state.sending === item.id) return h('span', {}, t('outbox.being_sent'));
  if (item.after) return h('span', {}, t('outbox.after'));
  return h('span', {}, item.reason ? t('outbox.tried', { n: item.attempts, detail: item.reason.detail }) : t('outbox.on_phone'));
}

/** Reasons that the app itself gives: in words of its own, in the language chosen now. */
const OWN_REASONS = ['parent_gone', 'task_withdrawn', 'too_large'];

/** Refused for good: why, and what can be done about it. */
function parked(item) {
  const { reason } = item;
  const said = OWN_REASONS.includes(reason.code) ? t(`outbox.${reason.code}`) : reason.detail;
  const isOver = reason.code === 'task_withdrawn';
  return h('div.trouble', {},
    h('p', {}, reason.photo ? t('outbox.photo_refused', { n: reason.photo, detail: said }) : said, ' ', h('small.code', {}, reason.code)),
    h('div.row', {},
      isOver && item.photos.length ? h('button.button.small', { type: 'button', onclick: () => outbox.sendAsEvidence(item.id) }, t('outbox.as_evidence')) : null,
      editable(item) && !isOver ? h('a.button.small', { href: editAddress(item) }, t('outbox.edit')) : null,
      isOver ? null : h('button.button.small', { type: 'button', onclick: () => outbox.retry(item.id) }, t('outbox.retry')),
      h('button.button.small.danger', { type: 'button', onclick: () => discard(item) }, t('outbox.discard'))));
}

const editable = (item) => Boolean(item.draft) && (item.kind === 'file' || Boolean(item.task) || Boolean(item.place));

function editAddress(item) {
  if (item.kind === 'file') return `#/file?item=${item.id}`;
  if (item.kind === 'visit') return `#/place/${encodeURIComponent(`${item.target.campaign}:${item.target.place}`)}?item=${item.id}`;
  return `#/task/${encodeURIComponent(`${item.target.number}:${item.target.task}`)}?item=${item.id}`;
}

async function discard(item) {
  if (await confirmed(t('outbox.discard_sure', { title: titleOf(item) }), t('outbox.discard'), t('app.cancel'))) await outbox.discard(item.id);
}

/** The case moved on meanwhile: what it was, what it is, and the person's word. */
function stale(item) {
  const now = item.stale;
  if (!now) return h('div.trouble', {}, h('p', {}, t('outbox.stale_unknown')), h('div.row', {},
    h('button.button.small', { type: 'button', onclick: () => outbox.retry(item.id) }, t('outbox.retry')),
    h('button.button.small.danger', { type: 'button', onclick: () => discard(item) }, t('outbox.discard'))));
  const found = changes(item.seen, now.body);
  return h('div.trouble', {},
    h('p', {}, t('outbox.changed_meanwhile')),
    found.length ? h('ul.changes', {}, found.map((one) => h('li', {}, `${t(`case.${one.name}`)}: `, h('s', {}, shown(one, one.before)), ' → ', h('b', {}, shown(one, one.after))))) : null,
    h('div.row', {},
      h('button.button.small', {
        type: 'button', onclick: () => outbox.retry(item.id, (one) => ({ ...one, target: { ...one.target, etag: now.etag }, seen: now.body, stale: null })),
      }, t('outbox.send_anyway')),
      h('button.button.small.danger', { type: 'button', onclick: () => discard(item) }, t('outbox.discard'))));
}

const shown = (one, value) => (one.name === 'due_at' && value ? when(value) : value || '—');

// --- the rescue file -------------------------------------------------------------------------------------------------

function rescue(count) {
  const input = h('input.unseen', {
    type: 'file', accept: 'application/json,.json', 'data-source': 'rescue', tabindex: -1, 'aria-hidden': 'true',
    onchange: (event) => takeBackIn(event.target.files[0]).finally(() => { event.target.value = ''; }),
  });
  const waits = count.queued + count.parked + count.stale + count.others;
  return h('section.rescue', {},
    h('h2', {}, t('rescue.title')),
    h('p.soft', {}, t('rescue.told')),
    h('div.row', {},
      h('button.button', { type: 'button', 'data-key': 'export', disabled: !waits, onclick: takeOut }, t('rescue.export')),
      h('button.button', { type: 'button', 'data-key': 'import', onclick: () => input.click() }, t('rescue.import')), input));
}

export async function takeOut() {
  const { blob, name, count } = await exportFile(document.body.dataset.version);
  const file = new File([blob], name, { type: blob.type });
  if (navigator.canShare?.({ files: [file] })) {
    try {
      await navigator.share({ files: [file], title: name });
      return;
    } catch (error) {
      if (error.name === 'AbortError') return;
    }
  }
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  say(t('rescue.exported', { n: count }));
}

async function takeBackIn(file) {
  if (!file) return;
  try {
    const { added, known } = await importFile(file);
    say(t('rescue.imported', { added, known }));
    outbox.events.dispatchEvent(new Event('change'));
    outbox.wake({ isUrgent: true });
  } catch (error) {
    const code = store.isFull(error) ? 'storage.full_item' : error.code;
    if (!code) throw error;
    say(t(code), { isAlarm: true });
  }
}
