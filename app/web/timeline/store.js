// The open cut in the browser: the studio's last answer, and the one line in which everything that is asked of it waits.
//
//     edit → the studio → its answer is shown        nothing is shown that the studio has not said
// One request at a time, each with the revision of the answer before it: quick edits keep their order. When the mark in the
// studio's state is another than the answer's, somebody else was here: the cut is fetched again. Knows routes; draws nothing.
import { ask, on, poke, tell } from '../desk.js';
import { t } from '../words.js';

const EDITS = new Set(['edits', 'add']);       // what changes what lies in the cut, as it is seen
const CHOICE = 'cineloom-cut';      // which cut was looked at last, by project; a convenience

export class Store {
  /**
   * `changed(answer, what)` is called with every answer, null when no cut is open; `what` was asked, "" for what others did.
   * `free()` says whether the cut that is seen is this one, and may be edited; `working()` is called while a candidate is being made.
   */
  constructor(changed, { free, working }) {
    Object.assign(this, { changed, free, working, answer: null, cuts: [], id: '', jobs: new Map(), line: Promise.resolve(), waiting: 0, mark: null, project: null, trial: null });
    on('state', (state) => this.heard(state));
  }

  get cut() { return this.answer?.cut ?? null; }
  get candidates() { return this.answer?.candidates ?? []; }

  /** The take or the file that a clip shows, as the studio has it; undefined for one that was removed. */
  media(clip) { return clip.media?.file ? this.answer?.files[clip.media.file] : this.answer?.media[clip.media?.take]; }

  /** The cut as it would be with a candidate accepted, where that was asked of the cut as it is now; else null. */
  tried(candidate) { return this.trial?.candidate === candidate && this.trial.revision === this.answer?.revision ? this.trial.cut : null; }

  /** Ask for it. Says whether it is there now. */
  async try(candidate) {
    if (this.tried(candidate)) return true;
    try { this.trial = { candidate, ...await ask(`studio/cuts/${this.id}/candidates/${candidate}`) }; } catch (error) { tell(error.message, 'bad'); }
    return Boolean(this.tried(candidate));
  }

  /** What is going on: another project, another tab's edit, a candidate that came. */
  heard(state) {
    this.jobs = new Map(state.jobs.map((job) => [job.id, job]));
    const marks = state.cuts ?? {};
    if (state.project !== this.project) {
      this.project = state.project;
      this.whole = JSON.stringify(Object.keys(marks));
      this.begin();
      return;
    }
    if (this.waiting) return;
    if (this.whole !== JSON.stringify(Object.keys(marks))) { this.whole = JSON.stringify(Object.keys(marks)); if (this.id) this.list(); else this.begin(); }
    if (!this.id) return;
    if (!(this.id in marks)) { if (this.mark !== null) this.begin(); return; }
    if (this.candidates.some((one) => !one.items.length && this.jobs.has(one.job))) this.working();
    if (marks[this.id] !== this.mark || this.candidates.some((one) => this.over(one))) this.fetch(marks[this.id]);
  }

  /** Whether a candidate is known to be further than the last answer says: its film is there once somebody asks for it. */
  over(candidate) {
    if (candidate.items.length || candidate.state === 'failed' || candidate.state === 'cancelled') return false;
    const job = this.jobs.get(candidate.job);
    return !job || job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';
  }

  async list() {
    try { this.cuts = (await ask('studio/cuts')).cuts; } catch (error) { tell(error.message, 'bad'); }
    this.changed(this.answer, '');
  }

  /** The cut that was looked at last in this project, or else the newest. */
  async begin() {
    this.id = '';
    this.answer = null;
    this.mark = null;
    await this.list();
    const kept = remembered()[this.project];
    const first = this.cuts.find((one) => one.id === kept) ?? this.cuts[0];
    if (first) await this.open(first.id); else this.changed(null, '');
  }

