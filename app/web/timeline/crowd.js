// The waves of all clips of a row that are too narrow for anything else, as one shape that lies over them.
//
//     a clip   ▕▂▅▃▂▏▕▃▂▁▂▏▕▁▂▅▂▏      each between its own edges
// Where hundreds of clips are seen at once, a shape in each of them is most of what a browser has to style, place and paint.
// Knows clips, the waveforms of their media and where they are drawn. Colour is the sheet's.
import { svg } from '../desk.js';
import { LEAST } from './clip.js';
import { put } from './putting.js';
import { THIN } from './wave.js';
import { along, columns, outline } from './waves.js';

const EDGE = 1;             // pixels around a clip

export class Crowd {
  constructor() {
    this.node = svg('crowd', '', {});
    this.line = this.node.firstChild;
    this.ground = this.line.cloneNode();
    this.ground.setAttribute('class', 'ground');
    this.node.prepend(this.ground);
    this.node.setAttribute('preserveAspectRatio', 'none');
    Object.assign(this, { said: '', peaks: [], from: 0, to: 0, high: 0 });
  }

  /** Whether a clip's wave is drawn with those of others: one that is off or is moved has its own, which fades and moves with it. */
  static takes(item, width, moved) { return width < LEAST && !item.mute && !moved; }

  /**
   * Draw `[{item, start, stop, voice, delta}]`, frames of the cut and as in wave.js, in a row `height` pixels tall; true when that is done.
   * `pen()` says whether there is time to draw anew. Where there is none, what was drawn is stretched to where it is now.
   */
  draw(clips, height, { scale, rate, pen }) {
    if (!clips.length && !this.peaks.length) return true;       // a row whose clips all have room for their own is not written to
    const said = [scale, height, ...clips.map(({ item, start, stop, voice, delta }) => [start, stop, item.start, item.speed, delta?.head ?? 0, voice.gain])].join(' ');
    if (said === this.said && clips.every(({ voice }, at) => voice.peaks === this.peaks[at])) return true;
    if (clips.length && !pen()) {
      this.place(scale);
      this.said = '';
      return false;
    }
    Object.assign(this, { said, peaks: clips.map(({ voice }) => voice.peaks), from: clips[0]?.start ?? 0, to: clips.at(-1)?.stop ?? 0 });
    this.high = !clips.length ? 0 : clips[0].voice.thin ? Math.min(THIN, height / 2) : height - 4;
    const fine = Math.min(2, globalThis.devicePixelRatio || 1);
    const shapes = [], grounds = [];
    for (const { item, start, stop, voice, delta } of clips) {
      const left = Math.round((start - this.from) * scale * fine) / fine + EDGE;
      const count = Math.max(1, Math.round(((stop - start) * scale - 1 - 2 * EDGE) * fine));
      const { first, step } = along(item, voice.media, rate, voice.peaks.length / 2);
      const seen = columns(voice.peaks, first + (delta?.head ?? 0) * step, step * (stop - start) / count, count);
      shapes.push(outline(seen, { left, fine, high: this.high, loud: voice.gain * this.high / 254 }));
      grounds.push(`M${left} 0h${count / fine}v${this.high}h${-count / fine}Z`);
    }
    this.node.setAttribute('viewBox', `0 0 ${Math.max(1, (this.to - this.from) * scale)} ${Math.max(1, this.high)}`);
    this.line.setAttribute('d', shapes.join(''));
    this.ground.setAttribute('d', grounds.join(''));
    this.place(scale);
    return true;
  }

  place(scale) { put(this, this.node, { left: `${this.from * scale}px`, width: `${(this.to - this.from) * scale}px`, height: `${this.high}px` }); }
}
