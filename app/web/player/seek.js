// The seek bar: where one is, the stretch that is played, and a mark at every join of the film.
//
// Knows pictures and places. Knows no video.
import { el } from '../desk.js';
import { timecode } from '../format.js';
import { t } from '../words.js';

export class Seek {
  /** `go(picture)` is called while somebody drags. */
  constructor(go) {
    this.input = el('input.seek', { type: 'range', min: 0, max: 1, step: 1, value: 0, 'aria-label': t('Place in the film') });
    this.part = el('i.part', { hidden: true });
    this.marks = el('span.marks', { 'aria-hidden': 'true' });
    this.root = el('div.track', {}, this.marks, this.part, this.input);
    this.go = go;
    this.holding = false;
    this.input.addEventListener('input', () => go(Number(this.input.value)));
    this.input.addEventListener('pointerdown', () => { this.holding = true; });
    for (const end of ['pointerup', 'pointercancel', 'blur']) this.input.addEventListener(end, () => { this.holding = false; });
  }

  /** A film of so many pictures; `joins` are `[{picture, words, grade}]`. */
  take(pictures, rate, joins) {
    Object.assign(this, { pictures, rate });
    this.input.max = Math.max(1, pictures - 1);
    this.stretch(null);
    this.marks.replaceChildren(...joins.map((join) => {
      const mark = el('span.mark', { title: join.words, onclick: () => this.go(join.picture) });
      mark.dataset.grade = join.grade;
      mark.style.left = `${this.place(join.picture - 0.5)}%`;
      return mark;
    }));
  }

  place(picture) { return Math.min(100, Math.max(0, picture / Math.max(1, this.pictures - 1) * 100)); }

  stretch(range) {
    this.part.hidden = !range;
    if (!range) return;
    this.part.style.left = `${this.place(range[0])}%`;
    this.part.style.right = `${100 - this.place(range[1] - 1)}%`;
  }

  at(picture) {
    if (!this.holding && Number(this.input.value) !== picture) this.input.value = picture;
    const words = t('picture {n} of {all}, {time}', { n: picture + 1, all: this.pictures, time: timecode(picture / this.rate) });
    if (this.words !== words) this.input.setAttribute('aria-valuetext', this.words = words);
  }
}
