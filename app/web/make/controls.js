// The controls of a task, one function for each kind: a row of data and the form become a few elements.
import { el, tool } from '../desk.js';
import { t } from '../words.js';
import { strengthControl } from './curve.js';
import { drawing } from './drawings.js';
import { edited, expansion, marked } from './expanding.js';
import { said } from './labels.js';
import { laid } from './loras.js';
import { finishes, inShape, shapeOf, stepped } from './maths.js';
import { promptField } from './prompt.js';

const SLIDER = 10;      // seconds that a slider reaches; the number beside it goes on

/** A control of a row. `desk` has `about` (the model), `form`, `film()` (the chosen take), `changed()` and `rebuild()`. */
export function control(row, desk) {
  return KINDS[row.kind](row, desk);
}

const KINDS = { amount, strength: strengthControl, shape, size, exact, scale, steps, seed, toggle, words, cues, loras: laid, choice };

/** A number to type, and a slider where it has room to slide. */
export function amount(row, { form, changed }) {
  const id = row.id ?? row.name;
  const most = row.unit === 's' ? Math.min(row.most, SLIDER) : row.most;
  const slides = !(row.step === 1 && row.most <= 12);
  const number = el('input', { type: 'number', id, min: row.least, max: row.most, step: row.step, value: form[row.name] ?? '', 'aria-describedby': row.help ? `${id}-help` : undefined });
  const slider = slides ? el('input', { type: 'range', min: row.least, max: most, step: row.step, value: form[row.name] ?? row.least, 'aria-label': said(row.title), tabIndex: -1 }) : null;
  const set = (value, from) => {
    if (!Number.isFinite(value)) return;
    form[row.name] = stepped(value, row);
    if (from !== number || number.value !== String(form[row.name])) number.value = form[row.name];
    if (slider && from !== slider) slider.value = form[row.name];
    changed();
  };
  number.addEventListener('input', () => {
    const value = Number(number.value);
    if (number.value === '' || !Number.isFinite(value) || value < row.least || value > row.most) return;
    form[row.name] = value;
    if (slider) slider.value = value;
    changed();
  });
  number.addEventListener('change', () => set(number.value === '' ? row.default : Number(number.value), null));
  slider?.addEventListener('input', () => set(Number(slider.value), slider));
  if (!row.help) number.removeAttribute('aria-describedby');
  return el('div.field.amount', {}, el('div.line', {}, el('label', { for: id }, said(row.title)), el('span.number', {}, number, row.unit ? el('span.unit', { 'aria-hidden': 'true' }, row.unit) : null)),
    slider, row.help ? el('p.help', { id: `${id}-help`, hidden: !slides }, said(row.help)) : null);
}

/** Choices side by side, of which one is taken. */
export function radios(name, title, choices, act, extra = null) {
  const group = el(`fieldset.choice.${name}`, {}, el('legend', {}, title, extra), el('div.row', {}, ...choices.map(({ value, label, face }) =>
    el('label', {}, el('input', { type: 'radio', name, value, 'aria-label': label, onchange: () => act(value) }), face))));
  return { group, pick(value) { for (const input of group.querySelectorAll('input')) input.checked = input.value === String(value); } };
}

const outline = (shape) => el('span.face', {},
  el('span.frame', { style: `aspect-ratio: ${shape.across} / ${shape.down}; ${shape.across >= shape.down ? 'width: 24px' : 'height: 24px'}` }), el('span', {}, shape.name));

function shape(row, { about, form, changed, rebuild }) {
  const to = row.name === 'to';
  const choices = about.shapes.map((one) => ({ value: one.name, label: `${one.name}, ${said(one.word)}`, face: outline(one) }));
  const made = radios(row.name, said(row.title), choices, (value) => {
    if (to) { form.to = value; form.size = null; changed(); return; }
    form.size = inShape(about.shapes, value, form.size ?? about.size);
    rebuild(`input[name=${row.name}]:checked`);
  });
  made.pick(to ? (form.size ? '' : form.to) : form.size ? shapeOf(about.shapes, form.size).shape : '');
  return made.group;
}

function size(row, { about, form, rebuild }) {
  const now = shapeOf(about.shapes, form.size ?? about.size);
  const sizes = about.shapes.find((one) => one.name === (now.shape || about.shapes[0].name)).sizes;
  const made = radios('size', said(row.title), Object.keys(sizes).map((name) => ({ value: name, label: name, face: el('span', {}, name) })), (value) => {
    form.size = sizes[value];
    rebuild('input[name=size]:checked');
  }, el('span.says', {}, form.size ? t('{width} × {height}', { width: form.size[0], height: form.size[1] }) : ''));
  made.pick(now.size);
  return made.group;
}

/** Width and height in numbers; nothing is the film's own. */
function exact(row, { form, changed, rebuild }) {
  const side = (at, label) => el('input', { type: 'number', min: row.least, max: row.most, step: row.step, value: form.size?.[at] ?? '', placeholder: t('own'), 'aria-label': label });
  const [wide, high] = [side(0, t('Width in pixels')), side(1, t('Height in pixels'))];
  const take = () => {
    const both = [wide, high].map((input) => Math.round(Number(input.value)));
    if (!wide.value && !high.value) form.size = null;
    else if (both.every((value) => value >= row.least && value <= row.most)) form.size = both;
    else return;
    changed();
  };
  for (const input of [wide, high]) { input.addEventListener('input', take); input.addEventListener('change', () => setTimeout(rebuild)); }      // once the focus is where it goes
  return el('div.field', { role: 'group', 'aria-label': said(row.title) }, el('div.line', {}, el('span.name', {}, said(row.title)), el('span.number', {}, wide, '×', high, el('span.unit', {}, 'px'))));
}

