// The button that makes a prompt longer: what was added is marked and can be taken out, it is filled in otherwise by another seed,
// and one's own words are back at one press. Nothing is ever made longer unasked.
//
// Knows whoever holds the words, a form or a shot: `prompt`, `asked` (theirs; '' where all of it is), `added` and `wording` (the seed).
import { ask, el, icon, tell } from '../desk.js';
import { t } from '../words.js';
import { counted, found, moved, parted, plain, stripped, tight, without } from './additions.js';
import { drawing } from './drawings.js';
import { answered, dismiss, keep, known, OWN, preferred } from './providers.js';

const ROWS = 9;                 // to which a field grows before it scrolls

const waiting = new WeakMap();  // by holder: the form may be drawn anew before there is an answer

/** What was added to a holder's words, as a prompt field asks for it. What came with a recipe or a draft is looked at first. */
export function marked(holder) {
  if (typeof holder.asked !== 'string') holder.asked = '';
  if (!fits(holder)) holder.added = holder.asked ? found(holder.asked, holder.prompt) : [];
  return () => holder.added.map((span) => tight(holder.prompt, span));
}

/** What a change of the words means for what was added. Called before `holder.prompt` is the new text. */
export function edited(holder, text) {
  if (!holder.asked || text === holder.prompt) return;
  const known = stripped(holder.prompt, holder.added) === holder.asked;      // not where it was put into another language, or nobody knows what was added
  const had = holder.added.length;
  holder.added = moved(holder.prompt, text, holder.added);
  if (known) holder.asked = stripped(text, holder.added);
  if (!text.trim() || (had && !holder.added.length)) Object.assign(holder, { asked: '', added: [] });
}

/** The button, and what stands below the words. `called` names whose words they are where there are several. */
export function expansion({ id, holder, field, about, called = '', changed }) {
  const rows = field.area.rows;
  const face = el('span', {});
  const press = el('button.small', { type: 'button', id, onclick: act }, drawing('more'), face);
  const who = el('select.who', { 'aria-label': t('Who expands it'), hidden: true, onchange: () => { keep(who.value); show(); } });
  const mine = el('q', {});
  const wrote = el('p.wrote', {}, el('b', {}, t('You wrote')), ' ', mine, ' ',
    el('button.back', { type: 'button', onclick: () => { put(holder.asked); press.focus(); } }, t('Back to my words')));
  const list = el('div.additions', { role: 'group', 'aria-label': t('What was added') });
  const leaves = el('p.help', {});        // where the words go when somebody else is asked
  const note = el('div.help.told', { role: 'status' });
  const aloud = el('p.aloud', { role: 'status' });
  const node = el('div.expansion', {}, leaves, wrote, list, note, aloud);
  let ready = [];

  function show() {
    const waits = waiting.get(holder);
    const long = Boolean(holder.asked);
    face.textContent = waits ? t('Stop') : long ? t('Another wording') : t('Expand');
    press.title = waits ? '' : long ? t('This is wording {n}; the next one fills it in otherwise', { n: holder.wording ?? 1 }) : t('Fills in what your words leave open');
    press.setAttribute('aria-label', called ? t('{words}: {what}', { words: face.textContent, what: called }) : face.textContent);
    who.disabled = Boolean(waits);
    leaves.textContent = ready.find((one) => one.name === who.value && one.name !== OWN)?.why ?? '';
    if (waits?.slow) note.textContent = t('Asking {name}…', { name: waits.slow });
    wrote.hidden = !long;
    mine.textContent = holder.asked;
    list.hidden = !long || !holder.added.length;
    list.replaceChildren(...holder.added.map((span, at) => {
      const words = plain(holder.prompt, span);
      return el('button.chip', { type: 'button', 'aria-label': t('{words}: take it out', { words }), onclick: () => take(at) }, el('span', {}, words), icon('close'));
    }));
    field.area.rows = rows;
    while (long && field.area.rows < ROWS && field.area.scrollHeight > field.area.clientHeight) field.area.rows += 1;
  }

  /** Other words in the field, of which `asked` are theirs and `added` are not. */
  function put(text, added = [], asked = '') {
    Object.assign(holder, { prompt: text, asked, added });
    note.textContent = '';
    field.set(text);
  }

  function take(at) {
    const known = stripped(holder.prompt, holder.added) === holder.asked;
    const { text, spans } = without(holder.prompt, holder.added, at);
    put(text, spans, !known ? holder.asked : spans.length ? stripped(text, spans) : '');
    (list.children[Math.min(at, list.children.length - 1)] ?? press).focus();
  }

  async function act() {
    const waits = waiting.get(holder);
    if (waits) { end(waits); return; }
    const text = holder.prompt;
    if (!text.trim()) { tell(t('Say first what the film shows.'), 'bad'); field.area.focus(); return; }
    const one = { token: '', slow: '', over: false, view };
    const seed = holder.asked ? ((holder.wording ?? 1) + 1) % 2 ** 31 : 1;
    const name = who.hidden ? OWN : who.value;
    waiting.set(holder, one);
    note.textContent = '';
    try {
      const { asking } = await ask('studio/expand', { prompt: holder.asked || text, seed, model: about.name, provider: name });
      one.token = asking.token;
      if (asking.state === 'working') { one.slow = ready.find((offer) => offer.name === name)?.title ?? name; one.view.show(); }
      const came = await answered(asking, () => one.over);
      if (!came) return;
      waiting.delete(holder);
      if (holder.prompt === text) one.view.came(came, seed);
      else one.view.told(t('Your words changed meanwhile, so they were left as they are.'));
    } catch (error) {
      if (one.over) return;
      waiting.delete(holder);
      one.view.told(error.message);
    }
  }

  function told(words, more = []) {
    note.replaceChildren(el('p', {}, words), ...more.map((one) => el('p', {}, one)));
    show();
  }

  function came({ prompt, asked, added: ranges, note: said }, seed) {
    const added = parted(prompt, counted(prompt, ranges));
    holder.wording = seed;
    if (!added.length && prompt === asked) {        // whoever could do more is told of, once it is clear that this one could not
      known().then((all) => told(said || t('Your words leave nothing open: nothing was added.'), all.filter((one) => said && !one.ready).map((one) => one.why)));
      return;
    }
    put(prompt, added, asked);
    told(said);
    list.scrollIntoView({ block: 'nearest' });
    aloud.textContent = !added.length ? '' : t('Added: {words}', { words: added.map((span) => plain(prompt, span)).join(', ') });
    changed();
  }

  function end(one) {
    one.over = true;
    waiting.delete(holder);
    if (one.token) dismiss(one.token);
    told('');
  }

  const view = { show, came, told };
  if (waiting.has(holder)) waiting.get(holder).view = view;
  known().then((all) => {
    ready = all.filter((one) => one.ready);
    if (ready.length < 2) return;
    who.replaceChildren(...ready.map((one) => el('option', { value: one.name, selected: one.name === preferred() }, one.title)));
    who.hidden = false;
    show();
  });
  requestAnimationFrame(show);        // once it is in the page, and has a height
  return { head: el('span.expander', {}, who, press), node, show };
}

/** Whether the additions that were kept can be those of the words. */
function fits({ prompt, asked, added }) {
  let last = 0;
  const next = (span) => Array.isArray(span) && span.every(Number.isInteger) && last <= span[0] && span[0] < span[1] && (last = span[1]) <= prompt.length;
  return Boolean(asked) && Array.isArray(added) && added.length > 0 && added.every(next);
}
