// The rows: a head and a lane for every track, and in the lanes only those pieces that are seen.
//
//     titles   ▕ gap ▕ title ▕                on top lies what covers what is below
//     film     ▕ clip ▕ clip ◇ clip ▕ ╌╌╌╌ ▕    ◇ a joint; ╌ what is being made
//     sound    ▕ clip ▕
// Knows a cut, a scale and what a drag has moved so far. Changes nothing.
import { el } from '../desk.js';
import { EMPTY, HEIGHTS, Row } from './row.js';
import { voices } from './waves.js';

const TALLEST = 120;
const AROUND = 200;         // pixels that are drawn beyond what is seen, and by which that moves on: what is between costs nothing
const WAVES = 4;            // milliseconds of a frame for drawing waves anew: those that have to wait are stretched
const REST = 40;     // milliseconds: while one zooms every wave is another at every frame, so they wait until the scale has been the same for so long

export class Lanes {
  /** `set(track, changes)` changes a track, `join(joint, button)` opens what can be done at a joint. `glances` are what is seen of media. */
  constructor(store, view, glances, { set, join }) {
    Object.assign(this, { store, view, glances, set, join });
    this.root = el('div.rows', {});
    this.rows = new Map();
  }

  /** Tracks as they lie over one another: titles, film with the last on top, sound. */
  order(cut) {
    const of = (kind) => cut.tracks.filter((track) => track.kind === kind);
    return [...of('titles').reverse(), ...of('film').reverse(), ...of('sound')];
  }

  /** Rows [from, to) in pixels, in a window that is `tall`. In how many milliseconds they are to be drawn once more, for not all could be done now; null when all is. */
  draw(cut, from, to, tall) {
    const now = performance.now();
    if (this.scale !== this.view.scale) Object.assign(this, { scale: this.view.scale, since: now });
    const rest = this.since + REST - now;
    this.pen = () => rest <= 0 && performance.now() < now + WAVES;
    const held = this.root.contains(document.activeElement) ? document.activeElement : null;
    const tracks = this.order(cut);
    const films = tracks.filter((track) => track.kind === 'film').length;
    const others = tracks.reduce((sum, track) => sum + (track.kind === 'film' ? 0 : track.items?.length ? HEIGHTS[track.kind] : EMPTY), 0);
    this.left = from;
    this.film = Math.max(HEIGHTS.film, Math.min(TALLEST, Math.floor((tall - others) / films)));
    for (const [id, row] of this.rows) if (!tracks.some((track) => track.id === id)) { row.root.remove(); this.rows.delete(id); }
    const low = Math.floor(from / AROUND - 1) * AROUND, high = Math.ceil(to / AROUND + 1) * AROUND;
    let before = null, whole = true;
    for (const track of tracks) {
      let row = this.rows.get(track.id);
      if (!row) this.rows.set(track.id, row = new Row(this));
      whole = row.draw(cut, track, low, high) && whole;
      const there = before ? before.nextSibling : this.root.firstChild;
      if (there !== row.root) this.root.insertBefore(row.root, there);
      before = row.root;
    }
    this.rove();
    // A piece that stands elsewhere now, or is gone, takes the focus along: it stays where one was.
    if (held && document.activeElement !== held) (held.isConnected ? held : this.node(this.view.focus) ?? this.root.closest('.panel')).focus({ preventScroll: true });
    return whole ? null : Math.max(0, rest);
  }

  /** The button of a piece, if it is drawn. */
  node(id) {
    for (const row of this.rows.values()) { const view = row.views.get(id); if (view) return view.node; }
    return null;
  }

  /** What is heard with a clip, see wave.js: its own sound, or that of the film it shows; null where there is none. */
  voice(cut, track, item) {
    const clip = track.kind === 'sound' ? item : track.kind === 'film' && item.link ? voices(cut).get(item.link) : null;
    const found = clip?.media && this.store.media(clip);
    if (!found || found.missing) return null;
    const level = (clip.level ?? 0) + (track.kind === 'sound' ? track.level ?? 0 : 0);
    return { media: clip.media, peaks: this.glances.peaks(found), gain: 10 ** (level / 20), thin: track.kind === 'film' };
  }

  /** One stop for the Tab key. */
  rove() {
    const here = this.node(this.view.focus) ?? [...this.rows.values()].flatMap((row) => [...row.views.values()])[0]?.node;
    for (const row of this.rows.values()) for (const { node } of row.views.values()) { const stop = node === here ? 0 : -1; if (node.tabIndex !== stop) node.tabIndex = stop; }
  }

  /** The track whose lane is at a height of the window; null outside of all. */
  trackAt(y) {
    for (const row of this.rows.values()) {
      const box = row.root.getBoundingClientRect();
      if (y >= box.top && y < box.bottom) return row.track;
    }
    return null;
  }
}
