// Slots for pictures: brought as files, dropped, pasted, taken from a take; each with its time where the task has times.
import { ask, el, icon, latest, tell, tool, url } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { drops, known, takeOf } from './films.js';

/** The address of a small copy of a picture: one that was brought, or a take's poster. */
export const seen = (picture) => url(picture.name ? `media/input/${picture.name}` : `media/take/${picture.take}/poster`);

/** Keep a file as a picture of the project; null when it is none. */
export async function bringPicture(file) {
  try {
    return (await ask('studio/pictures', file.slice(0, file.size))).picture;
  } catch (error) {
    tell(error.message, 'bad');
    return null;
  }
}

/** A take as a picture: itself where it is one, else its picture at a second, which is kept. */
export async function pictureOfTake(id, second = 0) {
  const take = await takeOf(id);
  if (!take) { tell(t('That take is not here any more.'), 'bad'); return null; }
  if (take.pictures === 1) return { take: id, width: take.width, height: take.height };
  try {
    return (await ask('studio/pictures/moment', { take: id, second })).picture;
  } catch (error) {
    tell(error.message, 'bad');
    return null;
  }
}

/** Where the player stands: the take, and the second of it. */
export const here = () => ({ take: latest('playing'), second: Number(latest('moment')) || 0 });

/** The ways that a picture comes: chosen as a file, taken from what plays, dropped. `add(picture)` is called with each; `room()` says how many more there may be. */
function ways({ label, room, add }) {
  const file = async (one) => { const picture = await bringPicture(one); if (picture) add(picture); };
  const moment = async (id, second) => { const picture = await pictureOfTake(id, second); if (picture) add(picture); };
  const chooser = el('input', { type: 'file', accept: 'image/*', hidden: true, multiple: room() > 1, tabIndex: -1, 'aria-label': label, onchange: async () => {
    const files = [...chooser.files].slice(0, room());
    chooser.value = '';
    for (const one of files) await file(one);
  } });
  const buttons = el('div.ways', {},
    el('button.small.choose', { type: 'button', onclick: () => chooser.click() }, icon('picture'), t('A file')),
    el('button.small', { type: 'button', disabled: !latest('playing'), onclick: () => moment(here().take, here().second) }, drawing('here'), t('What the player shows')));
  return { chooser, buttons, taken: { take: (id) => moment(id, 0), file } };
}

const image = (picture) => el('img', { src: seen(picture), alt: known(picture.take)?.prompt ?? '' });

/** The pictures of a task. `add(picture)` is called with each that comes. */
export function pictureSlots({ task, desk, add }) {
  const { form, changed, rebuild } = desk;
  const most = task.pictures[1];
  const { chooser, buttons, taken } = ways({ label: t('Pictures: files'), room: () => most - form.pictures.length, add });
  const first = task.timed ? t('Pictures') : t('Begins with');
  const list = el('ul.pictures', { 'aria-label': first }, ...form.pictures.slice(0, most).map((picture, at) => {
    const away = tool('close', task.timed ? t('Take this picture out') : t('Begin without the picture'), () => { form.pictures.splice(at, 1); rebuild('.slot button'); });
    if (!task.timed) return el('li.drop.one', {}, image(picture), away);
    const when = el('input', { type: 'number', min: 0, max: 60, step: 0.25, value: picture.at ?? 0, 'aria-label': t('Second at which it is seen') });
    when.addEventListener('input', () => { const value = Number(when.value); if (when.value !== '' && value >= 0 && value < 3600) { picture.at = value; changed(); } });
    return el('li.drop', {}, image(picture), el('span.number', {}, t('at'), when, el('span.unit', {}, 's')), away);
  }));
  const slot = drops(el('div.slot', { role: 'group', 'aria-label': first }, el('div.line', {}, el('span.name', {}, first)), chooser), taken);
  if (form.pictures.length) slot.append(list);
  if (form.pictures.length < most) slot.append(el('div.drop-here', {}, form.pictures.length ? null : el('p', {}, t('Drop a picture or a take here')), buttons));
  return slot;
}

/** Pictures of who or what is to be in the film, at no time of it. Of a model that cannot be shown them, those that are there with a sentence; null where there are none. */
export function referenceSlot({ task, desk }) {
  const { about, form, rebuild } = desk;
  const most = about.references ? task.references : 0;
  if (!task.references || (!most && !form.references.length)) return null;
  const name = t('Who or what is in it');
  const { chooser, buttons, taken } = ways({ label: t('Who or what is in it: files'), room: () => most - form.references.length, add(picture) {
    if (form.references.length >= most) return;
    form.references.push(picture);
    rebuild('.references button:not(:disabled)');
  } });
  const list = el('ul.pictures.beside', { 'aria-label': name }, ...form.references.map((picture, at) => el('li.drop', {}, image(picture),
    tool('close', t('Take this picture out'), () => { form.references.splice(at, 1); rebuild('.references button:not(:disabled), #prompt'); }))));
  const slot = el('div.slot.references', { role: 'group', 'aria-label': name }, el('div.line', {}, el('span.name', {}, name)), chooser);
  if (form.references.length) slot.append(list);
  if (form.references.length < most) drops(slot, taken).append(buttons);
  if (!most) slot.append(unreferred(about));
  else if (!form.references.length) slot.append(el('p.help', {}, t('Shown to the model as it is, at no time of the film. Up to {most} pictures.', { most })));
  return slot;
}

/** That a model cannot be shown who is in a film, and which could. */
export const unreferred = (about) => el('p.help', {}, t('{model} cannot be shown by a picture who or what is in a film; Wan VACE can.', { model: about.title }));
