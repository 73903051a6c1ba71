// The grid: very many takes, of which only those that can be seen are in the document.
//
//     every row is as high as the others, so that a place in the list is a place on the page: nothing is measured twice
// Knows places, cards and the keys that move among them. Which takes there are is the shelf's, what is done with them the panel's.
import { el } from '../desk.js';
import { t } from '../words.js';
import { Card } from './card.js';

const FAST = 6, SETTLE = 90;        // pixels a millisecond that are flown over, milliseconds until it is rest
const LEAST = 140, GAP = 10, TEXT = 50, AROUND = 500;      // pixels: a card's width, what is below its poster, what is drawn beyond the edge

export class Grid {
  /**
   * `acts` is a row of buttons that goes to the card under pointer or focus; `welcomed()` is called when takes that were held back are shown.
   * `play(take, event)`, `key(event, take, place)` are told what happens; `look(take)` which one the acts are for.
   */
  constructor(shelf, scroller, acts, { play, key, look, welcomed }) {
    Object.assign(this, { shelf, scroller, acts, play, key, look, welcomed, cursor: 0, playing: '', chosen: new Map() });
    this.root = el('ul.grid', { 'aria-label': t('Takes') });
    this.cards = new Map();         // id → card
    Object.assign(this, { top: 0, when: 0, passing: false });
    document.addEventListener('scroll', () => this.scrolled(), { capture: true, passive: true });
    new ResizeObserver(() => { this.measure(); this.draw(); }).observe(this.root);
    this.root.addEventListener('click', (event) => {
      const card = event.target.closest('.open')?.parentNode.card;
      if (!card) return;
      this.cursor = this.shelf.place(card.take.id);
      this.rove();
      play(card.take, event);
    });
    this.root.addEventListener('focusin', (event) => this.attend(event.target.closest('.card')?.card));
    this.root.addEventListener('pointerover', (event) => this.attend(event.target.closest('.card')?.card));
    this.root.addEventListener('keydown', (event) => this.steer(event));
  }

  measure() {
    const width = this.root.clientWidth;
    this.across = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)));
    this.wide = (width - GAP * (this.across - 1)) / this.across;
    this.row = Math.round(this.wide * 10 / 16) + TEXT + GAP;
  }

  scrolled() {
    const now = performance.now();
    const top = this.root.getBoundingClientRect().top;
    if (top === this.top) return;
    this.passing = Math.abs(top - this.top) / Math.max(1, now - this.when) > FAST;
    [this.top, this.when] = [top, now];
    clearTimeout(this.settled);
    if (this.passing) this.settled = setTimeout(() => { this.passing = false; this.draw(); }, SETTLE);
    if (!this.away && this.shelf.welcome()) this.welcomed();
    this.soon();
  }

  soon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  /** Whether one looks further down than where the first takes are. */
  get away() { return this.root.getBoundingClientRect().top < this.scroller.getBoundingClientRect().top - 30; }

  /** Places [from, to) that are on the page, and a little around them. */
  seen() {
    const box = this.root.getBoundingClientRect();
    const view = this.scroller.getBoundingClientRect();
    const top = Math.max(view.top, 0) - AROUND - box.top;
    const bottom = Math.min(view.bottom, innerHeight) + AROUND - box.top;
    const found = this.shelf.length;
    return [Math.min(found, Math.max(0, Math.floor(top / this.row) * this.across)), Math.min(found, Math.max(0, Math.ceil(bottom / this.row) * this.across))];
  }

  draw() {
    if (!this.row) this.measure();
    const found = this.shelf.length;
    const height = `${Math.max(0, Math.ceil(found / this.across) * this.row - GAP)}px`;
    if (this.root.style.height !== height) this.root.style.height = height;
    const [from, to] = this.seen();
    this.shelf.need(from, Math.max(to, from + 1));
    const places = new Map();
    for (let place = from; place < to; place++) { const take = this.shelf.at(place); if (take) places.set(take.id, [place, take]); }
    const held = this.root.contains(document.activeElement) ? document.activeElement.closest('.card')?.card : null;
    for (const [id, card] of this.cards) {
      if (places.has(id)) continue;
      const place = card === held ? this.shelf.place(id) : -1;
      if (place >= 0 && place < found) { places.set(id, [place, card.take]); continue; }      // whoever has the focus stays
      card.leave();
      this.cards.delete(id);
    }
    let before = null;
    for (const [id, [place, take]] of [...places].sort((a, b) => a[1][0] - b[1][0])) {
      let card = this.cards.get(id);
      if (!card) this.cards.set(id, card = new Card());
      card.place = place;
      card.show(take, { playing: this.playing, chosen: this.chosen.has(id), passing: this.passing });
      const style = card.item.style;
      style.width = `${this.wide}px`;
      style.transform = `translate(${(place % this.across) * (this.wide + GAP)}px, ${Math.floor(place / this.across) * this.row}px)`;
      card.item.setAttribute('aria-posinset', place + 1);
      card.item.setAttribute('aria-setsize', found);
      const there = before ? before.nextSibling : this.root.firstChild;       // in the document as on the page
      if (there !== card.item) this.root.insertBefore(card.item, there);
      before = card.item;
    }
    if (this.wanted !== undefined) this.arrive();
    this.rove();
    this.root.dataset.nodes = this.cards.size;
  }

  /** The buttons go where somebody looks. */
  attend(card) {
    if (!card || this.acts.parentNode === card.item && this.acted === card.take) return;
    if (this.acts.contains(document.activeElement)) return;
    this.acted = card.take;
    card.item.append(this.acts);
    this.look(card.take);
  }

  /** One stop for the Tab key; arrows move inside. */
  rove() {
    let here = null;
    for (const card of this.cards.values()) if (card.place === this.cursor) here = card;
    here ??= this.cards.values().next().value;
    for (const card of this.cards.values()) card.open.tabIndex = card === here ? 0 : -1;
  }

  /** Give the focus to a place, wherever it is; a card that is not here yet gets it when it comes. */
  focus(place) {
    this.cursor = this.wanted = Math.min(this.shelf.length - 1, Math.max(0, place));
    const top = Math.floor(this.cursor / this.across) * this.row;
    const box = this.root.getBoundingClientRect();
    const view = this.scroller.getBoundingClientRect();
    const above = view.top - box.top;
    if (top < above) this.scroller.scrollTop += top - above - 2;
    else if (top + this.row > above + view.height) this.scroller.scrollTop += top + this.row - above - view.height + 2;
    this.draw();
  }

  arrive() {
    for (const card of this.cards.values()) {
      if (card.place !== this.wanted) continue;
      this.wanted = undefined;
      for (const other of this.cards.values()) other.open.tabIndex = other === card ? 0 : -1;
      card.open.focus({ preventScroll: true });
      card.item.scrollIntoView({ block: 'nearest' });
      return;
    }
  }

  steer(event) {
    const card = event.target.closest('.card')?.card;
    if (!card || !event.target.matches('.open') || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.row)) * this.across;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.across, ArrowUp: -this.across, PageDown: page, PageUp: -page }[event.key];
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? this.shelf.length - 1 : by && card.place + by;
    if (to !== undefined && (to >= 0 && to < this.shelf.length || event.key.startsWith('Page'))) {
      event.preventDefault();
      this.focus(to);
    }
    this.key(event, card.take, card.place, to);
  }
}
