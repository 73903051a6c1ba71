// A reel: one film, or two that keep the same time, played as a person asks: loop, stretch, speed, pictures one by one.
//
// The longest film is the clock; the other follows it and stands at its last picture once it is over.
// Knows video elements and pictures a second. Knows no takes and draws nothing.

const DRIFT = 0.6;      // pictures that a follower may be off before it is set right
const BACK = 1000 / 16; // milliseconds between two pictures that are played backwards

export class Reel {
  constructor() {
    this.films = [];            // [{ video, rate, pictures }], the clock first
    this.loops = true;
    this.range = null;          // [start, stop) in pictures: the stretch that is played
    this.speed = 1;
    this.wanted = null;         // second that was asked for and is not there yet
    this.timer = 0;
  }

  /** Play these from now on; an empty list is nothing. */
  take(films) {
    this.stopBack();
    this.films = [...films].sort((a, b) => b.pictures / b.rate - a.pictures / a.rate);
    this.range = null;
    this.wanted = null;
    this.mind();
  }

  get there() { return this.films.length > 0; }
  get clock() { return this.films[0].video; }
  get rate() { return this.films[0].rate; }
  get pictures() { return this.films[0].pictures; }
  get seconds() { return this.pictures / this.rate; }
  get paused() { return !this.there || (this.clock.paused && !this.timer); }
  get time() { return this.there ? this.wanted ?? this.clock.currentTime : 0; }
  get picture() { return this.there ? Math.min(this.pictures - 1, Math.max(0, Math.floor(this.time * this.rate + 1e-3))) : 0; }
  get first() { return this.range?.[0] ?? 0; }
  get last() { return (this.range?.[1] ?? this.pictures) - 1; }

  /** Go to a picture; it is shown, not played. */
  show(picture) {
    this.wanted = (Math.min(this.pictures - 1, Math.max(0, picture)) + 0.5) / this.rate;      // pictures lie between their edges
    this.apply();
  }

  /** Go to a second. */
  seek(second) {
    this.wanted = Math.min(this.seconds - 0.001, Math.max(0, second));
    this.apply();
  }

  apply() {
    for (const { video, rate, pictures } of this.films) video.currentTime = Math.min(this.wanted, (pictures - 0.5) / rate);
  }

  /** A few pictures on or back, in a circle over what is played. */
  step(by) {
    if (!this.there) return;
    this.pause();
    const count = this.last - this.first + 1;
    this.show(this.first + ((((this.picture + by - this.first) % count) + count) % count));
  }

  play(speed = this.speed) {
    if (!this.there) return;
    this.stopBack();
    if (this.picture < this.first || this.picture > this.last || this.clock.ended) this.show(this.first);
    for (const { video } of this.films) { video.playbackRate = speed; video.play().catch(() => {}); }
  }

  pause() {
    this.stopBack();
    for (const { video } of this.films) video.pause();
  }

  toggle() { if (this.paused) this.play(); else this.pause(); }

  /** Backwards, picture by picture: browsers know no negative speed. */
  back() {
    if (!this.there || this.timer) return;
    this.pause();
    this.timer = setInterval(() => {
      if (this.picture > this.first) this.show(this.picture - 1);
      else if (this.loops) this.show(this.last);
      else this.pause();
    }, BACK / this.speed);
  }

  stopBack() {
    clearInterval(this.timer);
    this.timer = 0;
  }

  set(speed) {
    this.speed = speed;
    for (const { video } of this.films) video.playbackRate = speed;
    if (this.timer) { this.stopBack(); this.back(); }
  }

  loop(yes) { this.loops = yes; this.mind(); }

  /** Play only [start, stop) in pictures; null is all of it. */
  stretch(range) {
    this.range = range && range[1] > range[0] ? range : null;
    this.mind();
  }

  /** Where one film is played whole, the browser loops it without a gap; else `tick` does. */
  mind() {
    for (const { video } of this.films) video.loop = this.loops && !this.range && this.films.length === 1;
  }

  /** Many times a second: what was asked for has come, the end is met, followers keep up. */
  tick() {
    if (!this.there) return;
    if (this.wanted !== null && !this.clock.seeking) this.wanted = null;
    const { clock } = this;
    if (!clock.paused || clock.ended) {
      const over = clock.ended || clock.currentTime * this.rate >= this.last + 0.9;
      if (over && !clock.loop) {
        if (this.loops) { this.show(this.first); for (const { video } of this.films) video.play().catch(() => {}); } else if (!clock.paused) { this.pause(); this.show(this.last); }
      }
    }
    for (const { video, rate, pictures } of this.films.slice(1)) {
      const due = Math.min(clock.currentTime, (pictures - 0.5) / rate);
      const over = clock.currentTime * rate >= pictures;
      if (Math.abs(video.currentTime - due) * rate > DRIFT && !video.seeking) video.currentTime = due;
      if (clock.paused || over) { if (!video.paused) video.pause(); } else if (video.paused) video.play().catch(() => {});
    }
  }
}
