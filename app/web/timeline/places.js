// Places: frames and pixels, what the ruler says, what snaps to what, where a clip that is moved would come to lie.
//
// Plain functions: no document.
import { beside, edges, end, head, number, pieces, tail } from './cut.js';

export const NEAREST = 24;      // pixels a frame may become
const REACH = 8;                // pixels within which something snaps
const DROPPED = { '30000/1001': 2, '60000/1001': 4 };       // numbers that timecode leaves out each minute, but for every tenth
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];     // seconds between two lines of the ruler

/** The number that timecode gives a frame: where numbers are left out, a greater one (SMPTE ST 12-1, as engine/timeline/edl.py has it). */
export function numbered(frame, rate) {
  const dropped = DROPPED[rate];
  if (!dropped) return frame;
  const minute = 60 * whole(rate);
  const ten = 10 * minute - 9 * dropped;
  const rest = frame % ten;
  return frame + 9 * dropped * Math.floor(frame / ten) + (rest >= minute ? dropped * Math.floor((rest - dropped) / (minute - dropped)) : 0);
}

/** The frame that has a number; one that is left out means the next that is not. */
export function frameNumbered(number, rate) {
  const dropped = DROPPED[rate];
  if (!dropped) return number;
  const minute = 60 * whole(rate);
  const minutes = Math.floor(number / minute);
  const there = minutes % 10 ? Math.max(number, minutes * minute + dropped) : number;
  return there - dropped * (minutes - Math.floor(minutes / 10));
}

const whole = (rate) => Math.max(1, Math.round(number(rate)));

