// Additions: which of a prompt's letters were added to what somebody wrote, while it is edited. Plain functions, tested in node.
//
//     a boat at night    ─→    a [red ]boat at night[, watercolour style]        [start, stop) in UTF-16, in order

const CLAUSE = /[,，、;；]/;

/** Ranges that are counted in code points, as the studio counts, in UTF-16, as a text field does. */
export function counted(text, ranges) {
  const at = [0];
  for (const point of text) at.push(at.at(-1) + point.length);
  return ranges.filter(([start, stop]) => 0 <= start && start < stop && stop < at.length).map(([start, stop]) => [at[start], at[stop]]);
}

/** The same additions, each cut before its commas: a clause can be taken out by itself. */
export const parted = (text, spans) => spans.flatMap(([start, stop]) => {
  const places = [start];
  for (let at = start + 1; at < stop - 1; at++) if (CLAUSE.test(text[at])) places.push(at);
  return places.map((from, number) => [from, places[number + 1] ?? stop]);
});

/** Where the additions stand once somebody has changed `before` into `after`: what is typed within one belongs to it, what is typed beside one does not. */
export function moved(before, after, spans) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const [from, to, came] = [head, before.length - tail, after.length - tail - head];      // [from, to) gave way to so many letters
  const by = came - (to - from);
  return spans.flatMap(([start, stop]) => {
    if (stop <= from) return [[start, stop]];
    if (start >= to) return [[start + by, stop + by]];
    if (start < from && to < stop) return [[start, stop + by]];
    // Typed over an edge of it: what is left is its own only where that is most of it. All of a text replaced may end in the same letter.
    return [[start, from], [from + came, stop + by]].filter(([first, last]) => last - first > (stop - start) / 2);
  }).filter(([start, stop]) => after.slice(start, stop).trim());
}

/** The text without one of its additions, and where the others stand then. */
export function without(text, spans, which) {
  const [start, stop] = spans[which];
  return { text: text.slice(0, start) + text.slice(stop), spans: spans.filter((_, at) => at !== which).map(([from, to]) => (from >= stop ? [from - stop + start, to - stop + start] : [from, to])) };
}

/** What is left of a text without its additions: somebody's own words, one space between them, as the studio keeps them. */
export const stripped = (text, spans) => spans.reduceRight((out, [start, stop]) => out.slice(0, start) + out.slice(stop), text).replace(/\s+/g, ' ').trim();

/** A text cut where unknown words and additions begin and end, both in UTF-16: `[{text, unknown, added}]`. */
export function layered(text, unknown, spans) {
  const edges = [...new Set([0, text.length, ...[...unknown, ...spans].flat()])].filter((at) => at >= 0 && at <= text.length).sort((a, b) => a - b);
  const within = (ranges, at) => ranges.some(([start, stop]) => start <= at && at < stop);
  return edges.slice(0, -1).map((at, number) => ({ text: text.slice(at, edges[number + 1]), unknown: within(unknown, at), added: within(spans, at) }));
}

/** An addition without the spaces and the comma that tie it in: where it stands, */
export function tight(text, [start, stop]) {
  const [, before, words] = /^([\s,，、;；.]*)(.*?)[\s,，、;；]*$/su.exec(text.slice(start, stop));
  return [start + before.length, start + before.length + words.length];
}

/** and as a person would say it. */
export const plain = (text, span) => text.slice(...tight(text, span));

/** What was added to `asked` to come to `text`, where all of its words still stand in it, in their order; else nothing is known. */
export function found(asked, text) {
  const [mine, all] = [tokens(asked), tokens(text)];
  const spans = [];
  let [at, last] = [0, 0];            // of `text`: the next word, and where the last of theirs ended
  let before = 0;                     // of `asked`: where the last of theirs ended
  for (const word of mine) {
    while (at < all.length && all[at].word !== word.word) at++;
    if (at === all.length) return [];
    added(spans, text, [last, all[at].start], asked.slice(before, word.start));
    [last, before] = [all[at].stop, word.stop];
    at++;
  }
  added(spans, text, [last, text.length], asked.slice(before));
  return parted(text, spans);
}

/** Of a gap between two of their words, what they did not write: `own` stood there before. */
function added(spans, text, [start, stop], own) {
  const gap = text.slice(start, stop);
  if (gap === own) return;
  if (gap.startsWith(own)) spans.push([start + own.length, stop]);
  else if (gap.endsWith(own)) spans.push([start, stop - own.length]);
  else if (gap.trim()) spans.push([start, stop]);
}

/** Words and where they stand; one letter is a word where a script has no spaces. */
const tokens = (text) => [...text.matchAll(/[\u3040-\u30ff\u3400-\u9fff]|[^\s,，、;；.。!！?？\u3040-\u30ff\u3400-\u9fff]+/gu)]
  .map((one) => ({ word: one[0].toLowerCase(), start: one.index, stop: one.index + one[0].length }));