/** How large a draft is to be. */
function scale(row, { form, film, changed }) {
  const take = film();
  if (!take) return el('p.help', {}, t('Choose the draft first; then its full sizes are here.'));
  const sizes = finishes(take.width, take.height);
  if (!sizes.length) return el('p.help', {}, t('This film is as large as film can be here.'));
  const says = el('span.says', {}, form.size ? t('{width} × {height}', { width: form.size[0], height: form.size[1] }) : '');
  const made = radios('scale', said(row.title), sizes.map((one) => ({
    value: one.join('x'), label: t('{width} × {height}', { width: one[0], height: one[1] }), face: el('span', {}, t('{times}×', { times: Number((one[0] / take.width).toFixed(1)) })),
  })), (value) => {
    form.size = value.split('x').map(Number);
    says.textContent = t('{width} × {height}', { width: form.size[0], height: form.size[1] });
    changed();
  }, says);
  made.pick(form.size?.join('x') ?? '');
  return made.group;
}

function steps(row, { about, form, changed }) {
  const counts = [...new Set([...about.steps, row.default, form.steps])].sort((a, b) => a - b);
  const made = radios('steps', said(row.title), counts.map((count) => ({ value: String(count), label: t('{count} steps', { count }), face: el('span', {}, String(count)) })),
    (value) => { form.steps = Number(value); changed(); }, el('span.says', {}, said(row.help)));
  made.pick(form.steps);
  return made.group;
}

function seed(row, { form, changed, task }) {
  const input = el('input', { id: 'seed', inputMode: 'numeric', autocomplete: 'off', placeholder: task.name === 'finish' ? t("the draft's") : t('any'), maxLength: 19, value: form.seed });
  const any = tool('close', t('Any seed'), () => set(''), { hidden: !form.seed });
  const set = (value) => { form.seed = value; input.value = value; any.hidden = !value; changed(); };
  input.addEventListener('input', () => { form.seed = input.value.trim(); any.hidden = !form.seed; changed(); });
  return el('div.field', {}, el('div.line', {}, el('label', { for: 'seed', title: said(row.help) }, said(row.title)),
    el('div.seed', {}, input, any, tool('dice', t('Throw a seed'), () => set(String(Math.floor(Math.random() * 2 ** 31)))))));
}

function toggle(row, { form, changed, rebuild }) {
  const box = el('input', { type: 'checkbox', id: row.name, checked: Boolean(form[row.name]), onchange: () => { form[row.name] = box.checked; changed(); rebuild(`#${row.name}`); } });
  return el('label.toggle', { for: row.name }, box, el('span', {}, said(row.title)));
}

/** One of a few names; one that came with a recipe and is not among them stays. */
function choice(row, { form, changed }) {
  const now = form[row.name] ?? '';
  const names = !now || row.choices.includes(now) ? row.choices : [...row.choices, now];
  const field = el('select', { id: row.name, 'aria-describedby': `${row.name}-help`, onchange: () => { form[row.name] = field.value; changed(); } },
    el('option', { value: '' }, row.name === 'cache' ? t('Every step whole') : t('Plainly')), ...names.map((name) => el('option', { value: name, selected: name === now }, name)));
  return el('div.field', {}, el('label', { for: row.name }, said(row.title)), field, el('p.help', { id: `${row.name}-help` }, said(row.help)));
}

function words(row, { about, form, changed, task }) {
  if (row.name === 'was' && !form.faithful) return null;
  const hints = { who: t('a red boat'), style: t('watercolour style') };
  const field = promptField({ id: `words-${row.name}`, value: form[row.name] ?? '', rows: 1, title: about.title, model: about.name, most: 5000, placeholder: hints[row.name] ?? '', act: (text) => { form[row.name] = text; changed(); } });
  field.area.removeAttribute('aria-label');
  return el('div.field', {}, el('label', { for: field.area.id, title: said(row.help) }, said(row.title)), field.node, el('p.help', { hidden: task.shots && row.name === 'style' }, said(row.help)));
}

/** Other words from a second on. */
function cues(row, { about, form, changed, rebuild }) {
  const list = el('ol.cues', {}, ...form.cues.map((cue, at) => {
    const field = promptField({ id: `cue-${at}`, value: cue.prompt, label: t('Words from then on'), rows: 1, title: about.title, model: about.name, added: marked(cue),
      act: (text) => { edited(cue, text); cue.prompt = text; long.show(); changed(); } });
    const long = expansion({ id: `expand-cue-${at}`, holder: cue, field, about, called: t('other words, number {n}', { n: at + 1 }), changed });
    const when = el('input', { type: 'number', min: 0, max: 60, step: row.step, value: cue.at, 'aria-label': t('Second') });
    when.addEventListener('input', () => { const value = Number(when.value); if (value >= 0 && value < 3600) { cue.at = value; changed(); } });
    return el('li', {}, el('span.number', {}, when, el('span.unit', {}, 's')), field.node, tool('close', t('Take these words out'), () => { form.cues.splice(at, 1); rebuild(); }), long.head, long.node);
  }));
  return el('div.field', { role: 'group', 'aria-label': said(row.title) }, el('div.line', {}, el('span.name', {}, said(row.title)), el('button.small', { type: 'button', onclick: () => {
    const last = form.cues.at(-1)?.at ?? 0;
    form.cues.push({ prompt: '', at: last + 1 });
    rebuild(`#cue-${form.cues.length - 1}`);
  } }, drawing('add'), t('Other words'))), form.cues.length ? list : el('p.help', {}, said(row.help)));
}
