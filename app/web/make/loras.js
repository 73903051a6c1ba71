// LoRAs over the model: which of those that fit it, and how strong. One that was distilled brings its steps and its guidance.
import { el, tool } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { said } from './labels.js';

/** The control: a line for each that is laid on. Nothing at all where none fits and none is asked. */
export function laid(row, { about, form, changed, rebuild }) {
  const fitting = about.loras ?? [];
  if (!fitting.length && !form.loras.length) return null;
  const free = () => fitting.find((one) => !form.loras.some((lora) => lora.name === one.name));
  /** Put one in a place; what it was taught is the form's from then on. */
  const put = (at, name) => {
    const own = fitting.find((one) => one.name === name)?.distilled;
    form.loras[at] = { name, weight: form.loras[at]?.weight ?? 1 };
    if (own) Object.assign(form, { steps: own.steps, guidance: own.guidance, solver: 'euler' });
    rebuild(`#lora-${at}`);
  };
  const line = (lora, at) => {
    const found = fitting.find((one) => one.name === lora.name);
    const names = [...new Set([lora.name, ...fitting.map((one) => one.name)])].sort();
    const others = form.loras.filter((other) => other !== lora).map((other) => other.name);
    const which = el('select', { id: `lora-${at}`, 'aria-label': t('LoRA'), onchange: () => put(at, which.value) },
      ...names.filter((name) => !others.includes(name)).map((name) => el('option', { value: name, selected: name === lora.name }, name)));
    const weight = el('input', { type: 'number', min: row.least, max: row.most, step: row.step, value: lora.weight, 'aria-label': t('How strong {name} is', { name: lora.name }) });
    weight.addEventListener('input', () => {
      const value = Number(weight.value);
      if (weight.value !== '' && value >= row.least && value <= row.most) { lora.weight = value; changed(); }
    });
    weight.addEventListener('change', () => { weight.value = lora.weight; });
    const tells = [found ? '' : t('It is not here, or does not fit this model.'), found?.words.length ? t('Called by “{words}”.', { words: found.words[0] }) : '',
      found?.distilled ? t('Made for {count} steps.', { count: found.distilled.steps }) : ''].filter(Boolean).join(' ');
    return el('li', {}, which, weight, tool('close', t('Take {name} off', { name: lora.name }), () => { form.loras.splice(at, 1); rebuild(form.loras.length ? '#lora-0' : '#lora-add'); }), tells ? el('p.help', {}, tells) : null);
  };
  return el('div.field', { role: 'group', 'aria-label': said(row.title) }, el('div.line', {}, el('span.name', {}, said(row.title)),
    el('button.small', { type: 'button', id: 'lora-add', disabled: !free(), onclick: () => put(form.loras.length, free().name) }, drawing('add'), t('Lay one on'))),
  form.loras.length ? el('ul.loras', {}, ...form.loras.map(line)) : el('p.help', {}, said(row.help)));
}
