// The bar at the top: name, what the worker does, the sheet of shortcuts.
import { el, model, on, typing } from '../desk.js';

const KEYS = [
  ['Ctrl + Enter', 'make it'],
  ['/', 'search the takes'],
  ['P', 'write the prompt'],
  ['Space', 'play and pause'],
  [', and .', 'one picture back, one on'],
  ['F', 'full screen'],
  ['L', 'loop on or off'],
  ['arrows', 'move among the takes'],
  ['?', 'this sheet'],
];

export function mount(root) {
  const status = el('span.status', { role: 'status' }, 'opening');
  const sheet = el('dialog.sheet', { 'aria-label': 'Keyboard shortcuts' },
    el('h2', {}, 'Keys'),
    el('dl', {}, ...KEYS.flatMap(([keys, what]) => [el('dt', {}, keys), el('dd', {}, what)])),
    el('button.plain', { type: 'button', onclick: () => sheet.close() }, 'Close'));
  root.append(
    el('h1', {}, 'Cineloom'),
    status,
    el('button.plain', { type: 'button', onclick: () => sheet.showModal() }, 'Keys'),
    sheet);

  let title = '';
  let working = '';
  let lost = false;
  const show = () => {
    status.textContent = lost ? 'The studio does not answer; trying again' : working;
    status.classList.toggle('bad', lost);
  };
  model.then((known) => { title = known.title; });
  on('lost', (value) => { lost = value; show(); });
  on('state', (state) => {
    const busy = state.jobs.some((job) => job.state === 'running');
    working = busy ? `${title} is at work` : state.worker === 'ready' ? `${title} is ready`
      : state.worker === 'starting' || state.worker === 'getting the model ready' ? `${title} is getting ready` : state.worker;
    show();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '?' && !typing(event) && !sheet.open) { event.preventDefault(); sheet.showModal(); }
  });
}
