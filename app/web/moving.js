// A moving preview: latent frames side by side in one JPEG, drawn one after another, each melting into the next.
import { url } from './desk.js';

const PACE = 4;     // latent frames a second: each stands for four pictures of sixteen

/** A canvas that shows the newest preview of a job and plays it. */
export class Moving {
  constructor(canvas) {
    this.canvas = canvas;
    this.sheet = null;
    this.frames = 1;
    this.shown = '';        // "job:step" of the sheet
    this.still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  }

  /** Show what this job last put up; `null` empties the canvas. */
  async show(job) {
    const wanted = job?.previewed ? `${job.id}:${job.previewed}` : '';
    if (wanted === this.shown) return;
    this.shown = wanted;
    if (!wanted) { this.sheet = null; return; }
    try {
      const answer = await fetch(url(`media/preview/${job.id}?s=${job.previewed}`));
      if (answer.status !== 200) return;      // 204: the job ended, and its preview with it
      const frames = Number(answer.headers.get('x-frames')) || 1;
      const sheet = await createImageBitmap(await answer.blob());
      if (wanted !== this.shown) return;      // a newer one came in the meantime
      this.sheet = sheet;
      this.frames = frames;
      this.canvas.width = sheet.width / frames;
      this.canvas.height = sheet.height;
      this.draw();                            // at once: a new size empties a canvas
      this.canvas.dataset.step = job.previewed;
      if (!this.ticking) this.tick();
    } catch { /* the job ended between the two requests: its film comes instead */ }
  }

  tick() {
    this.ticking = Boolean(this.sheet);
    if (!this.sheet) return;
    this.draw();
    setTimeout(() => requestAnimationFrame(() => this.tick()), 40);
  }

  draw() {
    const { width, height } = this.canvas;
    const at = this.still ? 0 : (performance.now() / 1000 * PACE) % this.frames;
    const pen = this.canvas.getContext('2d');
    const frame = Math.floor(at);
    pen.globalAlpha = 1;
    pen.drawImage(this.sheet, frame * width, 0, width, height, 0, 0, width, height);
    if (frame + 1 < this.frames && !this.still) {
      pen.globalAlpha = at - frame;
      pen.drawImage(this.sheet, (frame + 1) * width, 0, width, height, 0, 0, width, height);
    }
  }
}
