// The transport: the bar under the film, and the keys that do the same.
//
//     Space, K play and pause   J backwards   L on, once more: faster   , . one picture   I O the stretch   X all of it
//     R loop   F full screen   M sound
// Knows a reel. Knows no takes.
import { el, icon, latest, say, steering, tool, typing } from '../desk.js';
import { timecode } from '../format.js';
import { t } from '../words.js';
import { Reel } from './reel.js';
import { Seek } from './seek.js';

const SPEEDS = [0.25, 0.5, 1, 2];
const HOLD = 350, REPEAT = 110;     // milliseconds until a held button repeats, and between repeats

export class Transport {
  /** `changed` is called when the stretch is another; `save` is a link of the panel's. */
  constructor({ stage, screen, save, changed }) {
    const reel = this.reel = new Reel();
    Object.assign(this, { changed, said: 0 });
    this.seek = new Seek((picture) => { reel.pause(); reel.show(picture); });
    this.play = tool('play', t('Play'), () => reel.toggle());
    this.time = el('output.time', {}, '0:00.00');
    this.count = el('output.count', {});
    this.loop = tool('loop', t('Loop'), () => { reel.loop(!reel.loops); this.loop.setAttribute('aria-pressed', reel.loops); }, { 'aria-pressed': 'true' });
    this.in = tool('in', t('Begin here'), () => this.edge(0), { 'aria-pressed': 'false' });
    this.out = tool('out', t('End here'), () => this.edge(1), { 'aria-pressed': 'false' });
    this.all = tool('close', t('Play all of it'), () => this.stretch(null), { hidden: true });
    this.speed = el('select.speed', { 'aria-label': t('Speed'), title: t('Speed'), onchange: () => reel.set(Number(this.speed.value)) },
      ...SPEEDS.map((speed) => el('option', { value: speed, selected: speed === 1 }, `${{ 0.25: '¼', 0.5: '½' }[speed] ?? speed}×`)));
    this.mute = tool('mute', t('Sound'), () => this.sound(!this.loud), { 'aria-pressed': 'false', hidden: true });
    this.volume = el('input.volume', { type: 'range', min: 0, max: 1, step: 0.05, value: 0.8, 'aria-label': t('Volume'), hidden: true, oninput: () => this.sound(Number(this.volume.value) > 0) });
    this.says = el('span.says', {});
    this.loud = false;
    this.root = el('div.bar', {}, this.says, this.play, held('back', t('One picture back'), () => reel.step(-1)), held('next', t('One picture on'), () => reel.step(1)),
      this.seek.root, this.time, this.count, this.in, this.out, this.all, this.speed, this.loop, this.mute, this.volume,
      tool('full', t('Full screen'), () => this.full()), save);
    this.full = () => { if (document.fullscreenElement) document.exitFullscreen(); else screen.requestFullscreen?.().catch(() => {}); };
    stage.addEventListener('click', (event) => { if (!event.target.closest('button, a, .empty, .gone')) reel.toggle(); });
    stage.addEventListener('dblclick', (event) => { if (!event.target.closest('button, a, .empty, .gone')) this.full(); });
    document.addEventListener('keydown', (event) => this.key(event));
    const beat = () => {
      this.tick();
      if (reel.there && !reel.paused) requestAnimationFrame(beat); else setTimeout(() => requestAnimationFrame(beat), 120);
    };
    beat();
  }

  hide() { this.reel.take([]); this.root.hidden = true; }

  /** Nothing to play, and what to say instead. */
  none(words) {
    if (this.reel.there) { this.reel.pause(); this.reel.take([]); this.show(); }
    this.root.hidden = false;
    this.root.classList.add('off');
    if (this.says.textContent !== words) this.says.textContent = words;
  }

  /** Films to play, the joins to mark. */
  take(films, joins) {
    const { reel } = this;
    reel.take(films);
    reel.set(Number(this.speed.value));
    this.root.hidden = false;
    this.root.classList.remove('off');
    this.says.textContent = '';
    this.seek.take(reel.pictures, reel.rate, joins);
    this.mute.hidden = this.volume.hidden = true;
    this.sound(this.loud);
    this.show();
    this.tick();
  }

  /** Which seconds are played, `{start, stop}`; null is all of it. */
  part() {
    if (!this.reel.there || !this.reel.range) return null;
    const { range, rate } = this.reel;
    return { start: range[0] / rate, stop: range[1] / rate };
  }

