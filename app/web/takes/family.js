// Where a take comes from and what came of it, as a small graph: parents above, children below, a line for each use.
//
//     [ boat ]   [ sea ]          which pictures of them, and as what
//          \     /
//         [ this one ]            what changed, in words
//           /    \
//     [ ... ]    [ ... ]
// Knows one take's family as the route tells it. Says `play`.
import { ask, el, say, url } from '../desk.js';
import { titled } from '../format.js';
import { t } from '../words.js';
import { changes } from './changes.js';

const SVG = 'http://www.w3.org/2000/svg';

export class Family {
  constructor() {
    this.lines = document.createElementNS(SVG, 'svg');
    this.lines.setAttribute('aria-hidden', 'true');
    this.levels = el('div.levels', {});
    this.graph = el('div.graph', {}, this.lines, this.levels);
    this.differs = el('dl.differs', {});
    this.root = el('section.family', { hidden: true, 'aria-label': t('Where it comes from') }, el('h3', {}, t('Where it comes from, and what came of it')), this.graph, this.differs);
    new ResizeObserver(() => this.link()).observe(this.levels);
  }

  async show(take) {
    this.id = take.id;
    let family;
    try { family = await ask(`studio/takes/${take.id}/family`); } catch { family = null; }
    if (this.id !== take.id) return;        // another one was chosen in the meantime
    const there = family && (family.up.length || family.down.length);
    this.root.hidden = !there;
    if (!there) return;
    const known = { ...family.takes, [take.id]: take };
    const depth = new Map([[take.id, 0]]);
    for (const edge of family.up) if (!depth.has(edge.parent)) depth.set(edge.parent, (depth.get(edge.child) ?? 0) - 1);
    for (const edge of family.down) if (!depth.has(edge.child)) depth.set(edge.child, 1);
    const rows = new Map();
    for (const [id, level] of depth) rows.set(level, [...(rows.get(level) ?? []), id]);
    this.nodes = new Map();
    this.edges = [...family.up, ...family.down];
    this.depth = depth;
    this.levels.replaceChildren(...[...rows.keys()].sort((a, b) => a - b).map((level) =>
      el('div.level', {}, ...rows.get(level).map((id) => this.node(id, known[id], id === take.id)),
        ...(level === 1 && family.more.down ? [el('span.more', {}, t('and {n} more', { n: family.more.down }))] : []))));
    const parent = family.up.map((edge) => edge.child === take.id && known[edge.parent]).find(Boolean);
    const list = parent ? changes(parent, take) : [];
    this.differs.replaceChildren(...list.flatMap(({ what, was, now }) => [el('dt', {}, what),
      el('dd', {}, ...(was ? [el('del', {}, was), ' '] : []), ...(now ? [el('ins', {}, now)] : []))]));
    this.link();
  }

  node(id, take, here) {
    const used = (here ? [] : this.edges.filter((edge) => (this.depth.get(id) < 0 ? edge.parent === id : edge.child === id))).map(use);
    const words = take ? titled(take) : t('no longer here');
    const face = take ? el('img', { src: url(`media/take/${id}/poster`), alt: '' }) : el('span.nobody', {}, '?');
    const says = el('span.use', {}, here ? t('this one') : [...new Set(used)].join(', '));
    const node = take && !here
      ? el('button.kin', { type: 'button', title: words, 'data-kin': id, 'aria-label': t('{words}: {use}', { words, use: says.textContent }), onclick: () => say('play', take, { keep: false }) }, face, says)
      : el(here ? 'span.kin.here' : 'span.kin', { title: words, 'data-kin': id }, face, says);
    this.nodes.set(id, node);
    return node;
  }

  /** Draw the lines anew: the nodes may be elsewhere now. */
  link() {
    if (this.root.hidden || !this.nodes) return;
    const box = this.levels.getBoundingClientRect();
    this.lines.setAttribute('viewBox', `0 0 ${Math.max(1, box.width)} ${Math.max(1, box.height)}`);
    this.lines.replaceChildren(...this.edges.flatMap((edge) => {
      const [from, to] = [this.nodes.get(edge.parent), this.nodes.get(edge.child)];
      if (!from || !to) return [];
      const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const [x, y, u, v] = [a.left + a.width / 2 - box.left, a.bottom - box.top, b.left + b.width / 2 - box.left, b.top - box.top];
      const path = document.createElementNS(SVG, 'path');
      path.setAttribute('d', `M${x} ${y}C${x} ${(y + v) / 2} ${u} ${(y + v) / 2} ${u} ${v}`);
      return [path];
    }));
  }
}

/** What of a take was used, in words: "film 12–33". */
function use({ start, stop, role }) {
  const called = { film: t('film'), whole: t('all of it'), picture: t('a picture'), still: t('a picture'), start: t('its start'), end: t('its end'), mask: t('mask') }[role] ?? role;
  return stop - start > 1 ? t('{role} {start}–{stop}', { role: called, start: start + 1, stop }) : called;
}