  async open(id) {
    this.id = id;
    remember(this.project, id);
    await this.fetch(null);
  }

  fetch(mark) {
    return this.queue('', async () => {
      if (!this.id) return null;
      this.mark = mark;
      return ask(`studio/cuts/${this.id}`);
    });
  }

  /** Wait until those before are answered, ask, show. Answers whether it was done; why not is told, or said to `wrong`. */
  queue(what, act, wrong = (words) => tell(words, 'bad')) {
    this.waiting += 1;
    const turn = this.line.then(async () => {
      try {
        const answer = await act();
        if (answer) {
          if (!what && this.answer && JSON.stringify(answer) === JSON.stringify(this.answer)) return true;      // what we did ourselves
          this.answer = answer;
          this.id = answer.cut.id;
        }
        this.changed(this.answer, what);
        return true;
      } catch (error) {
        wrong(error.message);
        // Refused, or somebody was quicker: what is shown is what the studio has.
        if (this.id) { try { this.answer = await ask(`studio/cuts/${this.id}`); } catch { /* the state says when it is back */ } }
        this.changed(this.answer, '');
        return false;
      } finally {
        this.waiting -= 1;
      }
    });
    this.line = turn;
    return turn;
  }

  /** Make an edit; several are one step. */
  edit(...edits) {
    const one = edits.length === 1 ? edits[0] : { is: 'several', edits: edits.map((each) => ({ id: newId(), ...each })) };
    return this.act('edits', { edit: { id: newId(), ...one } }, one.is);
  }

  /** Ask something of the open cut with its revision. */
  act(path, body = {}, what = path, wrong = undefined) {
    if (EDITS.has(path) && !this.free()) return Promise.resolve(false);
    return this.queue(what, () => ask(`studio/cuts/${this.id}/${path}`, { revision: this.answer.revision, ...body }), wrong);
  }

  /** Lay takes down: behind all there is, or at a frame; where there is no cut, one begins with them. */
  async add(takes, at = null, track = '', how = 'insert') {
    if (!this.answer) return this.make(t('Cut {n}', { n: this.cuts.length + 1 }), takes);
    return this.act('add', { takes, at, track, how }, 'add');
  }

  /** Lay the sound of a file under the cut, from a frame on, as long as its film. */
  async lay(file, at, track = '') {
    if (!this.free() || !this.answer && !await this.make(t('Cut {n}', { n: this.cuts.length + 1 }))) return false;
    tell(t('Bringing in {name}', { name: file.name }));
    return this.queue('add', () => ask(`studio/cuts/${this.id}/sounds?${new URLSearchParams({ name: file.name, revision: this.answer.revision, at, track })}`, file));
  }

  /** Begin a cut. */
  async make(name, takes = []) {
    const made = await this.queue('new', () => ask('studio/cuts', { name, takes }));
    if (made) { remember(this.project, this.id); await this.list(); }
    return made;
  }

  /** Have film made for the cut; the candidates are there at once. */
  generate(kind, item, more = {}, wrong = undefined) { return this.made('make', { kind, item, ...more }, wrong); }

  /** Have one more made of what a candidate was made of. */
  more(candidate) { return this.made(`candidates/${candidate}/again`); }

  async made(path, body = {}, wrong = undefined) {
    const asked = await this.act(path, body, 'make', wrong);
    poke();
    return asked;
  }

  async trash() {
    const id = this.id;
    await this.queue('', async () => { await ask(`studio/cuts/${id}/trash`, {}); return null; });
    await this.begin();
  }
}

/** An id that nobody else thinks of: it makes an edit that is asked twice one edit. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => (byte % 36).toString(36)).join('');

function remembered() {
  try { return JSON.parse(localStorage.getItem(CHOICE)) ?? {}; } catch { return {}; }
}

function remember(project, id) {
  try { localStorage.setItem(CHOICE, JSON.stringify({ ...remembered(), [project]: id })); } catch { /* private windows may refuse */ }
}
