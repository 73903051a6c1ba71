// What the pointer does on the rows: choose, move, trim, roll, draw a frame round several, drop takes.
//
//     | handle | clip . . . . . | handle |◇| handle | clip . . .         ◇ rolls where two meet
//     a handle that is drawn past the clip's media asks for film that goes on
//     film that is moved comes to lie between others; with Shift where it is let go, over what lies there; with Alt it is copied
// A gesture is one edit, asked when the pointer lets go; until then only the picture of the rows changes. Escape takes it back.
// A finger scrolls and taps: it moves nothing. Knows the timeline that it is for.
import { tell } from '../desk.js';
import { DRAGGED, bring } from '../make/films.js';
import { t } from '../words.js';
import { end, find, pieces } from './cut.js';
import { between, drawn, magnets, rolled, slot, snapped, within } from './places.js';

const GRIP = 8;             // pixels at either end of a clip that trim it
const STILL = 3;            // pixels that a hand may shake
const BORDER = 36, PULL = 14;       // pixels at the edge of the window of rows, and how far each picture scrolls there

export class Gestures {
  constructor(line) {
    this.line = line;
    this.now = null;
    const { root } = line.lanes;
    root.addEventListener('pointerdown', (event) => this.down(event));
    root.addEventListener('pointermove', (event) => this.hover(event));
    root.addEventListener('click', (event) => this.click(event));
    root.addEventListener('dblclick', (event) => { const clip = event.target.closest('.clip'); if (clip) line.go(clip.view.place.start); });
    window.addEventListener('pointermove', (event) => this.move(event));
    window.addEventListener('pointerup', (event) => this.up(event));
    window.addEventListener('pointercancel', () => this.cancel());
    window.addEventListener('keydown', (event) => { if (event.key === 'Escape' && this.now) { event.stopPropagation(); this.cancel(); } }, true);
    for (const kind of ['keydown', 'keyup']) window.addEventListener(kind, (event) => { if (this.now?.active && (event.key === 'Alt' || event.key === 'Shift')) { event.preventDefault(); this.held(event); } });
    this.dropping(line.root);
  }

  /** Which end of a clip the pointer is over, "" for its middle. */
  side(clip, x) {
    const box = clip.getBoundingClientRect();
    const grip = Math.min(GRIP, box.width / 4);
    return x < box.left + grip ? 'head' : x > box.right - grip ? 'tail' : '';
  }

  hover(event) {
    if (this.now || event.pointerType === 'touch') return;
    const clip = event.target.closest('.clip');
    if (clip) clip.dataset.grip = this.side(clip, event.clientX);
  }

  /** A finger, or Enter on a clip that has the focus. */
  click(event) {
    const clip = event.target.closest('.clip');
    if (clip && (event.detail === 0 || event.pointerType === 'touch')) this.line.choose([clip.dataset.id], { toggle: event.ctrlKey || event.metaKey || event.detail === 0 && this.line.view.chosen.has(clip.dataset.id) });
    if (!clip && event.pointerType === 'touch' && event.target.closest('.lane')) this.line.go(this.line.frameAt(event.clientX));
  }

  down(event) {
    const { line } = this;
    if (event.button || event.pointerType === 'touch' || event.target.closest('.head') || !line.store.cut) return;
    const joint = event.target.closest('.joint');
    const clip = event.target.closest('.clip');
    const row = [...line.lanes.rows.values()].find((one) => one.root.contains(event.target));
    if (!row) return;
    const base = { x: event.clientX, y: event.clientY, frame: line.frameAt(event.clientX), track: row.track, active: false, event };
    if (joint) {
      if (!row.track.locked) this.now = { ...base, what: 'roll', joint: joint.joint, button: joint };
      return;
    }
    event.preventDefault();
    if (!clip) {
      if (!event.ctrlKey && !event.shiftKey) line.choose([]);
      this.now = { ...base, what: 'frame', kept: new Set(line.view.chosen) };
      line.root.focus({ preventScroll: true });
      return;
    }
    clip.focus({ preventScroll: true });
    const { id } = clip.dataset;
    const was = line.view.chosen.has(id);
    if (event.ctrlKey || event.metaKey) line.choose([id], { toggle: true });
    else if (event.shiftKey && !was && !this.side(clip, event.clientX)) line.reach(id);
    else if (!was) line.choose([id]);
    const side = this.side(clip, event.clientX);
    if (row.track.locked) return;
    this.now = { ...base, what: side ? 'trim' : 'move', side, id, only: was && !event.ctrlKey && !event.metaKey };
  }

