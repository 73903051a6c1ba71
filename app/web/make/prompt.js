// A field for words, with an underlay that marks those the model was never taught, while they are typed.
import { ask, el } from '../desk.js';
import { unknown } from '../format.js';
import { t } from '../words.js';
import { counted, layered } from './additions.js';

/** A prompt field. `act(text)` hears every change; `title` is the model's, for the sentence under the field, and `model` its name; `added()` says what of it is nobody's own. */
export function promptField({ id, value, label, placeholder = '', rows = 4, title, model = '', act, added = () => [], says = true, most = 20000 }) {
  const underlay = el('div.underlay', { 'aria-hidden': 'true' });
  const strangers = el('p.strangers', { id: `${id}-unknown`, 'aria-live': 'polite', hidden: !says });
  const area = el('textarea', {
    id, rows, maxLength: most, spellcheck: false, autocomplete: 'off', placeholder, value, 'aria-label': label, 'aria-describedby': `${id}-unknown`,
  });
  if (id === 'prompt') { strangers.id = 'unknown'; area.setAttribute('aria-describedby', 'unknown'); }
  let asked = 0;
  let pause = 0;

  function mark(ranges) {
    underlay.replaceChildren(...layered(area.value, counted(area.value, ranges), added()).map((piece) =>
      el(`${piece.unknown ? 'mark' : 'span'}${piece.added ? '.added' : ''}`, {}, piece.text)), '\n');
    const words = unknown(area.value, ranges);
    if (strangers.dataset.words === words.join(' ')) return;       // said already: do not say it aloud again
    strangers.dataset.words = words.join(' ');
    strangers.replaceChildren(...(words.length ? [t('{model} does not know:', { model: title }), ' '] : []),
      ...words.slice(0, 12).flatMap((word) => [el('span.stranger', {}, word), ' ']));
  }

  async function look() {
    const number = ++asked;
    const text = area.value;
    if (!text.trim()) { mark([]); return; }
    try {
      const { unknown: ranges } = await ask('studio/words', { prompt: text, model });
      const points = [...text];       // {who} stands for words that are said elsewhere
      if (number === asked) mark(ranges.filter(([start, stop]) => points.slice(start - 1, stop + 1).join('') !== '{who}'));
    } catch { /* the bar at the top says that the studio does not answer */ }
  }

  area.addEventListener('input', () => {
    act(area.value);        // first: it knows what was added where
    mark([]);
    clearTimeout(pause);
    pause = setTimeout(look, 120);
  });
  area.addEventListener('scroll', () => { underlay.scrollTop = area.scrollTop; });
  mark([]);
  look();
  return {
    node: el('div.words', {}, el('div.prompt', {}, underlay, area), strangers),
    area,
    set(text) { area.value = text; act(text); mark([]); look(); },
  };
}
