// Two takes over each other with a wipe between them: the same time, the same room, one on either side of a line.
//
// Knows two takes and where the line is. Time is the reel's; who is compared is the panel's.
import { el, tool, url } from '../desk.js';
import { titled } from '../format.js';
import { t } from '../words.js';

export class Wipe {
  /** `stage` is where the two lie; `leave` is called when somebody has seen enough. */
  constructor(stage, leave) {
    this.line = el('div.edge', { role: 'slider', tabIndex: 0, 'aria-label': t('Where one take ends and the other begins'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i'));
    this.names = [el('span.side.a', {}), el('span.side.b', {})];
    this.room = el('div.wipe', { hidden: true }, ...this.names, this.line,
      el('div.sides', {}, tool('swap', t('Swap the sides'), () => this.swap()), tool('close', t('Leave the comparison'), leave)));
    this.stage = stage;
    this.takes = [];
    this.views = [];
    this.at = 50;
    this.leave = leave;
    stage.append(this.room);
    const drag = (event) => {
      const box = stage.getBoundingClientRect();
      this.move((event.clientX - box.left) / box.width * 100);
    };
    this.room.addEventListener('pointerdown', (event) => {
      if (event.button || event.target.closest('button')) return;
      event.preventDefault();
      this.room.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.line.focus({ preventScroll: true });
      drag(event);
    });
    this.room.addEventListener('pointermove', (event) => { if (this.dragging) drag(event); });
    this.room.addEventListener('pointerup', () => { this.dragging = false; });
    this.room.addEventListener('pointercancel', () => { this.dragging = false; });
    this.room.addEventListener('click', (event) => event.stopPropagation());        // the stage plays and pauses by itself
    this.line.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
      if (event.key === 'Home') this.move(0);
      else if (event.key === 'End') this.move(100);
      else if (by) this.move(this.at + by * (event.shiftKey ? 10 : 2));
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  get on() { return !this.room.hidden; }

  /** Show two takes; returns the films that the reel is to play. */
  show(a, b) {
    this.clear();
    this.takes = [a, b];
    this.views = this.takes.map((take) => {
      const address = url(`media/take/${take.id}/film`);
      const view = take.pictures > 1
        ? el('video', { muted: true, playsInline: true, preload: 'auto', src: address })
        : el('img', { alt: '', src: address });
      view.classList.add('view');
      this.room.before(view);
      return view;
    });
    this.room.hidden = false;
    this.move(50);
    this.name();
    return this.takes.flatMap((take, at) => (take.pictures > 1 ? [{ video: this.views[at], rate: take.rate, pictures: take.pictures }] : []));
  }

  move(to) {
    this.at = Math.min(100, Math.max(0, to));
    this.line.style.left = `${this.at}%`;
    this.line.setAttribute('aria-valuenow', Math.round(this.at));
    this.line.setAttribute('aria-valuetext', t('{n} of 100', { n: Math.round(this.at) }));
    if (this.views.length) {
      this.views[0].style.clipPath = `inset(0 ${100 - this.at}% 0 0)`;
      this.views[1].style.clipPath = `inset(0 0 0 ${this.at}%)`;
    }
    this.names[0].style.maxWidth = `calc(${this.at}% - 20px)`;
    this.names[1].style.maxWidth = `calc(${100 - this.at}% - 20px)`;
    this.names[0].style.opacity = this.at < 6 ? 0 : 1;
    this.names[1].style.opacity = this.at > 94 ? 0 : 1;
  }

  swap() {
    this.takes.reverse();
    this.views.reverse();
    this.move(this.at);
    this.name();
  }

  name() {
    const [a, b] = this.takes;
    this.names[0].textContent = t('A · {words}', { words: saying(a, b) });
    this.names[1].textContent = t('B · {words}', { words: saying(b, a) });
  }

  clear() {
    for (const view of this.views) { view.removeAttribute('src'); view.load?.(); view.remove(); }
    this.views = [];
    this.takes = [];
    this.room.hidden = true;
  }
}

/** What tells a take from the other one: its words, or where those are the same its seed. */
function saying(take, other) {
  if (take.prompt && take.prompt !== other.prompt) return take.prompt;
  if (take.seed !== other.seed) return t('seed {seed}', { seed: take.seed });
  return titled(take);
}
