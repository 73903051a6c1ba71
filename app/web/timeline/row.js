// One row: the head of a track, and in its lane only those pieces that are seen.
//
//     name ◌ ◌  ▕ clip ▕ clip ◇ clip ▕ ╌╌╌╌ ▕     ◇ a joint; ╌ what is being made
// Knows a track, where it is seen and what a drag has moved so far. Changes nothing.
import { el } from '../desk.js';
import { t } from '../words.js';
import { ClipView } from './clip.js';
import { joints, pieces, zone } from './cut.js';
import { tool } from './drawings.js';
import { timecode } from './places.js';
import { put } from './putting.js';
import { Wave } from './wave.js';

export const HEIGHTS = { film: 54, titles: 30, sound: 38 };        // pixels, at least; film takes what is left
const GIVEN = { film: 'Film', titles: 'Titles', sound: 'Sound' };       // what the studio calls the tracks of a new cut
export const EMPTY = 26;
const ROOM = 30;            // pixels that both clips need until their joint can be pressed
const BUTTON = 16;          // pixels of a joint's
const SEAM = 26;            // pixels of what is made over a hard cut
const NEW = new Set(['extend', 'precede', 'connect']);        // film where there was none; the others are made again
const SPARE = 60;

export class Row {
  constructor(lanes) {
    this.lanes = lanes;
    this.name = el('span.name');
    this.mute = tool('mute', '', () => lanes.set(this.track, { mute: !this.track.mute }));
    this.lock = tool('lock', '', () => lanes.set(this.track, { locked: !this.track.locked }));
    this.list = el('ul.pieces', {});
    this.joins = el('div.joints', {});
    this.zones = el('div.zones', { 'aria-hidden': 'true' });
    this.wave = new Wave();
    this.lane = el('div.lane', {}, this.list, this.wave.node, this.zones, this.joins);
    this.root = el('div.row', {}, el('div.head', {}, this.name, this.mute, this.lock), this.lane);
    this.views = new Map();
    this.spare = [];            // pieces that went out of sight: the next that come into it are shown by them
    this.buttons = new Map();
  }

  draw(cut, track, from, to) {
    const { view, store, glances } = this.lanes;
    const all = pieces(track);
    const height = track.kind === 'film' ? this.lanes.film : all.length ? HEIGHTS[track.kind] : EMPTY;
    if (this.track !== track || this.height !== height) this.face(track, all.length, height);
    const { scale, drag } = view;
    const boxes = all.map((place) => ({ key: place.item.id, place, ...dragged(place, track, drag) }));
    if (drag?.copies) boxes.push(...all.filter(({ item }) => goes(item, drag)).map((place) => ({ key: `copy ${place.item.id}`, place, ...moved(place, track, drag) })));
    let low = 0;
    while (low < boxes.length && boxes[low].stop * scale < from && !boxes[low].moved) low += 1;
    const wanted = [];
    for (let at = low; at < boxes.length; at++) {
      const box = boxes[at];
      const held = box.place.item.id === view.focus || box.moved;
      if (box.start * scale > to && !held) { if (!drag) break; continue; }
      if (box.stop * scale >= from || held) wanted.push(box);
    }
    // What is out of sight goes first: beside a piece that is still there every other would stand in the wrong place, and a piece that is put elsewhere is styled and laid out whole.
    const seen = new Set(wanted.map(({ key }) => key));
    for (const [id, piece] of this.views) if (!seen.has(id)) { piece.item.remove(); this.views.delete(id); this.spare.push(piece); }
    let before = null, whole = true;
    const heard = [];
    for (const { key, place, start, stop, delta, moved: along, down } of wanted) {
      const { item } = place;
      const width = (stop - start) * scale;
      const voice = this.lanes.voice(cut, track, item);
      const chosen = view.chosen.has(item.id);
      const shared = Wave.shared(item, width, along, chosen || item.id === view.focus);
      if (shared && Wave.there(item, width, voice)) heard.push({ item, start, stop, voice, delta });
      let piece = this.views.get(key);
      if (!piece) this.views.set(key, piece = this.spare.pop() ?? new ClipView());
      const take = store.media(item);
      whole = piece.show(place, track, { left: start * scale, width, from: Math.max(from, 0), to, height, edge: this.lanes.left, down }, {
        scale, rate: cut.rate, take, pictures: (count) => glances.pictures(take, count), voice, shared, pen: this.lanes.pen,
        missing: store.answer.missing[item.id], chosen, moved: along, delta,
      }) && whole;
      const there = before ? before.nextSibling : this.list.firstChild;
      if (there !== piece.item) this.list.insertBefore(piece.item, there);
      before = piece.item;
    }
    whole = this.wave.draw(heard, { from: Math.max(from, 0), to, height }, { scale, rate: cut.rate, pen: this.lanes.pen }) && whole;
    this.spare.length = Math.min(this.spare.length, SPARE);
    this.join(cut, track, from, to);
    this.zone(cut, track, from, to);
    return whole;
  }

