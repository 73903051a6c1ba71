// The timeline: takes laid in a row, cut together, and the film that is missing made where it is missing.
//
// Puts the rooms of this folder together: store (what the studio says), lanes, ruler and tries (what is drawn), gestures, keys,
// bar and acts (what is asked), auditions (what is tried), stretch (what is marked), screen (what is played). Selection, zoom and playhead live here and nowhere else.
import { el, on, say, tell } from '../desk.js';
import { titled } from '../format.js';
import { line_ } from '../sheet.js';
import { t } from '../words.js';
import { Acts } from './acts.js';
import { Auditions } from './auditions.js';
import { Bar } from './bar.js';
import { Board } from './board.js';
import { called } from './clip.js';
import { edges, find, length, pieces, zone } from './cut.js';
import { Gestures } from './gestures.js';
import { Glances } from './glances.js';
import { Height, remember, remembered } from './height.js';
import { joining } from './joining.js';
import { keys } from './keys.js';
import { Lanes } from './lanes.js';
import { NEAREST, fitting, zoomed } from './places.js';
import { hide } from './putting.js';
import { retaking } from './retaking.js';
import { Ruler } from './ruler.js';
import { Screen } from './screen.js';
import { Store, newId } from './store.js';
import { Stretch } from './stretch.js';
import { done } from './told.js';
import { Tries } from './tries.js';

const BEHIND = 240;         // pixels of room behind the last clip

