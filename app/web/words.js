// Words of the page in the reader's language. English is the key: what has no translation is shown in English.
//
//   t('Make')                          t('{n} of {all}', { n: 3, all: 12 })
// Knows a table and the choice that was made; knows nothing of what the words are for.

const CHOICE = 'cineloom-language';
const TABLES = { en: {} };

/** The languages there are, each in its own words. */
export const LANGUAGES = { en: 'English' };

export const language = chosen();

/** A text in the reader's language, `{names}` in it replaced by values. */
export function t(english, values = {}) {
  const text = TABLES[language]?.[english] ?? english;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

function chosen() {
  let kept = null;
  try { kept = globalThis.localStorage?.getItem(CHOICE); } catch { /* private windows may refuse */ }
  return kept in TABLES ? kept : 'en';
}
