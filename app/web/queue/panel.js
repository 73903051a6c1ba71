// The job strip: what is being made, what waits, what went wrong. Shows the same in every tab.
import { ask, el, icon, on, poke, tell, tool } from '../desk.js';
import { cost, roughly } from '../format.js';
import { t } from '../words.js';
import { Row } from './row.js';

const FEW = 3;      // waiting jobs that are shown before the rest is a number

export function mount(root) {
  const says = el('span.says', {});
  const hold = tool('pause', t('Pause the line'), () => whole());
  const more = el('button.plain', { type: 'button', hidden: true, 'aria-expanded': 'false', onclick: () => { open = !open; show(); } }, t('Show fewer'));
  const head = el('div.head', { hidden: true }, says, more, hold);
  const list = el('ul.jobs', { 'aria-label': t('Being made') });
  const aloud = el('p.aloud', { role: 'status', 'aria-live': 'polite' });
  root.append(head, list, aloud);
  const rows = new Map();
  const ended = new Set();        // what was over when the page opened is not said again
  const told = new Map();         // how much was said of each job: what comes later is news
  let open = false;
  let state = null;
  let grids = {};                 // of the models that are here, by their names
  on('models', (models) => { grids = Object.fromEntries(models.map((one) => [one.name, one.grid])); show(); });

  async function act(job, what, body = {}) {
    let done = true;
    try {
      const { job: now } = await ask(`studio/jobs/${job.id}/${what}`, body);
      for (const note of what === 'edit' ? now.said : []) tell(note);
    } catch (error) {
      tell(error.message, 'bad');
      done = false;
    }
    poke();
    return done;
  }

  async function whole() {
    try { await ask(`studio/queue/${state.paused ? 'resume' : 'pause'}`, {}); } catch (error) { tell(error.message, 'bad'); }
    poke();
  }

  // ---- another place in line, by hand

  const waiting = () => [...list.querySelectorAll('[data-state=waiting]')];
  const dragged = (event) => [...event.dataTransfer.types].includes('application/x-cineloom-job');
  const target = (event) => waiting().findIndex((item) => event.clientY < item.getBoundingClientRect().top + item.offsetHeight / 2);
  const mark = (item, last) => {
    for (const one of list.children) one.classList.toggle('before', one === item);
    list.classList.toggle('behind', Boolean(last));
  };
  list.addEventListener('dragover', (event) => {
    if (!dragged(event)) return;
    event.preventDefault();
    const to = target(event);
    mark(waiting()[to], to < 0);
  });
  list.addEventListener('dragleave', (event) => { if (!list.contains(event.relatedTarget)) mark(null); });
  list.addEventListener('drop', (event) => {
    if (!dragged(event)) return;
    event.preventDefault();
    const id = event.dataTransfer.getData('application/x-cineloom-job');
    const items = waiting();
    const from = items.findIndex((item) => item.dataset.job === id);
    let to = target(event);
    mark(null);
    if (to < 0) to = items.length;
    if (from >= 0 && to !== from && to !== from + 1) act({ id }, 'move', { to: (to > from ? to - 1 : to) + 1 });
  });

  // ---- what is shown

  on('state', (now) => {
    for (const job of now.jobs) {
      if (job.state === 'running') for (const note of job.said.slice(told.get(job.id) ?? job.said.length)) tell(note);      // what happened on the way
      told.set(job.id, job.said.length);
    }
    for (const job of now.jobs) {
      if (!['done', 'failed', 'cancelled'].includes(job.state) || ended.has(job.id)) continue;
      ended.add(job.id);
      if (!state) continue;
      if (job.state === 'done') aloud.textContent = t('Done: {words}', { words: job.recipe.prompt });
      if (job.state === 'failed') aloud.textContent = t('Failed: {words}', { words: job.error });
      if (job.state === 'cancelled') aloud.textContent = t('Cancelled: {words}', { words: job.recipe.prompt });
    }
    state = now;
    show();
  });

  function show() {
    if (!state) return;
    const there = state.jobs.filter((job) => ['running', 'waiting', 'failed'].includes(job.state));
    const line = there.filter((job) => job.state === 'waiting');
    const folded = !open && line.length > FEW ? new Set(line.slice(FEW - 1).map((job) => job.id)) : new Set();
    const shown = there.filter((job) => !folded.has(job.id));
    for (const [id, row] of rows) {
      if (shown.some((job) => job.id === id)) continue;
      row.gone();
      rows.delete(id);
    }
    shown.forEach((job, at) => {
      if (!rows.has(job.id)) rows.set(job.id, new Row(job, act));
      const row = rows.get(job.id);
      row.show(job, { first: job === line[0], last: job === line.at(-1) });
      if (list.children[at] !== row.item) {
        const focused = row.item.contains(document.activeElement) && document.activeElement;
        list.insertBefore(row.item, list.children[at] ?? null);
        if (focused) focused.focus();
      }
    });
    head.hidden = !(line.length || state.paused);
    const left = time(there);
    const words = { n: line.length, time: left };
    const text = state.paused ? (line.length ? t('The line is paused; {n} wait', words) : t('The line is paused'))
      : line.length && left ? t('{n} wait · {time} for all', words) : t('{n} wait', words);
    if (says.textContent !== text) says.textContent = text;
    more.hidden = line.length <= FEW;
    more.textContent = open ? t('Show fewer') : t('Show {n} more', { n: folded.size });
    more.setAttribute('aria-expanded', open);
    hold.replaceChildren(icon(state.paused ? 'play' : 'pause'));
    hold.title = state.paused ? t('Let the line go on') : t('Pause the line');
    hold.setAttribute('aria-label', hold.title);
    root.dataset.jobs = there.length + (state.paused && !there.length ? 1 : 0);
    root.dataset.waiting = line.length;
  }

  /** How long all of it takes, in words; "" while nobody knows. */
  function time(there) {
    let seconds = 0;
    for (const { state: how, recipe, left, held } of there) {
      if (how === 'failed' || held) continue;
      const grid = grids[recipe.backend];
      const one = how === 'running' && left !== null ? left
        : !grid ? null : cost(state.pace[recipe.backend], grid, { seconds: (recipe.pictures - 1) / grid.rate, width: recipe.width, height: recipe.height, steps: recipe.steps });
      if (one === null) return '';
      seconds += one;
    }
    return seconds ? roughly(seconds) : '';
  }
  root.dataset.ready = 'yes';
}