  move(event) {
    const { now, line } = this;
    if (!now) return;
    if (!now.active && Math.hypot(event.clientX - now.x, event.clientY - now.y) < STILL) return;
    if (!now.active && now.what !== 'frame' && !line.auditions.free()) { this.now = null; return; }
    if (!now.active) { now.active = true; line.root.classList.add('dragging'); this.pull(); }
    now.event = event;
    this.follow();
  }

  /** A key was pressed or let go while the pointer stood still. */
  held({ altKey, shiftKey }) {
    const { clientX, clientY } = this.now.event;
    this.now.event = { clientX, clientY, altKey, shiftKey };
    this.follow();
  }

  /** Where the pointer is now, as frames. */
  follow() {
    const { now, line } = this;
    const { view, store } = line;
    const { cut } = store;
    const { event } = now;
    const by = line.frameAt(event.clientX, true) - now.frame;
    const place = now.id ? find(cut, now.id) : null;
    if (now.id && !place) { this.cancel(); return; }
    if (now.what === 'trim') {
      const ripple = event.shiftKey;
      const at = now.side === 'tail' ? place.stop : place.start;
      const near = this.snap(by, [at], new Set([now.id]));
      view.drag = { what: 'trim', side: now.side, ripple, place, track: place.track.id, ids: new Set([now.id]), links: new Set([place.item.link].filter(Boolean)), ...drawn(cut, place.track, place, now.side, near, ripple) };
      line.hint(view.drag.make ? t('{n} frames to be made', { n: view.drag.make }) : t('{by} frames', { by: signed(view.drag.by) }));
    } else if (now.what === 'roll') {
      view.drag = { what: 'roll', joint: now.joint, track: now.track.id, by: rolled(cut, now.joint, this.snap(by, [now.joint.at], new Set([now.joint.before.item.id, now.joint.after.item.id]))) };
      now.button.rolled = true;
      line.hint(t('{by} frames', { by: signed(view.drag.by) }));
    } else if (now.what === 'move') {
      const ids = new Set(view.chosen.has(now.id) ? view.chosen : [now.id]);
      const over = line.lanes.trackAt(event.clientY);
      const to = over && over.kind === now.track.kind && !over.locked ? over : now.track;
      const row = now.track.kind === 'film' && to.id === now.track.id && !event.shiftKey;
      const links = new Set(pieces(now.track).filter(({ item }) => ids.has(item.id) && item.link).map(({ item }) => item.link));
      const ends = pieces(now.track).filter(({ item }) => ids.has(item.id)).flatMap(({ start, stop }) => [start, stop]);
      const free = row ? by : Math.max(-Math.min(...ends), this.snap(by, ends, ids));
      const nodes = line.lanes.rows;
      const down = (nodes.get(to.id)?.root.offsetTop ?? 0) - (nodes.get(now.track.id)?.root.offsetTop ?? 0);
      const copies = event.altKey;
      line.root.classList.toggle('copying', copies);
      view.drag = { what: 'move', copies, ids, links, by: row ? by : free, track: now.track.id, to: to.id, down, slot: row ? slot(now.track, line.frameAt(event.clientX, true), copies ? new Set() : ids) : null };
      line.hint([copies ? t('Copy') : '', row ? '' : t('{by} frames', { by: signed(free) })].filter(Boolean).join(' · '));
    } else {
      const box = line.lanes.root.getBoundingClientRect();
      const [left, right] = [Math.min(now.x, event.clientX), Math.max(now.x, event.clientX)];
      const [top, bottom] = [Math.min(now.y, event.clientY), Math.max(now.y, event.clientY)];
      view.frame = { left: left - box.left, top: top - box.top, width: right - left, height: bottom - top };
      const tracks = new Set([...line.lanes.rows.values()].filter(({ root }) => { const one = root.getBoundingClientRect(); return one.top < bottom && one.bottom > top; }).map(({ track }) => track.id));
      line.choose([...now.kept, ...within(cut, line.frameAt(left, true), line.frameAt(right, true), tracks)], { quiet: true });
    }
    line.soon();
  }

  snap(by, moving, moved) {
    const { view, store } = this.line;
    view.near = null;
    if (!view.snap) return by;
    const found = snapped(by, moving, magnets(store.cut, view.playhead, moved), view.scale);
    view.near = found.at;
    return found.by;
  }

  /** At the edge of the window of rows they scroll on. */
  pull() {
    const { now, line } = this;
    if (!now?.active) return;
    const box = line.scroll.getBoundingClientRect();
    const { clientX } = now.event;
    const by = clientX < box.left + line.heads + BORDER ? -PULL : clientX > box.right - BORDER ? PULL : 0;
    if (by) { line.scroll.scrollLeft += by; this.follow(); }
    requestAnimationFrame(() => this.pull());
  }

