// The cut as the page holds it: where everything lies, which picture is shown when, how far a clip can be drawn out.
//
//     the studio's plain JSON: whole frames, fractions such as "24000/1001", fields at their default left out
// The same arithmetic as engine/timeline/cut.py, exact: a picture off by one would be seen. Changes nothing: edits are the
// studio's. Plain functions: no document.

const known = new Map();
const rows = new WeakMap();
const ONE = [1n, 1n];

/** "24000/1001" as two whole numbers. */
export function fraction(said) {
  let found = known.get(said);
  if (!found) {
    const [n, d = '1'] = String(said).split('/');
    known.set(said, found = [BigInt(n), BigInt(d)]);
  }
  return found;
}

/** A fraction as a number, for drawing. */
export const number = (said) => { const [n, d] = fraction(said ?? '1'); return Number(n) / Number(d); };

const floor = (n, d) => { const whole = n / d; return Number(n % d !== 0n && (n < 0n) !== (d < 0n) ? whole - 1n : whole); };

/** Frames of the media per frame of the cut. */
export function step(clip, rate) {
  if (clip.media.kind === 'picture') return [0n, 1n];
  const [sn, sd] = clip.speed === undefined ? ONE : fraction(clip.speed);
  const [mn, md] = fraction(clip.media.rate);
  const [rn, rd] = fraction(rate);
  return [sn * mn * rd, sd * md * rn];
}

/** Where in the media its frame `index` begins. */
export function edge(clip, index, rate) {
  const [n, d] = fraction(clip.start);
  const [sn, sd] = step(clip, rate);
  return [n * sd + BigInt(index) * sn * d, d * sd];
}

/** Which picture of the media its own frame `index` shows; over a cross-fade also before its first and behind its last. */
export function picture(clip, index, rate) {
  const [n, d] = edge(clip, index, rate);
  const backwards = clip.speed !== undefined && fraction(clip.speed)[0] < 0n && clip.media.kind !== 'picture';
  const at = backwards ? -floor(-n, d) - 1 : floor(n, d);
  return Math.min(clip.media.frames - 1, Math.max(0, at));
}

function handle(clip, [n, d], rate, ahead) {
  const [sn, sd] = step(clip, rate);
  if (sn === 0n) return Infinity;
  const frames = BigInt(clip.media.frames);
  const room = (sn > 0n) === ahead ? frames * d - n : n;
  return floor(room * sd, d * (sn < 0n ? -sn : sn));
}

/** Frames of the cut that a clip could begin earlier, and that it could go on for. Titles have no end. */
export const head = (item, rate) => (item.media ? handle(item, fraction(item.start), rate, false) : Infinity);
export const tail = (item, rate) => (item.media ? handle(item, edge(item, item.length, rate), rate, true) : Infinity);

/** A row's items with where they lie: `[{start, stop, item, index}]`; a transition lies over its neighbours. Kept, for a row never changes. */
export function placed(track) {
  let found = rows.get(track);
  if (found) return found;
  let at = 0;
  found = (track.items ?? []).map((item, index) => {
    if (item.is === 'transition') return { start: at - item.in_offset, stop: at + item.out_offset, item, index };
    at += item.length;
    return { start: at - item.length, stop: at, item, index };
  });
  rows.set(track, found);
  return found;
}

/** Those of a row that can be taken hold of: clips and titles. */
export const pieces = (track) => placed(track).filter(({ item }) => item.is === 'clip' || item.is === 'title');

export const end = (track) => placed(track).reduce((most, one) => (one.item.is === 'transition' ? most : Math.max(most, one.stop)), 0);
export const length = (cut) => cut.tracks.reduce((most, track) => Math.max(most, end(track)), 0);

/** A clip, title or transition by its id: its track and place; null where there is none. */
export function find(cut, id) {
  for (const track of cut.tracks) {
    for (const place of placed(track)) if (place.item.id === id) return { track, ...place };
  }
  return null;
}

/** The pieces beside one in its row; null where there is none. */
export function beside(track, id) {
  const all = pieces(track);
  const at = all.findIndex(({ item }) => item.id === id);
  return { before: all[at - 1] ?? null, after: all[at + 1] ?? null };
}

/** Where two clips of a row meet or a gap lies between them: `[{before, after, at, gap, transition}]`. */
export function joints(track) {
  const all = pieces(track);
  const over = new Map(placed(track).filter(({ item }) => item.is === 'transition').map((one) => [track.items[one.index - 1]?.id, one]));
  return all.slice(1).map((after, at) => ({ before: all[at], after, at: all[at].stop, gap: after.start - all[at].stop, transition: over.get(all[at].item.id) ?? null }));
}

/** What of a row lies at a frame: `[before, after, transition]` over a transition, else `[piece]`. */
function seen(track, frame) {
  const all = placed(track);
  let low = 0, high = all.length;
  while (low < high) {        // transitions do not fall behind what stands before them by more than their own offset
    const middle = (low + high) >> 1;
    if (all[middle].stop <= frame && all[middle].item.is !== 'transition') low = middle + 1; else high = middle;
  }
  let here = null;
  for (let at = Math.max(0, low - 3); at < all.length && at <= low + 3; at++) {
    const one = all[at];
    if (frame < one.start || frame >= one.stop) continue;
    if (one.item.is === 'transition') return [all[at - 1], all[at + 1], one];
    here = one;
  }
  return here && here.item.is !== 'gap' ? [here] : [];
}

