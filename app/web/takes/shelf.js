// The shelf: as much of the list of takes as is looked at, a block at a time, from any place in it.
//
//     0 ........ [60] [60] .................... 10,000        only what is near is asked for and kept
//     ++0 ...... [60] [60] .................... 10,002        what comes in front while one looks further down is held back,
// so that nothing moves under the eyes: `fresh` takes, until `welcome`. Places are counted from behind them.
// Knows the route and places in a list. Draws nothing.
import { ask } from '../desk.js';

const BLOCK = 60, KEPT = 24;        // takes in a block, blocks that are kept

export class Shelf {
  /** `changed()` is called when there is something new to show, `failed(error)` when there is not; `away()` tells whether one looks further down. */
  constructor(changed, failed, away = () => false) {
    Object.assign(this, { changed, failed, away, found: 0, fresh: 0, moved: 0, mark: null, all: 0, trash: 0, era: 0, known: false });
    this.wanted = {};
    this.blocks = new Map();        // number → { era, takes }
    this.asked = new Map();         // number → era it was asked in
    this.near = [0, 1];
  }

  /** Ask for something else: `{query, only, tag: [], rating, operation, model, size, since}`. */
  want(wanted) {
    this.wanted = wanted;
    this.blocks.clear();
    this.known = false;
    this.fresh = 0;
    this.near = [0, 1];
    this.refresh();
  }

  /** How many places there are. */
  get length() { return Math.max(0, this.found - this.fresh); }

  /** Have what was held back; says whether there was something. */
  welcome() {
    const held = this.fresh;
    this.fresh = 0;
    return held > 0;
  }

  /** The list may be another now: what is shown is asked for again, and shown until the answer is there. */
  refresh() {
    this.era++;
    this.need(...this.near);
  }

  at(place) {
    const there = place + this.fresh;
    return this.blocks.get(Math.floor(there / BLOCK))?.takes[there % BLOCK];
  }

  /** The place of a take among those that are here; -1 when it is not. */
  place(id) {
    for (const [number, { takes }] of this.blocks) {
      const at = takes.findIndex((take) => take.id === id);
      if (at >= 0) return number * BLOCK + at - this.fresh;
    }
    return -1;
  }

  /** Places [from, to) are looked at. */
  need(from, to) {
    this.near = [from, to];
    for (let number = Math.floor(Math.max(0, from + this.fresh) / BLOCK); number <= Math.floor(Math.max(0, to + this.fresh - 1) / BLOCK); number++) {
      if (this.known && number > 0 && number * BLOCK >= this.found) break;
      if (this.blocks.get(number)?.era !== this.era && this.asked.get(number) !== this.era) this.fetch(number);
    }
  }

  async fetch(number) {
    const { era } = this;
    this.asked.set(number, era);
    const query = new URLSearchParams({ skip: number * BLOCK, limit: BLOCK });
    for (const [name, value] of Object.entries(this.wanted)) for (const one of [value].flat()) if (one) query.append(name, one);
    try {
      const answer = await ask(`studio/takes?${query}`);
      if (era !== this.era) return;
      this.follow(number, answer.takes);
      Object.assign(this, { found: answer.found, all: answer.all, trash: answer.trash, mark: answer.mark, known: true });
      this.blocks.set(number, { era, takes: answer.takes });
      for (const far of this.blocks.keys()) {
        if (this.blocks.size <= KEPT) break;
        if (far * BLOCK > this.near[1] + this.fresh + 10 * BLOCK || (far + 1) * BLOCK < this.near[0] + this.fresh - 10 * BLOCK) this.blocks.delete(far);
      }
      this.changed(number === 0 ? answer.takes[0] : undefined);
    } catch (error) {
      if (era === this.era) this.failed(error);
    } finally {
      if (this.asked.get(number) === era) this.asked.delete(number);
    }
  }

  /** A block is there again: where what is looked at has moved down in it, that many came in front. */
  follow(number, now) {
    const before = this.blocks.get(number)?.takes;
    if (!before || this.moved === this.era || !this.away()) return;
    for (let at = Math.max(0, this.near[0] + this.fresh - number * BLOCK); at < before.length; at++) {
      const to = now.findIndex((take) => take.id === before[at].id);
      if (to < 0) continue;           // it is gone, or in the next block
      this.fresh += Math.max(0, to - at);
      this.moved = this.era;
      return;
    }
  }

  /** A take is another now: show it at once, before the list is asked again. */
  put(now) {
    for (const { takes } of this.blocks.values()) {
      const at = takes.findIndex((take) => take.id === now.id);
      if (at >= 0) takes[at] = now;
    }
  }
}
