// The timeline's plain functions: where things lie, which picture is seen, what a drag comes to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beside, edges, find, head, heard, joints, length, nextPlaces, picture, placed, shown, tail, zone } from '../../app/web/timeline/cut.js';
import { between, drawn, fitting, frameNumbered, frameOf, magnets, marked, nextEdge, numbered, rolled, slot, snapped, ticks, timecode, within, zoomed } from '../../app/web/timeline/places.js';

const media = (take, frames = 100, rate = '16') => ({ take, frames, rate, width: 64, height: 36 });
const clip = (id, length, start = '20', more = {}) => ({ is: 'clip', id, media: media(`take${id}`), start, length, ...more });
const gap = (length) => ({ is: 'gap', length });
const cut = (items, more = {}) => ({ id: 'c', name: 'One', rate: '16', width: 64, height: 36, tracks: [{ id: 'v1', kind: 'film', items }], ...more });
const numbers = (what) => what.layers.map(({ clip: { id }, picture: at, opacity }) => `${id}${at}@${Number(opacity.toFixed(3))}`).join(' ');

test('a row lies where the lengths before it say; a transition takes no room', () => {
  const one = cut([clip('a', 10), { is: 'transition', id: 'x', in_offset: 2, out_offset: 3 }, clip('b', 6), gap(4), clip('c', 5)]);
  assert.deepEqual(placed(one.tracks[0]).map(({ start, stop }) => [start, stop]), [[0, 10], [8, 13], [10, 16], [16, 20], [20, 25]]);
  assert.equal(length(one), 25);
  assert.equal(find(one, 'c').start, 20);
  assert.deepEqual(edges(one), [0, 10, 16, 20, 25]);
  assert.equal(beside(one.tracks[0], 'b').after.item.id, 'c');
  assert.deepEqual(joints(one.tracks[0]).map(({ at, gap: empty, transition }) => [at, empty, transition?.item.id ?? null]), [[10, 0, 'x'], [16, 4, null]]);
  assert.deepEqual([nextEdge(one, 0, 1), nextEdge(one, 10, 1), nextEdge(one, 10, -1), nextEdge(one, 25, 1), nextPlaces(one, 3, 1)], [10, 16, 0, 25, 8]);
});

test('pictures are those that the studio shows: rounded down, held, backwards, from another rate', () => {
  const seen = (one, rate = '16') => Array.from({ length: one.length }, (_, at) => picture(one, at, rate)).join(' ');
  assert.equal(seen(clip('a', 4)), '20 21 22 23');
  assert.equal(seen(clip('a', 6, '0', { speed: '1/2' })), '0 0 1 1 2 2');
  assert.equal(seen(clip('a', 3, '7', { speed: '-1' })), '6 5 4');
  assert.equal(seen(clip('a', 3, '7', { speed: '0' })), '7 7 7');
  assert.equal(seen({ ...clip('a', 5, '0'), media: media('t', 100, '24000/1001') }, '24000/1001'), '0 1 2 3 4');
  assert.equal(picture({ ...clip('a', 50_000, '0'), media: media('t', 100_000, '30000/1001') }, 47_952, '24'), 59_880);     // where doubles say 59879
  assert.deepEqual([head(clip('a', 10), '16'), tail(clip('a', 10), '16')], [20, 70]);
  assert.deepEqual([head(clip('a', 10, '20', { speed: '2' }), '16'), tail(clip('a', 10, '20', { speed: '2' }), '16')], [10, 30]);
  assert.deepEqual([head(clip('a', 10, '20', { speed: '-1' }), '16'), tail(clip('a', 10, '20', { speed: '-1' }), '16')], [80, 10]);
  assert.equal(tail({ ...clip('a', 10, '0'), media: { ...media('t', 1, '1'), kind: 'picture' } }, '16'), Infinity);
});

