// Words and numbers as people read them. Plain functions: no document, tested by `node --test`.
import { t } from './words.js';

/** Seconds as "0.4 s", "3 s", "2 min 10 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return '';
  if (seconds < 9.95) return t('{n} s', { n: trim(seconds.toFixed(1)) });
  if (seconds < 100) return t('{n} s', { n: Math.round(seconds) });
  const whole = Math.round(seconds);
  if (whole < 3600) return t('{m} min {s} s', { m: Math.floor(whole / 60), s: whole % 60 });
  return t('{h} h {m} min', { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
}

/** Roughly, for what is only guessed: "under a second", "about 4 s", "about 3 min". */
export function roughly(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return '';
  if (seconds < 1) return t('under a second');
  if (seconds < 90) return t('about {n} s', { n: Math.round(seconds) });
  if (seconds < 5400) return t('about {n} min', { n: Math.round(seconds / 60) });
  return t('about {n} h', { n: (seconds / 3600).toFixed(1) });
}

/** Bytes as "812 MB", "1.4 GB", "40 GB". */
export const bytes = (count) => (count < 1e9 ? t('{count} MB', { count: Math.round(count / 1e6) }) : t('{count} GB', { count: (count / 1e9).toFixed(count < 2e10 ? 1 : 0) }));

const trim = (text) => text.replace(/\.0$/, '');

/** A place in the film as "0:01.25": minutes, seconds, hundredths. */
export function timecode(seconds) {
  const hundredths = Math.max(0, Math.round(seconds * 100));
  const minutes = Math.floor(hundredths / 6000);
  return `${minutes}:${String(Math.floor(hundredths / 100) % 60).padStart(2, '0')}.${String(hundredths % 100).padStart(2, '0')}`;
}

/** What a take is called: its words, what it was seen to show, or the file it came from. */
export const titled = (take) => take?.prompt || take?.caption || take?.notes?.split('\n')[0].replace(/^Imported from (.+?)(\.\w{2,4})?$/, '$1') || t('Untitled');

/** Pictures of a film that is to last about `seconds`, on the model's grid: 1 + time * k. 0 seconds is one picture. */
export function pictures(seconds, grid) {
  if (seconds <= 0) return 1;
  return 1 + grid.time * Math.max(1, Math.round(seconds * grid.rate / grid.time));
}

/** Seconds of work, from what this machine needed before; null while it has not made anything. */
export function cost(pace, grid, { seconds, width, height, steps }) {
  if (!pace?.step || !pace?.decode) return null;
  const count = pictures(seconds, grid);
  const frames = 1 + Math.ceil((count - 1) / grid.time);
  return pace.step * steps * frames * (width / grid.space) * (height / grid.space) + pace.decode * count * width * height;
}

/** A prompt cut into pieces, `[{text, unknown}]`, at ranges counted in code points (as the studio counts, not UTF-16). */
export function pieces(prompt, ranges) {
  const points = [...prompt];
  const out = [];
  let at = 0;
  for (const [start, stop] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (start < at || stop > points.length) continue;
    if (start > at) out.push({ text: points.slice(at, start).join(''), unknown: false });
    out.push({ text: points.slice(start, stop).join(''), unknown: true });
    at = stop;
  }
  if (at < points.length) out.push({ text: points.slice(at).join(''), unknown: false });
  return out;
}

/** The unknown words of a prompt, each once, in order. */
export const unknown = (prompt, ranges) =>
  [...new Set(pieces(prompt, ranges).filter((piece) => piece.unknown).map((piece) => piece.text.toLowerCase()))];

/** What made a take, in one line. */
export function recipeLine(take) {
  const length = take.pictures > 1 ? t('{n} s', { n: Number(take.seconds.toFixed(2)) }) : t('still');
  return [length, `${take.width} × ${take.height}`, take.recipe?.inputs?.some((one) => one.role === 'still') ? t('from a picture') : '', t('{n} steps', { n: take.steps }),
    t('seed {seed}', { seed: take.seed }), t('made in {time}', { time: duration(take.spent) })].filter(Boolean).join(' · ');
}

/** The shape whose aspect is nearest to a picture's. */
export function nearestShape(shapes, width, height) {
  const off = (shape) => Math.abs(Math.log((shape.across / shape.down) / (width / height)));
  return shapes.reduce((best, shape) => (off(shape) < off(best) ? shape : best));
}

/** What a job says while it goes on. */
export function jobLine(job) {
  if (job.state === 'waiting') return t('waiting');
  if (job.state === 'failed') return job.error ?? t('failed');
  const left = job.state === 'running' && job.left ? t('{time} left', { time: duration(Math.max(1, Math.round(job.left))) }) : '';
  return [working(job.message), left].filter(Boolean).join(' · ');
}

/** What a worker says of itself, in the reader's language; what nobody foresaw stays as it is. */
export function working(message) {
  const [, first, all] = /^(?:step|picture) (\d+) of (\d+)$/.exec(message) ?? [];
  if (first) return message.startsWith('step') ? t('step {n} of {all}', { n: first, all }) : t('picture {n} of {all}', { n: first, all });
  const known = {
    starting: t('starting'), 'getting the model ready': t('getting the model ready'), 'drawing the pictures': t('drawing the pictures'),
    stopping: t('stopping'), pausing: t('pausing'), 'going on': t('going on'), 'keeping what there is': t('keeping what there is'),
  };
  return known[message] ?? message;
}
