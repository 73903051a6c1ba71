// The wave of one clip: its sound as one shape, of which only the part that is seen is there.
//
// A shape and no canvas: a browser gives every canvas a layer of its own, and two hundred of them cost more than all else of a frame.
// Knows a clip, the waveform of its media and where it is drawn. Colour and height are the sheet's.
import { svg } from '../desk.js';
import { along, columns } from './waves.js';

const PART = 400;           // pixels: drawn anew only when so many more are seen
const THIN = 14;            // pixels of a film's

export class Wave {
  constructor() {
    this.node = svg('wave', '', {});
    this.line = this.node.firstChild;
    this.node.removeAttribute('viewBox');
    this.said = '';
  }

  /** Whether there is anything to draw of a clip `width` pixels wide. `voice` as in `draw`. */
  static there(item, width, voice) { return Boolean(voice?.peaks?.length) && item.speed !== '0' && width >= 4; }

  /**
   * Draw a clip at [left, left + width) pixels of its row, of which [from, to) are seen.
   * `voice`: { media, peaks, gain, thin } of its sound; `look`: { scale, rate, delta }
   */
  draw(item, { left, width, from, to, height }, voice, { scale, rate, delta }) {
    const begin = Math.max(0, Math.floor((from - left) / PART) * PART);
    const stop = Math.min(Math.ceil(width) - 1, Math.ceil((to - left) / PART) * PART);
    const said = [item.id, item.start, item.speed, begin, stop, scale, delta?.head ?? 0, voice.media.take || voice.media.file, voice.gain, height].join(' ');
    if (said === this.said && voice.peaks === this.peaks || stop <= begin) return;
    Object.assign(this, { said, peaks: voice.peaks });        // a file that was changed on the disk has others
    const fine = Math.min(2, globalThis.devicePixelRatio || 1);
    const wide = Math.round((stop - begin) * fine);
    const high = voice.thin ? Math.min(THIN, height / 2) : height - 4;
    this.node.style.cssText = `transform:translateX(${begin}px);width:${stop - begin}px;height:${high}px`;
    const { first, step } = along(item, voice.media, rate, voice.peaks.length / 2);
    const seen = columns(voice.peaks, first + (begin / scale + (delta?.head ?? 0)) * step, step / scale / fine, wide);
    const loud = voice.gain * high / 254;
    const middle = high / 2;
    const above = [], below = [];
    for (let x = 0; x < wide; x++) {
      const at = ((x + 0.5) / fine).toFixed(2);
      above.push(`${at} ${Math.max(0, middle - Math.max(0.5, seen[2 * x + 1] * loud)).toFixed(1)}`);
      below.push(`${at} ${Math.min(high, middle - Math.min(-0.5, seen[2 * x] * loud)).toFixed(1)}`);
    }
    this.line.setAttribute('d', `M0 ${middle}L${above.join('L')}L${wide / fine} ${middle}L${below.reverse().join('L')}Z`);
  }
}
