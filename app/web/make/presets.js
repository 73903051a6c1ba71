// Presets, what the model knows, and examples: things that fill the form with one click.
import { el } from '../desk.js';
import { t } from '../words.js';
import { said } from './labels.js';
import { shapeOf } from './maths.js';

/** Buttons that set several controls at once; null where a task has none. */
export function presetRow(task, desk) {
  const { about, form, rebuild } = desk;
  const rows = about.presets.filter((preset) => preset.tasks.includes(task.name));
  if (!rows.length) return null;
  return el('div.presets', { role: 'group', 'aria-label': t('Presets') }, ...rows.map((preset) => el('button.chip', { type: 'button', onclick: () => {
    apply(preset.sets, form, about);
    rebuild();
  } }, said(preset.title))));
}

function apply(sets, form, about) {
  const { shape, size, ...plain } = structuredClone(sets);
  if (shape || size) {
    const now = shapeOf(about.shapes, form.size ?? about.size);
    const row = about.shapes.find((one) => one.name === (shape ?? now.shape)) ?? about.shapes[0];
    form.size = row.sizes[size ?? now.size] ?? row.sizes.S;
  }
  if (plain.to) form.size = null;
  Object.assign(form, plain);
}

/** What the model knows, by kind, and prompts to try. `add(word)` and `put(prompt)` write them. */
export function knowledge(task, about, { add, put }) {
  const prompts = task.films[0] ? about.task_examples[task.name] ?? [] : about.examples;
  return el('details.knows', {}, el('summary', {}, about.knows.length ? t('What {model} knows', { model: about.title }) : t('About {model}', { model: about.title })), el('p', {}, said(about.about)),
    ...about.knows.map((row) => el('p', {}, el('b', {}, said(row.kind)), ...row.words.flatMap((word) => [' ', el('button.word', { type: 'button', onclick: () => add(word) }, word)]))),
    prompts.length ? el('ul.examples', { 'aria-label': t('Examples') }, ...prompts.map((text) => el('li', {}, el('button', { type: 'button', onclick: () => put(text) }, text)))) : null);
}
