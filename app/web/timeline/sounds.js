// What is heard of a cut while it plays: the sound of its clips, at their level, as near as a browser keeps time.
//
// Knows sound tracks and audio elements. Only forwards, up to twice as fast: else it is silent, as in other editors.
import { el } from '../desk.js';
import { heard, number } from './cut.js';
import { address } from './glances.js';

const FAR = 0.12;           // seconds that a sound may be off before it is set right

export class Sounds {
  constructor(store) {
    this.store = store;
    this.playing = new Map();       // clip id → audio element
    this.loud = true;
  }

  play(cut, at, speed) {
    if (speed <= 0 || speed > 2 || !this.loud) { this.stop(); return; }
    const now = heard(cut, Math.floor(at));
    for (const [id, audio] of this.playing) if (!now.some(({ clip }) => clip.id === id)) { audio.pause(); this.playing.delete(id); }
    for (const { clip, index, level, share } of now) {
      const take = this.store.media(clip);
      const own = number(clip.speed ?? '1');
      if (!take || take.missing || own <= 0) continue;
      let audio = this.playing.get(clip.id);
      if (!audio) this.playing.set(clip.id, audio = el('audio', { preload: 'auto', src: address(take, 'film') }));
      const due = number(clip.start) / number(clip.media.rate) + (index + at - Math.floor(at)) * own / number(cut.rate);
      audio.volume = Math.min(1, Math.max(0, 10 ** (level / 20) * share));
      audio.playbackRate = own * speed;
      if (Math.abs(audio.currentTime - due) > FAR && !audio.seeking) audio.currentTime = due;
      if (audio.paused) audio.play().catch(() => {});
    }
  }

  stop() { for (const audio of this.playing.values()) audio.pause(); }
}
