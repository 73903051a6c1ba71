// The bar at the top: name, project, what the worker does, look and language, keys.
import { el, model, on } from '../desk.js';
import { working as says } from '../format.js';
import { t } from '../words.js';
import { keys } from './keys.js';
import { projects } from './projects.js';
import { regions } from './regions.js';
import { view } from './view.js';

export function mount(root) {
  const status = el('span.status', { role: 'status' }, t('opening'));
  root.append(el('h1', {}, 'Cineloom'));
  projects(root);
  root.append(status);
  view(root);
  keys(root);
  regions(root);

  let titles = {};        // of the models that are here, by their names
  let usual = '';
  let working = '';
  let lost = false;
  const show = () => {
    const text = lost ? t('The studio does not answer; trying again') : working;
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle('bad', lost);
  };
  model.then((known) => { usual = known.title; }, () => {});
  on('models', (models) => { titles = Object.fromEntries(models.map((one) => [one.name, one.title])); });
  on('lost', (value) => { lost = value; show(); });
  on('state', (state) => {
    const busy = state.jobs.find((job) => job.state === 'running');
    const title = busy ? titles[busy.recipe.backend] ?? busy.recipe.backend : usual;
    working = !title ? '' : busy ? t('{model} is at work', { model: title }) : state.worker === 'ready' ? t('{model} is ready', { model: title })
      : state.worker === 'starting' || state.worker === 'getting the model ready' ? t('{model} is getting ready', { model: title }) : says(state.worker);
    show();
  });
  root.dataset.ready = 'yes';
}
