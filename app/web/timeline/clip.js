// One clip or title of a row: its pictures, its name, its fades, the joins that were measured inside it, as one button.
//
//     pictures come from its media's strip, eight side by side: the one nearest to what the clip shows there
// Knows a piece and where it is to be drawn. What happens when it is taken hold of is in gestures.js.
import { el } from '../desk.js';
import { titled } from '../format.js';
import { joins } from '../player/scores.js';
import { t } from '../words.js';
import { fraction, number, picture } from './cut.js';
import { timecode } from './places.js';
import { put } from './putting.js';
import { Wave } from './wave.js';

const LEAST = 18;             // pixels: below that no picture
const NAMED = 44;                   // pixels: below that no name

export class ClipView {
  constructor() {
    this.film = el('span.film', { 'aria-hidden': 'true' });
    this.name = el('span.name');
    this.says = el('span.more', { 'aria-hidden': 'true' });
    this.seams = el('span.seams', { 'aria-hidden': 'true' });
    this.fades = [el('i.fade.in'), el('i.fade.out')];
    this.node = el('div.clip', { role: 'button', tabIndex: -1 });       // a browser styles and lays out a real button in twice the time, and hundreds are seen
    this.item = el('li', {}, this.node);
    this.node.view = this;
    this.parts = [];
    this.key = this.face = this.has = '';
  }

  /**
   * Show a piece at [left, left + width) pixels of its row, of which [from, to) are drawn and those from `edge` on are seen; `down` into another row.
   * `look`: { scale, rate, take, pictures, voice, pen, missing, chosen, moved, delta: {head, tail} frames that a drag has drawn its ends by }
   * take is what the studio knows of its media, pictures(count) their address, voice its sound and pen the time for it, see wave.js
   * `shared`: its wave is drawn with those of its row. False when it is to be shown once more, for there was no time for all of it.
   */
  show(place, track, box, look) {
    const { item } = place;
    const { left, width, from, to, height, edge, down = 0 } = box;
    this.place = place;
    const kind = item.is === 'title' ? 'title' : item.media.kind ?? 'film';
    const heard = Wave.there(item, width, look.voice);
    const own = heard && !look.shared;
    if (own) this.wave ??= new Wave();
    const face = [item.id, kind, look.chosen, look.moved, item.mute, look.missing, heard].join('|');
    if (face !== this.face) { this.face = face; this.dress(kind, look, heard); }
    put(this, this.node, { left: `${left}px`, width: `${Math.max(width - 1, 1)}px`, transform: down ? `translateY(${down}px)` : '' });
    const length = item.length - (look.delta?.head ?? 0) + (look.delta?.tail ?? 0);
    this.tell(track, look);
    this.draw(item, { left, width, from, to, height, edge }, look, length);
    this.hold(item, width, own);
    return !own || this.wave.draw([{ item, start: left / look.scale, stop: (left + width) / look.scale, voice: look.voice, delta: look.delta }], { left: left + 1, from, to, height }, look);
  }

  /** Say what it is where that is not said yet. An edit brings all pieces of a cut anew, most of them as they were; between edits they are the same. */
  tell(track, look) {
    const { item, start } = this.place;
    const { told } = this;
    const take = look.take?.id;
    if (told?.item === item && told.start === start && told.take === take && told.missing === look.missing && told.track === track.name) return;
    this.told = { item, start, take, missing: look.missing, track: track.name };
    const key = [item.id, item.start, item.length, start, item.speed, item.name, item.words, item.mute, item.level, look.missing, take, track.name].join('|');
    if (key !== this.key) { this.key = key; this.say(track, look); }
  }

  /** What the sheet goes by: written where it changes, for whatever is written has the browser look at it again. */
  dress(kind, look, heard) {
    const { dataset, classList } = this.node;
    dataset.id = this.place.item.id;
    dataset.kind = kind;
    classList.toggle('chosen', look.chosen);
    classList.toggle('moved', Boolean(look.moved));
    classList.toggle('silent', Boolean(this.place.item.mute));
    classList.toggle('missing', Boolean(look.missing));
    classList.toggle('heard', heard);
    this.node.setAttribute('aria-pressed', look.chosen);
  }

  /** Of all that a clip may have on it only what there is and what has room: hundreds of them are seen at once. */
  hold(item, width, own) {
    const named = width >= NAMED;
    const has = [this.parts.length > 0, own, item.fade_in, item.fade_out, named && this.marks?.length, named, named && this.says.textContent].map(Boolean);
    if (has.join() === this.has) return;
    this.has = has.join();
    let before = null;
    for (const [at, part] of [this.film, this.wave?.node, ...this.fades, this.seams, this.name, this.says].entries()) {
      if (!has[at]) { part?.remove(); continue; }
      if (part.parentNode !== this.node) this.node.insertBefore(part, before ? before.nextSibling : this.node.firstChild);
      before = part;
    }
  }