export class Timeline {
  constructor(root) {
    this.root = root;
    root.tabIndex = -1;
    this.view = { scale: 4, playhead: 0, chosen: new Set(), focus: '', snap: remembered().snap ?? true, drag: null, frame: null, near: null, dropping: null, trying: '', stretch: null };
    this.fitted = '';           // the cut that was drawn in full once
    this.lent = false;          // the player's place is ours
    this.height = new Height(root, () => this.soon());
    this.auditions = new Auditions(this);
    this.store = new Store((answer, what) => this.answered(answer, what), { free: () => this.auditions.free(), working: () => this.soon() });
    this.acts = new Acts(this);
    this.screen = new Screen(this.store, this.view, { moved: (frame) => this.at(frame, true), state: () => this.bar?.running(this.screen.speed) });
    this.glances = new Glances(() => this.soon());
    this.lanes = new Lanes(this.store, this.view, this.glances, { set: (track, changes) => this.acts.track(track, changes), join: (joint, button) => joining(this, joint, button) });
    this.ruler = new Ruler({ go: (frame, last) => { this.screen.pause(); this.go(this.magnet(frame), { quiet: !last }); }, mark: (marker) => this.marked(marker) });
    this.tries = new Tries(this.store, this.view, {
      audition: (candidate, yes) => this.auditions.audition(yes ? candidate : null), accept: (candidate) => this.auditions.accept(candidate),
      reject: (candidate) => this.auditions.reject(candidate), more: (candidate) => this.auditions.again(candidate), drawn: () => this.soon(),
    });
    this.stretch = new Stretch(this);
    this.board = new Board(this);
    this.bar = new Bar(this);
    this.live = el('p.aloud', { role: 'status', 'aria-live': 'polite' });
    this.slot = el('i.slot', { hidden: true });
    this.near = el('i.near', { hidden: true });
    this.marquee = el('i.marquee', { hidden: true });
    this.lanes.root.append(this.marquee);
    this.corner = el('div.corner', {});
    this.over = el('div.over', { 'aria-hidden': 'true' }, this.stretch.shade, this.ruler.head, this.slot, this.near);
    this.plane = el('div.plane', {}, el('div.top', {}, this.corner, this.ruler.root), this.stretch.root, this.tries.root, this.lanes.root, this.over);
    this.scroll = el('div.scroll', {}, this.plane);
    this.body = el('div.body', { hidden: true }, this.scroll, this.board.root);
    root.append(this.height.grip, this.bar.root, this.body, this.live);
    this.scroll.addEventListener('scroll', () => { if (Math.abs(this.scroll.scrollLeft - this.from) >= 1) this.soon(); }, { passive: true });       // and not after what was drawn for where it would be
    this.scroll.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => { this.measure(); this.soon(); }).observe(this.scroll);
    this.measure();
    this.lanes.root.addEventListener('focusin', (event) => { const clip = event.target.closest('.clip'); if (clip) { this.view.focus = clip.dataset.id; this.lanes.rove(); } });
    this.gestures = new Gestures(this);
    keys(this);
    on('cut', ({ take }) => this.add(take));
    this.shape();
    root.dataset.ready = 'yes';
  }

  // ---- what the studio said

  answered(answer, what) {
    const { view, store } = this;
    const cut = answer?.cut ?? null;
    if (cut) {
      for (const id of [...view.chosen]) if (!find(cut, id)) view.chosen.delete(id);
      view.playhead = Math.min(view.playhead, length(this.screen.cut));
    }
    this.bar.show(answer);
    this.root.dataset.cut = cut?.id ?? '';
    this.root.dataset.revision = answer?.revision ?? '';
    this.root.dataset.clips = cut ? cut.tracks.flatMap(pieces).length : 0;
    this.shape();
    this.auditions.answered(what);
    if (cut && this.fitted !== cut.id) { this.fitted = cut.id; this.glances.forget(); view.playhead = 0; view.chosen.clear(); view.stretch = null; this.draw(); this.fit(); }
    else if (what === 'add' || what === 'new') this.fit(true);
    if (what) { this.live.textContent = ''; this.live.textContent = done(what); }
    this.draw();
    if (this.lent) { if (cut && length(cut)) this.screen.show(); else this.leave(); }
  }

  /** A take comes behind all there is. */
  async add(take) {
    if (this.folded) this.fold(false);
    if (await this.store.add([take.id])) tell(t('In the cut: {words}', { words: titled(take) }));
  }

  open(id) { this.view.trying = ''; return this.store.open(id); }
  addTrack() { return this.store.edit({ is: 'add-track', track: { id: newId(), kind: 'film', name: t('Film {n}', { n: this.store.cut.tracks.filter((one) => one.kind === 'film').length + 1 }) }, index: this.store.cut.tracks.findLastIndex((one) => one.kind === 'film') + 1 }); }

  make(kind, place) { this.auditions.make(kind, place); }
  retake() { retaking(this); }

  marked(marker) {
    this.go(marker.at);
    line_(this.root, { title: t('Marker'), verb: t('Rename'), value: marker.name ?? '', act: (name) => this.store.edit({ is: 'set-marker', marker: { ...marker, name } }),
      other: { text: t('Take it away'), act: () => this.store.edit({ is: 'remove-marker', marker: marker.id }) } });
  }

  // ---- what is chosen, where one is

  /** Choose pieces and no others; `toggle` one more or less, `focus` gives it the focus. */
  choose(ids, { toggle = false, focus = false, quiet = false } = {}) {
    const { view } = this;
    if (toggle) for (const id of ids) { if (!view.chosen.delete(id)) view.chosen.add(id); }
    else view.chosen = new Set(ids);
    if (ids.length && !quiet) view.focus = ids[0];
    this.bar.chose();
    this.draw();
    if (!focus) return;
    const node = this.lanes.node(view.focus) ?? this.root;
    this.bring(find(this.screen.cut, view.focus)?.start ?? view.playhead);
    node.focus({ preventScroll: true });
  }

  /** All pieces of a row from the chosen one to this. */
  reach(id) {
    const to = find(this.screen.cut, id);
    const row = pieces(to.track).map(({ item }) => item.id);
    const from = row.findIndex((one) => this.view.chosen.has(one));
    const at = row.indexOf(id);
    this.choose(from < 0 ? [id] : row.slice(Math.min(from, at), Math.max(from, at) + 1));
  }

  /** Go to a frame: it is shown in the player's place. */
  go(frame, { quiet = false } = {}) {
    if (!this.store.cut) return;
    this.take();
    this.at(Math.min(Math.max(0, frame), length(this.screen.cut)));
    if (this.screen.running) this.screen.play(this.screen.speed); else this.screen.show();
    if (!quiet) this.bring(this.view.playhead);
  }

  at(frame, follow = false) {
    this.view.playhead = frame;
    this.ruler.at(frame, this.view.scale);
    this.bar.at(frame);
    this.root.dataset.frame = frame;
    if (follow) this.bring(frame);
  }

  magnet(frame) {
    if (!this.view.snap) return frame;
    const near = edges(this.screen.cut).find((one) => Math.abs(one - frame) * this.view.scale < 6);
    return near ?? frame;
  }

  snap() { this.view.snap = !this.view.snap; this.bar.chose(); remember({ snap: this.view.snap }); this.tell(this.view.snap ? t('Snapping is on') : t('Snapping is off')); }

  /** The player's place is lent to the cut. */
  take() {
    if (this.lent) return;
    this.lent = true;
    this.root.dataset.screen = 'yes';
    say('screen', { node: this.screen.node, words: t('The cut: {name}', { name: this.store.cut.name }), leave: () => { this.lent = false; delete this.root.dataset.screen; this.screen.stop(); } }, { keep: false });
  }

  leave() { if (this.lent) this.screen.node.remove(); this.lent = false; this.screen.stop(); }

  // ---- how it is drawn

  get folded() { return this.height.folded; }

  fold(yes) { this.height.fold(yes); this.shape(); this.draw(); }

  /** Open where there is a cut and it is not folded. */
  shape() {
    const open = Boolean(this.store?.cut) && !this.folded;
    this.body.hidden = this.height.grip.hidden = !open;
    const studio = this.root.closest('#studio');
    if (studio) studio.dataset.timeline = open ? 'open' : 'closed';         // said, and not asked by `:has`: with that each piece that comes or goes has all of the page looked at
    this.bar.folded(this.folded);
  }

  /** Read once where it changes: a place that is read after something was written has the browser lay everything out. */
  measure() { Object.assign(this, { heads: this.corner.offsetWidth, wide: this.scroll.clientWidth - this.corner.offsetWidth, tall: this.scroll.clientHeight - this.ruler.root.offsetHeight - 2 }); }

  frameAt(x, free = false) {
    const frame = Math.round((x - this.plane.getBoundingClientRect().left - this.heads) / this.view.scale);
    return free ? frame : Math.max(0, frame);
  }

  /** A frame comes into sight. */
  bring(frame) {
    const x = frame * this.view.scale;
    const { wide } = this;
    if (x < this.scroll.scrollLeft || x > this.scroll.scrollLeft + wide - 20) this.scroll.scrollLeft = Math.max(0, x - wide / 8);
  }

  get least() { return fitting(length(this.store.cut) * 1.4, Math.max(200, this.wide)); }

  zoom(by, about = null) {
    const { wide } = this;
    const head = this.view.playhead * this.view.scale - this.scroll.scrollLeft;
    const next = zoomed(this.view.scale, this.scroll.scrollLeft, about ?? (head >= 0 && head <= wide ? head : wide / 2), by, this.least);
    this.view.scale = next.scale;
    this.draw(next.scrolled);       // where it will be: a place that is set before the rows are drawn has the browser lay all of them out twice
    this.scroll.scrollLeft = next.scrolled;
  }

  zoomTo(share) { this.zoom(this.least * (NEAREST / this.least) ** share / this.view.scale); }

  /** All of it is seen; `more` only draws it smaller, so that what was added is seen. */
  fit(more = false) {
    this.measure();
    if (!this.store.cut || this.wide <= 0) return;
    const scale = Math.min(fitting(length(this.store.cut), this.wide), 6);
    if (more && scale > this.view.scale) { this.bring(length(this.store.cut)); return; }
    this.view.scale = scale;
    this.draw(0);
    this.scroll.scrollLeft = 0;
  }

  wheel(event) {
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); this.zoom(Math.exp(-event.deltaY / 240), event.clientX - this.plane.parentNode.getBoundingClientRect().left - this.heads); }
    else if (!event.deltaX && !event.shiftKey && this.scroll.scrollHeight <= this.scroll.clientHeight + 1) { event.preventDefault(); this.scroll.scrollLeft += event.deltaY; }
  }

  soon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  /** Draw what is seen when the rows are scrolled to `from` pixels: where they are, unless said. */
  draw(from = this.scroll.scrollLeft) {
    const { view, store } = this;
    if (!store.cut || this.folded) return;
    const begun = performance.now();
    if (this.board.shown) { this.board.draw(); return; }
    const { cut } = this.screen;
    const { scale } = view;
    const { wide } = this;
    const reach = store.candidates.reduce((most, one) => Math.max(most, zone(store.cut, one)?.to ?? 0), length(cut));
    const whole = Math.max(reach * scale + BEHIND, wide);
    from = Math.min(from, whole - wide);
    this.from = from;
    this.plane.style.width = `${whole + this.heads}px`;
    this.ruler.draw(cut, scale, from, from + wide);
    this.stretch.draw(cut, scale, from, wide);
    this.tries.draw(store.cut);
    const again = this.lanes.draw(cut, from, from + wide, this.tall - this.tries.height - this.stretch.height);
    clearTimeout(this.resting);
    if (again !== null) this.resting = setTimeout(() => this.soon(), again);
    this.ruler.at(view.playhead, scale);
    const drop = view.dropping ?? view.drag?.slot;
    hide(this.slot, !drop);
    if (drop) this.slot.style.transform = `translateX(${drop.at * scale}px)`;
    hide(this.near, view.near === null);
    if (view.near !== null) this.near.style.transform = `translateX(${view.near * scale}px)`;
    hide(this.marquee, !view.frame);
    if (view.frame) Object.assign(this.marquee.style, Object.fromEntries(Object.entries(view.frame).map(([side, pixels]) => [side, `${pixels}px`])));
    this.bar.zoomed(Math.log(scale / this.least) / Math.log(NEAREST / this.least), scale);
    this.root.dataset.paint = (performance.now() - begun).toFixed(2);
  }

  hint(words) { this.bar.hint.textContent = words; }
  tell(words) { this.live.textContent = words; this.hint(words); clearTimeout(this.hinting); this.hinting = setTimeout(() => this.hint(''), 4000); }
  storyboard() { this.board.toggle(); this.bar.board.setAttribute('aria-pressed', this.board.shown); this.scroll.hidden = this.board.shown; this.draw(); }
  called(item) { return called(item, this.store.media(item)); }
}

export function mount(root) { new Timeline(root); }
