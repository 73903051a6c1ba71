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

/** Columns as the path of one shape `high` pixels tall, from `left` on, so many to a pixel; `loud` pixels are a step of a waveform. Silence is a line. */
export function outline(seen, { left, fine, high, loud }) {
  const middle = high / 2, wide = seen.length / 2;
  const above = [], below = [];
  for (let x = 0; x < wide; x++) {
    const at = (left + (x + 0.5) / fine).toFixed(2);
    above.push(`${at} ${Math.max(0, middle - Math.max(0.5, seen[2 * x + 1] * loud)).toFixed(1)}`);
    below.push(`${at} ${Math.min(high, middle - Math.min(-0.5, seen[2 * x] * loud)).toFixed(1)}`);
  }
  return `M${left} ${middle}L${above.join('L')}L${left + wide / fine} ${middle}L${below.reverse().join('L')}Z`;
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
