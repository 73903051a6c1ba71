// The storyboard: shots one after another, each with its words, its length, a cut or a continuation, and pictures of one's own.
import { el, latest, tool } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { edited, expansion, marked } from './expanding.js';
import { drops, known, takeOf } from './films.js';
import { begins, reordered } from './maths.js';
import { bringPicture, here, pictureOfTake, seen } from './pictures.js';
import { promptField } from './prompt.js';
import { fromScript } from './script.js';

const SHOT = 'application/x-cineloom-shot';

/** The shots of a form. */
export function cards({ desk }) {
  const { about, form, rebuild } = desk;
  const times = begins(form.shots);
  const list = el('ol.shots', { 'aria-label': t('Shots') }, ...form.shots.map((shot, at) => card(shot, at, times, desk)));
  const add = el('button.small.wide', { type: 'button', id: 'add-shot', onclick: () => {
    const last = form.shots.at(-1);
    form.shots.push({ prompt: '', seconds: last?.seconds ?? 2, join: 'cut', cards: [] });
    rebuild(`#shot-${form.shots.length - 1}`);
  } }, drawing('add'), t('Another shot'));
  const empty = form.shots.length === 1 && !form.shots[0].prompt;
  const story = about.story && empty ? el('button.try', { type: 'button', id: 'try-story', onclick: () => {
    Object.assign(form, structuredClone(about.story));
    rebuild('#shot-0');
  } }, t('Try a storyboard of {count} shots', { count: about.story.shots.length })) : null;
  return el('div.board', {}, list, story, el('div.adding', {}, add, fromScript(desk)));
}

function card(shot, at, times, desk) {
  const { form, about, changed, rebuild } = desk;
  const number = at + 1;
  const move = (to, focus) => { form.shots = reordered(form.shots, at, to); rebuild(focus); };
  const words = promptField({ id: `shot-${at}`, value: shot.prompt, label: t('What shot {number} shows', { number }), rows: 2, title: about.title, model: about.name, placeholder: at ? t('{who} in another place') : about.examples[0] ?? '',
    added: marked(shot), act: (text) => { edited(shot, text); shot.prompt = text; long.show(); changed(); } });
  const long = expansion({ id: `expand-${at}`, holder: shot, field: words, about, called: t('shot {number}', { number }), changed });
  const seconds = el('input', { type: 'number', min: 0.25, max: 60, step: 0.25, value: shot.seconds, 'aria-label': t('Seconds of shot {number}', { number }) });
  const span = el('span.says', {}, t('{start} to {stop} s', { start: times[at], stop: times[at + 1] }));
  seconds.addEventListener('input', () => {
    const value = Number(seconds.value);
    if (!(value >= 0.25 && value <= 600)) return;
    shot.seconds = value;
    retime(seconds.closest('ol'), form);
    changed();
  });
  const join = at === 0 ? null : el('div.join', { role: 'radiogroup', 'aria-label': t('How shot {number} begins', { number }) },
    ...[['cut', t('Cut')], ['continue', t('Goes on')]].map(([value, label]) => el('label', {}, el('input', { type: 'radio', name: `join-${at}`, value, checked: shot.join === value, onchange: () => { shot.join = value; changed(); } }), el('span', {}, label))));
  const grip = el('span.grip', { draggable: true, title: t('Drag to another place'), 'aria-hidden': 'true' }, drawing('grip'));
  const item = el('li.shot', { 'data-shot': at },
    el('div.top', {}, grip, el('b', {}, String(number)), el('span.number', {}, seconds, el('span.unit', {}, 's')), span, el('span.tools', {},
      small('up', t('Shot {number}: earlier', { number }), () => move(at - 1, `[data-shot="${at - 1}"] .earlier`), { disabled: at === 0 }, 'earlier'),
      small('fall', t('Shot {number}: later', { number }), () => move(at + 1, `[data-shot="${at + 1}"] .later`), { disabled: at === form.shots.length - 1 }, 'later'),
      small('twice', t('Shot {number}: once more', { number }), () => { form.shots.splice(at + 1, 0, structuredClone(shot)); rebuild(`#shot-${at + 1}`); }),
      tool('close', t('Shot {number}: take it out', { number }), () => { form.shots.splice(at, 1); rebuild('#add-shot'); }, { disabled: form.shots.length === 1 }))),
    words.node, long.head, long.node,
    pictures(shot, number, desk, join));
  item.addEventListener('keydown', (event) => {
    if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    const to = at + (event.key === 'ArrowUp' ? -1 : 1);
    if (to < 0 || to >= form.shots.length) return;
    event.preventDefault();
    move(to, `#shot-${to}`);
  });
  grip.addEventListener('dragstart', (event) => { event.dataTransfer.setData(SHOT, String(at)); event.dataTransfer.effectAllowed = 'move'; });
  item.addEventListener('dragover', (event) => { if (event.dataTransfer.types.includes(SHOT)) { event.preventDefault(); item.classList.add('over'); } });
  item.addEventListener('dragleave', () => item.classList.remove('over'));
  item.addEventListener('drop', (event) => {
    if (!event.dataTransfer.types.includes(SHOT)) return;
    event.preventDefault();
    const from = Number(event.dataTransfer.getData(SHOT));
    if (form.shots[from]) { form.shots = reordered(form.shots, from, at); rebuild(); }
  });
  return item;
}

function small(face, label, act, properties = {}, name = '') {
  const button = el('button.tool', { type: 'button', title: label, 'aria-label': label, onclick: act, ...properties }, drawing(face));
  if (name) button.classList.add(name);
  return button;
}

/** Say anew from when to when each shot goes. */
function retime(list, form) {
  const times = begins(form.shots);
  [...list.children].forEach((item, at) => { item.querySelector('.top .says').textContent = t('{start} to {stop} s', { start: times[at], stop: times[at + 1] }); });
}

/** Pictures and takes that are to be seen in a shot. */
function pictures(shot, number, desk, join) {
  const { changed, rebuild } = desk;
  const put = (one) => { if (one) { shot.cards.push({ ...one, at: 0 }); rebuild(); } };
  const chooser = el('input', { type: 'file', accept: 'image/*', hidden: true, tabIndex: -1, 'aria-label': t('A picture for shot {number}: a file', { number }), onchange: async () => { const [file] = chooser.files; chooser.value = ''; if (file) put(await bringPicture(file)); } });
  const row = el('div.row-of-cards', {}, ...shot.cards.map((one, at) => {
    const when = el('input', { type: 'number', min: 0, max: 60, step: 0.25, value: one.at, 'aria-label': t('Second of the shot') });
    when.addEventListener('input', () => { const value = Number(when.value); if (when.value !== '' && value >= 0 && value < 3600) { one.at = value; changed(); } });
    if (one.take && !known(one.take)) takeOf(one.take);
    return el('span.card-of', {}, el('img', { src: seen(one), alt: '' }), el('span.number', {}, t('at'), when, el('span.unit', {}, 's')), tool('close', t('Take this picture out'), () => { shot.cards.splice(at, 1); rebuild(); }));
  }), chooser, join,
  el('button.tool.ends', { type: 'button', title: t('Picture'), 'aria-label': t('A picture for shot {number}', { number }), onclick: () => chooser.click() }, drawing('picture')),
  el('button.tool', { type: 'button', title: t('What plays'), disabled: !latest('playing'), 'aria-label': t('What the player shows, for shot {number}', { number }), onclick: async () => put(await pictureOfTake(here().take, here().second)) }, drawing('here')));
  return drops(row, { take: (id) => put({ take: id }), file: async (file) => put(await bringPicture(file)) });
}
