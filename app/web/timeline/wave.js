// Waves: the sound of clips as one shape, of which only the part that is seen is there.
//
//     ▕▂▅▃▂▏▕▃▂▁▂▏▕▁▂▅▂▏      each clip's between its own edges
// All of a row are one shape that lies over its clips: one in each of them was half of what a browser has to style, place and paint
// while one zooms. Only what has to fade, move or be framed with its clip has one of its own. And a shape is no canvas, which a
// browser would give a layer of its own.
// Knows clips, the waveforms of their media and where they are drawn. Colour is the sheet's.
import { svg } from '../desk.js';
import { put } from './putting.js';
import { along, columns, outline } from './waves.js';

const EDGE = 1;             // pixels around a clip
const LEAST = 4;            // pixels: below that nothing is drawn
const NARROW = 18;          // pixels: below that no frame and no fade can be told from the wave
const PART = 400;           // pixels of a long clip that are drawn at once
const THIN = 14;            // pixels of a film's
const ROUND = 4;            // pixels of a clip's corners

export class Wave {
  constructor() {
    this.node = svg('wave', '', {});
    this.line = this.node.firstChild;
    this.ground = this.line.cloneNode();
    this.ground.setAttribute('class', 'ground');
    this.node.prepend(this.ground);
    this.node.setAttribute('preserveAspectRatio', 'none');
    this.known = new Map();         // a clip's id -> what was drawn of it
    Object.assign(this, { said: '', from: 0, to: 0, high: 0 });
  }

  /** Whether there is anything to draw of a clip `width` pixels wide. `voice`: { media, peaks, gain, thin } of its sound. */
  static there(item, width, voice) { return Boolean(voice?.peaks?.length) && item.speed !== '0' && width >= LEAST; }

  /** Whether it is drawn with those of its row; `apart`: the clip is moved or framed. */
  static shared(item, width, moved, apart) { return !item.mute && !moved && (width < NARROW || !apart && !item.fade_in && !item.fade_out); }

  /**
   * Draw `[{item, start, stop, voice, delta}]`, frames of the cut, where [from, to) pixels of a row `height` tall are seen; true when that is done.
   * `left`: the pixel of the row at which the node's parent begins. `pen()` says whether there is time to draw anew: where there is none,
   * what was drawn is stretched to where it is now.
   */
  draw(clips, { left = 0, from, to, height }, { scale, rate, pen }) {
    if (!clips.length && !this.said) return true;       // a row without sound is not written to
    if (this.scale !== scale && !pen()) return this.wait(left, scale);
    const fine = Math.min(2, globalThis.devicePixelRatio || 1);
    const high = !clips.length ? 0 : clips[0].voice.thin ? Math.min(THIN, height / 2) : height - 4;
    const seen = [];
    let whole = true;
    for (const clip of clips) {
      const first = Math.round(clip.start * scale * fine) + EDGE * fine;
      const all = Math.max(1, Math.round((clip.stop * scale - 1) * fine) - EDGE * fine - first);
      const begin = Math.max(0, Math.floor((from * fine - first) / PART / fine) * PART * fine);
      const stop = Math.min(all, Math.ceil((to * fine - first) / PART / fine) * PART * fine);
      if (stop <= begin) continue;
      const drawn = this.clip(clip, { begin, stop, all, high, fine }, rate, pen);
      if (drawn) seen.push({ at: first + begin, drawn }); else whole = false;
    }
    if (!whole) return this.wait(left, scale);
    const said = `${left} ${scale} ${seen.map(({ at, drawn }) => `${at} ${drawn.said}`)}`;
    if (said === this.said) return true;
    const begin = seen[0]?.at ?? 0, stop = seen.length ? seen.at(-1).at + seen.at(-1).drawn.wide : 1;
    Object.assign(this, { said: seen.length ? said : '', scale, from: begin / fine / scale, to: stop / fine / scale, high, known: new Map(seen.map(({ drawn }) => [drawn.id, drawn])) });
    this.node.setAttribute('viewBox', `0 0 ${2 * (stop - begin)} ${Math.max(1, 10 * high)}`);
    this.line.setAttribute('d', seen.map(({ at, drawn }) => `M${2 * (at - begin)} ${5 * high}${drawn.line}`).join(''));
    this.ground.setAttribute('d', seen.map(({ at, drawn }) => `M${2 * (at - begin)} 0${drawn.ground}`).join(''));
    this.place(left, scale);
    return true;
  }

  /** Columns [begin, stop) of a clip that has so many in `all`, as lines from where they begin; null where there is no time for them. */
  clip({ item, start, stop: end, voice, delta }, { begin, stop, all, high, fine }, rate, pen) {
    const said = [item.id, item.start, item.speed, end - start, delta?.head ?? 0, voice.media.take || voice.media.file, voice.gain, high, begin, stop, all].join(' ');
    const known = this.known.get(item.id);
    if (known?.said === said && known.peaks === voice.peaks) return known;         // a file that was changed on the disk has other peaks
    if (!pen()) return null;
    const { first, step } = along(item, voice.media, rate, voice.peaks.length / 2);
    const wide = stop - begin, column = step * (end - start) / all;
    const seen = columns(voice.peaks, first + (delta?.head ?? 0) * step + begin * column, column, wide);
    const round = voice.thin && all > 4 * ROUND * fine ? 2 * ROUND * fine : 0, tall = 10 * (high - (round ? ROUND : 0));
    const [right, left] = [stop === all ? round : 0, begin ? 0 : round];
    const arc = (wide, down) => (wide ? `a${round} ${10 * ROUND} 0 0 1 ${-wide} ${down * 10 * ROUND}` : `v${down * (round ? 10 * ROUND : 0)}`);
    const ground = voice.thin ? `h${2 * wide}v${tall}${arc(right, 1)}h${left + right - 2 * wide}${arc(left, -1)}z` : '';
    const drawn = { id: item.id, said, wide, peaks: voice.peaks, line: outline(seen, { high: 10 * high, loud: 10 * voice.gain * high / 254 }), ground };
    this.known.set(item.id, drawn);
    return drawn;
  }

  /** What was drawn stands for what is to be drawn. */
  wait(left, scale) {
    this.said = ' ';
    this.place(left, scale);
    return false;
  }

  place(left, scale) { put(this, this.node, { left: `${this.from * scale - left}px`, width: `${(this.to - this.from) * scale}px`, height: `${this.high}px` }); }
}