test('what is seen over cross-fades, dips, fades, gaps and tracks', () => {
  const crossed = cut([clip('a', 10), { is: 'transition', id: 'x', in_offset: 2, out_offset: 2 }, clip('b', 10)]);
  assert.equal(numbers(shown(crossed, 7)), 'a27@1');
  assert.equal(numbers(shown(crossed, 8)), 'a28@1 b18@0.125');
  assert.equal(numbers(shown(crossed, 11)), 'a31@1 b21@0.875');
  const dipped = cut([clip('a', 10), { is: 'transition', id: 'x', in_offset: 2, out_offset: 2, kind: 'dip', colour: '#ff0000' }, clip('b', 10)]);
  assert.equal(numbers(shown(dipped, 8)), 'a28@0.75');
  assert.equal(shown(dipped, 8).ground, '#ff0000');
  assert.equal(numbers(shown(dipped, 10)), 'b20@0.25');
  assert.equal(numbers(shown(cut([clip('a', 4), gap(3), clip('b', 4, '0', { fade_in: 2 })]), 5)), '');
  assert.equal(numbers(shown(cut([clip('a', 4), gap(3), clip('b', 4, '0', { fade_in: 2 })]), 7)), 'b0@0.25');
  const two = cut([clip('a', 10)], {});
  two.tracks.push({ id: 'v2', kind: 'film', items: [gap(4), clip('b', 2), clip('c', 2, '0', { mute: true })] }, { id: 't', kind: 'titles', items: [gap(5), { is: 'title', id: 'q', words: 'One', length: 3 }] });
  assert.equal(numbers(shown(two, 3)), 'a23@1');
  assert.equal(numbers(shown(two, 4)), 'b20@1');
  assert.equal(numbers(shown(two, 6)), 'a26@1');
  assert.equal(shown(two, 6).titles[0].title.words, 'One');
  two.tracks.push({ id: 's', kind: 'sound', level: -6, items: [{ ...clip('m', 8, '0', { level: -3 }), media: { take: 't', frames: 480_000, rate: '48000', kind: 'sound' } }] });
  assert.deepEqual(heard(two, 2).map(({ clip: { id }, level, index }) => [id, level, index]), [['m', -9, 2]]);
});

test('where a candidate lies', () => {
  const one = cut([clip('a', 10), gap(4), clip('b', 6)]);
  const longer = { id: 'k', over: ['a'], kind: 'extend', frames: 8, items: [clip('a', 18)] };
  assert.deepEqual(['from', 'to', 'more'].map((what) => zone(one, longer)[what]), [10, 18, 8]);
  assert.deepEqual(['from', 'to'].map((what) => zone(one, { ...longer, items: [], kind: 'precede' })[what]), [-8, 0]);
  const between_ = { id: 'k', over: ['a', 'b'], kind: 'connect', frames: 4, items: [clip('a', 10), clip('n', 4), clip('b', 6)] };
  assert.deepEqual(['from', 'to', 'meets'].map((what) => zone(one, between_)[what]), [10, 14, false]);
  assert.equal(zone(one, { ...longer, over: ['gone'] }), null);
});

test('an end goes as far as its media and its neighbours let it; past its media film is to be made', () => {
  const one = cut([clip('a', 10), gap(4), clip('b', 80), clip('c', 30, '0')]);
  const row = one.tracks[0];
  const pull = (id, side, by, ripple = false) => { const { by: moved, make } = drawn(one, row, find(one, id), side, by, ripple); return [moved, make]; };
  assert.deepEqual(pull('a', 'tail', 3), [3, 0]);
  assert.deepEqual(pull('a', 'tail', 9), [4, 0]);         // c's gap ends there
  assert.deepEqual(pull('a', 'tail', 75, true), [70, 5]);
  assert.deepEqual(pull('a', 'tail', -40), [-9, 0]);      // one frame stays
  assert.deepEqual(pull('b', 'head', -30), [-4, 0]);
  assert.deepEqual(pull('b', 'tail', 5), [0, 5]);         // no media is left: nobody is in the way of what is to be made
  assert.deepEqual(pull('c', 'head', -6), [0, 6]);
  assert.deepEqual(pull('c', 'tail', 90), [70, 20]);
  assert.equal(rolled(one, joints(row)[1], 9), 0);
  assert.equal(rolled(one, joints(row)[1], -9), 0);       // c has no film before what it shows
});

test('places that draw near, slots between clips, frames round several', () => {
  const one = cut([clip('a', 10), clip('b', 10), clip('c', 10)], { markers: [{ id: 'm', at: 13 }] });
  assert.deepEqual(magnets(one, 7, new Set(['b'])), [0, 7, 10, 13, 20, 30]);
  assert.deepEqual(snapped(4, [10], [13, 20], 4), { by: 3, at: 13 });
  assert.deepEqual(snapped(7, [10], [13, 20], 4), { by: 7, at: null });
  const row = one.tracks[0];
  assert.deepEqual(slot(row, 12, new Set(['c'])), { before: 'b', at: 10 });
  assert.deepEqual(slot(row, 29, new Set(['a'])), { before: '', at: 30 });
  assert.equal(between(one, row, 14, 4), 10);
  assert.equal(between(one, row, 17, 4), 20);
  assert.deepEqual(within(one, 5, 12, new Set(['v1'])), ['a', 'b']);
});