  face(track, count, height) {
    Object.assign(this, { track, height });
    this.root.dataset.track = track.id;
    this.root.dataset.kind = track.kind;
    this.root.style.height = `${height}px`;
    const own = { film: t('Film'), titles: t('Titles'), sound: t('Sound') }[track.kind];
    const name = !track.name || track.name === GIVEN[track.kind] ? own : track.name;
    this.name.textContent = name;
    this.list.setAttribute('aria-label', count === 1 ? t('{track}: one piece', { track: name }) : t('{track}: {n} pieces', { track: name, n: count }));
    const seen = track.kind === 'sound' ? t('Mute {track}', { track: name }) : t('Hide {track}', { track: name });
    for (const [button, label, on] of [[this.mute, seen, track.mute], [this.lock, t('Lock {track}', { track: name }), track.locked]]) {
      button.title = label;
      button.setAttribute('aria-label', label);
      button.setAttribute('aria-pressed', Boolean(on));
    }
    this.root.classList.toggle('off', Boolean(track.mute));
    this.root.classList.toggle('locked', Boolean(track.locked));
  }

  /** What can be done where two clips meet, and the transitions that lie there. */
  join(cut, track, from, to) {
    const { view } = this.lanes;
    const { scale } = view;
    const seen = new Set();
    for (const joint of track.kind === 'film' && !view.drag ? joints(track) : []) {
      const { before, after, at, gap, transition } = joint;
      const x = (at + gap / 2) * scale;
      if (x < from || x > to || before.item.is !== 'clip' || after.item.is !== 'clip') continue;
      if (Math.min(before.stop - before.start, after.stop - after.start) * scale < ROOM && !transition) continue;
      const id = before.item.id;
      seen.add(id);
      let button = this.buttons.get(id);
      if (!button) {
        button = el('div.joint', { role: 'button', tabIndex: -1 });
        button.addEventListener('click', () => { if (!button.rolled) this.lanes.join(button.joint, button); button.rolled = false; });
        this.buttons.set(id, button);
        this.joins.append(button);
      }
      const same = button.joint?.at === at && button.joint.gap === gap && button.joint.transition?.item === transition?.item && button.rate === cut.rate;
      Object.assign(button, { joint, track, rate: cut.rate });
      const wide = transition ? Math.max((transition.stop - transition.start) * scale, 14) : BUTTON;
      put(button, button, { left: `${transition ? transition.start * scale : x - wide / 2}px`, width: `${wide}px` });
      if (same) continue;
      button.dataset.kind = transition ? transition.item.kind ?? 'cross-fade' : gap ? 'gap' : 'cut';
      const words = transition
        ? (transition.item.kind === 'dip' ? t('Dip at {time}', { time: timecode(at, cut.rate) }) : t('Cross-fade at {time}', { time: timecode(at, cut.rate) }))
        : gap ? t('Gap of {length} at {time}', { length: timecode(gap, cut.rate), time: timecode(at, cut.rate) }) : t('Joint at {time}', { time: timecode(at, cut.rate) });
      button.setAttribute('aria-label', words);
      button.title = words;
    }
    for (const [id, button] of this.buttons) if (!seen.has(id)) { button.remove(); this.buttons.delete(id); }
  }

