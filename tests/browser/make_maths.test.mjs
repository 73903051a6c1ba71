// The form's arithmetic, in node: no browser, no document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as maths from '../../app/web/make/maths.js';

const shapes = [
  { name: '16:9', across: 16, down: 9, sizes: { S: [256, 144], L: [512, 288] } },
  { name: '9:16', across: 9, down: 16, sizes: { S: [144, 256], L: [288, 512] } },
];

test('numbers stay within their bounds and on their steps', () => {
  assert.equal(maths.stepped(2.13, { least: 0, most: 60, step: 0.25 }), 2.25);
  assert.equal(maths.stepped(99, { least: 0, most: 60, step: 0.25 }), 60);
  assert.equal(maths.stepped(0.1 + 0.2, { least: 0, most: 1 }), 0.3);
});

test('a curve is read between its points, and keeps its shape with more or fewer of them', () => {
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1, 2].map((at) => maths.levelAt([0, 0.8, 0], at)), [0, 0.4, 0.8, 0.4, 0, 0]);
  assert.deepEqual(maths.resampled([0, 0.8, 0], 5), [0, 0.4, 0.8, 0.4, 0]);
  assert.deepEqual(maths.resampled(maths.resampled([0, 0.8, 0], 5), 3), [0, 0.8, 0]);
  assert.deepEqual(maths.resampled([0.6], 3), [0.6, 0.6, 0.6]);
  assert.deepEqual(maths.resampled([0.2, 0.4], 1), [0.3]);
  assert.deepEqual(maths.moved([0, 0, 0], 1, 7), [0, 1, 0]);
  assert.deepEqual(maths.drawn([0, 1], 100, 40), [[0, 40], [100, 0]]);
});

test('a brush paints a disc, softer towards its edge, and takes it off again', () => {
  const mask = new Uint8ClampedArray(20 * 20);
  maths.stamp(mask, 20, 20, 10, 10, { radius: 6, hardness: 0.5, level: 0.8 });
  assert.equal(mask[10 * 20 + 10], 204);
  assert.ok(mask[10 * 20 + 14] > 0 && mask[10 * 20 + 14] < 204);
  assert.equal(mask[10 * 20 + 17], 0);
  maths.stamp(mask, 20, 20, 10, 10, { radius: 6, hardness: 0.5, level: 0.3 });
  assert.equal(mask[10 * 20 + 10], 204, 'what is painted more stays');
  maths.stamp(mask, 20, 20, 10, 10, { radius: 8, erase: true });
  assert.equal(maths.painted(mask), 0);
  maths.stamp(mask, 20, 20, -2, 25, { radius: 4 });       // beside the picture: nothing, and no other row
  assert.equal(maths.painted(mask), 0);
});

test('a stroke has no gaps and ends where the pointer is', () => {
  const places = maths.along([0, 0], [30, 40], 6);
  assert.deepEqual(places.at(-1), [30, 40]);
  for (let at = 1; at < places.length; at++) assert.ok(Math.hypot(places[at][0] - places[at - 1][0], places[at][1] - places[at - 1][1]) <= 2 + 1e-9);
});

test('a rectangle is filled, also one that hangs over the edge', () => {
  const mask = new Uint8ClampedArray(10 * 6);
  maths.fill(mask, 10, 6, { left: 8, top: 4, wide: 5, high: 5 });
  assert.deepEqual([...mask].map((value, at) => (value ? at : -1)).filter((at) => at >= 0), [48, 49, 58, 59]);
  maths.fill(mask, 10, 6, { left: 20, top: 0, wide: 5, high: 5 });
  assert.equal(maths.painted(mask), 4 / 60);
});

test('a size is found in the table of shapes, or its nearest shape is', () => {
  assert.deepEqual(maths.shapeOf(shapes, [288, 512]), { shape: '9:16', size: 'L' });
  assert.deepEqual(maths.shapeOf(shapes, [320, 176]), { shape: '16:9', size: '' });
  assert.deepEqual(maths.shapeOf(shapes, [200, 200]), { shape: '', size: '' });
});

test('a draft is finished larger, in its own shape, on whole cells', () => {
  assert.deepEqual(maths.finishes(256, 144), [[384, 216], [512, 288], [768, 432], [1024, 576], [1920, 1080]]);
  assert.deepEqual(maths.finishes(1920, 1080), []);
});