test('time, zoom and the ruler', () => {
  assert.equal(timecode(3723 * 24 + 5, '24'), '1:02:03:05');
  assert.deepEqual(['1:00', '12', '+5', '-50', '0:01:00:02', 'x'].map((said) => frameOf(said, '24', 20)), [24, 12, 25, 0, 1442, null]);
  const { scale, scrolled } = zoomed(4, 100, 300, 2, 0.1);
  assert.equal(scale, 8);
  assert.equal((100 + 300) / 4, (scrolled + 300) / scale);        // what was under the pointer stays there
  assert.ok(fitting(43_200, 1300) * 43_200 <= 1300);
  for (const zoom of [0.01, 0.2, 1, 4, 24]) { const { every, parts } = ticks(zoom, '24'); assert.ok(every * zoom >= 84 && every % 1 === 0 && parts > 0, `${zoom}`); }
});

test('at 29.97 and 59.94 timecode leaves numbers out, so that it says the time', () => {
  const [ntsc, double] = ['30000/1001', '60000/1001'];
  assert.deepEqual([30, 1799, 1800, 17_981, 17_982, 19_781, 19_782, 107_892].map((at) => timecode(at, ntsc)),
    ['0:00:01;00', '0:00:59;29', '0:01:00;02', '0:09:59;29', '0:10:00;00', '0:10:59;29', '0:11:00;02', '1:00:00;00']);
  assert.deepEqual([3599, 3600, 35_963, 35_964, 215_784].map((at) => timecode(at, double)), ['0:00:59;59', '0:01:00;04', '0:09:59;59', '0:10:00;00', '1:00:00;00']);
  assert.equal(timecode(1440, '24000/1001'), '0:01:00:00');         // 23.976 leaves none out
  for (const rate of [ntsc, double, '24000/1001', '30']) for (let at = 0; at < 72_000; at++) if (frameNumbered(numbered(at, rate), rate) !== at) assert.fail(`${rate}: frame ${at}`);
  for (const rate of [ntsc, double]) for (let at = 0; at < 40_000; at += 7) assert.equal(frameOf(timecode(at, rate), rate), at);
  assert.deepEqual(['0:01:00;00', '0:01:00;01', '0:01:00;02', '1:00:00;00', '1:00', '1800'].map((said) => frameOf(said, ntsc)), [1800, 1800, 1800, 107_892, 30, 1800]);      // the first two do not exist
});

test('a stretch is marked from the playhead on, up to it, and what was not said goes as far as the cut', () => {
  assert.deepEqual(marked(null, 0, 6, 40), [6, 40]);
  assert.deepEqual(marked(null, 1, 6, 40), [0, 7]);
  assert.deepEqual(marked([6, 40], 1, 18, 40), [6, 19]);
  assert.deepEqual(marked([6, 19], 0, 10, 40), [10, 19]);
  assert.deepEqual(marked([6, 19], 0, 30, 40), [30, 40]);        // behind its end
  assert.deepEqual(marked([6, 19], 1, 3, 40), [0, 4]);           // before its beginning
  assert.deepEqual(marked(null, 0, 40, 40), [39, 40]);           // the playhead stands behind the last frame
  assert.deepEqual(marked([6, 19], 1, 5, 40), [0, 6]);
  assert.deepEqual(marked([6, 19], 1, 6, 40), [6, 7]);
});

test('where a retake lies: as it was asked, wherever its clip is now, and then where it is new', () => {
  const one = cut([gap(3), clip('a', 20, '25'), clip('b', 10)]);
  const asked = { id: 'x', kind: 'retake', over: ['a'], items: [], frames: 5, start: '31', job: 'new' };
  const lies = (candidate, of = one) => ['from', 'to', 'more'].map((what) => zone(of, candidate)[what]);
  assert.deepEqual(lies(asked), [9, 14, 5]);
  assert.deepEqual(lies(asked, cut([gap(3), clip('a', 16, '29'), clip('b', 10)])), [5, 10, 5]);        // its head was trimmed
  assert.deepEqual(lies({ ...asked, start: undefined }), [3, 8, 5]);
  const made = { ...asked, items: [clip('a', 5, '25'), { ...clip('c', 7), media: media('new') }, clip('d', 8, '37')] };
  assert.deepEqual(lies(made), [8, 15, 0]);
  const across = { ...asked, over: ['a', 'b'], items: [clip('a', 16, '25'), { ...clip('c', 4), media: media('new') }, { ...clip('b', 3), media: media('new') }, clip('e', 7)] };
  assert.deepEqual(lies(across), [19, 26, 0]);
});
