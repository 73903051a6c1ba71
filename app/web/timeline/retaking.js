// The sheet that asks for a stretch of the cut to be made anew: of which words, how far, in which part of the picture.
//
//     | a . . [ # # # # ] . |        inside a clip, or across a hard cut; what lies beside it stays
// Knows the stretch that is marked, and the clip that it begins in. What is made is the studio's; the candidates come into the timeline.
import { el } from '../desk.js';
import { paintMask } from '../make/brush.js';
import { field, opened } from '../sheet.js';
import { t } from '../words.js';
import { called } from './clip.js';
import { number, picture, pieces } from './cut.js';
import { amount, times } from './making.js';
import { timecode } from './places.js';

const FAR = 0.8;            // how much may change, to begin with: what is there was not liked

/** The clip that a stretch begins in: the chosen one, or the one that is seen; null where no film lies. */
export function beginsIn(cut, [start], chosen) {
  const there = cut.tracks.filter((track) => track.kind === 'film' && !track.locked)
    .flatMap((track) => pieces(track).filter((place) => place.item.is === 'clip' && place.start <= start && start < place.stop).map((place) => ({ track, ...place })));
  return there.find(({ item }) => chosen.has(item.id)) ?? there.filter(({ track, item }) => !track.mute && !item.mute).at(-1) ?? there.at(-1) ?? null;
}

/** Ask, and then have it made. */
export function retaking(line) {
  const { store, view } = line;
  const { cut } = store;
  if (!view.stretch) { line.tell(t('Mark a stretch first: I where it begins, O where it ends.')); return; }
  if (!line.auditions.free()) return;
  const place = beginsIn(cut, view.stretch, view.chosen);
  if (!place) { line.tell(t('No film lies where the stretch begins.')); return; }
  const [start, stop] = view.stretch;
  const take = store.media(place.item);
  const words = el('textarea.field', { id: 'retake-words', rows: 2, maxLength: 20_000, placeholder: take?.prompt ?? '' });
  const far = amount('retake-strength', FAR);
  const many = times('retake-times');
  const part = partly(place, take, picture(place.item, start - place.start, cut.rate) / number(place.item.media.rate));
  opened(line.root, {
    title: t('Retake this stretch'), about: t('Only this stretch is made anew, rounded to whole steps of the model. The film beside it stays, and the joins are measured.'), verb: t('Make'), first: words,
    of: `${called(place.item, take)} · ${t('{from} to {to}, {length} long', { from: timecode(start, cut.rate), to: timecode(stop, cut.rate), length: timecode(stop - start, cut.rate) })}`,
    fields: [field(t('Words, if other than the clip’s'), words), far.node, part.node, field(t('How many to choose from'), many)],
    act: async (wrong) => {
      const where = part.said();
      if (!where) { wrong(t('An area has four numbers: left, top, width and height in pixels of the film.')); return false; }
      const prompt = words.value.trim();
      return store.generate('retake', place.item.id, { span: [start, stop], ...(prompt ? { prompt } : {}), strength: far.value(), ...where, times: Number(many.value) }, wrong);
    },
  });
}

/** Which part of the picture: painted, or a rectangle by its numbers; all of it unless said. */
function partly({ item }, take, second) {
  const { width, height } = item.media;
  let mask = '';
  const says = el('span.says', {});
  const sides = [t('Left'), t('Top'), t('Width'), t('Height')].map((label, at) => el('input.field', { type: 'number', min: 0, max: at % 2 ? height : width, inputMode: 'numeric', 'aria-label': label, placeholder: label }));
  const paint = el('button.plain', { type: 'button', disabled: !take || take.missing || Boolean(take.file), onclick: async () => { mask = await paintMask({ take, second, kept: mask }) ?? mask; show(); paint.focus(); } });
  const off = el('button.plain', { type: 'button', onclick: () => { mask = ''; show(); paint.focus(); } }, t('Without the mask'));
  const show = () => {
    paint.textContent = mask ? t('Paint on') : t('Paint it…');
    says.textContent = mask ? t('a part is painted') : t('all of it, unless a part is painted or said in numbers');
    off.hidden = !mask;
    for (const side of sides) side.disabled = Boolean(mask);
  };
  show();
  return {
    node: el('fieldset.asked.part-of', {}, el('legend', {}, t('Where in the picture')), el('p.line', {}, says), el('div.ways', {}, paint, off),
      el('div.sides', { role: 'group', 'aria-label': t('Area in pixels of the film, {size}', { size: `${width} × ${height}` }) }, ...sides)),
    /** `{mask}`, `{area}`, `{}` for all of it, null for what is no area. */
    said() {
      if (mask) return { mask };
      const numbers = sides.map((side) => (side.value.trim() === '' ? null : Math.round(Number(side.value))));
      if (numbers.every((one) => one === null) && sides.every((side) => side.validity.valid)) return {};
      return numbers.some((one) => one === null || !(one >= 0)) || !numbers[2] || !numbers[3] ? null : { area: numbers };
    },
  };
}
