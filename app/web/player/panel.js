// The player: a take in a loop, two takes beside each other, or the moving preview of the job one follows.
import { ask, el, icon, latest, model, on, say, tell, tool, url } from '../desk.js';
import { jobLine } from '../format.js';
import { Moving } from '../moving.js';
import { t } from '../words.js';
import { Transport } from './transport.js';
import { joins } from './scores.js';
import { Under } from './under.js';
import { Wipe } from './wipe.js';

const TAKE = 'application/x-cineloom-take';
const PICTURES = ['gif', 'png', 'webp', 'avif'];        // kinds that may move, and are pictures to a browser

export function mount(root) {
  const video = el('video', { loop: true, muted: true, autoplay: true, playsInline: true, preload: 'auto', hidden: true });
  const still = el('img', { alt: '', hidden: true });
  const canvas = el('canvas', { hidden: true, role: 'img', 'aria-label': t('Moving preview') });
  const tries = el('ul.tries', { 'aria-label': t('Examples') });
  const empty = el('div.empty', {}, el('p', {}, t('Nothing is made yet')), el('p', {}, t('Write what the film shows, or begin with one of these:')), tries);
  const gone = el('div.gone', { hidden: true }, el('p', {}), el('p.why', {}),
    el('button.plain', { type: 'button', onclick: () => say('again', { take, seed: take.seed }, { keep: false }) }, t('Make it again')));
  const done = el('div.done', { role: 'progressbar', 'aria-label': t('Progress'), 'aria-valuemin': 0, 'aria-valuemax': 100, hidden: true }, el('i'));
  const stage = el('div.stage', {}, video, still, canvas, empty, gone);
  const wipe = new Wipe(stage, () => leave());
  const screen = el('div.screen', {}, stage, done);
  const save = el('a.tool', { title: t('Save the film'), 'aria-label': t('Save the film') }, icon('save'));
  const transport = new Transport({ stage, screen, save, changed: () => under.showPart() });
  const under = new Under({ part: () => transport.part(), second: () => transport.reel.picture / (transport.reel.there ? transport.reel.rate : 1), go: (picture) => { transport.reel.pause(); transport.reel.show(picture); } });
  screen.append(transport.root);
  root.append(screen, under.root);
  const moving = new Moving(canvas);
  model.then((about) => tries.append(...about.examples.map((text) =>
    el('li', {}, el('button', { type: 'button', onclick: () => say('try', text, { keep: false }) }, text)))), () => {});

  let take = null;        // what is played
  let job = null;         // id of the job that is watched, whose take is played when it is there
  let live = true;        // jobs that start are watched; not once somebody has chosen a take to play
  let project = null;
  let lent = null;        // what another panel shows in the film's place, and who is told when that is over

  /** Only this of the stage is to be seen. */
  function only(what) {
    if (lent) { const { node, leave } = lent; lent = null; node.remove(); delete root.dataset.lent; leave(); }
    for (const one of [video, still, canvas, empty, gone]) one.hidden = one !== what;
    if (what !== canvas) { moving.show(null); done.hidden = true; }
    if (what !== video) video.pause();
    if (wipe.on) { wipe.clear(); delete root.dataset.compare; }
  }

  // ---- takes

  function show(which) {
    take = which;
    job = null;
    const film = take.pictures > 1 && !PICTURES.includes(take.kind);
    only(film ? video : still);
    if (film) {
      video.poster = url(`media/take/${take.id}/poster`);
      video.src = url(`media/take/${take.id}/film`);
      transport.take([{ video, rate: take.rate, pictures: take.pictures }], joins(take));
      transport.reel.play();
    } else {
      video.removeAttribute('src');
      video.load();
      still.src = url(`media/take/${take.id}/film`);
      still.alt = take.prompt;
      transport.none(take.pictures > 1 ? t('A moving picture') : t('A still picture'));
    }
    if (take.missing) missing();
    save.href = url(`media/take/${take.id}/film?download=true`);
    save.hidden = take.missing;
    under.showTake(take);
    root.dataset.take = take.id;
    delete root.dataset.job;
    say('playing', take.id);
  }

  function missing() {
    only(gone);
    transport.none(t('File missing'));
    save.hidden = true;
    gone.firstChild.textContent = t('The film of this take is not where it was.');
    gone.querySelector('.why').textContent = t('Put {file} back into the folder media of the project, or make it again from its recipe.', { file: `${take.id}.${take.kind}` });
    gone.lastChild.hidden = !Object.keys(take.recipe).length;
  }

  /** It did not play: because it is not there, or because browsers do not know its kind. */
  async function failed() {
    const { id } = take;
    const there = await fetch(url(`media/take/${id}/film`), { method: 'HEAD' }).then((answer) => answer.ok, () => true);
    if (take?.id !== id || job || wipe.on) return;
    if (!there) { missing(); return; }
    only(gone);
    transport.none(t('Not playable here'));
    gone.firstChild.textContent = t('This browser cannot play {kind} files.', { kind: take.kind.toUpperCase() });
    gone.querySelector('.why').textContent = t('The studio can: whatever is made of it will play.');
    gone.lastChild.hidden = true;
  }

  on('play', (which) => { live = false; show(which); });
  on('newest', (which) => { if (!take && !job) show(which); });
  video.addEventListener('error', () => { if (video.getAttribute('src') && take && !video.hidden) failed(); });
  still.addEventListener('error', () => { if (take && !still.hidden) failed(); });

  /** Another panel plays in the film's place, until a take or a job is shown again: the cut. */
  on('screen', ({ node, words, leave }) => {
    live = false;
    job = null;
    only(null);
    transport.none(words);
    under.hide();
    save.hidden = true;
    delete root.dataset.take;
    delete root.dataset.job;
    delete root.dataset.compare;
    stage.append(node);
    lent = { node, leave };
    root.dataset.lent = 'yes';
  });

  // ---- two takes

  function compare({ a, b }) {
    live = false;
    if (!take || (take.id !== a.id && take.id !== b.id)) take = a;
    job = null;
    only(null);
    const films = wipe.show(a, b);
    if (films.length) { transport.take(films, []); transport.reel.play(); } else transport.none(t('Two still pictures'));
    for (const view of wipe.views) view.addEventListener('error', () => { if (wipe.views.includes(view)) { tell(t('The film of one of them is missing or damaged.'), 'bad'); leave(); } });
    save.hidden = true;
    under.hide();
    root.dataset.compare = `${a.id} ${b.id}`;
    delete root.dataset.take;
    delete root.dataset.job;
    wipe.line.focus({ preventScroll: true });
  }
  const leave = () => { if (wipe.on) show(take); };
  stage.addEventListener('dragover', (event) => {         // a take that is dropped on the one that plays lies beside it
    if (![...event.dataTransfer.types].includes(TAKE) || !take) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  });
  stage.addEventListener('drop', async (event) => {
    const id = event.dataTransfer.getData(TAKE);
    if (!id || !take) return;
    event.preventDefault();
    try {
      const { take: other } = await ask(`studio/takes/${id}`);
      if (other.id !== take.id) compare({ a: take, b: other });
    } catch (error) { tell(error.message, 'bad'); }
  });
  on('compare', compare);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && wipe.on && !document.querySelector('dialog[open]')) { event.preventDefault(); leave(); }
  });

  // ---- jobs: while live, the player shows what is being made, and then what came of it

  let followed = '';      // a job that was just asked for: it may be done before anybody saw it run
  on('follow', (id) => { live = true; followed = id; });
  on('look', (id) => { live = true; watch((latest('state')?.jobs ?? []).find((one) => one.id === id)); });
  on('state', async (state) => {
    if (state.project !== project) {
      if (project !== null) { take = null; job = null; live = true; back(); }
      project = state.project;
    }
    if (!live) return;
    if (followed && !job && state.jobs.some((one) => one.id === followed && one.state === 'done')) job = followed;
    if (job === followed) followed = '';
    const running = state.jobs.find((one) => one.state === 'running');
    const now = job && state.jobs.find((one) => one.id === job);
    if (job && (!now || now.state === 'done')) {
      const id = job;
      job = null;
      try { show((await ask(`studio/takes/${id}`)).take); } catch { back(); }
    } else if (now && (now.state === 'failed' || now.state === 'cancelled')) {
      back();
    } else if (running && (!now || now.state === 'waiting' || now === running)) {
      watch(running);
    } else if (now) {
      watch(now);
    }
  });

  function watch(now) {
    if (!now) return;
    job = now.id;
    if (!now.previewed && take) return;     // the last take plays on until there is something to see
    only(now.previewed ? canvas : null);
    transport.none(jobLine(now));
    done.hidden = false;
    done.firstChild.style.transform = `scaleX(${Math.max(now.progress, 0.02)})`;
    done.setAttribute('aria-valuenow', Math.round(now.progress * 100));
    done.setAttribute('aria-valuetext', jobLine(now));
    save.hidden = true;
    under.showJob(now);
    root.dataset.job = now.id;
    delete root.dataset.take;
    if (now.previewed) moving.show(now);
  }

  function back() {
    job = null;
    if (take) { show(take); return; }
    only(empty);
    transport.hide();
    under.hide();
    delete root.dataset.job;
    delete root.dataset.take;
  }
  transport.hide();
  root.dataset.ready = 'yes';
}
