// One take in the grid: its poster, which the pointer scrubs through, its length, its words and marks.
//
// Knows a take. What happens when it is pressed is the grid's.
import { el, url } from '../desk.js';
import { duration, titled } from '../format.js';
import { t } from '../words.js';

export class Card {
  constructor() {
    this.picture = el('img', { decoding: 'async', alt: '', draggable: false });
    this.length = el('span.length');
    this.marks = el('span.marks');
    this.words = el('span.prompt');
    this.open = el('button.open', { type: 'button', tabIndex: -1, draggable: true }, this.picture, this.length, this.marks, this.words);
    this.item = el('li.card', {}, this.open);
    this.item.card = this;
    this.open.addEventListener('dragstart', (event) => {
      event.dataTransfer.setData('application/x-cineloom-take', this.take.id);
      event.dataTransfer.effectAllowed = 'copyLink';
    });
    this.item.addEventListener('pointermove', (event) => this.look(event));
    this.item.addEventListener('pointerleave', () => { if (this.scrub) this.scrub.hidden = true; });
  }

  /** `passing`: somebody flies over it and would not see its poster. */
  show(take, { playing, chosen, passing }) {
    this.item.dataset.take = take.id;
    if (!passing && !this.picture.hasAttribute('src')) this.picture.src = url(`media/take/${take.id}/poster`);
    this.take = take;
    const words = titled(take);
    if (this.words.textContent !== words) this.words.textContent = words;
    const length = take.missing ? t('file missing') : take.pictures > 1 ? duration(take.seconds) : t('still');
    const marks = `${take.favourite ? '♥' : ''}${take.rating ? ` ${'★'.repeat(take.rating)}` : ''}`.trim();
    if (this.length.textContent !== length) this.length.textContent = length;
    if (this.marks.textContent !== marks) {
      this.marks.textContent = marks;
      this.marks.setAttribute('aria-label', [take.favourite ? t('favourite') : '', take.rating ? t('{n} of 5 stars', { n: take.rating }) : ''].filter(Boolean).join(', '));
      this.marks.setAttribute('role', 'img');
    }
    this.marks.hidden = !marks;
    this.item.classList.toggle('playing', take.id === playing);
    this.item.classList.toggle('chosen', chosen);
    this.item.classList.toggle('missing', take.missing);
    this.open.setAttribute('aria-current', take.id === playing ? 'true' : 'false');
    this.open.setAttribute('aria-pressed', chosen);
  }

  /** Out of the document; a poster that is still on its way is not waited for by those that are seen now. */
  leave() {
    this.item.remove();
    if (!this.picture.complete) this.picture.removeAttribute('src');
  }

  /** The strip is up to eight pictures side by side: the pointer's place chooses one. */
  look(event) {
    const { take } = this;
    if (take.pictures === 1 || take.missing || event.pointerType === 'touch') return;
    const count = Math.min(8, take.pictures);
    if (!this.scrub) {
      const wide = take.width / take.height > 1.6;        // than the card's window: covered as the poster covers it
      const seen = el('i', { style: `${wide ? 'height' : 'width'}: 100%; aspect-ratio: ${take.width} / ${take.height}` });
      seen.style.backgroundSize = `${count * 100}% 100%`;
      seen.style.backgroundImage = `url("${url(`media/take/${take.id}/strip`)}")`;
      this.scrub = el('span.scrub', {}, seen);
      this.picture.after(this.scrub);
    }
    const box = this.open.getBoundingClientRect();
    const at = Math.min(count - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * count)));
    this.scrub.firstChild.style.backgroundPosition = `${at / (count - 1) * 100}% 50%`;
    this.scrub.hidden = false;
  }
}
