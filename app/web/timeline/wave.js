// The wave of one clip: its sound on a canvas, of which only the part that is seen is there.
//
// Knows a clip, the waveform of its media and where it is drawn. Colour and height are the sheet's.
import { el } from '../desk.js';
import { along, columns } from './waves.js';

const PART = 400;           // pixels: drawn anew only when so many more are seen
const THIN = 14;            // pixels of a film's

const inks = new Map();     // by look and kind: a colour that is asked for has the browser work out all styles

export class Wave {
  constructor() {
    this.node = el('canvas.wave', { 'aria-hidden': 'true', hidden: true });
    this.said = '';
  }

  /**
   * Draw a clip at [left, left + width) pixels of its row, of which [from, to) are seen.
   * `voice`: { media, peaks, gain, thin } of its sound, null where it has none; `look`: { scale, rate, delta }
   */
  draw(item, { left, width, from, to, height }, voice, { scale, rate, delta }) {
    const there = Boolean(voice?.peaks?.length) && item.speed !== '0' && width >= 4;
    this.node.hidden = !there;
    if (!there) return;
    const begin = Math.max(0, Math.floor((from - left) / PART) * PART);
    const stop = Math.min(Math.ceil(width) - 1, Math.ceil((to - left) / PART) * PART);
    const { theme } = document.documentElement.dataset;
    const said = [item.id, item.start, item.speed, begin, stop, scale, delta?.head ?? 0, voice.media.take || voice.media.file, voice.gain, height, theme].join(' ');
    if (said === this.said && voice.peaks === this.peaks || stop <= begin) return;
    Object.assign(this, { said, peaks: voice.peaks });        // a file that was changed on the disk has others
    this.node.style.transform = `translateX(${begin}px)`;
    this.node.style.width = `${stop - begin}px`;
    const fine = Math.min(2, globalThis.devicePixelRatio || 1);
    const wide = Math.round((stop - begin) * fine);
    const high = voice.thin ? Math.min(THIN, height / 2) : height - 4;
    const tall = Math.round(high * fine);
    this.node.style.height = `${high}px`;
    Object.assign(this.node, { width: wide, height: tall });
    const { first, step } = along(item, voice.media, rate, voice.peaks.length / 2);
    const pixel = step / scale;
    const seen = columns(voice.peaks, first + (begin / scale + (delta?.head ?? 0)) * step, pixel / fine, wide);
    const pen = this.node.getContext('2d');
    const ink = `${theme} ${Boolean(voice.thin)}`;
    if (!inks.has(ink)) inks.set(ink, getComputedStyle(this.node).color);
    pen.fillStyle = inks.get(ink);
    const loud = voice.gain * tall / 254;
    const middle = tall / 2;
    // One shape: half the time of a bar for every column.
    pen.beginPath();
    pen.moveTo(0, middle);
    for (let x = 0; x < wide; x++) pen.lineTo(x + 0.5, Math.max(0, middle - Math.max(fine / 2, seen[2 * x + 1] * loud)));
    pen.lineTo(wide, middle);
    for (let x = wide - 1; x >= 0; x--) pen.lineTo(x + 0.5, Math.min(tall, middle - Math.min(-fine / 2, seen[2 * x] * loud)));
    pen.fill();
  }
}