  /** Where film is to be made: while an end is drawn past its media, and for every candidate. */
  zone(cut, track, from, to) {
    const { view, store } = this.lanes;
    const { scale, drag } = view;
    const wanted = [];
    if (drag?.what === 'trim' && drag.make && drag.track === track.id) {
      const { start, stop } = drag.place;
      const side = drag.side === 'tail' ? [stop + drag.by, stop + drag.by + drag.make] : [start + drag.by - drag.make, start + drag.by];
      wanted.push({ from: side[0], to: side[1], words: t('to be made: {length}', { length: timecode(drag.make, cut.rate) }), state: 'wished' });
    }
    for (const candidate of view.trying ? [] : store.candidates) {
      const place = zone(cut, candidate);
      if (place?.track.id === track.id && !wanted.some((one) => one.from === place.from && one.to === place.to)) wanted.push({ ...place, words: '', state: candidate.state, kind: candidate.kind });
    }
    const key = JSON.stringify([scale, wanted.map((one) => [one.from, one.to, one.words, one.state]), Math.floor(from / 1000), Math.floor(to / 1000)]);
    if (key === this.zoned) return;
    this.zoned = key;
    this.zones.replaceChildren(...wanted.filter((one) => one.to * scale > from && one.from * scale < to).map((one) => {
      const node = el('div.tobe', { 'data-state': one.state, 'data-over': !one.words && !one.meets && !NEW.has(one.kind) }, el('span', {}, one.words));
      const wide = Math.max((one.to - one.from) * scale, one.meets ? SEAM : 2);       // over a hard cut there is no room yet
      node.style.transform = `translateX(${(one.from + one.to) / 2 * scale - wide / 2}px)`;
      node.style.width = `${wide}px`;
      return node;
    }));
  }
}

/** Whether a drag takes a piece along. */
const goes = (item, drag) => drag.ids?.has(item.id) || Boolean(item.link && drag.links?.has(item.link));

/** Where a piece that is moved, or its copy, is drawn. */
const moved = ({ start, stop }, track, drag) => ({ start: Math.max(0, start + drag.by), stop: Math.max(0, start + drag.by) + stop - start, moved: true, down: track.id === drag.track ? drag.down : 0 });

/** Where a piece is drawn while something is dragged: `{start, stop, delta, moved, down}`. */
function dragged(place, track, drag) {
  const { item, start, stop } = place;
  if (!drag || track.locked) return { start, stop };
  const along = goes(item, drag);
  if (drag.what === 'move') return along && !drag.copies ? moved(place, track, drag) : { start, stop };
  if (drag.what === 'roll') {
    if (track.id !== drag.track) return { start, stop };
    if (item.id === drag.joint.before.item.id) return { start, stop: stop + drag.by, delta: { tail: drag.by } };
    if (item.id === drag.joint.after.item.id) return { start: start + drag.by, stop, delta: { head: drag.by } };
    return { start, stop };
  }
  const { side, by, ripple, place: held } = drag;
  if (along) {
    if (side === 'tail') return { start, stop: stop + by, delta: { tail: by } };
    return ripple ? { start, stop: stop - by, delta: { head: by } } : { start: start + by, stop, delta: { head: by } };
  }
  const follows = ripple && (track.id === drag.track || (track.sync ?? true)) && start >= held.stop;
  const shift = follows ? (side === 'tail' ? by : -by) : 0;
  return { start: start + shift, stop: stop + shift };
}
