// Waves: how the sound of a clip looks where it is drawn, out of its media's waveform.
//
//     peaks    -3 4 -9 8 -12 11 ...     lowest and highest of every stretch, of all the media
//     clip           | a . . b |        begins somewhere in them, passes some of them each frame; backwards it passes them backwards
// Plain functions: no document.
import { fraction, number } from './cut.js';

/** Where in a waveform of `count` stretches a clip begins, and how many it passes in a frame of the cut: `{first, step}`. A film's clip shows its sound's. */
export function along(item, sound, rate, count) {
  const [n, d] = fraction(item.start);
  const second = count * number(sound.rate) / sound.frames;       // stretches
  return { first: Number(n) / Number(d) / number(item.media.rate) * second, step: number(item.speed ?? '1') / number(rate) * second };
}

/** Lowest and highest of so many columns, each `step` stretches wide; outside of the media it is silent. */
export function columns(peaks, first, step, wide) {
  const count = peaks.length / 2;
  const found = new Int8Array(2 * wide);
  for (let at = 0; at < wide; at++) {
    const a = first + at * step;
    const [left, right] = step < 0 ? [a + step, a] : [a, a + step];
    const begin = Math.floor(left + 1e-6);
    const from = Math.max(0, begin);
    const to = Math.min(count, Math.max(Math.ceil(right - 1e-6), begin + 1));
    for (let one = from; one < to; one++) {
      if (one === from || peaks[2 * one] < found[2 * at]) found[2 * at] = peaks[2 * one];
      if (one === from || peaks[2 * one + 1] > found[2 * at + 1]) found[2 * at + 1] = peaks[2 * one + 1];
    }
  }
  return found;
}

/** Columns as lines of a shape from the middle of its left edge on, two to a column; `loud`: how far a step of a waveform goes. Silence is a line. */
export function outline(seen, { high, loud }) {
  const middle = high / 2, wide = seen.length / 2, least = Math.min(middle, 5);
  const lines = [];
  let at = middle;
  const to = (x, y) => { const next = Math.round(Math.min(high, Math.max(0, y))); lines.push(`${x} ${next - at}`); at = next; };
  for (let x = 0; x < wide; x++) to(x ? 2 : 1, middle - Math.max(least, seen[2 * x + 1] * loud));
  to(1, middle);
  for (let x = wide - 1; x >= 0; x--) to(x === wide - 1 ? -1 : -2, middle - Math.min(-least, seen[2 * x] * loud));
  return `l${lines.join(' ')}z`;
}

const known = new WeakMap();

/** The sounds that are linked to film, by their link: `Map(link → clip)`. Kept, for a cut never changes. */
export function voices(cut) {
  let found = known.get(cut);
  if (!found) {
    found = new Map(cut.tracks.filter((track) => track.kind === 'sound').flatMap((track) => (track.items ?? []).filter((item) => item.link).map((item) => [item.link, item])));
    known.set(cut, found);
  }
  return found;
}
