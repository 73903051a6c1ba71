// What was added to a prompt, while somebody edits it. In node: no browser, no document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, found, moved, parted, plain, without } from '../../app/web/make/additions.js';

/** A text with its additions in brackets, as a text and places. */
function read(drawn) {
  const spans = [];
  let text = '';
  for (const letter of drawn) {
    if (letter === '[') spans.push([text.length]);
    else if (letter === ']') spans.at(-1).push(text.length);
    else text += letter;
  }
  return { text, spans };
}

const draw = (text, spans) => [...spans].reverse().reduce((out, [start, stop]) => `${out.slice(0, start)}[${out.slice(start, stop)}]${out.slice(stop)}`, text);

const LONG = 'a [red ]boat[ sails left] at night[ on the sea][, ink style]';

test('the studio counts code points, a field counts UTF-16', () => {
  assert.deepEqual(counted('🦊 red 🦊 fox', [[2, 6], [8, 11], [5, 99], [4, 4], [-1, 2]]), [[3, 7], [10, 13]]);
});

test('a long addition is cut into its clauses', () => {
  const { text, spans } = read('a fox[ in the snow, at dusk, the camera is still,]');
  assert.equal(draw(text, parted(text, spans)), 'a fox[ in the snow][, at dusk][, the camera is still,]');
});

test('an edit moves what is behind it, belongs to what it is within, and is nobody else’s', () => {
  const { text, spans } = read(LONG);
  const edit = (from, to) => { const after = text.replace(from, to); return draw(after, moved(text, after, spans)); };
  assert.equal(edit('a red', 'the small red'), 'the small [red ]boat[ sails left] at night[ on the sea][, ink style]');
  assert.equal(edit('sails left', 'sails right'), 'a [red ]boat[ sails right] at night[ on the sea][, ink style]');
  assert.equal(edit(' at night', ''), 'a [red ]boat[ sails left] [on the sea][, ink style]');
  assert.equal(edit('ink style', 'ink style!'), 'a [red ]boat[ sails left] at night[ on the sea][, ink style]!');
  assert.equal(edit('left at night on', 'away, on'), 'a [red ]boat[ sails ]away,[ on the sea][, ink style]');
  assert.equal(edit('red boat sails left', 'hen'), 'a hen at night[ on the sea][, ink style]');
  assert.equal(edit(text, 'something else'), 'something else');
  assert.equal(edit(text, ''), '');
});

test('any edit leaves places that are in the text, in order, and letters that were added before', () => {
  const { text, spans } = read(LONG);
  for (let from = 0; from <= text.length; from++) {
    for (let to = from; to <= text.length; to += 3) {
      for (const came of ['', 'x', 'boat ', text.slice(3, 20)]) {
        const after = text.slice(0, from) + came + text.slice(to);
        const now = moved(text, after, spans);
        let last = 0;
        for (const [start, stop] of now) { assert.ok(last <= start && start < stop && stop <= after.length, `${draw(after, now)}`); last = stop; }
      }
    }
  }
});

test('an addition is taken out, and the others stay', () => {
  const { text, spans } = read(LONG);
  const left = without(text, spans, 1);
  assert.equal(draw(left.text, left.spans), 'a [red ]boat at night[ on the sea][, ink style]');
  let all = { text, spans };
  while (all.spans.length) all = without(all.text, all.spans, 0);
  assert.equal(all.text, 'a boat at night');
  assert.deepEqual(spans.map((span) => plain(text, span)), ['red', 'sails left', 'on the sea', 'ink style']);
});

test('two texts of a recipe say what was added', () => {
  for (const drawn of [LONG, 'a fox[ in the snow][, at dusk]', 'waves, then [quiet ]snow[ falls].', '[in ink: ]一只[红色]小船在夜里[，大海上]', 'a cat']) {
    const { text, spans } = read(drawn);
    const asked = [...text].filter((_, at) => !spans.some(([start, stop]) => start <= at && at < stop)).join('');
    const again = found(asked, text);
    assert.deepEqual(again.map((span) => plain(text, span)), spans.map((span) => plain(text, span)), drawn);
    assert.equal(again.reduceRight((out, [start, stop]) => out.slice(0, start) + out.slice(stop), text), asked);
  }
  assert.deepEqual(found('a hen at noon', 'a red boat at night'), [], 'words that are gone: nothing is known');
  assert.deepEqual(found('', ''), []);
});
