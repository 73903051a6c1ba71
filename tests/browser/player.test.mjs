// The player's and takes' plain functions, and the reel, which knows time and no picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reel } from '../../app/web/player/reel.js';
import { following, grade, joins, partly } from '../../app/web/player/scores.js';
import { changes } from '../../app/web/takes/changes.js';

/** What of a video element a reel uses. */
class Film {
  constructor() { Object.assign(this, { currentTime: 0, paused: true, ended: false, seeking: false, loop: false, playbackRate: 1 }); }
  play() { this.paused = this.ended = false; return Promise.resolve(); }
  pause() { this.paused = true; }
}
const film = (pictures, rate = 16) => ({ video: new Film(), rate, pictures });

test('a reel steps in a circle, over all of it or over a stretch', () => {
  const reel = new Reel();
  reel.take([film(9)]);
  reel.step(-1);
  assert.equal(reel.picture, 8);
  reel.step(2);
  assert.equal(reel.picture, 1);
  reel.stretch([3, 6]);
  reel.show(5);
  reel.step(1);
  assert.equal(reel.picture, 3);
  reel.step(-2);
  assert.equal(reel.picture, 4);
  reel.stretch([6, 6]);               // no picture is in it
  assert.equal(reel.range, null);
});

test('the browser loops what is played whole, the reel what is not', () => {
  const one = film(33);
  const reel = new Reel();
  reel.take([one]);
  assert.equal(one.video.loop, true);
  reel.stretch([4, 12]);
  assert.equal(one.video.loop, false);
  reel.play();
  assert.equal(reel.picture, 4);      // it begins where the stretch does
  reel.tick();
  one.video.currentTime = 12.5 / 16;
  reel.tick();
  assert.equal(reel.picture, 4);
  reel.loop(false);
  reel.tick();
  one.video.currentTime = 12.5 / 16;
  reel.tick();
  assert.deepEqual([one.video.paused, reel.picture], [true, 11]);
});

test('of two films the longest is the clock, and the other stands at its end', () => {
  const [short, long] = [film(17), film(49, 24)];
  const reel = new Reel();
  reel.take([short, long]);
  assert.equal(reel.clock, long.video);
  reel.play();
  long.video.currentTime = 0.8;
  reel.tick();
  assert.equal(short.video.currentTime, 0.8);
  long.video.currentTime = 1.8;
  reel.tick();
  assert.deepEqual([short.video.currentTime, short.video.paused], [16.5 / 16, true]);
  long.video.currentTime = 0.2;
  reel.tick();
  assert.deepEqual([short.video.currentTime, short.video.paused], [0.2, false]);
});

test('joins have three grades', () => {
  assert.equal(grade({ difference: 1.0, velocity: 1.0 }), 'good');
  assert.equal(grade({ difference: 1.3, velocity: 1.6 }), 'fair');
  assert.equal(grade({ difference: 2.4, velocity: 1 }), 'bad');
  assert.equal(grade({ difference: 0.1, velocity: 0 }), 'bad');      // film that stands still at its join
  assert.equal(grade({ difference: null }), 'fair');                 // nobody knows
  const take = { operation: 'loop', rate: 16, figures: { part: 0.254, joins: [{ picture: 0, difference: 1.04 }] } };
  assert.deepEqual(joins(take).map((join) => [join.ratio, join.loop, join.grade]), [['1.04', true, 'good']]);
  assert.match(partly(take), /25/);
  assert.deepEqual([joins({}), partly({ figures: {} })], [[], '']);
});

test('what changed is said as a person would', () => {
  const base = { prompt: 'a red boat on the sea', seed: '7', width: 256, height: 144, seconds: 2, recipe: { prompt: 'a red boat on the sea', seed: '7', steps: 4 } };
  const made = { ...base, seed: '9', seconds: 3, recipe: { prompt: 'a blue boat on the sea', seed: '9', steps: 8, strength: [0, 0.9, 0.3], area: [0, 0, 64, 48] } };
  assert.deepEqual(changes(base, made).map(({ what, was, now }) => `${what}: ${was} > ${now}`),
    ['words: red > blue', 'strength:  > 0 → 0.9 → 0.3', 'area:  > 64 × 48', 'seed: 7 > 9', 'length: 2 s > 3 s', 'steps: 4 > 8']);
  assert.deepEqual(changes(base, base), []);
  const other = { ...base, recipe: { ...base.recipe, prompt: 'something else entirely' } };
  assert.equal(changes(base, other)[0].now, 'something else entirely');
  assert.deepEqual(changes({ ...base, recipe: {} }, { ...base, width: 512, recipe: {} }).map((one) => one.what), ['size']);
});

test('a take says how it follows its words, and what of them is not to be seen', () => {
  const named = { subject: ['fox', 0.12], colour: ['red', 0.98], time: ['night', 0.7] };
  const bad = following({ figures: { follows: 0.45, named } });
  assert.equal(bad.grade, 'bad');
  assert.equal(bad.words, 'follows 45 %, not seen: fox');
  assert.match(bad.all, /fox 12 %, red 98 %, night 70 %/);
  assert.deepEqual([following({ figures: { follows: 0.9, named: { colour: ['red', 0.9] } } }).words, following({ figures: {} }), following({})], ['follows 90 %', null, null]);
  assert.equal(following({ figures: { follows: 0.6, named } }).grade, 'fair');
});
