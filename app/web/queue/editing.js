// A waiting job's recipe in a small form: its words, and the few numbers that are changed most.
//
// Knows a recipe. What can be is judged by the studio, which answers with a sentence.
import { el } from '../desk.js';
import { t } from '../words.js';

const ITS_OWN = ['text', 'image', 'animate', 'keyframes'];      // whose length and size nothing else gives

/** The form; `save(wanted)` gets only what was changed, `close()` leaves it. */
export function editing(job, save, close) {
  const { recipe } = job;
  const prompt = el('textarea', { rows: 2, maxLength: 20000, value: recipe.prompt, 'aria-label': t('Prompt') });
  const number = (name, label, value, more = {}) => el('label', {}, el('span', {}, label), el('input', { name, value: String(value), inputMode: 'numeric', autocomplete: 'off', maxLength: 19, ...more }));
  const fields = [
    ...(ITS_OWN.includes(recipe.operation) ? [number('width', t('Width'), recipe.width), number('height', t('Height'), recipe.height)] : []),
    number('steps', t('Steps'), recipe.steps),
    number('seed', t('Seed'), recipe.seed),
  ];
  const form = el('form.editing', { noValidate: true }, prompt, el('div.numbers', {}, ...fields),
    el('div.row', {}, el('button.plain', { type: 'submit' }, t('Save')), el('button.plain', { type: 'button', onclick: close }, t('Leave it'))));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = {};
    if (prompt.value !== recipe.prompt) wanted.prompt = prompt.value;
    for (const { firstChild: _, lastChild: input } of fields) {
      if (input.value.trim() === String(recipe[input.name])) continue;
      wanted[input.name] = input.name === 'seed' ? input.value.trim() : Number(input.value);
    }
    if (Object.keys(wanted).length) save(wanted); else close();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === 'Enter' && event.target === prompt && !event.shiftKey) { event.preventDefault(); event.stopPropagation(); form.requestSubmit(); }
  });
  return form;
}
