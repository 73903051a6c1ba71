// The stretch that is marked in the cut: drawn on the ruler and over the rows, set with I and O, by hand, or with the arrows on its edges.
//
//     ruler   ────┤▒▒▒▒▒▒▒▒▒├────        Shift and a drag marks another one
//     row         ⟨0:00:00:05⟩ Retake…  Close up  Leave a gap  Make room  ✕
// Knows frames of the cut. What is done with the stretch is in acts.js and retaking.js.
import { el } from '../desk.js';
import { t } from '../words.js';
import { length, number } from './cut.js';
import { tool } from './drawings.js';
import { marked, timecode } from './places.js';
import { hide } from './putting.js';

const ROW = 32;         // pixels

export class Stretch {
  constructor(line) {
    this.line = line;
    const { acts } = line;
    this.edges = [this.edge(0, t('Beginning of the stretch')), this.edge(1, t('End of the stretch'))];
    this.band = el('div.band', { hidden: true }, ...this.edges);
    this.shade = el('i.stretch', { hidden: true });
    this.says = el('span.says', {});
    const button = (words, title, act) => el('button.plain', { type: 'button', title, onclick: act }, words);
    this.list = el('div.marked-acts', { role: 'group', 'aria-label': t('The stretch that is marked') }, this.says,
      button(t('Retake…'), t('Make this stretch anew (R)'), () => line.retake()), button(t('Close up'), t('Take it out of all rows and close up (Delete)'), () => acts.out(true)),
      button(t('Leave a gap'), t('Take it out of all rows and leave a gap (Backspace)'), () => acts.out(false)),
      button(t('Make room'), t('Open a gap of this length before it, in all rows (G)'), () => acts.room()), tool('close', t('No stretch (X)'), () => this.clear(true)));
    this.root = el('div.marked', { hidden: true }, el('div.head', { 'aria-hidden': 'true' }, t('Stretch')), el('div.lane', {}, this.list));
    line.ruler.root.append(this.band);
    line.ruler.root.addEventListener('pointerdown', (event) => { if (event.shiftKey && !event.button && !event.target.closest('.edge, button')) this.sweep(event); }, true);
  }

  get height() { return this.root.hidden ? 0 : ROW; }

  get now() { return this.line.view.stretch; }

  /** It begins (0) or ends (1) with the frame at the playhead. */
  mark(which) {
    const { line } = this;
    const last = length(line.store.cut);
    if (!last) return;
    this.set(marked(this.now, which, line.view.playhead, last));
    const [from, to] = this.now;
    line.choose([], { quiet: true });
    line.tell(t('From {from} to {to} is marked', { from: timecode(from, line.store.cut.rate), to: timecode(to, line.store.cut.rate) }));
  }

  /** From one frame up to another; null is none. */
  set(stretch) {
    const { line } = this;
    line.view.stretch = stretch;
    if (stretch) line.root.dataset.stretch = stretch.join(' '); else delete line.root.dataset.stretch;
    line.bar.chose();
    line.draw();
  }

  /** `told`: say so, and keep the focus, for what had it may go. */
  clear(told = false) {
    if (!this.now) return;
    if (told && this.root.contains(document.activeElement)) this.line.root.focus({ preventScroll: true });
    this.set(null);
    if (told) this.line.tell(t('No stretch is marked'));
  }

  /** Draw it where [from, from + wide) pixels of the rows are seen. */
  draw(cut, scale, from, wide) {
    const all = length(cut);
    const there = this.now && all > 0;
    for (const node of [this.band, this.shade, this.root]) hide(node, !there);
    if (!there) return;
    const stop = Math.min(this.now[1], all);
    const start = Math.min(this.now[0], stop - 1);
    for (const node of [this.band, this.shade]) {
      node.style.transform = `translateX(${start * scale}px)`;
      node.style.width = `${(stop - start) * scale}px`;
    }
    this.edges.forEach((edge, which) => {
      edge.setAttribute('aria-valuemin', which ? start + 1 : 0);
      edge.setAttribute('aria-valuemax', which ? all : stop - 1);
      edge.setAttribute('aria-valuenow', [start, stop][which]);
      edge.setAttribute('aria-valuetext', timecode([start, stop][which], cut.rate));
    });
    const words = timecode(stop - start, cut.rate);
    if (this.says.textContent !== words) this.says.textContent = words;
    // It stays in sight, where there is room for it.
    const x = this.wide() < wide ? Math.max(from, Math.min(start * scale, from + wide - this.wide() - 8)) : start * scale;
    this.list.style.transform = `translateX(${x}px)`;
  }

  wide() { return this.width ||= this.list.offsetWidth; }

  // ---- by hand

  edge(which, label) {
    const node = el('span.edge', { role: 'slider', tabIndex: 0, 'aria-label': label, title: label, 'data-edge': which ? 'stop' : 'start' });
    node.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      event.preventDefault();
      event.stopPropagation();
      node.focus({ preventScroll: true });
      const off = this.line.frameAt(event.clientX, true) - this.now[which];       // it was taken hold of beside its line
      this.follow(event, node, (frame) => this.put(which, this.line.magnet(frame - off)));
    });
    node.addEventListener('keydown', (event) => {
      const { cut } = this.line.store;
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key] * (event.shiftKey ? Math.round(number(cut.rate)) : 1);
      const to = { Home: 0, End: length(cut) }[event.key] ?? this.now[which] + by;
      if (Number.isNaN(to)) return;
      event.preventDefault();
      event.stopPropagation();
      this.put(which, to);
      this.line.bring(this.now[which]);
    });
    return node;
  }

  /** An edge comes to a frame, as far as the other one lets it. */
  put(which, frame) {
    const [start, stop] = this.now;
    const all = length(this.line.store.cut);
    this.set(which ? [start, Math.min(Math.max(frame, start + 1), all)] : [Math.min(Math.max(frame, 0), stop - 1), stop]);
  }

  /** Another one, from where the pointer is to where it goes. */
  sweep(event) {
    event.preventDefault();
    event.stopPropagation();
    const all = length(this.line.store.cut);
    const from = Math.min(Math.max(0, this.line.magnet(this.line.frameAt(event.clientX))), all);
    this.follow(event, this.line.ruler.root, (frame) => { const to = Math.min(Math.max(0, this.line.magnet(frame)), all); if (to !== from) this.set([Math.min(from, to), Math.max(from, to)]); });
  }

  /** `act(frame)` while the pointer is held. Escape, or a gesture that the system ends, takes it back. */
  follow({ pointerId }, node, act) {
    const { line } = this;
    const was = this.now;
    const move = (event) => { if (event.pointerId === pointerId) act(line.frameAt(event.clientX, true)); };
    const keys = (event) => { if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); this.set(was); end(); } };
    const end = (event) => {
      if (event?.type === 'pointercancel') this.set(was);
      node.removeEventListener('pointermove', move);
      window.removeEventListener('keydown', keys, true);
    };
    node.setPointerCapture(pointerId);
    node.addEventListener('pointermove', move);
    window.addEventListener('keydown', keys, true);
    for (const kind of ['pointerup', 'pointercancel']) node.addEventListener(kind, end, { once: true });
  }
}
