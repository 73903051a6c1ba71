// Which task: a small grid of drawings with names, one stop for the Tab key, arrows inside.
import { el } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { said } from './labels.js';

/** The grid of tasks. `act(name)` hears a choice. */
export function taskChooser(tasks, act) {
  const help = el('p.help');
  const grid = el('div.tasks', { role: 'radiogroup', 'aria-label': t('Task') }, ...tasks.map((task) => el('label', { title: said(task.help) },
    el('input', { type: 'radio', name: 'task', value: task.name, 'aria-label': said(task.title), onchange: () => act(task.name) }), drawing(task.name), el('span', {}, said(task.title)))));
  return {
    node: el('div.chooser', {}, grid, help),
    pick(name) {
      for (const input of grid.querySelectorAll('input')) input.checked = input.value === name;
      help.textContent = said(tasks.find((task) => task.name === name).help);
    },
  };
}
