// Times, distances and sizes as people read them.

import { t } from './words.js';

const two = (number) => String(number).padStart(2, '0');

/** "今天 10:00", "明天 10:00", "12-03 10:00": the office's clock is the phone's zone. */
export function when(instant, now = Date.now()) {
  const at = new Date(instant);
  const today = new Date(now);
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(today).setHours(0, 0, 0, 0)) / 86400000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (days === 0) return t('time.today', { time });
  if (days === 1) return t('time.tomorrow', { time });
  if (days === -1) return t('time.yesterday', { time });
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

function span(ms) {
  const minutes = Math.floor(ms / 60000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days) return t('time.days', { days, hours });
  return hours ? t('time.hours', { hours, minutes: minutes % 60 }) : t('time.minutes', { minutes });
}

/** How long ago something was. */
export function ago(instant, now = Date.now()) {
  return t('time.ago', { amount: span(Math.max(0, now - new Date(instant))) });
}

export function metres(distance) {
  if (distance === null || distance === undefined || !Number.isFinite(distance)) return '';
  return distance < 1000 ? t('unit.m', { n: Math.round(distance) }) : t('unit.km', { n: (distance / 1000).toFixed(1) });
}

export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1000))} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "3 紧急工作时" and the like. */
export function limit(one) {
  return one ? t(`limit.${one.unit}`, { n: one.amount }) : '';
}

export function joined(parts) {
  return parts.filter(Boolean).join(' · ');
}