  /** What it is called, and all about it for whoever listens. */
  say(track, { rate, take, missing }) {
    const { item, start, stop } = this.place;
    const name = called(item, take);
    this.name.textContent = name;
    const speed = number(item.speed ?? '1');
    const more = [speed === 1 ? '' : speed === 0 ? t('held') : speed < 0 ? t('backwards') : `${Number(speed.toFixed(2))}×`, item.level ? `${item.level > 0 ? '+' : '−'}${Math.abs(item.level)} dB` : ''].filter(Boolean).join(' · ');
    this.says.textContent = more;
    const values = { name, from: timecode(start, rate), to: timecode(stop, rate), length: timecode(stop - start, rate) };
    this.marks = take && item.media ? marks(item, take, rate) : [];
    const bad = this.marks.filter((mark) => mark.grade === 'bad').length;
    const label = [t('{name}, from {from} to {to}, {length} long', values), more, item.mute ? t('off') : '', missing ?? '', bad ? t('a join in it can be seen') : ''].filter(Boolean).join(', ');
    this.node.setAttribute('aria-label', label);
    this.node.title = missing || '';
    this.sized = 0;
  }

  draw(item, { left, width, from, to, height, edge }, { scale, rate, take, pictures, delta }, length) {
    const begin = delta?.head ?? 0;
    const media = item.media;
    const shows = media && media.kind !== 'sound' && take && !take.missing && width >= LEAST;
    const wide = shows ? Math.max(20, (height - 2) * (media.width || 16) / (media.height || 9)) : 1;
    const first = shows ? Math.max(0, Math.floor((from - left) / wide)) : 0;
    const last = shows ? Math.min(Math.ceil(width / wide), Math.ceil((to - left) / wide)) : 0;
    while (this.parts.length > Math.max(0, last - first)) this.parts.pop().remove();
    while (this.parts.length < last - first) { const part = el('i.part'); this.parts.push(part); this.film.append(part); }
    const count = Math.min(8, media?.frames ?? 1);
    const image = last > first ? pictures(count) : '';
    this.parts.forEach((part, at) => {
      const middle = Math.min(length - 1, Math.floor((first + at + 0.5) * wide / scale)) + begin;
      const which = count > 1 ? Math.round(picture(item, middle, rate) / (media.frames - 1) * (count - 1)) : 0;
      const said = `${first + at} ${which} ${wide} ${image}`;
      if (part.said === said) return;
      part.said = said;
      part.style.left = `${(first + at) * wide}px`;
      part.style.width = `${wide}px`;
      part.style.backgroundSize = count > 1 ? `${count * 100}% 100%` : 'cover';
      part.style.backgroundPosition = count > 1 ? `${which / (count - 1) * 100}% 0` : '50%';
      if (part.image !== image) { part.image = image; part.style.backgroundImage = image ? `url("${image}")` : 'none'; }
    });
    for (const [fade, frames] of [[this.fades[0], item.fade_in], [this.fades[1], item.fade_out]]) if (frames) fade.style.width = `${frames * scale}px`;
    // The name stays in sight while the clip's beginning is not.
    const aside = Math.max(0, Math.min(edge - left, width - NAMED));
    if (aside !== this.aside) { this.aside = aside; this.name.style.marginLeft = `${aside}px`; }
    if (this.sized !== scale + begin) {
      this.sized = scale + begin;
      this.seams.replaceChildren(...(width < NAMED ? [] : this.marks ?? []).map((mark) => {
        const node = el('i.seam', { 'data-grade': mark.grade, title: mark.words });
        node.style.left = `${(mark.at - begin) * scale}px`;
        return node;
      }));
    }
  }
}

/** What a clip or title is called. */
export const called = (item, take) => item.name || item.words?.split('\n')[0] || titled(take);

/** The joins of a take that lie inside a clip, at its own frames: `[{at, grade, words, ratio}]`. */
function marks(item, take, rate) {
  const [n, d] = fraction(item.start);
  const start = Number(n) / Number(d);
  const step = number(item.speed ?? '1') * number(item.media.rate) / number(rate);
  if (!step || item.media.kind === 'picture') return [];
  return joins(take).map((join) => ({ ...join, at: (join.picture - start) / step })).filter(({ at }) => at > 0 && at < item.length);
}
