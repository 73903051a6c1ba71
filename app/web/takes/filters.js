// Filters: what of the takes is shown. One small sheet to set them, a chip for each that is set.
//
// Knows what can be asked for, and what there is to ask for. Asks nothing itself but which kinds there are.
import { ask, el, icon } from '../desk.js';
import { t } from '../words.js';

const DAY = 86400;

export class Filters {
  /** `changed()` is called when something else is wanted. */
  constructor(changed) {
    this.changed = changed;
    this.set = {};                  // rating, tag: [], operation, model, size, days, only
    this.chips = el('div.chips', { role: 'group', 'aria-label': t('Filters that are set') });
    this.body = el('div.body', {});
    this.sheet = el('details.filters', {}, el('summary.tool', { title: t('Filter'), 'aria-label': t('Filter') }, icon('filter')), this.body);
    this.sheet.addEventListener('toggle', () => { if (this.sheet.open) this.fill(); });
    this.sheet.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.sheet.open) { this.sheet.open = false; this.sheet.firstChild.focus(); event.stopPropagation(); event.preventDefault(); }
    });
    document.addEventListener('pointerdown', (event) => { if (this.sheet.open && !this.sheet.contains(event.target)) this.sheet.open = false; });
  }

  /** As the route has it. */
  get wanted() {
    const { days, ...rest } = this.set;
    return { ...rest, ...(days ? { since: Math.floor(Date.now() / 1000 - days * DAY) } : {}) };
  }

  get any() { return Object.values(this.set).some((value) => [value].flat().some(Boolean)); }

  put(name, value) {
    this.set = { ...this.set, [name]: value };
    this.show();
    this.changed();
  }

  clear() {
    this.set = {};
    this.show();
    this.changed();
  }

  show() {
    const chip = (name, words, value) => el('button.chip', { type: 'button', 'aria-label': t('Without the filter {words}', { words }), onclick: () => this.put(name, value) }, words, icon('close'));
    const { rating, operation, model, size, days, only, tag = [] } = this.set;
    this.chips.replaceChildren(...[
      only === 'missing' && chip('only', t('file missing'), ''),
      rating && chip('rating', t('{stars} or more', { stars: '★'.repeat(rating) }), 0),
      ...tag.map((one) => chip('tag', `#${one}`, tag.filter((other) => other !== one))),
      operation && chip('operation', called(operation), ''),
      model && chip('model', model, ''),
      size && chip('size', size.replace('x', ' × '), ''),
      days && chip('days', span(days), 0),
    ].filter(Boolean));
    this.sheet.classList.toggle('set', this.chips.childElementCount > 0);
  }

  async fill() {
    let kinds;
    try { kinds = await ask('studio/kinds'); } catch (error) { this.body.replaceChildren(el('p.bad', {}, error.message)); return; }
    const { set } = this;
    const controls = () => [...this.body.querySelectorAll('button, select')];
    const held = controls().indexOf(document.activeElement);        // what is pressed is drawn anew under the finger
    const pick = (name, title, choices) => el('label.pick', {}, el('span', {}, title),
      el('select', { onchange: (event) => this.put(name, name === 'days' ? Number(event.target.value) : event.target.value) },
        el('option', { value: '' }, t('any')), ...choices.map(([value, words]) => el('option', { value, selected: String(set[name] ?? '') === String(value) }, words))));
    const stars = el('div.stars', { role: 'group', 'aria-label': t('Rated at least') }, ...[1, 2, 3, 4, 5].map((count) =>
      el('button.star', { type: 'button', 'aria-label': t('{n} stars or more', { n: count }), 'aria-pressed': set.rating === count, 'data-on': count <= (set.rating ?? 0),
        onclick: () => { this.put('rating', this.set.rating === count ? 0 : count); this.fill(); } }, icon('star'))));
    const tags = Object.entries(kinds.tags).slice(0, 40);
    const tag = set.tag ?? [];
    this.body.replaceChildren(
      el('div.pick', {}, el('span', {}, t('Rated')), stars),
      ...(tags.length ? [el('div.pick.wide', {}, el('span', {}, t('Tags')), el('div.tags', {}, ...tags.map(([name, count]) =>
        el('button.chip', { type: 'button', title: t('{n} takes', { n: count }), 'aria-pressed': tag.includes(name),
          onclick: () => { this.put('tag', tag.includes(name) ? tag.filter((other) => other !== name) : [...tag, name]); this.fill(); } }, `#${name}`))))] : []),
      pick('operation', t('Made by'), kinds.operations.map((one) => [one, called(one)])),
      ...(kinds.models.length > 1 ? [pick('model', t('Model'), kinds.models.map((one) => [one, one]))] : []),
      pick('size', t('Size'), kinds.sizes.slice(0, 60).map(([width, height]) => [`${width}x${height}`, `${width} × ${height}`])),
      pick('days', t('When'), [1, 7, 30, 365].map((days) => [days, span(days)])),
      pick('only', t('Files'), [['missing', t('file missing')]]),
      el('div.row', {}, el('button.plain', { type: 'button', onclick: () => { this.clear(); this.fill(); } }, t('Show all'))));
    controls()[held]?.focus();
  }
}

/** What an operation is called. */
export function called(operation) {
  return { text: t('from words'), image: t('picture from words'), animate: t('picture in motion'), keyframes: t('keyframes'), extend: t('extended'), loop: t('loop'), connect: t('connected'),
    edit: t('edited'), inpaint: t('filled in'), outpaint: t('widened'), finish: t('finished'), storyboard: t('storyboard'), import: t('brought in') }[operation] ?? operation;
}

function span(days) {
  return { 1: t('the last day'), 7: t('the last 7 days'), 30: t('the last 30 days'), 365: t('the last year') }[days];
}
