// What is done with the chosen pieces and at the playhead: each an edit for the studio, from keys, buttons and menus alike.
//
// Knows the timeline that it is for. An act that has nothing to act on says so, in a sentence.
import { t } from '../words.js';
import { beside, find, head, joints, number, pieces, placed, tail } from './cut.js';
import { newId } from './store.js';

export class Acts {
  constructor(line) { this.line = line; }

  /** The cut that is seen: while a candidate is played in it no edit is made of it, see auditions.js. */
  get cut() { return this.line.screen.cut; }
  get view() { return this.line.view; }

  /** The chosen pieces with their places, in order; those that are gone meanwhile are left out. */
  get chosen() { return [...this.view.chosen].map((id) => find(this.cut, id)).filter(Boolean).sort((a, b) => a.start - b.start); }

  /** The one that is meant: chosen, or under the playhead on the film. */
  get one() { return this.chosen[0] ?? this.under()[0] ?? null; }

  edit(...edits) { return this.line.store.edit(...edits); }

  /** The pieces under the playhead on tracks that are not locked, film first. */
  under() {
    const at = this.view.playhead;
    return this.cut.tracks.filter((track) => !track.locked)
      .flatMap((track) => pieces(track).filter(({ start, stop }) => start <= at && at < stop).map((place) => ({ track, ...place })))
      .sort((a, b) => (b.track.kind === 'film') - (a.track.kind === 'film'));
  }

  split() {
    const at = this.view.playhead;
    const chosen = this.chosen.filter(({ start, stop }) => start < at && at < stop);
    const found = chosen.length ? chosen : this.under().filter(({ start, track }) => start < at && track.kind === 'film');
    if (!found.length) { this.line.tell(t('Nothing lies across the playhead that could be split.')); return; }
    const links = new Set();
    const each = found.filter(({ item }) => { const again = item.link && links.has(item.link); links.add(item.link); return !again; });
    this.edit(...each.map(({ item }) => ({ is: 'split', item: item.id, at })));
  }

  /** Take the chosen pieces out; `close`: what comes after moves up. */
  async remove(close) {
    const { chosen } = this;
    if (!chosen.length && this.view.stretch) { this.out(close); return; }
    if (!chosen.length) { this.line.tell(t('Choose a clip first.')); return; }
    const { track, item } = chosen.at(-1);
    const { after } = beside(track, item.id);
    const { before } = beside(track, chosen[0].item.id);
    const ids = chosen.map((one) => one.item.id);
    if (await this.edit({ is: close ? 'ripple-delete' : 'lift', items: ids })) {
      const next = [after, before].find((one) => one && !ids.includes(one.item.id) && find(this.cut, one.item.id));
      this.line.choose(next ? [next.item.id] : [], { focus: true });
    }
  }

  /** Take the marked stretch out of all rows; `close`: what comes after moves up. */
  async out(close) {
    const { stretch } = this.view;
    if (!stretch) { this.line.tell(t('Mark a stretch first: I where it begins, O where it ends.')); return; }
    const [at, stop] = stretch;
    if (await this.edit({ is: close ? 'extract' : 'clear', at, length: stop - at }) && close) { this.line.stretch.clear(); this.line.go(at); this.line.root.focus({ preventScroll: true }); }
  }

  /** Room before the marked stretch, as long as it, in all rows. */
  room() {
    const { stretch } = this.view;
    if (!stretch) { this.line.tell(t('Mark a stretch first: I where it begins, O where it ends.')); return; }
    this.edit({ is: 'make-room', at: stretch[0], length: stretch[1] - stretch[0] });
  }

  /** An end of a clip comes to where the playhead is. */
  trim(side, ripple) {
    const { one } = this;
    if (!one) { this.line.tell(t('Choose a clip first.')); return; }
    const by = this.view.playhead - (side === 'head' ? one.start : one.stop);
    if (by) this.edit({ is: ripple ? 'ripple-trim' : 'trim', item: one.item.id, end: side, by });
  }

