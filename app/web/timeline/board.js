// The storyboard: the same clips in the same order, each as one large picture. Drag or Alt and an arrow puts one elsewhere.
//
// Knows the timeline that it is for; shows its lowest film track.
import { el } from '../desk.js';
import { t } from '../words.js';
import { pieces, picture } from './cut.js';
import { timecode } from './places.js';

const DRAGGED = 'application/x-cineloom-clip';

export class Board {
  constructor(line) {
    this.line = line;
    this.shown = false;
    this.list = el('ol.cards', { 'aria-label': t('Storyboard') });
    this.root = el('div.board', { hidden: true }, this.list);
    this.cards = new Map();
  }

  /** The clips that it shows. */
  get row() { return pieces(this.line.screen.cut.tracks.find((track) => track.kind === 'film') ?? { items: [] }); }

  toggle() { this.shown = !this.shown; this.root.hidden = !this.shown; }

  draw() {
    const { store, view } = this.line;
    const { cut } = this.line.screen;
    const all = this.row;
    let before = null;
    for (const { item, start, stop } of all) {
      let card = this.cards.get(item.id);
      if (!card) this.cards.set(item.id, card = this.build(item.id));
      const take = store.media(item);
      const name = this.line.called(item);
      const { frames } = item.media;
      const count = Math.min(8, frames);
      const which = count > 1 ? Math.round(picture(item, Math.floor(item.length / 3), cut.rate) / (frames - 1) * (count - 1)) : 0;
      const at = take && !take.missing ? this.line.glances.pictures(take, count) : '';
      const image = at ? `url("${at}")` : 'none';
      if (card.image !== image) card.picture.style.backgroundImage = card.image = image;
      card.picture.style.backgroundSize = count > 1 ? `${count * 100}% 100%` : 'cover';
      card.picture.style.backgroundPosition = count > 1 ? `${which / (count - 1) * 100}% 0` : '50%';
      card.picture.style.aspectRatio = `${cut.width} / ${cut.height}`;
      card.name.textContent = name;
      card.time.textContent = `${timecode(start, cut.rate)} · ${timecode(stop - start, cut.rate)}`;
      card.open.setAttribute('aria-pressed', view.chosen.has(item.id));
      card.item.classList.toggle('chosen', view.chosen.has(item.id));
      const there = before ? before.nextSibling : this.list.firstChild;
      if (there !== card.item) this.list.insertBefore(card.item, there);
      before = card.item;
    }
    for (const [id, card] of this.cards) if (!all.some(({ item }) => item.id === id)) { card.item.remove(); this.cards.delete(id); }
  }

  build(id) {
    const { line } = this;
    const card = { picture: el('span.picture'), name: el('span.name'), time: el('span.time') };
    card.open = el('button.open', { type: 'button', draggable: true, onclick: () => { line.choose([id]); const place = this.row.find(({ item }) => item.id === id); if (place) line.go(place.start); } },
      card.picture, card.name, card.time);
    card.item = el('li.card', {}, card.open);
    card.open.addEventListener('dragstart', (event) => { event.dataTransfer.setData(DRAGGED, id); event.dataTransfer.effectAllowed = 'move'; });
    card.open.addEventListener('focus', () => { if (!line.view.chosen.has(id)) line.choose([id]); });
    const behind = (event) => { const box = card.item.getBoundingClientRect(); return event.clientX > box.left + box.width / 2; };
    const mark = (where) => { card.item.classList.toggle('before', where === 'before'); card.item.classList.toggle('behind', where === 'behind'); };
    card.item.addEventListener('dragover', (event) => { if (event.dataTransfer.types.includes(DRAGGED)) { event.preventDefault(); mark(behind(event) ? 'behind' : 'before'); } });
    card.item.addEventListener('dragleave', () => mark(''));
    card.item.addEventListener('drop', (event) => {
      mark('');
      const moved = event.dataTransfer.getData(DRAGGED);
      if (!moved) return;
      event.preventDefault();
      event.stopPropagation();
      const row = this.row.map(({ item }) => item.id);
      const before = row[row.indexOf(id) + (behind(event) ? 1 : 0)] ?? '';
      if (moved !== before && row[row.indexOf(moved) + 1] !== (before || undefined)) line.store.edit({ is: 'reorder', item: moved, before });
    });
    return card;
  }
}
