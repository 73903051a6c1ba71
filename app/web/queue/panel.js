// The job strip: what is being made, what waits, what went wrong. Shows the same in every tab.
import { ask, el, on, poke, say, tell, tool } from '../desk.js';
import { jobLine } from '../format.js';
import { Moving } from '../moving.js';

export function mount(root) {
  const list = el('ul.jobs', { 'aria-label': 'Being made' });
  const aloud = el('p.aloud', { role: 'status', 'aria-live': 'polite' });
  root.append(list, aloud);
  const rows = new Map();
  const ended = new Set();        // what was over when the page opened is not said again

  function row(job) {
    const canvas = el('canvas', { width: 32, height: 18 });
    const name = el('button.name', { type: 'button', title: 'Look at it', onclick: () => say('look', job.id, { keep: false }) }, job.recipe.prompt);
    const says = el('span.says');
    const bar = el('div.progress', { role: 'progressbar', 'aria-label': job.recipe.prompt, 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i'));
    const stop = tool('close', 'Cancel', async () => {
      try { await ask(`studio/jobs/${job.id}/${stop.dataset.act}`, {}); } catch (error) { tell(error.message, 'bad'); }
      poke();
    });
    const item = el('li', { 'data-job': job.id }, canvas, el('div.what', {}, name, says, bar), stop);
    const moving = new Moving(canvas);
    return { item, update(now) {
      item.dataset.state = now.state;
      says.textContent = jobLine(now);
      const part = Math.max(now.progress, now.state === 'running' ? 0.02 : 0);
      bar.firstChild.style.transform = `scaleX(${part})`;
      bar.setAttribute('aria-valuenow', Math.round(now.progress * 100));
      bar.setAttribute('aria-valuetext', says.textContent);
      bar.hidden = now.state !== 'running';
      canvas.hidden = !now.previewed || now.state !== 'running';
      stop.dataset.act = now.state === 'failed' ? 'dismiss' : 'cancel';
      stop.title = now.state === 'failed' ? 'Dismiss' : 'Cancel';
      stop.setAttribute('aria-label', `${stop.title}: ${job.recipe.prompt}`);
      stop.disabled = now.cancel && now.state === 'running';
      moving.show(now);
    } };
  }

  let first = true;
  on('state', (state) => {
    const shown = state.jobs.filter((job) => job.state === 'running' || job.state === 'waiting' || job.state === 'failed');
    for (const job of state.jobs) {
      if (!['done', 'failed', 'cancelled'].includes(job.state) || ended.has(job.id)) continue;
      ended.add(job.id);
      if (first) continue;
      if (job.state === 'done') aloud.textContent = `Done: ${job.recipe.prompt}`;
      if (job.state === 'failed') aloud.textContent = `Failed: ${job.error}`;
      if (job.state === 'cancelled') aloud.textContent = `Cancelled: ${job.recipe.prompt}`;
    }
    first = false;
    for (const [id, made] of rows) {
      if (shown.some((job) => job.id === id)) continue;
      made.update({ ...made.last, previewed: 0 });
      made.item.remove();
      rows.delete(id);
    }
    shown.forEach((job, at) => {
      if (!rows.has(job.id)) rows.set(job.id, row(job));
      const made = rows.get(job.id);
      made.last = job;
      made.update(job);
      if (list.children[at] !== made.item) list.insertBefore(made.item, list.children[at] ?? null);
    });
    root.dataset.jobs = shown.length;
  });
  root.dataset.ready = 'yes';
}
