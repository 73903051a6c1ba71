// The screen: plays the cut in the player's place, out of the takes and files themselves.
//
//     a clock of the cut's frames  →  what is seen at that frame  →  video elements, each of them at its own picture
// While it stands it is exact: every video stands at the middle of the picture that the studio would render. While it runs
// the lowest video that is seen sets the clock, for a video that is corrected stutters; the clip that comes next is ready in
// time, and the clock waits for one that is not. Backwards and very fast, pictures are sought one by one.
import { el } from '../desk.js';
import { length, nextPlaces, number, picture, shown } from './cut.js';
import { address } from './glances.js';
import { Sounds } from './sounds.js';

const FILMS = 4;            // video elements: two over a cross-fade, and those that come
const NEAR = 0.03, FAR = 0.16, LOST = 1;        // seconds off: as good as there; a second video is sought anew; the first one is too
const FAST = 4;             // times the speed up to which videos run by themselves
const STUCK = 4000;         // milliseconds that the clock waits for a picture at most

export class Screen {
  /** `view`: playhead, trying; `moved(frame)` is called when the clock has gone on; `state()` when it began or stopped. */
  constructor(store, view, { moved, state }) {
    Object.assign(this, { store, view, moved, state, speed: 0, films: [], stills: new Map(), turn: 0 });
    this.sounds = new Sounds(store);
    this.titles = el('div.titles', {});
    this.frame = el('div.frame', {}, this.titles);
    this.node = el('div.cut-screen', {}, this.frame);
    this.node.addEventListener('click', (event) => { event.stopPropagation(); this.toggle(); });
    this.node.addEventListener('dblclick', (event) => event.stopPropagation());
  }

  get cut() { return this.store.tried(this.view.trying) ?? this.store.cut; }
  get running() { return this.speed !== 0; }

  toggle() { if (this.running) this.pause(); else this.play(1); }

  play(speed) {
    if (!this.store.cut || !length(this.cut)) return;
    const last = length(this.cut) - 1;
    let from = this.view.playhead;
    if (speed > 0 && from >= last) from = 0;
    if (speed < 0 && from <= 0) from = last;
    this.speed = speed;
    this.clock = { frame: from, at: performance.now(), since: 0 };
    this.state();
    if (!this.beating) { this.beating = true; requestAnimationFrame((now) => this.beat(now)); }
  }

  pause() {
    if (!this.running) return;
    this.speed = 0;
    this.sounds.stop();
    this.show();
    this.state();
  }

  /** Nobody looks any more. */
  stop() {
    this.speed = 0;
    this.sounds.stop();
    for (const film of this.films) film.video.pause();
    this.state();
  }

  beat(now) {
    if (!this.running || !this.store.cut) { this.beating = false; return; }
    const { cut } = this;
    const rate = number(cut.rate);
    const all = length(cut);
    const { clock } = this;
    // A picture's time is when the browser began it, which may be before play was pressed: the first one would lie before the beginning.
    let at = clock.frame + Math.max(0, now - clock.at) / 1000 * rate * this.speed;
    if (at >= all || at < 0) {
      this.moved(at < 0 ? 0 : all - 1);
      this.pause();
      this.beating = false;
      return;
    }
    this.slip = 0;
    const ready = this.draw(cut, Math.floor(at), at);
    clock.frame += this.slip;
    at += this.slip;
    if (!ready && now - (clock.since || now) < STUCK) {
      at = this.view.playhead;              // the picture is not there yet: time waits for it
      this.clock = { frame: at, at: now, since: clock.since || now };
      this.sounds.stop();
    } else {
      clock.since = 0;
      this.sounds.play(cut, at, this.speed);
      if (Math.floor(at) !== this.view.playhead) this.moved(Math.floor(at));
    }
    requestAnimationFrame((then) => this.beat(then));
  }

  /** Show the picture at the playhead, exactly. */
  show() {
    if (!this.store.cut || this.running) return;
    const { cut } = this;
    this.draw(cut, Math.min(this.view.playhead, Math.max(0, length(cut) - 1)), null);
  }

  /** Draw a frame; `exact` is the clock's place inside it while it runs, null while it stands. Says whether all of it is there. */
  draw(cut, frame, exact) {
    this.turn += 1;
    this.frame.style.setProperty('--ratio', cut.width / cut.height);
    const { layers, titles, ground } = shown(cut, frame);
    let ready = true;
    this.frame.style.background = ground;
    layers.forEach((layer, at) => {
      const node = this.layer(layer, cut.rate, exact === null ? null : exact - frame, at === 0);
      if (!node) return;
      node.style.opacity = layer.opacity;
      node.style.zIndex = at + 1;
      node.hidden = false;
      if (node.localName === 'video' && (node.readyState < 2 || node.seeking)) ready = false;
    });
    for (const film of this.films) if (film.turn !== this.turn) { film.video.hidden = true; if (!film.video.paused) film.video.pause(); }
    for (const still of this.stills.values()) if (still.turn !== this.turn) still.node.hidden = true;
    this.words(titles);
    if (exact !== null) this.prepare(cut, frame);
    this.frame.dataset.frame = frame;
    return ready;
  }

