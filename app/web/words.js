// Words of the page in the reader's language. English is the key: what has no translation is shown in English.
//
//   t('Make')                          t('{n} of {all}', { n: 3, all: 12 })
// Knows a table and the choice that was made; knows nothing of what the words are for.

const CHOICE = 'cineloom-language';
const TABLES = { zh: () => import('./words/zh.js') };       // only the one that is read is fetched

/** The languages there are, each in its own words. */
export const LANGUAGES = { en: 'English', zh: '简体中文' };

export const language = chosen();
const table = language in TABLES ? (await TABLES[language]()).default : {};
if (globalThis.document) speak(document.documentElement, { zh: 'zh-Hans' }[language] ?? language);

/** A text in the reader's language, `{names}` in it replaced by values. */
export function t(english, values = {}) {
  const text = table[english] ?? english;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Choose the language of this browser; the page is drawn anew in it. */
export function choose(which) {
  try { localStorage.setItem(CHOICE, which); } catch { /* private windows may refuse: then it stays as it is */ }
  location.reload();
}

/** Tell the browser which language it is, and again after gradio, which names the browser's own when it is ready. */
function speak(page, name) {
  page.lang = name;
  new MutationObserver(() => { if (page.lang !== name) page.lang = name; }).observe(page, { attributeFilter: ['lang'] });
}

/** What was chosen here, or else what the browser's own words are. */
function chosen() {
  let kept = null;
  try { kept = globalThis.localStorage?.getItem(CHOICE); } catch { /* private windows may refuse */ }
  if (kept in LANGUAGES) return kept;
  const own = globalThis.document ? globalThis.navigator?.languages ?? [] : [];      // node has a navigator too
  return own.map((name) => name.toLowerCase().split('-')[0]).find((name) => name in LANGUAGES) ?? 'en';
}