  /** Earlier or later: film among its neighbours, anything else by frames. */
  shift(way, by = 1) {
    const [one] = this.chosen;
    if (!one) { this.line.tell(t('Choose a clip first.')); return; }
    if (one.track.kind !== 'film') { this.edit({ is: 'move', items: this.chosen.map(({ item }) => item.id), by: way * by }); return; }
    const all = pieces(one.track);
    const at = all.findIndex(({ item }) => item.id === one.item.id);
    if (way < 0 ? at === 0 : at === all.length - 1) return;
    this.edit({ is: 'reorder', item: one.item.id, before: way < 0 ? all[at - 1].item.id : all[at + 2]?.item.id ?? '' });
  }

  /** The joint that is meant: after the chosen clip, or the one nearest to the playhead. */
  joint() {
    const one = this.chosen.find(({ track, item }) => track.kind === 'film' && beside(track, item.id).after);
    if (one) return { track: one.track, ...joints(one.track).find((joint) => joint.before.item.id === one.item.id) };
    const all = this.cut.tracks.filter((track) => track.kind === 'film' && !track.locked).flatMap((track) => joints(track).map((joint) => ({ track, ...joint })));
    return all.sort((a, b) => Math.abs(a.at - this.view.playhead) - Math.abs(b.at - this.view.playhead))[0] ?? null;
  }

  /**
   * Pieces once more, with what is linked to them, as one step.
   * track, to    ids: those that lie on the one come to lie on the other
   * slot         where between the others of their row, one behind the other; else `by` frames from where they are, over what lies there
   */
  async copy(ids, { track, to = track, by = 0, slot = null }) {
    const all = this.cut.tracks.flatMap((one) => pieces(one).map((place) => ({ track: one, ...place })));
    const main = all.filter((one) => ids.includes(one.item.id) && (!slot || one.track.id === track));
    const shift = new Map();        // of what is linked, by its link
    const links = new Map();
    const parts = [];
    let behind = slot?.at;
    for (const { track: { id }, item, start } of main) {
      const first = slot ? behind : start + by;
      if (slot) behind += item.length;
      if (item.link && !shift.has(item.link)) shift.set(item.link, first - start);
      parts.push({ track: id === track ? to : id, item, start: first });
    }
    for (const { track: one, item, start } of all) {
      if (shift.has(item.link) && !one.locked && !main.some((each) => each.item.id === item.id)) { links.set(item.link, newId()); parts.push({ track: one.id, item, start: start + shift.get(item.link) }); }
    }
    const early = Math.min(...parts.map(({ start }) => start));
    const at = slot?.at ?? early;
    const ends = new Map();
    const laid = parts.sort((a, b) => a.start - b.start).map(({ track: id, item, start }) => {
      const from = start - early + at;
      const after = from - (ends.get(id) ?? at);
      ends.set(id, from + item.length);
      const { link, ...rest } = item;
      return { track: id, after, item: { ...rest, id: newId(), ...(links.has(link) ? { link: links.get(link) } : {}) } };
    });
    if (await this.line.store.act('edits', { edit: { id: newId(), is: slot ? 'insert' : 'overwrite', at, parts: laid } }, 'copy')) this.line.choose(laid.filter((one) => one.track === to).map(({ item }) => item.id), { focus: true });
  }

  /** The chosen pieces once more, behind themselves. */
  duplicate() {
    const [first] = this.chosen;
    if (!first) { this.line.tell(t('Choose a clip first.')); return; }
    const row = this.chosen.filter(({ track }) => track.id === first.track.id);
    const { stop } = row.at(-1);
    this.copy(row.map(({ item }) => item.id), { track: first.track.id, by: stop - first.start, slot: first.track.kind === 'film' ? { at: stop } : null });
  }