  /** The stretch begins (0) or ends (1) with the picture that is seen. Once more in the same place takes that off. */
  edge(which) {
    const { reel } = this;
    if (!reel.there || reel.pictures < 2) return;
    const at = reel.picture;
    let [start, stop] = reel.range ?? [0, reel.pictures];
    if (which === 0) start = at === start && start > 0 ? 0 : at; else stop = at + 1 === stop && stop < reel.pictures ? reel.pictures : at + 1;
    if (start >= stop) { if (which === 0) stop = reel.pictures; else start = 0; }
    this.stretch(start === 0 && stop === reel.pictures ? null : [start, stop]);
  }

  stretch(range) {
    this.reel.stretch(range);
    this.show();
    this.changed();
  }

  show() {
    const range = this.reel.there ? this.reel.range : null;
    this.seek.stretch(range);
    this.in.setAttribute('aria-pressed', Boolean(range && range[0] > 0));
    this.out.setAttribute('aria-pressed', Boolean(range && range[1] < this.reel.pictures));
    this.all.hidden = !range;
  }

  sound(yes) {
    this.loud = yes;
    if (yes && Number(this.volume.value) === 0) this.volume.value = 0.8;
    this.reel.films.forEach(({ video }, at) => { video.muted = !yes || at > 0; video.volume = Number(this.volume.value); });
    this.mute.setAttribute('aria-pressed', yes);
    this.mute.replaceChildren(icon(yes ? 'sound' : 'mute'));
  }

  tick() {
    const { reel } = this;
    if (!reel.there) return;
    reel.tick();
    const { picture, paused } = reel;
    if (paused !== this.paused) {
      this.paused = paused;
      this.play.replaceChildren(icon(paused ? 'play' : 'pause'));
      this.play.title = paused ? t('Play') : t('Pause');
      this.play.setAttribute('aria-label', this.play.title);
    }
    if (this.mute.hidden && reel.films.length === 1 && (reel.clock.webkitAudioDecodedByteCount > 0 || reel.clock.mozHasAudio)) this.mute.hidden = this.volume.hidden = false;
    this.seek.at(picture);
    const time = `${timecode(reel.time)} / ${timecode(reel.seconds)}`;
    if (this.time.textContent !== time) this.time.textContent = time;
    const count = t('{n} of {all}', { n: picture + 1, all: reel.pictures });
    if (this.count.textContent !== count) this.count.textContent = count;
    // Other panels need to know where one is, not sixteen times a second.
    const now = performance.now();
    const moment = picture / reel.rate;
    if (moment !== latest('moment') && (paused || now - this.said > 250)) { this.said = now; say('moment', moment); }
  }

  key(event) {
    const { reel } = this;
    if (event.key === ' ' && !steering(event)) { event.preventDefault(); reel.toggle(); return; }
    if (typing(event) || !reel.there) return;
    const act = {
      ',': () => reel.step(-1), '.': () => reel.step(1), j: () => reel.back(), k: () => reel.pause(), f: () => this.full(),
      l: () => (reel.paused || reel.timer ? reel.play() : reel.play(Math.min(4, reel.clock.playbackRate * 2))),
      i: () => this.edge(0), o: () => this.edge(1), x: () => this.stretch(null), r: () => this.loop.click(), m: () => this.mute.hidden || this.mute.click(),
      '<': () => this.faster(-1), '>': () => this.faster(1),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) act();
  }

  faster(by) {
    this.speed.selectedIndex = Math.min(SPEEDS.length - 1, Math.max(0, this.speed.selectedIndex + by));
    this.reel.set(Number(this.speed.value));
  }
}

/** A button that repeats while it is held. */
function held(drawing, label, act) {
  let timer = 0;
  const button = tool(drawing, label, (event) => { if (event.detail === 0 || !button.repeated) act(); button.repeated = false; });
  const again = () => { button.repeated = true; act(); timer = setTimeout(again, REPEAT); };
  button.addEventListener('pointerdown', (event) => { if (!event.button) { button.repeated = false; timer = setTimeout(again, HOLD); } });
  for (const end of ['pointerup', 'pointerleave', 'pointercancel']) button.addEventListener(end, () => clearTimeout(timer));
  return button;
}
