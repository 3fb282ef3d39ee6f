// Time left as people count it: in working time, which stands still at noon, at night and over holidays. Pure arithmetic
// on the switches that the server sent (gridcase/edge/countdown.py); no storage, no network. Deadlines are the server's.

const SOON_SECONDS = 2 * 3600;
const SECONDS_BELOW_MIN = 10;

/** Working time of a calendar as the sync sends it: minutes from switch to switch, ready to be counted in. */
export function unpack(minutes) {
  let at = 0;
  const switches = minutes.map((step) => (at += step) * 60);
  return { from: switches[0], to: switches[switches.length - 1], switches };
}

/** Seconds of working time between two instants (epoch seconds); null where the calendar does not reach. */
export function worked(calendar, from, to) {
  if (from < calendar.from || to > calendar.to) return null;
  let seconds = 0;
  // Between the first switch and the second time runs not, then it does, in turn.
  for (let i = 1; i + 1 < calendar.switches.length; i += 2) {
    const [opens, closes] = [calendar.switches[i], calendar.switches[i + 1]];
    if (opens >= to) break;
    seconds += Math.max(0, Math.min(closes, to) - Math.max(opens, from));
  }
  return seconds;
}

/** When a clock that stands now goes on (epoch seconds), or 0 when it runs or nobody knows. */
function goesOn(calendar, at) {
  for (let i = 1; i + 1 < calendar.switches.length; i += 2) {
    if (calendar.switches[i] > at) return calendar.switches[i];
    if (calendar.switches[i + 1] > at) return 0;
  }
  return 0;
}

/** A stretch of time in words, its two largest units; seconds only below ten minutes. */
export function duration(seconds, day, t) {
  const [days, rest] = [Math.floor(seconds / day), seconds % day];
  const [hours, minutes, last] = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60), rest % 60];
  let told = [['second', last]];
  if (days) told = [['day', days], ['hour', hours]];
  else if (hours) told = [['hour', hours], ['minute', minutes]];
  else if (minutes >= SECONDS_BELOW_MIN) told = [['minute', minutes]];
  else if (minutes) told = [['minute', minutes], ['second', last]];
  return told.filter(([, n], index) => n || index === 0).map(([name, n]) => t(`left.${name}`, { n })).join(' ');
}

/** What is left at an instant (epoch seconds), in words that t finds: {text, note, level}; null where it cannot be counted. */
export function left(clock, calendars, instant, t) {
  const at = clock.paused_at || instant;
  const isPast = at > clock.due;
  const [from, to] = isPast ? [clock.due, at] : [at, clock.due];
  const calendar = clock.calendar ? calendars[clock.calendar] : null;
  if (clock.calendar && !calendar) return null;
  const seconds = calendar ? worked(calendar, from, to) : to - from;
  if (seconds === null) return null;
  const word = !isPast ? 'left' : seconds === 0 ? 'passed' : 'late';
  const resumes = calendar && !clock.paused_at ? goesOn(calendar, instant) : 0;
  return {
    text: t(`left.${word}`, { time: duration(seconds, clock.day, t) }),
    note: noteOf(clock, resumes && hour(resumes, instant), t),
    level: isPast && !clock.excused ? 'late' : isPast || seconds <= SOON_SECONDS ? 'soon' : 'ok',
  };
}

function noteOf(clock, resumes, t) {
  if (clock.paused_at) return t('left.paused');
  if (clock.excused) return t('left.excused');
  return resumes ? t('left.resting', { time: resumes }) : '';
}

const two = (number) => String(number).padStart(2, '0');

function hour(seconds, instant) {
  const [at, today] = [new Date(seconds * 1000), new Date(instant * 1000)];
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === today.toDateString() ? time : `${at.getMonth() + 1}-${at.getDate()} ${time}`;
}
