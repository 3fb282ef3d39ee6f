// Words of the app in the person's language; both languages lie in the shell, so the choice needs no network.

let all = { zh: {}, en: {} };
let spoken = 'zh';

export async function loadWords(chosen) {
  all = await (await fetch('/m/words.json')).json();
  speak(chosen || 'zh');
}

export function speak(language) {
  spoken = language === 'en' ? 'en' : 'zh';
  document.documentElement.lang = spoken === 'en' ? 'en' : 'zh-CN';
  document.cookie = `gridcase_lang=${spoken}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
}

export function language() {
  return spoken;
}

/** A word, its {names} filled in; the key itself where there is none, so that a lack is seen. */
export function t(key, values = {}) {
  const word = all[spoken][key] ?? key;
  return word.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The one of two names that fits the language. */
export function named(one) {
  return (spoken === 'en' ? one?.name_en : one?.name_zh) || one?.name || one?.name_zh || one?.code || '';
}
