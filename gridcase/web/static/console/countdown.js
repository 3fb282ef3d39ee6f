// Ticks the countdowns of a page on, from what the server wrote beside each, without asking it anything.
//
// The element has the attributes of gridcase/edge/countdown.py; its words stand in <script id="countdown-words">. A clock
// in working time stands still between two switches: at noon, at night, over a holiday. Fragments that are swapped in
// later are found by themselves, because each tick looks at the page anew.

const SOON_SECONDS = 2 * 3600;
const SECONDS_BELOW_MIN = 10;

/** Seconds that count from `at` up to `now`, and whether the clock runs at `now`. */
export function counted(at, now, runs, switches) {
  let seconds = 0;
  let since = at;
  let stop = 0;
  for (const moment of switches) {
    if (moment > now) break;
    if (runs) seconds += moment - since;
    else stop += 1;
    since = moment;
    runs = !runs;
  }
  if (runs) seconds += now - since;
  return { seconds, runs, stop };
}

/** A stretch of time in words: its two largest units; seconds only below ten minutes. */
export function duration(seconds, daySeconds, words) {
  const days = Math.floor(seconds / daySeconds);
  const hours = Math.floor((seconds % daySeconds) / 3600);
  const minutes = Math.floor(((seconds % daySeconds) % 3600) / 60);
  const rest = ((seconds % daySeconds) % 3600) % 60;
  let told = [["seconds", rest]];
  if (days) told = [["days", days], ["hours", hours]];
  else if (hours) told = [["hours", hours], ["minutes", minutes]];
  else if (minutes >= SECONDS_BELOW_MIN) told = [["minutes", minutes]];
  else if (minutes) told = [["minutes", minutes], ["seconds", rest]];
  return told
    .filter(([, amount], index) => amount || index === 0)
    .map(([name, amount]) => words[name].replace("{n}", amount))
    .join(" ");
}

/** What an element shows at `now` (epoch seconds, by the server's clock). */
export function shown(data, now, words) {
  const [at, due, start] = [Number(data.at), Number(data.due), Number(data.countdown)];
  const switches = data.switches ? data.switches.split(" ").map(Number) : [];
  const gone = counted(at, now, data.runs === "1", switches);
  const passed = now > due;
  // Before the deadline time is taken off; once it passes on the page, what counted after it is overdue.
  let seconds = start - gone.seconds;
  if (at <= due && passed) seconds = counted(at, due, data.runs === "1", switches).seconds - gone.seconds;
  const word = passed ? (seconds === 0 ? "passed" : "late") : "left";
  const late = passed && !data.excused;
  const notes = data.notes ? data.notes.split("|") : [];
  const note = gone.runs ? "" : notes[gone.stop] || "";
  return {
    text: words[word].replace("{time}", duration(Math.abs(seconds), Number(data.day), words)),
    note: [note, data.excused].filter(Boolean).join(words.join),
    level: late ? "late" : seconds <= SOON_SECONDS ? "soon" : "ok",
    standing: gone.runs ? "running" : "resting",
  };
}

function write(element, value) {
  if (element && element.textContent !== value) element.textContent = value;
}

function tick(seen, words) {
  const clock = Date.now() / 1000;
  for (const element of document.querySelectorAll("[data-countdown]")) {
    // The browser's clock may be wrong; how far it has moved since the element came is right.
    if (!seen.has(element)) seen.set(element, clock);
    const now = Math.floor(Number(element.dataset.at) + clock - seen.get(element));
    const current = shown(element.dataset, now, words);
    write(element.querySelector("[data-countdown-text]"), current.text);
    write(element.querySelector("[data-countdown-note]"), current.note);
    if (element.dataset.level !== current.level) element.dataset.level = current.level;
    if (element.dataset.standing !== current.standing) element.dataset.standing = current.standing;
  }
}

const spoken = typeof document === "undefined" ? null : document.getElementById("countdown-words");
if (spoken) {
  const words = JSON.parse(spoken.textContent);
  const seen = new WeakMap();
  tick(seen, words);
  setInterval(() => tick(seen, words), 1000);
}
