// The sheets of the timeline: what film is to be made for the cut, how long, of which words, how many to choose from.
//
//     carry on   lead up to   connect   loop   other words   another seed
// Knows one clip and kinds. What is made is the studio's; the candidates come into the timeline.
import { el } from '../desk.js';
import { field, opened } from '../sheet.js';
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

/** Ask, and have it made. `gap` is how many frames lie between the clip and the next one. */
export function ask(line, kind, place, { gap = 0 } = {}) {
  const { store, root } = line;
  const { item } = place;
  const rate = number(store.cut.rate);
  const take = store.media(item);
  const [name, about] = KINDS()[kind];
  const timed = kind in LONG;
  const length = el('input.field.number', { id: 'make-length', type: 'number', min: 0.25, max: MOST, step: 0.25, value: gap ? Number((gap / rate).toFixed(2)) : LONG[kind] ?? 0, inputMode: 'decimal' });
  const words = el('textarea.field', { id: 'make-words', rows: 2, maxLength: 20_000, value: kind === 'edit' ? take?.prompt ?? '' : '', placeholder: take?.prompt ?? '' });
  const far = amount('make-strength', 0.6);
  const many = times('make-times');
  opened(root, {
    title: name.replace('…', ''), about, of: called(item, take), verb: t('Make'), first: timed ? length : kind === 'edit' ? words : many,
    fields: [timed ? field(t('Seconds'), length) : null, kind === 'variation' ? null : field(kind === 'edit' ? t('Words') : t('Words, if other than the clip’s'), words),
      kind === 'edit' ? far.node : null, field(t('How many to choose from'), many)],
    act: (wrong) => {
      const frames = Math.round(Number(length.value) * rate);
      if (timed && !(frames >= 1 && Number(length.value) <= MOST)) { wrong(t('Choose up to {n} seconds.', { n: MOST })); length.focus(); return false; }
      const prompt = kind === 'variation' ? '' : words.value.trim();
      if (kind === 'edit' && !prompt) { wrong(t('Write the words that it is to follow.')); words.focus(); return false; }
      return store.generate(kind, item.id, { ...(timed ? { frames } : {}), ...(prompt ? { prompt } : {}), ...(kind === 'edit' ? { strength: far.value() } : {}), times: Number(many.value) }, wrong);
    },
  });
}

// ---- what these sheets ask

export const times = (id) => el('select.field', { id }, ...TIMES.map((count) => el('option', { value: count }, `${count}`)));

/** How much may change: `{node, value()}`, 0 to 1. */
export function amount(id, value) {
  const says = el('output', { for: id }, '');
  const slider = el('input', { id, type: 'range', min: 0.2, max: 1, step: 0.05, value, oninput: () => show() });
  const show = () => { says.textContent = t('{n} %', { n: Math.round(slider.value * 100) }); slider.setAttribute('aria-valuetext', says.textContent); };
  show();
  return { node: el('div.asked.amount', {}, el('label', { for: id }, t('How much may change')), slider, says), value: () => Number(slider.value) };
}
