// The drawer below the grid: everything a person keeps about one take. Stars, tags, notes, what is known of it, its family.
//
// Knows one take. What is changed is sent at once; what is being written is sent when the writing rests.
import { ask, el, icon, tell, tool } from '../desk.js';
import { titled } from '../format.js';
import { t } from '../words.js';
import { Family } from './family.js';
import { called } from './filters.js';

const REST = 700;       // milliseconds without a key until a note is sent

export class Details {
  /** `change(takes, wanted)` does it; `closed()` is called when somebody has seen enough. */
  constructor(change, closed) {
    this.change = change;
    this.take = null;
    this.name = el('h2.name', {});
    this.stars = el('div.stars', { role: 'radiogroup', 'aria-label': t('Rating') }, ...[1, 2, 3, 4, 5].map((count) =>
      el('button.star', { type: 'button', role: 'radio', 'aria-label': t('{n} of 5 stars', { n: count }), onclick: () => this.rate(count) }, icon('star'))));
    this.stars.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.rate(Math.min(5, Math.max(0, this.take.rating + by)), true);
    });
    this.heart = tool('heart', t('Favourite'), () => change([this.take], { favourite: !this.take.favourite }));
    this.tags = el('span.list', {});
    this.tag = el('input.tag', { placeholder: t('Add a tag'), 'aria-label': t('Add a tag'), maxLength: 64, list: 'known-tags', autocomplete: 'off' });
    this.tag.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.tag.value.trim()) { event.preventDefault(); this.put(this.tag.value); }
      if (event.key === 'Backspace' && !this.tag.value && this.take.tags.length) change([this.take], { remove: [this.take.tags.at(-1)] });
    });
    this.notes = el('textarea.notes', { rows: 2, maxLength: 20000, placeholder: t('Notes'), 'aria-label': t('Notes') });
    this.notes.addEventListener('input', () => { clearTimeout(this.pause); this.pause = setTimeout(() => this.write(), REST); });
    this.notes.addEventListener('blur', () => this.write());
    this.written = el('p.caption', { hidden: true });
    this.caption = el('p.caption', { hidden: true });
    this.facts = el('p.facts', {});
    this.family = new Family();
    this.root = el('section.details', { hidden: true, 'aria-label': t('Details') },
      el('div.head', {}, this.name, this.heart, tool('close', t('Close the details'), closed)),
      el('div.body', {}, this.stars, el('div.tagging', {}, this.tags, this.tag), this.notes, this.written, this.caption, this.facts, this.family.root));
    this.none = el('p.none', {}, t('Play a take, and what you keep about it is here.'));
    this.root.append(this.none);
  }

  /** Show a take; null is none. */
  show(take) {
    if (this.take && this.take.id !== take?.id) this.write();
    const other = this.take?.id !== take?.id;
    this.take = take;
    this.root.classList.toggle('empty', !take);
    if (!take) return;
    this.name.textContent = titled(take);
    [...this.stars.children].forEach((star, at) => {
      star.dataset.on = at < take.rating;
      star.setAttribute('aria-checked', take.rating === at + 1);
      star.tabIndex = at === Math.max(0, take.rating - 1) ? 0 : -1;
    });
    this.heart.setAttribute('aria-pressed', take.favourite);
    this.tags.replaceChildren(...take.tags.map((name) => el('button.chip', { type: 'button', 'aria-label': t('Take the tag {tag} off', { tag: name }),
      onclick: () => this.change([take], { remove: [name] }) }, `#${name}`, icon('close'))));
    if (other || document.activeElement !== this.notes) this.notes.value = take.notes;
    if (other) { this.tag.value = ''; clearTimeout(this.pause); }
    const written = take.recipe?.asked;         // where the prompt was expanded from it
    this.written.hidden = !written;
    this.written.textContent = written ? t('Written: {words}', { words: written }) : '';
    const seen = take.caption && take.caption !== take.prompt;
    this.caption.hidden = !seen;
    this.caption.textContent = seen ? t('Seen: {caption}', { caption: take.caption }) : '';
    const when = new Date(take.created * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
    this.facts.textContent = [called(take.operation), take.backend, `${take.width} × ${take.height}`, take.pictures > 1 ? t('{n} pictures', { n: take.pictures }) : t('still'),
      when, take.trashed ? t('in the trash') : '', take.missing ? t('file missing') : ''].filter(Boolean).join(' · ');
    this.family.show(take);
  }

  rate(count, exact = false) {
    this.change([this.take], { rating: !exact && count === this.take.rating ? 0 : count }).then(() => this.stars.querySelector('[tabindex="0"]')?.focus());
  }

  async put(words) {
    if (await this.change([this.take], { add: words.split(',').filter((one) => one.trim()) })) this.tag.value = '';
  }

  async write() {
    clearTimeout(this.pause);
    const { take } = this;
    const words = this.notes.value;
    if (!take || words.trim() === take.notes) return;
    try {
      const { take: now } = await ask(`studio/takes/${take.id}/note`, { words });
      take.notes = now.notes;
    } catch (error) { tell(error.message, 'bad'); }
  }
}
