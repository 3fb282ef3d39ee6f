// Talking to the server: one call, told apart from what answers in its place; and how far the phone's clock is off.

import * as store from './store.js';
import { language } from './words.js';

const SHORT_MS = 20000;
const LONG_MS = 90000;

/**
 * Ask the server. Returns null when nothing came back, else {status, isOurs, code, body, headers}.
 * form: a FormData to upload; body: sent as JSON.
 */
export async function call(method, path, { body, form, headers = {}, timeout, binary = false } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeout ?? (form ? LONG_MS : SHORT_MS));
  const sent = Date.now();
  try {
    const response = await fetch(path, {
      method,
      body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
      headers: {
        Accept: binary ? '*/*' : 'application/json',
        'Accept-Language': language() === 'en' ? 'en' : 'zh-CN',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      credentials: 'same-origin',
      cache: 'no-store',
      // A network that wants a sign-in of its own leads elsewhere: that is no answer.
      redirect: 'error',
      signal: stop.signal,
    });
    const type = response.headers.get('Content-Type') || '';
    const isJson = type.includes('json');
    const data = binary && response.ok ? await response.arrayBuffer() : isJson ? await response.json() : null;
    const isOurs = isJson || (binary && type.startsWith('image/')) || response.status === 204;
    if (isOurs) await noteClock(response.headers.get('Date'), sent, Date.now());
    return { status: response.status, isOurs, code: data?.code || '', body: data, type, headers: response.headers };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

const SECOND_MS = 1000;
let clock = null;

/** Learn from the Date of an answer how far the phone's clock is off; a quicker answer knows it better. */
async function noteClock(date, sent, received) {
  if (!date) return;
  const trip = received - sent;
  const offset = Math.round(Date.parse(date) + SECOND_MS / 2 - (sent + received) / 2);
  const isOld = !clock || received - clock.at > 3600 * SECOND_MS || received < clock.at;
  if (Number.isFinite(offset) && (isOld || trip <= clock.trip)) {
    const isNews = !clock || Math.abs(clock.offset - offset) > SECOND_MS || isOld;
    clock = { offset, trip, at: received };
    if (isNews) await store.setMeta('clock', clock);
  }
}

export async function loadClock() {
  clock = (await store.getMeta('clock')) || null;
}

/** Milliseconds to add to the phone's clock to have the server's; null when never learnt. */
export function clockOffsetMs() {
  return clock ? clock.offset : null;
}

/** Now, by the server's clock as far as it is known. */
export function now() {
  return Date.now() + (clock ? clock.offset : 0);
}

/** A problem document in words: its sentence, and what it says of single fields. */
export function inWords(reply) {
  const errors = reply?.body?.errors || {};
  const texts = [...new Set(Object.values(errors).flat())];
  return { code: reply?.code || '', detail: texts.join(' ') || reply?.body?.detail || `HTTP ${reply?.status ?? '?'}`, errors };
}
