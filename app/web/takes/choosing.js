// Choosing: several takes at once, and the bar that says what may be done with them.
//
// Knows the takes that are chosen, by id. What is done to them goes through the panel.
import { el, say, tool } from '../desk.js';
import { t } from '../words.js';

export class Choosing {
  /** `change(takes, wanted)` does it; `changed()` is called when others are chosen. */
  constructor(change, changed) {
    Object.assign(this, { changed, takes: new Map(), from: -1 });
    this.says = el('span.says', { role: 'status' });
    this.compare = tool('compare', t('Compare the two (C)'), () => this.beside());
    this.heart = tool('heart', t('Favourites'), () => change([...this.takes.values()], { favourite: ![...this.takes.values()].every((take) => take.favourite) }));
    this.bin = tool('trash', t('Put them in the trash'), async () => { if (await change([...this.takes.values()], { trash: !this.trashed })) this.clear(); });
    this.tag = el('input.tag', { placeholder: t('Tag them'), 'aria-label': t('Tag them'), maxLength: 64, list: 'known-tags', autocomplete: 'off' });
    this.tag.addEventListener('keydown', async (event) => {
      if (event.key !== 'Enter' || !this.tag.value.trim()) return;
      event.preventDefault();
      if (await change([...this.takes.values()], { add: [this.tag.value] })) this.tag.value = '';
    });
    this.root = el('div.choosing', { hidden: true, role: 'group', 'aria-label': t('The chosen takes') }, this.says, this.tag, this.compare, this.heart, this.bin, tool('close', t('Choose none'), () => this.clear()));
  }

  get trashed() { return [...this.takes.values()].some((take) => take.trashed); }

  has(id) { return this.takes.has(id); }

  toggle(take, place) {
    if (!this.takes.delete(take.id)) this.takes.set(take.id, take);
    this.from = place;
    this.show();
  }

  /** From the last one that was chosen to this one: `at(place)` knows the takes between. */
  reach(place, at) {
    const from = this.from < 0 ? place : this.from;
    for (let one = Math.min(from, place); one <= Math.max(from, place) && this.takes.size < 500; one++) {
      const take = at(one);
      if (take) this.takes.set(take.id, take);
    }
    this.show();
  }

  clear() {
    if (!this.takes.size) return;
    this.takes.clear();
    this.from = -1;
    this.show();
  }

  /** They are others now: marked, rated, thrown away. */
  put(takes) {
    for (const take of takes) if (this.takes.has(take.id)) this.takes.set(take.id, take);
    this.show();
  }

  beside() {
    const [a, b] = this.takes.values();
    if (this.takes.size === 2) say('compare', { a, b }, { keep: false });
  }

  show() {
    const { size } = this.takes;
    this.root.hidden = !size;
    this.says.textContent = t('{n} chosen', { n: size });
    this.compare.disabled = size !== 2;
    this.heart.setAttribute('aria-pressed', size > 0 && [...this.takes.values()].every((take) => take.favourite));
    this.bin.title = this.trashed ? t('Put them back') : t('Put them in the trash');
    this.bin.setAttribute('aria-label', this.bin.title);
    this.changed();
  }
}
