// The timeline's waves: which part of a waveform a clip shows, and how columns come of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { along, columns, outline, voices } from '../../app/web/timeline/waves.js';

const sound = { take: 't', kind: 'sound', frames: 96_000, rate: '48000' };
const film = { take: 't', frames: 50, rate: '25' };
const clip = (start, more = {}) => ({ is: 'clip', id: 'a', media: sound, start, length: 25, ...more });

test('a clip begins in its waveform where it begins in its sound, at its speed; film shows the waveform of its sound', () => {
  assert.deepEqual(along(clip('0'), sound, '25', 100), { first: 0, step: 2 });                     // 100 stretches of two seconds: two in a frame
  assert.deepEqual(along(clip('24000'), sound, '25', 100), { first: 25, step: 2 });                // half a second in
  assert.deepEqual(along(clip('24000', { speed: '2' }), sound, '25', 100), { first: 25, step: 4 });
  assert.deepEqual(along(clip('96000', { speed: '-1/2' }), sound, '25', 100), { first: 100, step: -1 });
  assert.deepEqual(along({ ...clip('25/2'), media: film }, sound, '25', 100), { first: 25, step: 2 });
  assert.deepEqual(along({ ...clip('25'), media: film }, sound, '50', 100), { first: 50, step: 1 });
});

test('a column has the lowest and the highest of all that it passes, forwards and backwards, and silence beyond the ends', () => {
  const peaks = Int8Array.from([-1, 1, -2, 2, -30, 30, -4, 4, -5, 50, -6, 6]);
  assert.deepEqual([...columns(peaks, 0, 1, 6)], [...peaks]);
  assert.deepEqual([...columns(peaks, 0, 2, 3)], [-2, 2, -30, 30, -6, 50]);
  assert.deepEqual([...columns(peaks, 6, -2, 3)], [-6, 50, -30, 30, -2, 2]);
  assert.deepEqual([...columns(peaks, 2, 0.5, 4)], [-30, 30, -30, 30, -4, 4, -4, 4]);              // drawn larger than it was looked at
  assert.deepEqual([...columns(peaks, -1, 1, 2)], [0, 0, -1, 1]);
  assert.deepEqual([...columns(peaks, 5, 1, 2)], [-6, 6, 0, 0]);
  assert.deepEqual([...columns(new Int8Array(), 0, 1, 2)], [0, 0, 0, 0]);
  const loud = Int8Array.from([40, 60]);                    // all above nothing: it is not drawn down to it
  assert.deepEqual([...columns(loud, 0, 1, 1)], [40, 60]);
});

test('columns become a shape: up to the highest and back along the lowest, cut off where it is too loud, a line where it is silent', () => {
  const corners = (seen, high) => {
    const lines = outline(Int8Array.from(seen), { high, loud: 1 });
    assert.match(lines, /^l-?\d+ -?\d+( -?\d+ -?\d+)*z$/);
    const steps = lines.match(/-?\d+/g).map(Number), found = [[0, high / 2]];
    for (let at = 0; at < steps.length; at += 2) found.push([found.at(-1)[0] + steps[at], found.at(-1)[1] + steps[at + 1]]);
    return found;
  };
  assert.deepEqual(corners([-40, 20, 0, 0], 100), [[0, 50], [1, 30], [3, 45], [4, 50], [3, 55], [1, 90]]);
  assert.deepEqual(corners([-90, 90], 100), [[0, 50], [1, 0], [2, 50], [1, 100]]);
});

test('film is heard through the sound that is linked to it', () => {
  const cut = { tracks: [{ id: 'v', kind: 'film', items: [{ ...clip('0'), link: 'x' }] }, { id: 's', kind: 'sound', items: [{ is: 'gap', length: 2 }, { ...clip('5'), link: 'x' }, clip('6')] }] };
  assert.deepEqual([...voices(cut).entries()].map(([link, { start }]) => [link, start]), [['x', '5']]);
  assert.equal(voices(cut), voices(cut));
});
