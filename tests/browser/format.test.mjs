// The page's plain functions, in node: no browser, no document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../app/web/format.js';

const grid = { space: 8, time: 4, rate: 16, step: 16 };

test('durations read as people say them', () => {
  assert.deepEqual([0.04, 0.4, 3, 9.94, 12.2, 130, 7300].map(format.duration), ['0 s', '0.4 s', '3 s', '9.9 s', '12 s', '2 min 10 s', '2 h 1 min']);
  assert.equal(format.duration(null), '');
  assert.deepEqual([0.3, 4.2, 200, 9000].map(format.roughly), ['under a second', 'about 4 s', 'about 3 min', 'about 2.5 h']);
});

test('a place in the film', () => {
  assert.deepEqual([0, 1.126, 59.999, 61.5, -1].map(format.timecode), ['0:00.00', '0:01.13', '1:00.00', '1:01.50', '0:00.00']);
});

test('a take is called by its words, by what it shows, or by the file it came from', () => {
  const take = (prompt, caption, notes) => format.titled({ prompt, caption, notes });
  assert.deepEqual([take('a boat', 'a ship', 'mine'), take('', 'a ship', 'mine'), take('', '', 'Imported from My holiday 1.mp4'), take('', '', 'Imported from clip.v2'), take('', '', 'to keep\nsecond line'), take('', '', '')],
    ['a boat', 'a ship', 'My holiday 1', 'clip', 'to keep', 'Untitled']);
  assert.equal(format.titled(undefined), 'Untitled');
});

test('lengths lie on the grid, 1 + 4k, as the engine counts them', () => {
  assert.deepEqual([0, 0.1, 0.25, 1, 2, 8].map((seconds) => format.pictures(seconds, grid)), [1, 5, 5, 17, 33, 129]);
});

test('what a film costs grows with steps, cells and pixels', () => {
  const pace = { step: 0.001, decode: 1e-6 };
  const asked = { seconds: 2, width: 256, height: 144, steps: 4 };
  assert.equal(format.cost(pace, grid, asked), 0.001 * 4 * 9 * 32 * 18 + 1e-6 * 33 * 256 * 144);
  assert.equal(format.cost({}, grid, asked), null);
  assert.equal(format.cost(undefined, grid, asked), null);
});

test('unknown words are cut out by code points, not by UTF-16', () => {
  const prompt = 'a 🦊🦊 dragon flies';
  const at = [...prompt].join('|').split('|').indexOf('d');
  const cut = format.pieces(prompt, [[at, at + 6]]);
  assert.deepEqual(cut.filter((piece) => piece.unknown).map((piece) => piece.text), ['dragon']);
  assert.equal(cut.map((piece) => piece.text).join(''), prompt);
  assert.deepEqual(format.unknown('Dragon dragon elf', [[0, 6], [7, 13], [14, 17]]), ['dragon', 'elf']);
});

test('ranges that no longer fit the text are passed over', () => {
  assert.equal(format.pieces('ab', [[1, 9], [0, 1], [0, 1]]).map((piece) => piece.text).join(''), 'ab');
});

test('a picture finds its shape', () => {
  const shapes = [['16:9', 16, 9], ['1:1', 1, 1], ['9:16', 9, 16]].map(([name, across, down]) => ({ name, across, down }));
  assert.deepEqual([[1920, 1080], [100, 110], [4, 7], [9, 20]].map(([w, h]) => format.nearestShape(shapes, w, h).name), ['16:9', '1:1', '9:16', '9:16']);
});

test('a job says what it does', () => {
  assert.equal(format.jobLine({ state: 'running', message: 'step 2 of 4', left: 3.4 }), 'step 2 of 4 · 3 s left');
  assert.equal(format.jobLine({ state: 'waiting', message: 'waiting' }), 'waiting');
  assert.equal(format.jobLine({ state: 'failed', error: 'No.' }), 'No.');
});

test('a recipe in one line', () => {
  const take = { pictures: 33, seconds: 2, width: 256, height: 144, steps: 4, seed: '7', spent: 1.93, recipe: { inputs: [] } };
  assert.equal(format.recipeLine(take), '2 s · 256 × 144 · 4 steps · seed 7 · made in 1.9 s');
});
