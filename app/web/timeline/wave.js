// The wave of one clip: its sound as one shape, of which only the part that is seen is there. Clips too narrow for one of their own: crowd.js.
//
// A shape and no canvas: a browser gives every canvas a layer of its own, and two hundred of them cost more than all else of a frame.
// Knows a clip, the waveform of its media and where it is drawn. Colour and height are the sheet's.
import { svg } from '../desk.js';
import { put } from './putting.js';
import { along, columns, outline } from './waves.js';

const PART = 400;           // pixels: drawn anew only when so many more are seen
export const THIN = 14;     // pixels of a film's

export class Wave {
  constructor() {
    this.node = svg('wave', '', {});
    this.line = this.node.firstChild;
    this.node.setAttribute('preserveAspectRatio', 'none');
    this.said = this.sound = '';
  }

  /** Whether there is anything to draw of a clip `width` pixels wide. `voice` as in `draw`. */
  static there(item, width, voice) { return Boolean(voice?.peaks?.length) && item.speed !== '0' && width >= 4; }

  /**
   * Draw a clip at [left, left + width) pixels of its row, of which [from, to) are seen; true when that is done.
   * `voice`: { media, peaks, gain, thin } of its sound; `look`: { scale, rate, delta }
   * `pen()` says whether there is time to draw anew. Where there is none, what was drawn of the clip is stretched to where it is now.
   */
  draw(item, { left, width, from, to, height }, voice, { scale, rate, delta }, pen) {
    const begin = Math.max(0, Math.floor((from - left) / PART) * PART);
    const stop = Math.min(Math.ceil(width) - 1, Math.ceil((to - left) / PART) * PART);
    const sound = [item.id, item.start, item.speed, delta?.head ?? 0, voice.media.take || voice.media.file, voice.gain, height].join(' ');
    const said = `${sound} ${begin} ${stop} ${scale}`;
    if (said === this.said && voice.peaks === this.peaks || stop <= begin) return true;
    const high = voice.thin ? Math.min(THIN, height / 2) : height - 4;
    if (!pen()) {
      const same = sound === this.sound && voice.peaks === this.peaks;
      this.place(same ? this.begin * scale : 0, !same ? '0' : this.all ? '100%' : `${this.wide * scale}px`, high);
      this.said = '';
      return false;
    }
    Object.assign(this, { said, sound, peaks: voice.peaks, begin: begin / scale, wide: (stop - begin) / scale, all: !begin && stop === Math.ceil(width) - 1 });       // a file that was changed on the disk has other peaks
    const fine = Math.min(2, globalThis.devicePixelRatio || 1);
    const wide = Math.round((stop - begin) * fine);
    this.place(begin, this.all ? '100%' : `${stop - begin}px`, high);       // all of a clip grows with it, and has nothing to be told
    this.node.setAttribute('viewBox', `0 0 ${stop - begin} ${high}`);
    const { first, step } = along(item, voice.media, rate, voice.peaks.length / 2);
    const seen = columns(voice.peaks, first + (begin / scale + (delta?.head ?? 0)) * step, step / scale / fine, wide);
    this.line.setAttribute('d', outline(seen, { left: 0, fine, high, loud: voice.gain * high / 254 }));
    return true;
  }

  place(left, width, high) { put(this, this.node, { left: `${left}px`, width, height: `${high}px` }); }
}
