// Candidates: what is being made for the cut, or was made and waits to be judged, each over the place it is for.
//
//     ◂ 2 of 3 ▸  carried on  ● 1.08   A/B   ✓ accept   ↻ try another   ✕ reject
// Knows candidates as the studio tells them, and their jobs. Asks nothing itself: `acts` does.
import { el } from '../desk.js';
import { jobLine } from '../format.js';
import { t } from '../words.js';
import { zone } from './cut.js';
import { tool } from './drawings.js';
import { timecode } from './places.js';
import { hide } from './putting.js';

const ROW = 34, APART = 8;      // pixels

export class Tries {
  /** `acts`: audition(candidate), accept(candidate), reject(candidate), more(candidate) */
  constructor(store, view, acts) {
    Object.assign(this, { store, view, acts, groups: new Map(), at: new Map() });
    this.list = el('ul.list', { 'aria-label': t('Being made for the cut') });
    this.root = el('div.tries', { hidden: true }, el('div.head', { 'aria-hidden': 'true' }, t('Made')), el('div.lane', {}, this.list));
  }

  /** Candidates for one place of one kind are one group, one of which is looked at. */
  grouped(cut) {
    const found = new Map();
    for (const candidate of this.store.candidates) {
      const place = zone(cut, candidate);
      if (!place) continue;
      const key = [candidate.kind, ...candidate.over, candidate.start ?? '', candidate.kind === 'retake' ? candidate.frames : ''].join(' ');
      if (!found.has(key)) found.set(key, { key, place, all: [] });
      found.get(key).all.push(candidate);
    }
    return [...found.values()].sort((a, b) => a.place.from - b.place.from);
  }

  /** The candidate of a group that is looked at: the one that plays, the one that was chosen, or the newest. */
  looked({ key, all }) {
    return all.find((one) => one.id === this.view.trying) ?? all.find((one) => one.id === this.at.get(key)) ?? all.find((one) => one.items.length) ?? all.at(-1);
  }

  draw(cut) {
    const { scale } = this.view;
    const groups = this.grouped(cut);
    const ends = [];
    const seen = new Set();
    for (const group of groups) {
      seen.add(group.key);
      let node = this.groups.get(group.key);
      if (!node) this.groups.set(group.key, node = this.build(group.key));
      this.show(node, group, cut);
      if (node.item.parentNode !== this.list) this.list.append(node.item);
      const wide = this.wide(node);
      const x = Math.max(0, (group.place.from + group.place.to) / 2 * scale - wide / 2);
      let row = ends.findIndex((end) => end <= x);
      if (row < 0) row = ends.length;
      ends[row] = x + wide + APART;
      node.item.style.transform = `translate(${x}px, ${row * ROW + 4}px)`;
    }
    for (const [key, node] of this.groups) if (!seen.has(key)) { node.item.remove(); this.groups.delete(key); this.at.delete(key); }
    hide(this.root, !groups.length);
    this.height = groups.length ? ends.length * ROW + 2 : 0;
    this.root.style.height = `${this.height}px`;
  }

  /** As wide as what it says, read once each time that it says something else; while one is being made it does not shrink: its words change all the time. */
  wide(node) {
    const { state } = node.item.dataset;
    const said = `${state} ${node.item.textContent}`;
    if (node.said === said && node.wide) return node.wide;
    this.root.hidden = false;
    const wide = node.item.offsetWidth;
    node.wide = node.state === state && state !== 'done' ? Math.max(node.wide ?? 0, wide) : wide;
    return Object.assign(node, { said, state }).wide;
  }

  /** Look here: it is this one that keeps the cut from being edited. */
  nudge() {
    for (const { item } of this.groups.values()) {
      item.classList.remove('nudged');
      if (item.classList.contains('trying')) { item.getBoundingClientRect(); item.classList.add('nudged'); }       // laid out between the two: it begins anew
    }
  }

  build(key) {
    const node = { key };
    const one = (act) => () => act(this.looked(node.group));
    const turn = (by) => () => {
      const { all } = node.group;
      const next = all[(all.indexOf(this.looked(node.group)) + by + all.length) % all.length];
      this.at.set(key, next.id);
      if (this.view.trying) { if (next.items.length) this.acts.audition(next, true); else this.acts.audition(next, false); }
      this.acts.drawn();
    };
    node.count = el('span.count', {});
    node.says = el('span.says', {});
    node.score = el('span.score', { hidden: true });
    node.bar = el('span.progress', { 'aria-hidden': 'true' }, el('i'));
    node.back = tool('left', t('The candidate before'), turn(-1));
    node.next = tool('right', t('The next candidate'), turn(1));
    node.play = el('button.plain.ab', { type: 'button', onclick: one((candidate) => this.acts.audition(candidate, this.view.trying !== candidate.id)) }, 'A/B');
    node.accept = tool('check', t('Accept'), one(this.acts.accept));
    node.reject = tool('close', t('Reject'), one(this.acts.reject));
    node.more = tool('again', t('Try another'), one(this.acts.more));
    node.item = el('li.try', {}, node.back, node.count, node.next, el('span.what', {}, node.says, node.bar), node.score, node.play, node.accept, node.more, node.reject);
    return node;
  }

  show(node, group, cut) {
    node.group = group;
    const { all } = group;
    const candidate = this.looked(group);
    const job = this.store.jobs.get(candidate.job);
    const ready = candidate.items.length > 0;
    const failed = candidate.state === 'failed' || candidate.state === 'cancelled';
    const trying = this.view.trying === candidate.id;
    const what = {
      extend: t('carried on'), precede: t('led up to'), connect: t('connected'), loop: t('closed to a loop'), edit: t('other words'), inpaint: t('filled in'), variation: t('another seed'), retake: t('made anew'), replace: t('another take'),
    }[candidate.kind] ?? candidate.kind;
    const state = ready ? (candidate.score ? '' : t('ready')) : failed ? candidate.why || t('failed') : job ? jobLine(job) : t('waiting');
    const words = [what, state, group.place.more > 0 && !ready ? timecode(group.place.more, cut.rate) : ''].filter(Boolean).join(' · ');
    if (node.says.textContent !== words) { node.says.textContent = words; node.says.title = words; }
    const count = t('{n} of {all}', { n: all.indexOf(candidate) + 1, all: all.length });
    if (node.count.textContent !== count) node.count.textContent = count;
    node.score.hidden = !ready || !candidate.score;
    const score = ready && candidate.score ? t('join {ratio}', { ratio: candidate.score.toFixed(2) }) : '';
    if (node.score.textContent !== score) node.score.textContent = score;
    node.item.dataset.candidate = candidate.id;
    node.item.dataset.state = ready ? 'done' : failed ? 'failed' : candidate.state;
    node.item.dataset.grade = ready && candidate.score ? (candidate.score <= 1.3 ? 'good' : candidate.score <= 2 ? 'fair' : 'bad') : '';
    node.item.classList.toggle('trying', trying);
    node.bar.hidden = ready || failed;
    node.bar.firstChild.style.transform = `scaleX(${Math.max(0.02, job?.progress ?? 0)})`;
    node.back.hidden = node.next.hidden = node.count.hidden = all.length < 2;
    node.play.hidden = node.accept.hidden = !ready;
    node.play.setAttribute('aria-pressed', trying);
    const label = t('Play it in the cut: {words}', { words: what });
    if (node.play.title !== label) { node.play.title = label; node.play.setAttribute('aria-label', `A/B: ${label}`); }
  }
}
