// The player: a take in a loop, or the moving preview of the job one follows.
import { ask, el, latest, model, on, say, steering, tell, tool, typing, url } from '../desk.js';
import { jobLine, recipeLine, timecode } from '../format.js';
import { Moving } from '../moving.js';

export function mount(root) {
  const video = el('video', { loop: true, muted: true, autoplay: true, playsInline: true, preload: 'auto', hidden: true });
  const still = el('img', { alt: '', hidden: true });
  const canvas = el('canvas', { hidden: true, role: 'img', 'aria-label': 'Moving preview' });
  const tries = el('ul.tries', { 'aria-label': 'Examples' });
  const empty = el('div.empty', {}, el('p', {}, 'Nothing is made yet'), el('p', {}, 'Write what the film shows, or begin with one of these:'), tries);
  const stage = el('div.stage', {}, video, still, canvas, empty);
  model.then((about) => tries.append(...about.examples.map((text) =>
    el('li', {}, el('button', { type: 'button', onclick: () => say('try', text, { keep: false }) }, text)))), () => {});
  const moving = new Moving(canvas);

  const play = tool('pause', 'Pause', toggle);
  const seek = el('input.seek', { type: 'range', min: 0, max: 1, step: 0.0001, value: 0, 'aria-label': 'Place in the film' });
  const time = el('output.time', {}, '0:00.00');
  const loop = tool('loop', 'Loop', () => { video.loop = !video.loop; loop.setAttribute('aria-pressed', video.loop); }, { 'aria-pressed': 'true' });
  const save = el('a.tool', { title: 'Save the film', 'aria-label': 'Save the film' });
  save.append(tool('save', '', null).firstChild);
  const says = el('span.says');
  const bar = el('div.bar', { hidden: true }, says, play, tool('back', 'One picture back', () => step(-1)), tool('next', 'One picture on', () => step(1)),
    seek, time, loop, tool('full', 'Full screen', full), save);

  const title = el('h2.title', {});
  const line = el('p.line', {});
  const again = el('button.plain', { type: 'button', onclick: () => say('again', { take, seed: take.seed }, { keep: false }) }, 'Again with this recipe');
  const vary = el('button.plain', { type: 'button', onclick: () => say('again', { take, seed: '' }, { keep: false }) }, 'Vary: another seed');
  const about = el('div.about', { hidden: true }, el('div', {}, title, line), el('div.acts', {}, again, vary));
  root.append(stage, bar, about);

  let take = null;        // what is played
  let job = null;         // id of the job that is watched, whose take is played when it is there
  let live = true;        // jobs that start are watched; not once somebody has chosen a take to play

  // ---- takes

  function show(which) {
    take = which;
    job = null;
    moving.show(null);
    canvas.hidden = true;
    empty.hidden = true;
    bar.hidden = false;
    const film = take.pictures > 1;
    video.hidden = !film;
    still.hidden = film;
    bar.classList.toggle('off', !film);
    says.textContent = film ? '' : 'A still picture';
    if (film) {
      video.poster = url(`media/take/${take.id}/poster`);
      video.src = url(`media/take/${take.id}/film`);
      video.play().catch(() => {});
    } else {
      video.removeAttribute('src');
      video.load();
      still.src = url(`media/take/${take.id}/film`);
      still.alt = take.prompt;
    }
    save.href = url(`media/take/${take.id}/film?download=true`);
    save.hidden = false;
    title.textContent = take.prompt || 'Untitled';
    line.textContent = recipeLine(take);
    about.hidden = false;
    again.hidden = vary.hidden = false;
    root.dataset.take = take.id;
    delete root.dataset.job;
    say('playing', take.id);
  }

  on('play', (which) => { live = false; show(which); });
  on('newest', (which) => { if (!take && !job) show(which); });
  video.addEventListener('error', () => { if (video.getAttribute('src') && take) tell('The film of this take is missing or damaged.', 'bad'); });

  // ---- jobs: while live, the player shows what is being made, and then what came of it

  on('follow', () => { live = true; });
  on('look', (id) => { live = true; watch((latest('state')?.jobs ?? []).find((one) => one.id === id)); });
  on('state', async (state) => {
    if (!live) return;
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
    video.pause();
    video.hidden = still.hidden = empty.hidden = true;
    canvas.hidden = !now.previewed;
    bar.hidden = false;
    bar.classList.add('off');
    says.textContent = jobLine(now);
    save.hidden = true;
    title.textContent = now.recipe.prompt;
    line.textContent = `${now.recipe.width} × ${now.recipe.height} · being made`;
    about.hidden = false;
    again.hidden = vary.hidden = true;
    root.dataset.job = now.id;
    delete root.dataset.take;
    moving.show(now);
  }

  function back() {
    job = null;
    if (take) { show(take); return; }
    moving.show(null);
    canvas.hidden = bar.hidden = about.hidden = true;
    empty.hidden = false;
    delete root.dataset.job;
  }

  // ---- transport

  function toggle() {
    if (video.hidden) return;
    if (video.paused) video.play().catch(() => {}); else video.pause();
  }
  function step(by) {
    if (video.hidden || !take) return;
    video.pause();
    const picture = Math.round(video.currentTime * take.rate - 0.5) + by;      // pictures lie between their edges
    video.currentTime = (((picture % take.pictures) + take.pictures) % take.pictures + 0.5) / take.rate;
  }
  function full() {
    if (document.fullscreenElement) document.exitFullscreen(); else stage.requestFullscreen?.().catch(() => {});
  }
  const playing = () => {
    const drawn = tool(video.paused ? 'play' : 'pause', '', null).firstChild;
    play.replaceChildren(drawn);
    play.title = video.paused ? 'Play' : 'Pause';
    play.setAttribute('aria-label', play.title);
  };
  video.addEventListener('play', playing);
  video.addEventListener('pause', playing);
  const tick = () => {
    if (!video.hidden && video.duration) {
      if (document.activeElement !== seek || !video.paused) seek.value = video.currentTime / video.duration;
      time.textContent = `${timecode(video.currentTime)} / ${timecode(video.duration)}`;
      seek.setAttribute('aria-valuetext', timecode(video.currentTime));
    }
    setTimeout(() => requestAnimationFrame(tick), video.paused ? 200 : 40);
  };
  tick();
  seek.addEventListener('input', () => { if (video.duration) { video.pause(); video.currentTime = seek.value * video.duration; } });
  stage.addEventListener('click', toggle);
  stage.addEventListener('dblclick', full);
  document.addEventListener('keydown', (event) => {
    if (event.key === ' ' && !steering(event)) { event.preventDefault(); toggle(); }
    if (typing(event)) return;
    if (event.key === ',') step(-1);
    if (event.key === '.') step(1);
    if (event.key === 'f') full();
    if (event.key === 'l') loop.click();
  });
  root.dataset.ready = 'yes';
}
