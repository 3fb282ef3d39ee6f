// What becomes of an item of the outbox: decisions only, no network, no storage, no clock. Tested by themselves.

/** What an answer of the server means for the item that was sent. */
export const Verdict = Object.freeze({
  DONE: 'done',        // the server has it
  RETRY: 'retry',      // not now: this item again later
  OFFLINE: 'offline',  // nothing gets through: everything again later
  SIGN_IN: 'sign_in',  // the session is over: everything waits for its owner
  STALE: 'stale',      // the case moved on: the person decides
  PARKED: 'parked',    // refused for good: this item alone waits for the person
});

const RETRIED_LATER = new Set([408, 425, 429]);
/** Conflicts that go away by themselves. */
const PASSING_CONFLICTS = new Set(['busy', 'locked', 'try_again']);

/**
 * Judge an answer.
 * reply is null when none came, else {status, isOurs, code}: isOurs tells our server's JSON from what a hotel's
 * sign-in page or a broken gateway answers in its place.
 */
export function judge(reply) {
  // Too large for a proxy before the server, which says so in a page of its own: waiting makes nothing smaller.
  if (reply?.status === 413) return Verdict.PARKED;
  if (reply === null || (!reply.isOurs && reply.status < 500)) return Verdict.OFFLINE;
  const { status, code } = reply;
  if (status >= 200 && status < 300) return Verdict.DONE;
  if (status === 401) return Verdict.SIGN_IN;
  if (status === 412) return Verdict.STALE;
  if (status >= 500 || RETRIED_LATER.has(status)) return Verdict.RETRY;
  if (status === 409 && PASSING_CONFLICTS.has(code)) return Verdict.RETRY;
  return Verdict.PARKED;
}

const FIRST_WAIT_MS = 1500;
const LONGEST_WAIT_MS = 5 * 60 * 1000;

/** How long to wait after so many failures (1…): doubling, half of it by chance, so that a street's phones spread out. */
export function waitMs(failures, random) {
  const whole = Math.min(FIRST_WAIT_MS * 2 ** Math.max(failures - 1, 0), LONGEST_WAIT_MS);
  return Math.round(whole / 2 + (whole / 2) * random);
}

export const Status = Object.freeze({ QUEUED: 'queued', STALE: 'stale', PARKED: 'parked', DONE: 'done' });

/** Whether an unconfirmed item builds on another. */
export const waitsFor = (one, id) => one.after === id && one.status !== Status.DONE;

/** What a confirmation makes of an item: itself done, what builds on it told the number of the case; null of all others. */
export function confirmed(one, id, done) {
  if (one.id === id) return { ...one, status: Status.DONE, reason: null, done };
  return waitsFor(one, id) ? { ...one, body: { ...one.body, case: done.number } } : null;
}

/** In the order in which they were made. */
export function inOrder(items) {
  return [...items].sort((one, other) => one.seq - other.seq);
}

/**
 * The item to send next, or null: of this owner, due, after what it builds on, and in order within its case.
 * What is parked or stale holds back only what builds on it, not what merely is about the same case.
 */
export function nextItem(items, { owner, now }) {
  const byId = new Map(items.map((item) => [item.id, item]));
  const blockedChains = new Set();
  for (const item of inOrder(items)) {
    if (item.owner !== owner || item.status !== Status.QUEUED) continue;
    const before = item.after ? byId.get(item.after) : null;
    const isReady = (!before || before.status === Status.DONE) && (item.next_at || 0) <= now
      && !blockedChains.has(item.chain);
    if (isReady) return item;
    if (item.chain) blockedChains.add(item.chain);
  }
  return null;
}

/**
 * When to look again once nothing is ready: the earliest time at which a waiting item is due; null when nothing waits by
 * itself. What is due but builds on something refused comes to nothing until the person acts.
 */
export function nextLook(items, { owner, now }) {
  const times = items
    .filter((item) => item.owner === owner && item.status === Status.QUEUED && item.next_at > now)
    .map((item) => item.next_at);
  return times.length ? Math.min(...times) : null;
}

/** Counts for the badge and the list. */
export function tally(items, owner) {
  const found = { queued: 0, stale: 0, parked: 0, done: 0, others: 0 };
  for (const item of items) {
    if (item.owner === owner) found[item.status] += 1;
    else if (item.status !== Status.DONE) found.others += 1;
  }
  return found;
}

const KEPT_MS = 7 * 24 * 3600 * 1000;
const PHOTOS_KEPT_MS = 24 * 3600 * 1000;

/** What of the confirmed items may go now: {items, photos} as ids. Nothing unconfirmed is ever among them. */
export function spent(items, now) {
  const done = items.filter((item) => item.status === Status.DONE && item.done && item.done.at);
  return {
    items: done.filter((item) => now - item.done.at > KEPT_MS).map((item) => item.id),
    photos: done.filter((item) => now - item.done.at > PHOTOS_KEPT_MS).flatMap((item) => item.photos),
  };
}

/** Whether an answer's task was ended by the office: nothing of its kind can be answered on the case as it is now. */
export function isTakenBack(item, now) {
  const actions = now.available_actions;
  return Boolean(item.target.task) && Array.isArray(actions) && !actions.some((one) => one.action === item.kind);
}

/** What changed in a case between what the person saw and now: names of fields, with both values. */
export function changes(before, after) {
  const names = ['state_label', 'due_at', 'type', 'condition_text', 'cell', 'address', 'description'];
  const plain = (value) => (value && typeof value === 'object' ? value.name || value.code || JSON.stringify(value) : value ?? '');
  return names
    .map((name) => ({ name, before: plain(before?.[name]), after: plain(after?.[name]) }))
    .filter((one) => one.before !== one.after);
}
