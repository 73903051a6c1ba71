// Candidates on trial: what is asked to be made for the cut, played in it beside what is there, accepted or rejected.
//
//     while one is played, what is seen is the cut as it would be: nothing is edited then, for an edit is made on the cut as it is
// Knows the timeline that it is for. What is drawn of candidates is in tries.js.
import { t } from '../words.js';
import { beside, find, length, zone } from './cut.js';
import { ask } from './making.js';

const BEFORE = 24;          // frames of the cut that are played before what a candidate brings

export class Auditions {
  constructor(line) { this.line = line; this.wanted = ''; }

  /** Whether the cut that is seen is the cut as it is; else it is said what to do. */
  free() {
    if (!this.line.view.trying) return true;
    this.line.tell(t('You see a candidate: accept it or press Escape, then edit.'));
    this.line.tries.nudge();
    return false;
  }

  /** Ask what film is to be made for a clip. */
  make(kind, place = this.line.acts.one) {
    if (!this.free()) return;
    if (!place || place.item.is !== 'clip') { this.line.tell(t('Choose a clip first.')); return; }
    const { after } = beside(place.track, place.item.id);
    ask(this.line, kind, place, { gap: after ? after.start - place.stop : 0 });
  }

  /** Play a candidate in the cut as it would be with it, or without it for null; `again`: the cut has changed meanwhile. */
  async audition(candidate, { again = false } = {}) {
    const { line } = this;
    const { view, store, screen } = line;
    this.wanted = candidate?.id ?? '';
    const there = !candidate || await store.try(candidate.id);
    if (this.wanted !== (candidate?.id ?? '')) return;      // another was asked for
    view.trying = there ? this.wanted : '';
    this.mark();
    view.playhead = Math.min(view.playhead, length(screen.cut));
    if (again) { line.draw(); return; }
    const was = screen.running;
    const place = candidate && zone(store.cut, candidate);
    if (place && !was) view.playhead = Math.max(0, place.from - Math.round(Math.min(BEFORE, (place.to - place.from) || BEFORE)));
    line.draw();
    line.at(view.playhead);
    if (view.trying && !was) { line.take(); screen.play(1); } else if (line.lent) screen.show();
  }

  /** The studio has answered: what was tried may be gone, or has to be laid into another cut. */
  answered(what) {
    const { view, store } = this.line;
    const candidate = store.candidates.find((one) => one.id === view.trying);
    if (!candidate?.items.length || ['accept', 'new'].includes(what)) view.trying = '';
    this.mark();
    if (view.trying && !store.tried(view.trying)) this.audition(candidate, { again: true });
  }

  mark() {
    const { root, view } = this.line;
    if (view.trying) root.dataset.trying = view.trying; else delete root.dataset.trying;
  }

  async accept(candidate) {
    const { store, screen } = this.line;
    screen.pause();
    if (await store.act(`candidates/${candidate.id}/accept`, {}, 'accept')) this.line.choose(candidate.over.filter((id) => find(store.cut, id)).slice(0, 1), { focus: true });
  }

  async reject(candidate) {
    if (this.line.view.trying === candidate.id) this.audition(null);
    this.line.root.focus({ preventScroll: true });       // the button goes
    await this.line.store.act(`candidates/${candidate.id}/reject`, {}, 'reject');
  }

  /** One more of what it was made of, with a seed of its own. */
  again(candidate) { return this.line.store.more(candidate.id); }
}
