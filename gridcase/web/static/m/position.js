// Where the phone is: warmed up while a screen needs it, so that a position is there when the photo is taken.

import { toE7 } from './locate.js';

const FRESH_MS = 15000;
const WAIT_MS = 8000;
const OPTIONS = { enableHighAccuracy: true, maximumAge: 0, timeout: 20000 };

let last = null;
let problem = '';
let watching = null;
const listeners = new Set();

/** Begin to listen to the receiver; harmless when it listens already. */
export function warmUp() {
  if (watching !== null || !navigator.geolocation) {
    if (!navigator.geolocation) problem = 'none';
    return;
  }
  watching = navigator.geolocation.watchPosition(take, refuse, OPTIONS);
}

/** Stop listening, to spare the battery. */
export function coolDown() {
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  watching = null;
}

function take(position) {
  const { longitude, latitude, accuracy } = position.coords;
  last = { x: toE7(longitude), y: toE7(latitude), accuracy_m: Math.round(accuracy * 10) / 10, at: Date.now() };
  problem = '';
  tell();
}

function refuse(error) {
  problem = error.code === 1 ? 'denied' : 'unavailable';
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

/** Be called whenever the position or its trouble changes; returns how to stop. */
export function onPosition(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The newest position {x, y, accuracy_m, at} in units of 1e-7 degree, or null. */
export function lastPosition() {
  return last;
}

/** '', or why there is none: denied, unavailable, none. */
export function positionProblem() {
  return problem;
}

export function isFresh(fix) {
  return Boolean(fix) && Date.now() - fix.at < FRESH_MS;
}

/**
 * The position of this moment: waits a little for a fresh one; null when none came.
 * The receiver is asked anew: a browser tells a listener nothing while the phone lies still, nor one who asks beside it.
 */
export function positionNow() {
  if (isFresh(last)) return Promise.resolve(last);
  coolDown();
  warmUp();
  if (watching === null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const done = (fix) => {
      stop();
      clearTimeout(timer);
      resolve(fix);
    };
    const stop = onPosition(() => (isFresh(last) ? done(last) : problem && done(null)));
    const timer = setTimeout(() => done(null), WAIT_MS);
  });
}