/** A frame as hours, minutes, seconds and frames: "0:01:02:09"; "0:01:02;09" where numbers are left out so that it says the time. */
export function timecode(frame, rate) {
  const two = (count) => String(count).padStart(2, '0');
  const at = numbered(Math.max(0, Math.round(frame)), rate);
  const seconds = Math.floor(at / whole(rate));
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${rate in DROPPED ? ';' : ':'}${two(at % whole(rate))}`;
}

/** A timecode, or frames as "12", or "+12" from where one is: the frame it means; null for what is none. */
export function frameOf(said, rate, from = 0) {
  const text = said.trim();
  if (/^[+-]\d+$/.test(text)) return Math.max(0, from + Number(text));
  if (!/^\d+([:.;]\d+){0,3}$/.test(text)) return null;
  const parts = text.split(/[:.;]/).reverse();
  const second = whole(rate);
  const at = parts.reduce((sum, part, place) => sum + Number(part) * [1, second, second * 60, second * 3600][place], 0);
  return parts.length > 1 ? frameNumbered(at, rate) : at;
}

/** How far apart the ruler's lines are, in frames, and how many parts lie between two of them. */
export function ticks(scale, rate, least = 84) {
  const second = whole(rate);
  for (const frames of [1, 2, 5, 10]) if (frames < second && frames * scale >= least) return { every: frames, parts: frames };
  for (const seconds of STEPS) if (seconds * second * scale >= least) return { every: seconds * second, parts: seconds === 1 ? (second % 4 ? 5 : 4) : seconds % 5 ? 2 : 5 };
  return { every: STEPS.at(-1) * second * Math.ceil(least / (STEPS.at(-1) * second * scale)), parts: 6 };
}

/** The scale at which so many frames fill so many pixels, with a little room behind them. */
export const fitting = (frames, pixels) => Math.min(NEAREST, Math.max(1e-4, (pixels - 40) / Math.max(frames, 24)));

/** Zoomed about a place that stays where it is: the new scale, and how far the row is scrolled then. */
export function zoomed(scale, scrolled, about, by, least) {
  const next = Math.min(NEAREST, Math.max(least, scale * by));
  return { scale: next, scrolled: Math.max(0, (scrolled + about) / scale * next - about) };
}

/** Everything that draws near: ends of pieces that are not themselves moved, the playhead, markers, the beginning. */
export function magnets(cut, playhead, moved = new Set()) {
  const found = new Set([0, playhead]);
  for (const track of cut.tracks) for (const { item, start, stop } of pieces(track)) if (!moved.has(item.id)) { found.add(start); found.add(stop); }
  for (const marker of cut.markers ?? []) { found.add(marker.at); if (marker.length) found.add(marker.at + marker.length); }
  return [...found].sort((a, b) => a - b);
}

/** What of several edges that are moved `by` frames comes near a magnet: `{by, at}`, at null where nothing does. */
export function snapped(by, moving, at, scale) {
  let best = { by, at: null, off: REACH / scale };
  for (const one of moving) {
    for (const magnet of at) {
      const off = Math.abs(one + by - magnet);
      if (off < best.off || (off === best.off && best.at === null && off === 0)) best = { by: magnet - one, at: magnet, off };
    }
  }
  return { by: best.by, at: best.at };
}

/** How far an end may go, `{by, make}`: what it moves, and how many frames would have to be made beyond its media. */
export function drawn(cut, track, place, side, by, ripple) {
  const { item, start, stop } = place;
  const { before, after } = beside(track, item.id);
  const outward = side === 'tail' ? by : -by;
  const most = side === 'tail' ? tail(item, cut.rate) : Math.min(head(item, cut.rate), ripple ? Infinity : start);
  const free = ripple ? Infinity : side === 'tail' ? (after ? after.start - stop : Infinity) : start - (before?.stop ?? 0);
  const media = side === 'tail' ? most : head(item, cut.rate);
  const kept = Math.max(outward, 1 - item.length);
  const reach = Math.min(kept, free, most);
  const makes = item.media && item.media.kind !== 'picture' && item.media.kind !== 'sound' && track.kind === 'film' && (free >= media || media === 0) && kept > media;
  return { by: side === 'tail' ? reach : 0 - reach, make: makes ? kept - media : 0 };
}

/** How far the place where two clips meet may be rolled. */
export function rolled(cut, { before, after }, by) {
  const later = Math.min(tail(before.item, cut.rate), after.item.length - 1);
  const earlier = Math.min(head(after.item, cut.rate), before.item.length - 1);
  return Math.min(later, Math.max(0 - earlier, by));
}

/** Before which piece of a row one comes to lie that is held at a frame: `{before, at}`, before "" behind all. */
export function slot(track, frame, moved) {
  for (const { item, start, stop } of pieces(track)) {
    if (!moved.has(item.id) && frame < (start + stop) / 2) return { before: item.id, at: start };
  }
  return { before: '', at: end(track) };
}

/** Where a dropped take goes: the nearest place between two pieces of a row. */
export function between(cut, track, frame, scale) {
  const { at } = snapped(0, [frame], edges({ tracks: [track] }), scale / 4);
  const inside = pieces(track).find(({ start, stop }) => frame > start && frame < stop);
  if (at !== null) return Math.min(at, end(track));
  if (inside) return frame - inside.start < inside.stop - frame ? inside.start : inside.stop;
  return Math.max(0, frame);
}

/** A stretch that begins (0) or ends (1) with the frame at the playhead, `[start, stop)`; what is not said goes to the end of the cut, or from its beginning. */
export function marked(stretch, which, at, length) {
  const here = Math.min(at, length - 1);
  const [start, stop] = stretch ?? [0, length];
  return which ? [start < here + 1 ? start : 0, here + 1] : [here, stop > here ? stop : length];
}

/** The pieces that a rectangle touches: frames [from, to), tracks by their ids. */
export const within = (cut, from, to, tracks) => cut.tracks.filter((track) => tracks.has(track.id))
  .flatMap((track) => pieces(track).filter(({ start, stop }) => start < to && stop > from).map(({ item }) => item.id));

/** The next place where something begins or ends, in a direction. */
export function nextEdge(cut, frame, way) {
  const all = edges(cut);
  return (way > 0 ? all.find((one) => one > frame) : all.findLast((one) => one < frame)) ?? (way > 0 ? all.at(-1) : 0);
}
