// The takes: everything that was made, newest first. Found, marked, compared, thrown away, dropped in from elsewhere.
//
// Puts the rooms of this folder together: shelf (which takes), grid and card (where each is), filters, choosing, details,
// arriving. Changes go to the studio first; every tab hears of them by the mark in the state.
import { ask, el, on, say, tell, tool, typing } from '../desk.js';
import { t } from '../words.js';
import { Arriving } from './arriving.js';
import { Choosing } from './choosing.js';
import { Details } from './details.js';
import { Filters } from './filters.js';
import { Grid } from './grid.js';
import { Shelf } from './shelf.js';

const OPEN = 'cineloom-details';    // whether the drawer is open; a convenience

export function mount(root) {
  const search = el('input.search', { type: 'search', placeholder: t('Search takes'), 'aria-label': t('Search takes') });
  const hearts = tool('heart', t('Favourites only'), () => only('favourites'), { 'aria-pressed': 'false' });
  const bin = tool('trash', t('The trash'), () => only('trash'), { 'aria-pressed': 'false' });
  const drawer = tool('details', t('Details (D)'), () => opened(details.root.hidden), { 'aria-pressed': 'false' });
  const says = el('p.says', { role: 'status' });
  const empty = el('button.plain.empty-trash', { type: 'button', hidden: true, onclick: () => sure.showModal() }, t('Empty the trash'));
  const scroll = el('div.scroll', {});
  const tags = el('datalist', { id: 'known-tags' });
  const sure = confirm(() => t('{n} takes would be gone for good, with their films.', { n: shelf.trash }), t('Empty the trash'), async () => {
    try { tell(t('{n} takes are gone for good.', { n: (await ask('studio/trash/empty', {})).removed })); } catch (error) { tell(error.message, 'bad'); }
    shelf.refresh();
  });

  const fresh = el('button.plain.fresh', { type: 'button', hidden: true, onclick: () => { shelf.welcome(); scroll.scrollTop = 0; grid.focus(0); fresh.hidden = true; } });
  const shelf = new Shelf(show, (error) => { says.textContent = error.message; }, () => grid.away);
  const choosing = new Choosing(change, () => { grid.chosen = choosing.takes; grid.draw(); });
  const details = new Details(change, () => opened(false));
  const filters = new Filters(wanted);
  const heart = tool('heart', t('Favourite'), () => change([looked], { favourite: !looked.favourite }), { tabIndex: -1 });
  const again = tool('again', t('Again with this recipe'), () => say('again', { take: looked, seed: looked.seed }, { keep: false }), { tabIndex: -1 });
  const throwing = tool('trash', t('Put in the trash'), () => change([looked], { trash: !looked.trashed }), { tabIndex: -1 });
  const adding = tool('plus', t('Add to the cut'), () => say('cut', { take: looked }, { keep: false }), { tabIndex: -1 });
  const acts = el('div.acts', {}, heart, adding, again, throwing);
  let looked = null;          // the take that the buttons are for
  let which = '';             // "favourites", "trash"
  let playing = '';
  let mark = null;
  let early = true;
  let project = null;

  const grid = new Grid(shelf, scroll, acts, { play: press, key: pressed, look, welcomed: () => { fresh.hidden = true; } });
  const arriving = new Arriving(root);
  root.append(
    el('div.bar', {}, search, filters.sheet, hearts, bin, drawer, tool('bring', t('Bring in a file'), () => arriving.choose())),
    filters.chips, el('div.head', {}, says, fresh, empty), choosing.root, arriving.list, scroll, details.root, tags, sure);
  scroll.append(grid.root);

  // ---- what is shown

  function wanted() {
    scroll.scrollTop = 0;
    grid.cursor = 0;
    shelf.want({ ...filters.wanted, query: search.value, only: which || filters.wanted.only });
  }

  function show(newest) {
    grid.draw();
    const { found, all } = shelf;
    const narrowed = search.value || which || filters.any;
    says.textContent = !found
      ? (which === 'trash' ? t('The trash is empty.') : narrowed ? t('No take fits.') : t('Your takes will be here.'))
      : which === 'trash' ? t('{n} in the trash', { n: found }) : narrowed ? t('{n} of {all}', { n: found, all }) : found === 1 ? t('1 take') : t('{n} takes', { n: found.toLocaleString() });
    empty.hidden = which !== 'trash' || !shelf.trash;
    root.dataset.count = found;
    fresh.hidden = !shelf.fresh;
    fresh.textContent = t('{n} new, above', { n: shelf.fresh });
    if (looked) { const place = shelf.place(looked.id); if (place >= 0) look(shelf.at(place)); }
    if (!narrowed && newest) say('newest', newest);
    if (early) current();
  }

  /** What was shown first was asked for before the state was known: once both are here, whether they are of one time. */
  function current() {
    if (mark === null) return;
    early = false;
    if (shelf.mark !== mark) shelf.refresh();
  }

  function only(what) {
    which = which === what ? '' : what;
    hearts.setAttribute('aria-pressed', which === 'favourites');
    bin.setAttribute('aria-pressed', which === 'trash');
    choosing.clear();
    wanted();
  }

  let pause = 0;
  search.addEventListener('input', () => { clearTimeout(pause); pause = setTimeout(wanted, 120); });

  // ---- what is done

  /** Change takes on the studio; they are shown as they are then. Says whether it could be done. */
  async function change(takes, what) {
    if (!takes.length) return false;
    try {
      const { takes: now } = await ask('studio/takes', { ids: takes.map((take) => take.id), ...what });
      for (const take of now) shelf.put(take);
      choosing.put(now);
      const shown = now.find((take) => take.id === details.take?.id);
      if (shown) details.show(shown);
      const same = now.find((take) => take.id === looked?.id);
      if (same) look(same);
      grid.draw();
      shelf.refresh();
      if (what.add || what.remove) known();
      return true;
    } catch (error) {
      tell(error.message, 'bad');
      return false;
    }
  }

  function look(take) {
    looked = take;
    heart.setAttribute('aria-pressed', take.favourite);
    throwing.title = take.trashed ? t('Put back') : t('Put in the trash');
    throwing.setAttribute('aria-label', throwing.title);
    again.hidden = !Object.keys(take.recipe).length;
    adding.hidden = take.missing || Boolean(take.trashed);
    for (const button of acts.children) button.tabIndex = acts.closest('.card')?.card?.open.tabIndex === 0 ? 0 : -1;
  }

  function press(take, event) {
    if (event.shiftKey) choosing.reach(shelf.place(take.id), (place) => shelf.at(place));
    else if (event.ctrlKey || event.metaKey) choosing.toggle(take, shelf.place(take.id));
    else { choosing.clear(); choosing.from = shelf.place(take.id); say('play', take, { keep: false }); }
  }

  function pressed(event, take, place, to) {
    if (event.key === ' ') { event.preventDefault(); choosing.toggle(take, place); }
    else if (event.key === 'Delete') { event.preventDefault(); const several = choosing.has(take.id) ? [...choosing.takes.values()] : [take]; change(several, { trash: !take.trashed }).then(() => choosing.clear()); keep(place); }
    else if (/^[0-5]$/.test(event.key)) change(choosing.has(take.id) ? [...choosing.takes.values()] : [take], { rating: Number(event.key) });
    else if (event.key.toLowerCase() === 'h') change([take], { favourite: !take.favourite });
    else if (event.key.toLowerCase() === 'c') choosing.beside();
    else if (event.shiftKey && to !== undefined) { if (choosing.from < 0) choosing.from = place; choosing.reach(to, (one) => shelf.at(one)); }
  }

  /** The focus stays in the grid when the take under it goes. */
  function keep(place) {
    const stop = performance.now() + 2000;
    const look_again = () => {
      if (document.activeElement === document.body && shelf.length) grid.focus(Math.min(place, shelf.length - 1));
      else if (performance.now() < stop) setTimeout(look_again, 50);
    };
    look_again();
  }

  grid.root.addEventListener('keyup', (event) => { if (event.key === ' ' && event.target.matches('.open')) event.preventDefault(); });    // it is chosen, not pressed

  // ---- details

  function opened(yes) {
    details.root.hidden = !yes;
    drawer.setAttribute('aria-pressed', yes);
    try { localStorage.setItem(OPEN, yes ? 'yes' : ''); } catch { /* private windows may refuse */ }
    if (yes) about();
  }

  async function about() {
    if (details.root.hidden) return;
    if (!playing) { details.show(null); return; }
    const place = shelf.place(playing);
    if (place >= 0) details.show(shelf.at(place));
    const id = playing;
    try {
      const { take } = await ask(`studio/takes/${id}`);
      if (id === playing) details.show(take);
    } catch { if (id === playing) details.show(null); }
  }

  async function known() {
    try { tags.replaceChildren(...Object.keys((await ask('studio/kinds')).tags).slice(0, 200).map((value) => el('option', { value }))); } catch { /* asked again with the next change */ }
  }

  // ---- from elsewhere

  on('state', (state) => {
    if (project === null) {
      [project, mark] = [state.project, state.takes];
      known();
      if (shelf.known) current();
    } else if (state.project !== project) {
      project = state.project;
      mark = state.takes;
      playing = grid.playing = '';
      details.show(null);
      choosing.clear();
      known();
      wanted();
    } else if (state.takes !== mark) {
      mark = state.takes;
      shelf.refresh();
      about();
    }
  });
  on('playing', (id) => {
    playing = grid.playing = id;
    grid.draw();
    about();
  });
  document.addEventListener('keydown', (event) => {
    if (typing(event)) return;
    if (event.key === '/') { event.preventDefault(); search.focus(); search.select(); }
    if (event.key.toLowerCase() === 'd') opened(details.root.hidden);
    if (event.key === 'Escape') choosing.clear();
  });
  wanted();
  let was = '';
  try { was = localStorage.getItem(OPEN); } catch { /* as above */ }
  opened(Boolean(was));
  root.dataset.ready = 'yes';
}

/** A question before something that cannot be undone. */
function confirm(words, yes, act) {
  const text = el('p', {});
  const box = el('dialog.sheet', { 'aria-label': yes }, el('h2', {}, yes), text,
    el('div.row', {}, el('button.plain', { type: 'button', onclick: () => { box.close(); act(); } }, yes), el('button.plain', { type: 'button', autofocus: true, onclick: () => box.close() }, t('No'))));
  const show = box.showModal.bind(box);
  box.showModal = () => { text.textContent = words(); show(); };
  return box;
}