  /** The element that shows a layer, at its picture; null for film that no browser has. `leads`: it sets the clock. */
  layer({ clip, index, picture: at }, rate, exact, leads) {
    const take = this.store.media(clip);
    if (!take || take.missing) return null;
    if (take.pictures < 2 || clip.media.kind === 'picture' || ['gif', 'webp', 'avif', 'png'].includes(take.kind)) return this.still(take);
    const media = number(clip.media.rate);
    const own = number(clip.speed ?? '1');
    const film = this.film(clip, take, at / media);
    film.turn = this.turn;
    const { video } = film;
    const speed = own * this.speed;
    if (exact === null || speed <= 0 || speed > FAST || own === 0) {
      if (!video.paused) video.pause();
      film.seek((at + 0.5) / media);
      return video;
    }
    const due = (number(clip.start) + (index + exact) * own * media / number(rate)) / media;
    const off = video.currentTime - due;
    if (video.paused) {
      if (!video.ended && due < clip.media.frames / media - NEAR) {        // an ended one would begin anew
        if (Math.abs(off) > NEAR) film.seek(due, true);
        video.play().catch(() => {});
      }
    } else if (!video.seeking) {
      if (Math.abs(off) > (leads ? LOST : FAR)) film.seek(due, true);
      else if (leads) this.slip = off / own * number(rate);
    }
    if (Math.abs(video.playbackRate - speed) > 0.001) video.playbackRate = Math.max(0.0625, speed);
    video.dataset.picture = at;
    return video;
  }

  /** A video element for a clip: the one that has it, one that stands where it goes on, or the one that was needed longest ago. */
  film(clip, take, second) {
    let film = this.films.find((one) => one.clip === clip.id && one.take === take.id)
      ?? this.films.find((one) => one.take === take.id && one.turn < this.turn && Math.abs(one.video.currentTime - second) < 0.2);
    if (!film) {
      if (this.films.length < FILMS) { film = new Film(); this.films.push(film); this.frame.prepend(film.video); }
      else film = this.films.filter((one) => one.turn < this.turn).sort((a, b) => a.turn - b.turn)[0];
    }
    film.clip = clip.id;
    film.take_(take);
    return film;
  }

  still(take) {
    if (!this.stills.has(take.id)) {
      if (this.stills.size > 6) { const [id, { node }] = this.stills.entries().next().value; node.remove(); this.stills.delete(id); }
      const node = el('img', { alt: '', src: address(take, 'film'), draggable: false });
      this.stills.set(take.id, { node });
      this.frame.prepend(node);
    }
    const found = this.stills.get(take.id);
    found.turn = this.turn;
    return found.node;
  }

  /** What comes next waits at its first picture. */
  prepare(cut, frame) {
    const next = nextPlaces(cut, frame, this.speed < 0 ? -1 : 1);
    if (next === null || this.prepared === `${next} ${this.view.trying}` || Math.abs(next - frame) > number(cut.rate) * 3) return;
    this.prepared = `${next} ${this.view.trying}`;
    for (const { clip, index } of shown(cut, this.speed < 0 ? Math.max(0, next - 1) : next).layers) {
      const take = this.store.media(clip);
      if (!take || take.missing || take.pictures < 2 || this.films.some((one) => one.clip === clip.id && one.turn === this.turn)) continue;
      const at = picture(clip, index, cut.rate) / number(clip.media.rate);
      if (this.films.some((one) => one.take === take.id && one.turn === this.turn && Math.abs(one.video.currentTime + (next - frame) / number(cut.rate) - at) < 0.1)) continue;
      const film = this.film(clip, take, at);
      film.turn = this.turn - 0.5;
      film.video.pause();
      film.seek(at + 0.5 / number(clip.media.rate));
    }
  }

  words(titles) {
    const said = JSON.stringify(titles);
    if (said === this.said) return;
    this.said = said;
    this.titles.replaceChildren(...titles.map(({ title, opacity }) => {
      const { place = 'bottom', size = 8, colour = '#ffffff', ground = '' } = title.style ?? {};
      const node = el('p.title', { 'data-place': place }, el('span', {}, title.words));
      node.style.setProperty('--size', size);
      node.style.opacity = opacity;
      node.firstChild.style.color = colour;
      if (ground) node.firstChild.style.background = ground;
      return node;
    }));
  }
}

/** One video element, which seeks one thing at a time. */
class Film {
  constructor() {
    Object.assign(this, { clip: '', take: '', turn: 0, wanted: null });
    this.video = el('video', { muted: true, playsInline: true, preload: 'auto', hidden: true, tabIndex: -1 });
    this.video.addEventListener('seeked', () => { const { wanted } = this; this.wanted = null; if (wanted !== null) this.seek(wanted); else this.video.dataset.at = this.video.currentTime.toFixed(3); });
    this.video.addEventListener('loadedmetadata', () => { const { wanted } = this; this.wanted = null; if (wanted !== null) this.seek(wanted); });
  }

  take_(take) {
    if (this.take === take.id) return;
    this.take = take.id;
    this.wanted = null;
    this.video.src = address(take, 'film');
  }

  seek(second, now = false) {
    const { video } = this;
    if (video.readyState < 1 || (video.seeking && !now)) { this.wanted = second; return; }
    this.wanted = null;         // what was wished before: its turn would come when this one is found
    if (Math.abs(video.currentTime - second) > 1e-4) video.currentTime = second;
  }
}