  /** A transition over a joint, or off it. Clips that have no more film than is shown give some of it for a cross-fade. */
  cross(kind = 'cross-fade', joint = this.joint()) {
    if (!joint) { this.line.tell(t('There is no joint between two clips yet.')); return; }
    if (joint.transition) { this.edit({ is: 'remove-transition', item: joint.transition.item.id }); return; }
    if (joint.gap) { this.line.tell(t('A gap lies between the two: close it first.')); return; }
    const { rate } = this.cut;
    const { before, after } = joint;
    const half = Math.max(1, Math.min(Math.round(number(rate) / 4), Math.floor((before.stop - before.start) / 3), Math.floor((after.stop - after.start) / 3)));
    const add = (into, out) => ({ is: 'add-transition', item: before.item.id, transition: { id: newId(), in_offset: into, out_offset: out, ...(kind === 'dip' ? { kind } : {}) } });
    if (kind === 'dip') { this.edit(add(half, half)); return; }
    const [into, out] = [Math.min(half, head(after.item, rate)), Math.min(half, tail(before.item, rate))];
    if (into + out >= half) { this.edit(add(into, out)); return; }
    this.edit(
      ...(out < half ? [{ is: 'ripple-trim', item: before.item.id, end: 'tail', by: out - half }] : []),
      ...(into < half ? [{ is: 'ripple-trim', item: after.item.id, end: 'head', by: half - into }] : []),
      add(half, half));
    this.line.tell(t('Both clips gave up to {n} frames for the cross-fade.', { n: half }));
  }

  close(joint) { this.edit({ is: 'close-gap', item: joint.after.item.id }); }

  speed(speed) { for (const { item } of this.chosen.slice(0, 1)) this.edit({ is: 'speed', item: item.id, speed }); }

  fade(frames) {
    const { one } = this;
    if (!one) return;
    const most = Math.min(frames, Math.floor(one.item.length / 2));
    const there = (one.item.fade_in ?? 0) + (one.item.fade_out ?? 0) > 0;
    this.edit({ is: 'fade', item: one.item.id, fade_in: there ? 0 : most, fade_out: there ? 0 : most });
  }

  mute() {
    const clips = this.chosen.filter(({ item }) => item.is === 'clip');
    if (clips.length) this.edit({ is: 'mute', items: clips.map(({ item }) => item.id), mute: !clips[0].item.mute });
  }

  /** A marker at the playhead, or off it. */
  mark() {
    const at = this.view.playhead;
    const there = (this.cut.markers ?? []).find((marker) => marker.at === at);
    if (there) this.edit({ is: 'remove-marker', marker: there.id });
    else this.edit({ is: 'add-marker', marker: { id: newId(), at, name: t('Marker {n}', { n: (this.cut.markers ?? []).length + 1 }) } });
  }

  /** Words over the film, from the playhead on. */
  title(words) {
    const track = this.cut.tracks.find((one) => one.kind === 'titles' && !one.locked);
    const item = { is: 'title', id: newId(), words, length: Math.round(number(this.cut.rate) * 2) };
    if (!track) { this.line.tell(t('There is no track for titles that is not locked.')); return null; }
    return this.edit({ is: 'overwrite', at: this.view.playhead, parts: [{ track: track.id, item }] });
  }

  /** How a track is; what is not said stays. */
  track(track, changes) {
    const { name = '', mute = false, level = 0, locked = false, sync = true } = track;
    return this.edit({ is: 'set-track', track: track.id, name, mute, level, locked, sync, ...changes });
  }

  /** Another track of the same kind as the chosen one, above or below. */
  across(way) {
    const rows = this.line.lanes.order(this.cut).filter((track) => placed(track).length);
    const at = rows.findIndex((track) => pieces(track).some(({ item }) => item.id === this.view.focus));
    const row = rows[at + way];
    if (!row) return;
    const near = pieces(row).reduce((best, one) => (Math.abs(one.start - this.view.playhead) < Math.abs(best.start - this.view.playhead) ? one : best));
    this.line.choose([near.item.id], { focus: true });
  }
}
