// What was measured of a take, in words and three grades: how well its joins came out, how it follows its words, how much of it was made.
//
//     1 is seamless: the step between two pictures is as large as the film's others. From about 1.3 on people notice.
// Plain functions: no document.
import { timecode } from '../format.js';
import { t } from '../words.js';

const SEAMLESS = 1.3, SMOOTH = 1.5, ROUGH = 2;     // difference and velocity as the engine judges them

/** "good", "fair" or "bad": how visible a join is. */
export function grade({ difference, velocity }) {
  if (difference === undefined || difference === null) return 'fair';
  const off = Math.max(difference, 1 / Math.max(difference, 0.05));        // half the usual step is as far off as twice
  if (off <= SEAMLESS && (velocity ?? 1) <= SMOOTH) return 'good';
  return off <= ROUGH ? 'fair' : 'bad';
}

/** The joins of a take: `[{picture, ratio, grade, loop, words}]`. */
export function joins(take) {
  return (take.figures?.joins ?? []).map((join) => {
    const how = grade(join);
    const ratio = join.difference === undefined || join.difference === null ? '–' : Number(join.difference).toFixed(2);
    const loop = take.operation === 'loop';
    const values = { ratio, time: timecode(join.picture / take.rate), how: { good: t('nothing to be seen'), fair: t('hardly seen'), bad: t('can be seen') }[how] };
    return {
      picture: join.picture, ratio, grade: how, loop,
      words: loop
        ? t('The loop closes at {time}: a step of {ratio} times the usual one, {how}', values)
        : t('Join at {time}: a step of {ratio} times the usual one, {how}', values),
    };
  });
}

/** How much of a take was made, "" where all of it was. */
export const partly = (take) => (take.figures?.part < 1 ? t('stopped at {n} % of its steps', { n: Math.round(take.figures.part * 100) }) : '');

const FOLLOWED = 0.8, HALF = 0.5, UNSEEN = 0.3;      // of 1, as sure as the judge is to see what the words name

/** How a take follows its words, as far as the judge knows them: `{grade, words, all}`; null where nobody looked. */
export function following(take) {
  const { follows, named = {} } = take.figures ?? {};
  if (follows === undefined) return null;
  const percent = (share) => Math.round(share * 100);
  const list = (pairs) => pairs.map(([word]) => word).join(', ');
  const pairs = Object.values(named);
  const unseen = pairs.filter(([, chance]) => chance < UNSEEN);
  return {
    grade: follows >= FOLLOWED ? 'good' : follows >= HALF ? 'fair' : 'bad',
    words: unseen.length ? t('follows {n} %, not seen: {words}', { n: percent(follows), words: list(unseen) }) : t('follows {n} %', { n: percent(follows) }),
    all: t('How sure a small judge is to see what the words name: {words}', { words: pairs.map(([word, chance]) => `${word} ${percent(chance)} %`).join(', ') }),
  };
}
