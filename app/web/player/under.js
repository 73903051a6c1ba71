// Under the film: what it shows, what made it, how its joins are, and what can be made of it.
//
// Knows one take, or one job. Says `use`, `again`; asks the panel to go to a join.
import { ask, el, poke, say, tell, url } from '../desk.js';
import { recipeLine, titled } from '../format.js';
import { t } from '../words.js';
import { following, joins, partly } from './scores.js';

/** Tasks that begin with film, and with a picture: the make panel's own names. */
const OF_FILM = () => [['extend', t('Extend')], ['loop', t('Loop')], ['connect', t('Connect')], ['edit', t('Edit')], ['inpaint', t('Inpaint')], ['outpaint', t('Outpaint')], ['finish', t('Finish')]];
const OF_A_PICTURE = () => [['animate', t('Animate')]];

export class Under {
  /** `part()` says which seconds are chosen, or null; `second()` where one is; `go(picture)` shows a picture. */
  constructor({ part, go, second }) {
    Object.assign(this, { part, second });
    this.go = go;
    this.title = el('h2.title', {});
    this.line = el('p.line', {});
    this.scores = el('div.scores', {});
    this.tasks = el('div.tasks', { role: 'group', 'aria-label': t('Make something of it') });
    this.chosen = el('p.chosen', { hidden: true });
    const again = (seed, words, whole) => el('button.plain', { type: 'button', title: whole, 'aria-label': whole, onclick: () => say('again', { take: this.take, seed: seed(this.take) }, { keep: false }) }, words);
    this.again = again((take) => take.seed, t('Again'), t('Again with this recipe'));
    this.vary = again(() => '', t('Vary'), t('Vary: another seed'));
    this.latents = el('a', {}, t('Latents, to lead it on elsewhere'));
    this.recipe = el('a', {}, t('Recipe, as JSON'));
    this.film = el('a', {}, t('The film'));
    const links = el('div.menu', {}, this.film, this.latents, this.recipe);
    this.files = el('details.files', {}, el('summary.plain', {}, t('Download')), links);
    this.files.addEventListener('keydown', (event) => { if (event.key === 'Escape') { this.files.open = false; this.files.firstChild.focus(); event.stopPropagation(); } });
    this.files.addEventListener('focusout', (event) => { if (!this.files.contains(event.relatedTarget)) this.files.open = false; });
    links.addEventListener('click', () => { this.files.open = false; });
    this.add = el('button.plain', { type: 'button', onclick: () => say('cut', { take: this.take }, { keep: false }) }, t('Add to the cut'));
    this.more = el('div.more', {}, this.add, this.again, this.vary, this.files);
    this.stop = el('button.plain', { type: 'button', onclick: () => this.tellJob('cancel') }, t('Cancel'));
    this.enough = el('button.plain', { type: 'button', onclick: () => this.tellJob('enough') }, t('Keep what there is'));
    this.job = el('div.job', { hidden: true }, this.enough, this.stop);
    this.root = el('div.about', { hidden: true }, el('div.words', {}, this.title, this.line, this.scores, this.chosen), this.tasks, this.more, this.job);
  }

  hide() { this.root.hidden = true; }

  /** A take and what can be made of it. */
  showTake(take) {
    this.take = take;
    this.root.hidden = this.tasks.hidden = this.more.hidden = false;
    this.job.hidden = true;
    this.title.textContent = titled(take);
    this.line.textContent = take.operation === 'import' ? t('{size}, brought in', { size: `${take.width} × ${take.height}` }) : recipeLine(take);
    const part = partly(take), follows = following(take);
    this.scores.replaceChildren(
      ...(part ? [el('span.score', { 'data-grade': 'part' }, part)] : []),
      ...(follows ? [el('span.score', { 'data-grade': follows.grade, title: follows.all }, follows.words)] : []),
      ...joins(take).map((join) => el('button.score', { type: 'button', title: join.words, 'aria-label': join.words, 'data-grade': join.grade, onclick: () => this.go(join.picture) },
        join.loop ? t('loop {ratio}', { ratio: join.ratio }) : t('join {ratio}', { ratio: join.ratio }))));
    const used = (take.pictures > 1 ? OF_FILM() : OF_A_PICTURE()).map(([task, words]) =>
      el('button.plain', { type: 'button', 'data-task': task, disabled: take.missing, onclick: () => this.use(task) }, words));
    this.tasks.replaceChildren(...used);
    this.again.hidden = this.vary.hidden = this.recipe.hidden = !Object.keys(take.recipe).length;
    for (const [link, what] of [[this.film, 'film'], [this.latents, 'latents'], [this.recipe, 'recipe']]) link.href = url(`media/take/${take.id}/${what}?download=true`);
    this.film.hidden = this.add.hidden = take.missing;
    this.latents.hidden = take.operation === 'import';
    this.showPart();
  }

  /** Which seconds of it are used, if not all. */
  showPart() {
    const part = this.part();
    this.chosen.hidden = !part;
    if (part) this.chosen.textContent = t('From {start} s to {stop} s is chosen: what is made begins with that part.', { start: part.start.toFixed(2), stop: part.stop.toFixed(2) });
  }

  use(task) { say('use', { task, take: this.take, second: this.second(), ...this.part() }, { keep: false }); }

  /** What is being made. */
  showJob(job) {
    this.now = job;
    this.root.hidden = this.job.hidden = false;
    this.tasks.hidden = this.more.hidden = this.chosen.hidden = true;
    this.scores.replaceChildren();
    this.title.textContent = job.recipe.prompt;
    this.line.textContent = t('{width} × {height} · being made', { width: job.recipe.width, height: job.recipe.height });
    const running = job.state === 'running';
    this.enough.hidden = !(running ? job.step > 0 && job.step < job.steps : job.kept > 0);
    this.enough.disabled = job.enough || job.cancel;
    this.stop.disabled = job.cancel && running;
  }

  async tellJob(what) {
    try { await ask(`studio/jobs/${this.now.id}/${what}`, {}); } catch (error) { tell(error.message, 'bad'); }
    poke();
  }
}
