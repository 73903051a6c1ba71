// The sheet that asks what film is to be made for the cut: how long, of which words, how many to choose from.
//
//     carry on   lead up to   connect   loop   other words   another seed
// Knows one clip and kinds. What is made is the studio's; the candidates come into the timeline.
import { el } from '../desk.js';
import { t } from '../words.js';
import { called } from './clip.js';
import { number } from './cut.js';

const LONG = { extend: 2, precede: 2, connect: 1.5 };       // seconds, to begin with
const MOST = 20, TIMES = [1, 2, 3, 4];

/** What can be made of a clip: kind → what it is called, and what it is. */
export const KINDS = () => ({
  extend: [t('Carry on…'), t('The film goes on where the clip’s media ends.')],
  precede: [t('Lead up to it…'), t('Film that comes before the clip’s media begins.')],
  connect: [t('Connect with the next…'), t('Film that leads from this clip to the next one.')],
  loop: [t('Close to a loop…'), t('The clip’s end leads back to its beginning.')],
  edit: [t('Other words…'), t('The same stretch, made again after other words.')],
  variation: [t('Another seed…'), t('The same words, and other chance.')],
});

/** Ask, and then `generate(kind, id, more)`. `gap` is how many frames lie between the clip and the next one. */
export function ask(line, kind, place, { gap = 0 } = {}) {
  const { store, root } = line;
  const { item } = place;
  const rate = number(store.cut.rate);
  const take = store.media(item);
  const [name, about] = KINDS()[kind];
  const title = name.replace('…', '');
  const back = document.activeElement;
  const length = el('input.field.number', { id: 'make-length', type: 'number', min: 0.25, max: MOST, step: 0.25, value: gap ? Number((gap / rate).toFixed(2)) : LONG[kind] ?? 0, inputMode: 'decimal' });
  const words = el('textarea.field', { id: 'make-words', rows: 2, maxLength: 20_000, value: kind === 'edit' ? take?.prompt ?? '' : '', placeholder: take?.prompt ?? '' });
  const strength = el('input', { id: 'make-strength', type: 'range', min: 0.2, max: 1, step: 0.05, value: 0.6 });
  const times = el('select.field', { id: 'make-times' }, ...TIMES.map((count) => el('option', { value: count }, `${count}`)));
  const wrong = el('p.bad', { role: 'alert' });
  const field = (label, control) => el('div.asked', {}, el('label', { for: control.id }, label), control);
  const sheet = el('dialog.sheet.making', { 'aria-labelledby': 'make-title', onclose: () => { sheet.remove(); if (back?.isConnected) back.focus(); } },
    el('form', { noValidate: true, onsubmit: (event) => {
      event.preventDefault();
      const frames = Math.round(Number(length.value) * rate);
      if (kind in LONG && !(frames >= 1 && Number(length.value) <= MOST)) { wrong.textContent = t('Choose up to {n} seconds.', { n: MOST }); length.focus(); return; }
      if (kind === 'edit' && !words.value.trim()) { wrong.textContent = t('Write the words that it is to follow.'); words.focus(); return; }
      sheet.close();
      line.generate(kind, item.id, {
        ...(kind in LONG ? { frames } : {}), ...(words.value.trim() && kind !== 'variation' ? { prompt: words.value.trim() } : {}),
        ...(kind === 'edit' ? { strength: Number(strength.value) } : {}), times: Number(times.value),
      });
    } },
    el('h2', { id: 'make-title' }, title), el('p.says', {}, about), el('p.of', {}, called(item, take)),
    kind in LONG ? field(t('Seconds'), length) : null,
    kind === 'variation' ? null : field(kind === 'edit' ? t('Words') : t('Words, if other than the clip’s'), words),
    kind === 'edit' ? field(t('How much may change'), strength) : null,
    field(t('How many to choose from'), times), wrong,
    el('div.row', {}, el('button.plain', { type: 'button', onclick: () => sheet.close() }, t('Cancel')), el('button.plain.strong', { type: 'submit' }, t('Make')))));
  root.append(sheet);
  sheet.showModal();
  (kind in LONG ? length : kind === 'edit' ? words : times).focus();
  if (kind in LONG) length.select();
}

/** What asks for one more like a candidate: as long, and of the words and the strength that its take was made of. */
export function alike(store, candidate) {
  const recipe = candidate.kind === 'edit' ? store.media(candidate.items.find((one) => one.media) ?? {})?.recipe : null;
  return {
    ...(candidate.frames ? { frames: candidate.frames } : {}), ...(recipe ? { prompt: recipe.prompt } : {}), ...(recipe?.strength?.length ? { strength: recipe.strength[0] } : {}),
  };
}

/** Ask for one line of words. */
export function line_(root, { title, verb, value = '', lines = 1, act, other = null }) {
  const back = document.activeElement;
  const input = lines > 1 ? el('textarea.field', { id: 'line-words', rows: lines, value, maxLength: 5000 }) : el('input.field', { id: 'line-words', value, maxLength: 200, autocomplete: 'off' });
  const sheet = el('dialog.sheet.making', { 'aria-labelledby': 'line-title', onclose: () => { sheet.remove(); if (back?.isConnected) back.focus(); } },
    el('form', { noValidate: true, onsubmit: (event) => {
      event.preventDefault();
      if (!input.value.trim()) { input.focus(); return; }
      sheet.close();
      act(input.value.trim());
    } },
    el('h2', { id: 'line-title' }, title), el('label', { for: 'line-words' }, lines > 1 ? t('Words') : t('Name')), input,
    el('div.row', {}, other ? el('button.plain', { type: 'button', onclick: () => { sheet.close(); other.act(); } }, other.text) : null,
      el('button.plain', { type: 'button', onclick: () => sheet.close() }, t('Cancel')), el('button.plain.strong', { type: 'submit' }, verb))));
  root.append(sheet);
  sheet.showModal();
  input.focus();
  input.select();
}
