// A sheet over the page: fields, a button that does it, and a sentence where it cannot be done.
//
// Knows fields and keys. What is asked, and what is done with it, is whose sheet it is.
import { el } from './desk.js';
import { t } from './words.js';

export const field = (label, control) => el('div.asked', {}, el('label', { for: control.id }, label), control);

/**
 * A sheet with fields and a button that does it. `act(wrong)` says whether it is done, `wrong(words)` why not; until then the sheet
 * stays, with all that was written. `first` gets the focus, which goes back where it was.
 */
export function opened(root, { title, about = '', of = '', fields, verb, act, first, other = null }) {
  const back = document.activeElement;
  const said = el('p.bad', { role: 'alert' });
  const wrong = (words) => { said.textContent = ''; said.textContent = words; };
  const go = el('button.plain.strong', { type: 'submit' }, verb);
  const sheet = el('dialog.sheet.making', { 'aria-labelledby': 'sheet-title', onclose: () => { sheet.remove(); if (back?.isConnected) back.focus(); } },
    el('form', { noValidate: true, onsubmit: async (event) => {
      event.preventDefault();
      if (go.disabled) return;
      wrong('');
      go.disabled = true;
      if (await act(wrong)) sheet.close(); else go.disabled = false;
    } },
    el('h2', { id: 'sheet-title' }, title), about ? el('p.says', {}, about) : null, of ? el('p.of', {}, of) : null, ...fields, said,
    el('div.row', {}, other ? el('button.plain', { type: 'button', onclick: () => { sheet.close(); other.act(); } }, other.text) : null,
      el('button.plain', { type: 'button', onclick: () => sheet.close() }, t('Cancel')), go)));
  root.append(sheet);
  sheet.showModal();
  first.focus();
  first.select?.();
}

/** Ask for one line of words, or several. */
export function line_(root, { title, verb, value = '', lines = 1, act, other = null }) {
  const input = lines > 1 ? el('textarea.field', { id: 'line-words', rows: lines, value, maxLength: 5000 }) : el('input.field', { id: 'line-words', value, maxLength: 200, autocomplete: 'off' });
  opened(root, {
    title, verb, other, first: input, fields: [field(lines > 1 ? t('Words') : t('Name'), input)],
    act: () => { const words = input.value.trim(); if (words) act(words); else input.focus(); return Boolean(words); },
  });
}