  async up(event) {
    const { now, line } = this;
    if (!now) return;
    if (now.active) { now.event = event; this.follow(); }       // with the keys that are held now
    if (!this.now) return;
    this.now = null;
    line.root.classList.remove('dragging', 'copying');
    if (!now.active) {
      if (now.what === 'frame') line.go(line.frameAt(event.clientX));
      if (now.only && event.shiftKey) line.reach(now.id);
      else if (now.only) line.choose([now.id]);
      return;
    }
    const { drag } = line.view;
    line.view.frame = null;
    line.view.near = null;
    line.hint('');
    if (drag) await this.commit(drag);
    line.view.drag = null;      // only now: until the studio has answered, what was dragged stays where it was let go
    line.soon();
  }

  commit(drag) {
    const { store } = this.line;
    if (drag.what === 'roll') return drag.by ? store.edit({ is: 'roll', item: drag.joint.before.item.id, by: drag.by }) : null;
    if (drag.what === 'trim') {
      const { item } = drag.place;
      if (drag.make) return store.generate(drag.side === 'tail' ? 'extend' : 'precede', item.id, { frames: drag.make });
      return drag.by ? store.edit({ is: drag.ripple ? 'ripple-trim' : 'trim', item: item.id, end: drag.side, by: drag.by }) : null;
    }
    if (drag.copies) return this.line.acts.copy([...drag.ids], drag);
    if (!drag.slot) return drag.by || drag.to !== drag.track ? store.edit({ is: 'move', items: [...drag.ids], by: drag.by, track: drag.to === drag.track ? '' : drag.to }) : null;
    const row = pieces(store.cut.tracks.find((track) => track.id === drag.track));
    const moved = row.filter(({ item }) => drag.ids.has(item.id));
    const behind = row.slice(row.indexOf(moved.at(-1)) + 1).find(({ item }) => !drag.ids.has(item.id));
    const together = row.indexOf(moved.at(-1)) - row.indexOf(moved[0]) === moved.length - 1;
    if (together && (behind?.item.id ?? '') === drag.slot.before) return null;      // it is where it was
    return store.edit(...moved.map(({ item }) => ({ is: 'reorder', item: item.id, before: drag.slot.before })));
  }

  cancel() {
    if (!this.now) return;
    if (this.now.what === 'frame') this.line.choose([...this.now.kept]);
    if (this.now.button) this.now.button.rolled = false;
    this.now = null;
    const { view, root } = this.line;
    Object.assign(view, { drag: null, frame: null, near: null });
    root.classList.remove('dragging', 'copying');
    this.line.hint('');
    this.line.soon();
  }

  // ---- takes from the grid, files from elsewhere

  dropping(root) {
    const { line } = this;
    const carries = (event) => [DRAGGED, 'Files'].some((kind) => event.dataTransfer.types.includes(kind));
    const at = (event) => {
      const { cut } = line.store;
      if (!cut || !line.lanes.root.checkVisibility()) return null;
      const over = line.lanes.trackAt(event.clientY);
      const track = over?.kind === 'film' && !over.locked ? over : cut.tracks.find((one) => one.kind === 'film');
      const frame = line.frameAt(event.clientX, true);
      return { track, at: event.altKey ? Math.max(0, frame) : Math.min(end(track), between(cut, track, frame, line.view.scale)), how: event.altKey ? 'overwrite' : 'insert' };
    };
    const leave = () => { root.classList.remove('over'); line.view.dropping = null; line.soon(); };
    root.addEventListener('dragover', (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      root.classList.add('over');
      line.view.dropping = at(event);
      line.soon();
    });
    root.addEventListener('dragleave', (event) => { if (!root.contains(event.relatedTarget)) leave(); });
    root.addEventListener('drop', async (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      const where = at(event);
      leave();
      const ids = [event.dataTransfer.getData(DRAGGED)].filter(Boolean);
      const over = line.store.cut && line.lanes.trackAt(event.clientY);
      const files = ids.length ? [] : [...event.dataTransfer.files];
      for (const file of files.filter(sounds)) await line.store.lay(file, Math.max(0, where ? line.frameAt(event.clientX) : 0), over?.kind === 'sound' ? over.id : '');
      for (const file of files.filter((one) => !sounds(one))) { const take = await bring(file); if (take) ids.push(take.id); }
      if (files.some(sounds) && !ids.length) return;
      if (!ids.length) { tell(t('That take is not here any more.'), 'bad'); return; }
      await line.store.add(ids, where?.at ?? null, where?.track?.id ?? '', where?.how);
    });
  }
}

/** Whether a file is sound, as far as its name and the browser say. */
const sounds = ({ type, name }) => type.startsWith('audio/') || /\.(wav|aiff?|flac|og[ga]|opus|mp3|m4a|mka)$/i.test(name);
const signed = (count) => (count > 0 ? `+${count}` : `${count}`).replace('-', '−');
