// The ruler: time over the rows, markers on it, and the playhead that goes down through all of them.
//
// Knows places. Where one is, is the panel's; it is asked to go elsewhere.
import { el } from '../desk.js';
import { t } from '../words.js';
import { frameNumbered, numbered, ticks, timecode } from './places.js';
import { put } from './putting.js';

export class Ruler {
  /** `go(frame, done)` while somebody drags over it; `mark(marker)` when one is pressed. */
  constructor({ go, mark }) {
    this.list = el('div.lines', { 'aria-hidden': 'true' });
    this.lines = new Map();         // frame -> its line
    this.notes = el('div.notes', {});
    this.knob = el('i.knob', { 'aria-hidden': 'true' });
    this.root = el('div.ruler', {}, this.list, this.notes, this.knob);
    this.head = el('div.playhead', { 'aria-hidden': 'true' });
    this.mark = mark;
    const at = (event) => go(Math.max(0, Math.round((event.clientX - this.root.getBoundingClientRect().left) / this.scale)), event.type === 'pointerup');
    this.root.addEventListener('pointerdown', (event) => {
      if (event.button || event.target.closest('button')) return;
      event.preventDefault();
      this.root.setPointerCapture(event.pointerId);
      this.holding = true;
      at(event);
    });
    this.root.addEventListener('pointermove', (event) => { if (this.holding) at(event); });
    this.root.addEventListener('pointerup', (event) => { if (this.holding) at(event); this.holding = false; });
    this.root.addEventListener('pointercancel', () => { this.holding = false; });
  }

  /** Draw what is seen of it, [from, to) in pixels. */
  draw(cut, scale, from, to) {
    this.scale = scale;
    const { every, parts } = ticks(scale, cut.rate);
    const key = `${every} ${scale} ${Math.floor(from / 400)} ${Math.ceil(to / 400)} ${cut.rate}`;
    if (key !== this.key) {
      this.key = key;
      const wanted = new Map();
      // Lines stand at round numbers: where timecode leaves some out, two of them are nearer to each other now and then.
      let count = Math.max(0, Math.floor(numbered(Math.floor(Math.max(0, from) / scale), cut.rate) / every) - 1);
      for (let at = frameNumbered(count * every, cut.rate); at * scale < to + 400;) {
        const next = frameNumbered(++count * every, cut.rate);
        if (next === at) continue;
        wanted.set(at, next);
        at = next;
      }
      this.rule(wanted, scale, cut.rate);
      if (this.parts !== parts) this.root.style.setProperty('--parts', this.parts = parts);
    }
    const seen = (cut.markers ?? []).filter((marker) => (marker.at + (marker.length ?? 0)) * scale > from - 20 && marker.at * scale < to + 20);
    const said = `${scale} ${JSON.stringify(seen)}`;
    if (said === this.said) return;
    this.said = said;
    this.notes.replaceChildren(...seen.map((marker) => {
      const words = marker.name || marker.note || t('Marker');
      const node = el('button.marker', { type: 'button', tabIndex: -1, title: words, 'aria-label': t('{name} at {time}', { name: words, time: timecode(marker.at, cut.rate) }), 'data-colour': marker.colour ?? 'green', onclick: () => this.mark(marker) });
      node.style.transform = `translateX(${marker.at * scale}px)`;
      if (marker.length) node.style.width = `${marker.length * scale}px`;
      return node;
    }));
  }

  /** A line for every frame of `wanted`, up to the next: one that stands for the same frame stays, and its words with it. */
  rule(wanted, scale, rate) {
    const free = [...this.lines].filter(([at]) => !wanted.has(at)).map(([, line]) => line);
    this.lines = new Map([...wanted].map(([at, next]) => {
      let line = this.lines.get(at) ?? free.pop();
      if (!line) { line = { node: el('span.line') }; this.list.append(line.node); }
      const words = timecode(at, rate);
      if (line.words !== words) line.node.textContent = line.words = words;
      put(line, line.node, { left: `${at * scale}px`, width: `${(next - at) * scale}px` });
      return [at, line];
    }));
    for (const { node } of free) node.remove();
  }

  at(frame, scale) { this.knob.style.transform = this.head.style.transform = `translateX(${frame * scale}px)`; }
}
