// One job of the strip: what it makes, how far it is, and what may be done with it.
//
// Knows a job as the studio tells it. Asks nothing itself: `act(job, what, body)` does.
import { el, icon, say, tool } from '../desk.js';
import { jobLine } from '../format.js';
import { Moving } from '../moving.js';
import { t } from '../words.js';
import { editing } from './editing.js';

export class Row {
  constructor(job, act) {
    this.job = job;
    const words = job.recipe.prompt || t('Untitled');
    this.canvas = el('canvas', { width: 32, height: 18 });
    this.moving = new Moving(this.canvas);
    this.name = el('button.name', { type: 'button', title: t('Look at it'), onclick: () => say('look', job.id, { keep: false }) }, words);
    this.says = el('span.says');
    this.bar = el('div.progress', { role: 'progressbar', 'aria-label': words, 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i'));
    const one = (drawing, label, what, body) => tool(drawing, label, () => act(this.job, what, body));
    this.edit = tool('pencil', t('Change it: {words}', { words }), () => this.change(act));
    this.top = one('top', t('First in line: {words}', { words }), 'move', { to: 'top' });
    this.up = one('up', t('One place up: {words}', { words }), 'move', { to: 'up' });
    this.down = one('down', t('One place down: {words}', { words }), 'move', { to: 'down' });
    this.hold = tool('pause', t('Pause: {words}', { words }), () => act(this.job, this.job.held ? 'resume' : 'pause'));
    this.enough = el('button.plain.enough', { type: 'button', 'aria-label': t('Keep what there is: {words}', { words }), onclick: () => act(this.job, 'enough') }, t('Keep what there is'));
    this.retry = el('button.plain', { type: 'button', 'aria-label': t('Try again: {words}', { words }), onclick: () => act(this.job, 'retry') }, t('Try again'));
    this.stop = tool('close', '', () => act(this.job, this.job.state === 'failed' ? 'dismiss' : 'cancel'));
    this.tools = el('div.tools', {}, this.edit, this.top, this.up, this.down, this.hold);
    this.item = el('li', { 'data-job': job.id }, this.canvas, el('div.what', {}, this.name, this.says, this.bar), this.tools, this.enough, this.retry, this.stop);
    this.name.addEventListener('keydown', (event) => {
      const to = { ArrowUp: 'up', ArrowDown: 'down', Home: 'top', End: 'bottom' }[event.key];
      if (event.altKey && to && this.job.state === 'waiting') { event.preventDefault(); act(this.job, 'move', { to }); }
      if (event.key === 'Delete') { event.preventDefault(); this.stop.click(); }
    });
    this.item.addEventListener('dragstart', (event) => {
      if (event.target !== this.item) return;
      event.dataTransfer.setData('application/x-cineloom-job', job.id);
      event.dataTransfer.effectAllowed = 'move';
      this.item.classList.add('dragged');
    });
    this.item.addEventListener('dragend', () => this.item.classList.remove('dragged'));
  }

  show(now, { first, last }) {
    const { state } = this.job = now;
    const [running, waiting, failed] = ['running', 'waiting', 'failed'].map((one) => one === state);
    this.item.dataset.state = state;
    this.item.draggable = waiting && !this.form;
    const words = now.recipe.prompt || t('Untitled');
    if (this.name.textContent !== words) this.name.textContent = words;
    const line = state_line(now);
    if (this.says.textContent !== line) this.says.textContent = line;
    this.bar.hidden = !running && !(waiting && now.kept);
    this.bar.firstChild.style.transform = `scaleX(${Math.max(now.progress, running ? 0.02 : 0)})`;
    this.bar.setAttribute('aria-valuenow', Math.round(now.progress * 100));
    this.bar.setAttribute('aria-valuetext', line);
    this.canvas.hidden = !now.previewed || failed;
    this.tools.hidden = failed;
    for (const one of [this.edit, this.top, this.up, this.down]) one.hidden = !waiting;
    this.top.disabled = this.up.disabled = first;
    this.down.disabled = last;
    this.hold.replaceChildren(icon(now.held ? 'play' : 'pause'));
    this.hold.title = now.held ? t('Go on: {words}', { words }) : t('Pause: {words}', { words });
    this.hold.setAttribute('aria-label', this.hold.title);
    this.enough.hidden = !(running ? now.step > 0 && now.step < now.steps : waiting && now.kept > 0);
    this.enough.disabled = now.enough || now.cancel;
    this.retry.hidden = !failed;
    this.stop.title = failed ? t('Dismiss: {words}', { words }) : t('Cancel: {words}', { words });
    this.stop.setAttribute('aria-label', this.stop.title);
    this.stop.disabled = now.cancel && running;
    this.moving.show(failed ? null : now);
    if (this.form && !waiting) this.close();
  }

  /** A small form in the row; it goes when the job is taken up. */
  change(act) {
    if (this.form) { this.close(); return; }
    this.form = editing(this.job, async (wanted) => { if (await act(this.job, 'edit', wanted)) this.close(); }, () => this.close());
    this.item.draggable = false;
    this.item.append(this.form);
    this.form.querySelector('textarea').focus();
  }

  close() {
    const inside = this.form?.contains(document.activeElement);
    this.form?.remove();
    this.form = null;
    if (inside) this.edit.focus();
  }

  gone() {
    this.moving.show(null);
    this.item.remove();
  }
}

function state_line(job) {
  if (job.state === 'waiting' && job.held) return job.kept ? t('paused at step {n} of {all}', { n: job.kept, all: job.steps }) : t('paused');
  if (job.state === 'waiting' && job.kept) return t('waits at step {n} of {all}', { n: job.kept, all: job.steps });
  return jobLine(job);
}