/** How much of a clip or title is there at its own frame `index`, as the studio renders it. */
export function faded(item, index) {
  const at = Math.min(Math.max(index, 0), item.length - 1);
  const { fade_in: rise = 0, fade_out: fall = 0 } = item;
  let share = 1;
  if (at < rise) share = (at + 0.5) / rise;
  if (item.length - 1 - at < fall) share = Math.min(share, (item.length - at - 0.5) / fall);
  return share;
}

/** What is seen at a frame: `{layers: [{clip, index, picture, opacity}], titles: [{title, opacity}], ground}`, the lowest first. */
export function shown(cut, frame) {
  const { rate } = cut;
  let layers = [];
  let ground = '';
  const lay = (place, opacity) => {
    if (!place || place.item.mute) return;
    const index = frame - place.start;
    layers.push({ clip: place.item, index, picture: picture(place.item, index, rate), opacity: opacity * faded(place.item, index) });
  };
  const titles = [];
  for (const track of cut.tracks) {
    if (track.mute) continue;
    const [one, into, crossing] = seen(track, frame);
    if (!one || track.kind === 'sound') continue;
    if (track.kind === 'titles') { titles.push({ title: one.item, opacity: faded(one.item, frame - one.start) }); continue; }
    if (!crossing) {
      if (faded(one.item, frame - one.start) === 1 && !one.item.mute) { layers = []; ground = ''; }
      lay(one, 1);
      continue;
    }
    const { in_offset: before, out_offset: after, kind = 'cross-fade', colour = '#000000' } = crossing.item;
    layers = [];
    if (kind === 'dip') {
      ground = colour;
      if (frame < into.start) lay(one, 1 - (frame - crossing.start + 0.5) / before);
      else lay(into, 1 - (crossing.stop - frame - 0.5) / after);
    } else {
      ground = '';
      lay(one, 1);
      lay(into, (frame - crossing.start + 0.5) / (before + after));
    }
  }
  return { layers, titles, ground };
}

/** What is heard at a frame: `[{clip, index, level}]`, level in decibels; linked film is heard through its sound. */
export const heard = (cut, frame) => cut.tracks.filter((track) => track.kind === 'sound' && !track.mute)
  .flatMap((track) => seen(track, frame).filter(({ item }) => item.is === 'clip' && !item.mute)
    .map(({ item, start }) => ({ clip: item, index: frame - start, level: (item.level ?? 0) + (track.level ?? 0), share: faded(item, frame - start) })));

/** Every place where something begins or ends, in order, each once. */
export function edges(cut) {
  const found = new Set([0]);
  for (const track of cut.tracks) for (const { start, stop } of pieces(track)) { found.add(start); found.add(stop); }
  return [...found].sort((a, b) => a - b);
}

/** Where a candidate lies on the row: what it would replace, and what it would bring, `{start, stop, from, to}`. */
export function zone(cut, candidate) {
  const first = find(cut, candidate.over[0]);
  const last = find(cut, candidate.over.at(-1));
  if (!first || !last) return null;
  const { start } = first;
  const { stop } = last;
  const whole = candidate.items.reduce((sum, item) => sum + (item.length ?? 0), 0);
  const more = whole ? whole - (stop - start) : candidate.frames ?? 0;
  const place = { track: first.track, start, stop, more, from: start, to: stop };
  if (candidate.kind === 'extend') Object.assign(place, { from: stop, to: stop + Math.max(more, 1) });
  if (candidate.kind === 'precede') Object.assign(place, { from: start - Math.max(more, 1), to: start });
  if (candidate.kind === 'connect') Object.assign(place, { from: first.stop, to: last.start, meets: last.start === first.stop });
  if (candidate.kind === 'retake') Object.assign(place, anew(candidate, place, first.item, cut.rate));
  return place;
}

/** Which stretch a retake makes anew, `{from, to}`: what is new of it, or what was asked while it is being made. */
function anew(candidate, { start, stop }, clip, rate) {
  if (!candidate.items.length) {
    const [n, d] = step(clip, rate);
    const from = Math.max(start, start + Math.round((number(candidate.start ?? '0') - number(clip.start)) / (Number(n) / Number(d))));
    return { from, to: Math.min(stop, from + candidate.frames) };
  }
  let at = start;
  const new_ = candidate.items.flatMap((item) => { at += item.length; return item.media?.take === candidate.job ? [[at - item.length, at]] : []; });
  return new_.length ? { from: new_[0][0], to: new_.at(-1)[1] } : {};
}

/** The next frame, in a direction, at which other pieces are seen; null where nothing comes. */
export function nextPlaces(cut, frame, way) {
  let next = null;
  for (const track of cut.tracks) {
    if (track.kind !== 'film' || track.mute) continue;
    for (const { start, stop } of placed(track)) {
      for (const at of [start, stop]) {
        if (way > 0 ? at > frame && (next === null || at < next) : at <= frame && at > 0 && (next === null || at > next)) next = at;
      }
      if (way > 0 && start > frame) break;
    }
  }
  return next;
}
