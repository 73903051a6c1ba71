// A slot for film: a take dropped on it, the one that plays, or a file of one's own; and which seconds of it are used.
import { ask, el, latest, tell, tool, url } from '../desk.js';
import { send, settled } from '../sending.js';
import { titled } from '../format.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';

const SEEN = 6.8;       // how many times as wide as high a strip is
export const DRAGGED = 'application/x-cineloom-take';
const takes = new Map();        // what is known of takes that were chosen

/** A take by its id, asked once; null for one that is not there. */
export async function takeOf(id) {
  if (!takes.has(id)) {
    try { takes.set(id, (await ask(`studio/takes/${id}`)).take); } catch { return null; }
  }
  return takes.get(id);
}

/** The same, if it is known already. */
export const known = (id) => takes.get(id) ?? null;

/** Another project is open: its takes are others. */
export const forgetTakes = () => takes.clear();

/** Bring a film of one's own into the project; the take it becomes, or null when it is none. */
export async function bring(file) {
  tell(t('Bringing in {name}', { name: file.name }));
  try {
    const { take } = await settled(await send(file, true, () => {}));
    takes.set(take.id, take);
    return take;
  } catch (error) {
    tell(error.message, 'bad');
    return null;
  }
}

/** Let an element take takes and files that are dropped on it. */
export function drops(node, { take, file }) {
  const carries = (event) => [DRAGGED, 'Files'].some((kind) => event.dataTransfer.types.includes(kind));
  node.addEventListener('dragover', (event) => {
    if (!carries(event)) return;
    event.preventDefault();         // which tells everybody further out that it is taken
    node.classList.add('over');
  });
  node.addEventListener('dragleave', (event) => { if (!node.contains(event.relatedTarget)) node.classList.remove('over'); });
  node.addEventListener('drop', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    node.classList.remove('over');
    const id = event.dataTransfer.getData(DRAGGED);
    if (id) take(id);
    else if (event.dataTransfer.files.length) file(event.dataTransfer.files[0]);
  });
  return node;
}

/** One slot. `name` is "film" or "second"; `ends` says which of its ends can be set. */
export function filmSlot({ name, title, optional = false, ends = ['start', 'stop'], desk }) {
  const { form, changed, rebuild } = desk;
  const chosen = form[name];
  const put = async (id) => {
    const take = await takeOf(id);
    if (!take) { tell(t('That take is not here any more.'), 'bad'); return; }
    if (take.pictures < 2) { tell(t('This is a single picture. Animate sets a picture in motion.'), 'bad'); return; }
    form[name] = { take: id, start: 0, stop: null };
    desk.chosen(name, take);
    rebuild();
  };
  const file = async (one) => { const take = await bring(one); if (take) put(take.id); };
  const chooser = el('input', { type: 'file', accept: 'video/*,image/gif', hidden: true, tabIndex: -1, 'aria-label': t('{what}: a file', { what: title }), onchange: () => { const [one] = chooser.files; chooser.value = ''; if (one) file(one); } });
  const head = el('div.line', {}, el('span.name', {}, title, optional ? el('span.says', {}, ' ', t('or none')) : null));
  const slot = drops(el('div.slot', { role: 'group', 'aria-label': title, 'data-film': name }, head, chooser), { take: put, file });

  if (!chosen) {
    const playing = latest('playing');
    slot.append(el('div.drop-here', {}, el('p', {}, t('Drop a take here')), el('div.ways', {},
      el('button.small', { type: 'button', disabled: !playing, onclick: () => put(latest('playing')) }, drawing('here'), t('The one that plays')),
      el('button.small', { type: 'button', onclick: () => chooser.click() }, drawing('file'), t('A file')))));
    return slot;
  }
  head.append(tool('close', t('Another film'), () => { form[name] = null; desk.chosen(name, null); rebuild(`[data-film=${name}] button`); }));
  const take = known(chosen.take);
  if (!take) {
    slot.append(el('p.help', {}, t('Looking for the film')));
    takeOf(chosen.take).then((found) => { if (!found) form[name] = null; rebuild(); });
    return slot;
  }
  slot.append(strip(take, chosen, ends, changed));
  return slot;
}

/** Pictures of a take beside each other, as many as have room in a stretch that is so many times as wide as high. */
export function parts(take, room) {
  const count = Math.min(8, take.pictures);      // pictures in a take's strip
  const shown = Math.max(2, Math.min(count, Math.round(room / (take.width / take.height))));
  return Array.from({ length: shown }, (_, number) => {
    const part = el('i.part', { style: `background-size: ${count * 100}% 100%; background-position: ${Math.round(number / (shown - 1) * (count - 1)) / (count - 1) * 100}% 0` });
    part.style.backgroundImage = `url("${url(`media/take/${take.id}/strip`)}")`;
    return part;
  });
}

/** The film's pictures side by side, with a handle at either end of what is used. */
function strip(take, chosen, ends, changed) {
  const length = (take.pictures - 1) / take.rate;
  const least = Math.min(0.25, length);
  const says = el('output.span');
  const shade = { start: el('i.shade.before'), stop: el('i.shade.behind') };
  const bar = el('div.strip', {}, ...parts(take, SEEN), shade.start, shade.stop);
  const at = (end) => (end === 'start' ? chosen.start ?? 0 : chosen.stop ?? length);
  const draw = () => {
    shade.start.style.width = `${at('start') / length * 100}%`;
    shade.stop.style.width = `${(1 - at('stop') / length) * 100}%`;
    says.textContent = t('{start} to {stop} of {length} s', { start: Number(at('start').toFixed(2)), stop: Number(at('stop').toFixed(2)), length: Number(length.toFixed(2)) });
  };
  for (const end of ends) {
    const handle = el('input', { type: 'range', min: 0, max: length, step: 0.0625, value: at(end), 'aria-label': end === 'start' ? t('Used from') : t('Used up to') });
    handle.classList.add(end);
    handle.addEventListener('input', () => {
      const value = Number(handle.value);
      if (end === 'start') chosen.start = Math.max(0, Math.min(value, at('stop') - least));
      else chosen.stop = value >= length - 0.03 ? null : Math.max(value, at('start') + least);
      handle.value = at(end);
      handle.setAttribute('aria-valuetext', t('{seconds} s', { seconds: Number(at(end).toFixed(2)) }));
      draw();
      changed();
    });
    bar.append(handle);
  }
  draw();
  const name = titled(take);
  return el('div.film', {}, bar, el('div.under', {}, el('p.called', { title: name }, name), says));
}