test('shots follow each other, and change places', () => {
  assert.deepEqual(maths.begins([{ seconds: 2 }, { seconds: 0.25 }]), [0, 2, 2.25]);
  assert.deepEqual(maths.reordered(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a']);
  assert.deepEqual(maths.reordered(['a', 'b', 'c'], 2, -1), ['c', 'a', 'b']);
});

// ---- what is sent

const about = { default_steps: 4, shapes, size: [256, 144] };
const control = (name, kind, value) => ({ name, kind, default: value });
const rows = {
  text: { name: 'text', prompt: 'needed', films: [0, 0], pictures: [0, 0], mask: '', shots: false, controls: [control('seconds', 'amount', 2), control('size', 'size'), control('seed', 'seed')], more: [control('cues', 'cues', [])] },
  loop: { name: 'loop', prompt: 'optional', films: [0, 1], pictures: [0, 0], mask: '', shots: false, controls: [control('seconds', 'amount', 1), control('size', 'size')], more: [] },
  edit: { name: 'edit', prompt: 'needed', films: [1, 1], pictures: [0, 0], mask: 'optional', shots: false, controls: [control('strength', 'strength', 0.6), control('faithful', 'toggle', false)], more: [control('was', 'words', '')] },
};

test('only what a task looks at is sent', () => {
  const form = { ...maths.fresh(rows.text, about), prompt: 'red', film: { take: 'x' }, mask: 'y', cues: [{ prompt: ' ', at: 1 }] };
  assert.deepEqual(maths.wishes(rows.text, form), { task: 'text', seed: null, prompt: 'red', seconds: 2, cues: [], size: [256, 144] });
  const edit = { ...maths.fresh(rows.edit, about), prompt: 'blue', film: { take: 'x', start: 0, stop: null }, seed: '12345678901234567890' };
  assert.deepEqual(maths.wishes(rows.edit, edit), { task: 'edit', seed: '12345678901234567890', prompt: 'blue', strength: [0.6], faithful: false, film: { take: 'x', start: 0 }, mask: '', area: [] });
});

test('later words are sent with what they were, and without what only the form knows of them', () => {
  const form = { ...maths.fresh(rows.text, about), prompt: 'red', cues: [{ prompt: 'a blue boat', asked: 'a boat', added: [[2, 6]], wording: 1, at: 1 }, { prompt: 'green', asked: '', added: [], at: 2 }] };
  assert.deepEqual(maths.wishes(rows.text, form).cues, [{ prompt: 'a blue boat', asked: 'a boat', at: 1 }, { prompt: 'green', at: 2 }]);
  assert.deepEqual(maths.mended({ cues: [null, 5, { prompt: 'red' }, { prompt: 'blue', at: 1 }] }, rows.text, about).cues, [{ prompt: 'blue', at: 1 }]);
});

test('pictures of who is in it are sent by a task that has use for them, and stay with the form for another model', () => {
  const row = { ...rows.text, references: 4 };
  const form = { ...maths.fresh(row, about), prompt: 'red', references: [{ name: 'a.png', width: 40, height: 30 }, { take: 'x', at: 0 }] };
  assert.deepEqual(maths.wishes(row, form).references, [{ name: 'a.png' }, { take: 'x' }]);
  assert.equal(maths.wishes(rows.text, form).references, undefined);
  assert.equal(maths.wishes(row, maths.fresh(row, about)).references, undefined);
  assert.deepEqual(maths.remodelled(form, [row, about], [row, about]).references, form.references);
  assert.deepEqual([maths.mended(form, row, about).references.length, maths.elsewhere(form).references], [2, []]);
});

test('a loop of film has the size of its film, one of words has its own', () => {
  const form = maths.fresh(rows.loop, about);
  assert.deepEqual(maths.wishes(rows.loop, form).size, [256, 144]);
  assert.equal(maths.wishes(rows.loop, { ...form, film: { take: 'x' }, size: null }).size, undefined);
});

test('a kept form comes back as far as it fits, whatever it holds', () => {
  const kept = { prompt: 'red', seconds: 'two', size: ['a', 2], seed: '7', strength: 'x', cues: 5, film: { take: 'x' } };
  const form = maths.mended(kept, rows.text, about);
  assert.deepEqual([form.prompt, form.seconds, form.size, form.seed, form.cues], ['red', 2, [256, 144], '7', []]);
  assert.deepEqual(maths.mended('broken', rows.text, about), maths.fresh(rows.text, about));
  assert.deepEqual(maths.mended({ strength: ['x'] }, rows.edit, about).strength, [0.6]);
});

test('in another project a form keeps its words and leaves its films', () => {
  const form = { ...maths.fresh(rows.edit, about), prompt: 'blue', film: { take: 'x' }, mask: 'm', shots: [{ prompt: 'a', seconds: 1, join: 'cut', cards: [{ take: 'x' }] }] };
  const now = maths.elsewhere(form);
  assert.deepEqual([now.prompt, now.film, now.mask, now.shots[0].prompt, now.shots[0].cards], ['blue', null, '', 'a', []]);
});

test('for another model a form keeps what was written and set, and takes its length, steps and sizes', () => {
  const wide = { name: '16:9', across: 16, down: 9, sizes: { XS: [416, 240], S: [832, 480] } };
  const tall = { name: '9:16', across: 9, down: 16, sizes: { S: [480, 832] } };
  const other = { default_steps: 30, shapes: [wide, tall], size: [832, 480] };
  const longer = { ...rows.text, controls: [control('seconds', 'amount', 5), control('size', 'size'), control('seed', 'seed')] };
  const to = (form, row = rows.text, next = longer) => maths.remodelled(form, [row, about], [next, other]);
  const plain = { ...maths.fresh(rows.text, about), prompt: 'red', solver: 'multistep', steps: 8 };
  const now = to(plain);
  assert.deepEqual([now.prompt, now.seconds, now.steps, now.size, now.solver], ['red', 5, 30, [832, 480], undefined]);
  assert.equal(to({ ...plain, seconds: 3 }).seconds, 3, 'what somebody set stays');
  assert.deepEqual(to({ ...plain, size: [288, 512] }).size, [480, 832], 'the same shape; as large as it goes by that name, else S');
  assert.deepEqual(to({ ...plain, size: [200, 200] }).size, [832, 480], 'a shape that it does not have');
  const film = { ...maths.fresh(rows.edit, about), film: { take: 'x' }, size: [320, 176] };
  assert.deepEqual(to(film, rows.edit, rows.edit).size, [320, 176], 'film that is worked on keeps the size that was asked');
  assert.equal(to({ ...film, size: null }, rows.edit, rows.edit).size, null);
  assert.deepEqual(maths.remodelled(to(plain), [longer, other], [rows.text, about]).seconds, 2, 'and back');
});

test('a size goes into another shape by its name', () => {
  assert.deepEqual(maths.inShape(shapes, '9:16', [512, 288]), [288, 512]);
  assert.deepEqual(maths.inShape(shapes, '9:16', [500, 290]), [144, 256]);
});
