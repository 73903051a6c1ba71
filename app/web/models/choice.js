// Which model makes it: a line in the form. Where the built-in one is alone it only leads to the others.
import { el, latest } from '../desk.js';
import { t } from '../words.js';
import { sheet } from './sheet.js';

/** The line. `act(name)` hears a choice; `root` is the panel that the sheet opens over. */
export function choice({ about, root, act }) {
  const models = latest('models') ?? about.models;
  const open = el('button.small', { type: 'button', id: 'other-models', onclick: () => sheet({ root, use: act, used: about.name }) }, models.length > 1 ? t('Models…') : t('Other models…'));
  if (models.length < 2) return el('div.line.models', {}, open);
  const select = el('select.line-field', { id: 'model', onchange: () => act(select.value) }, ...models.map((one) => el('option', { value: one.name, selected: one.name === about.name }, one.title)));
  return el('div.line.models', {}, el('label', { for: 'model' }, t('Model')), select, open);
}
