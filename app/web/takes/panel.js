// The takes: everything that was made, newest first, a page at a time.
import { ask, el, on, say, tell, tool, typing, url } from '../desk.js';
import { duration } from '../format.js';

const PAGE = 60;

export function mount(root) {
  const search = el('input.search', { type: 'search', placeholder: 'Search takes', 'aria-label': 'Search takes' });
  const hearts = tool('heart', 'Favourites only', () => filter('favourites'), { 'aria-pressed': 'false' });
  const bin = tool('trash', 'The trash', () => filter('trash'), { 'aria-pressed': 'false' });
  const says = el('p.says', { role: 'status' });
  const grid = el('ul.grid', { 'aria-label': 'Takes' });
  const end = el('div.end');
  root.append(el('div.bar', {}, search, hearts, bin), says, el('div.scroll', {}, grid, end));

  const cards = new Map();        // id → {item, update}
  let order = [];                 // takes as shown
  let only = '';
  let more = false;
  let number = 0;                 // of the last question: late answers to older ones are dropped
  let mark = null;
  let playing = '';
  let total = 0;

  async function ask_page(before) {
    const query = new URLSearchParams({ query: search.value, only, limit: PAGE });
    if (before) query.set('before', before);
    return ask(`studio/takes?${query}`);
  }

  /** Ask for the first page again; what was scrolled to further down stays. */
  async function refresh({ reset = false } = {}) {
    const mine = ++number;
    try {
      const answer = await ask_page();
      if (mine !== number) return;
      total = answer.all;
      const tail = reset || !answer.more ? [] : order.filter((take) => take.number < answer.takes.at(-1).number);
      if (reset || !tail.length) more = answer.more;
      show([...answer.takes, ...tail]);
      if (!search.value && !only && answer.takes.length) say('newest', answer.takes[0]);
    } catch (error) {
      if (mine === number) says.textContent = error.message;
    }
  }

  async function further() {
    if (!more || !order.length) return;
    more = false;
    const mine = number;
    try {
      const answer = await ask_page(order.at(-1).number);
      if (mine !== number) { more = true; return; }
      more = answer.more;
      show([...order, ...answer.takes]);
    } catch { more = true; }
  }

  function show(takes) {
    order = takes;
    const ids = new Set(takes.map((take) => take.id));
    for (const [id, card] of cards) if (!ids.has(id)) { card.item.remove(); cards.delete(id); }
    takes.forEach((take, at) => {
      if (!cards.has(take.id)) cards.set(take.id, make_card(take));
      const card = cards.get(take.id);
      card.update(take);
      if (grid.children[at] !== card.item) grid.insertBefore(card.item, grid.children[at] ?? null);
    });
    const filtered = search.value || only;
    says.textContent = !takes.length
      ? (only === 'trash' ? 'The trash is empty.' : filtered ? 'No take fits.' : 'Your takes will be here.')
      : only === 'trash' ? 'In the trash' : filtered ? `${takes.length}${more ? '+' : ''} of ${total}` : `${total} take${total === 1 ? '' : 's'}`;
    rove();
    root.dataset.count = takes.length;
  }

  function make_card(first) {
    let take = first;
    const picture = el('img', { loading: 'lazy', decoding: 'async', alt: '', draggable: false });
    picture.src = url(`media/take/${take.id}/poster`);
    const wide = take.width / take.height > 1.6;        // than the card's window: covered as the poster covers it
    const seen = el('i', { style: `${wide ? 'height' : 'width'}: 100%; aspect-ratio: ${take.width} / ${take.height}` });
    const scrub = el('span.scrub', { hidden: true }, seen);
    const length = el('span.length');
    const open = el('button.open', { type: 'button', tabIndex: -1, onclick: () => say('play', take, { keep: false }) },
      picture, scrub, length, el('span.prompt', {}, take.prompt || 'Untitled'));
    const act = (what) => async () => {
      try {
        const { take: now } = await ask(`studio/takes/${take.id}/${what()}`, {});
        const gone = Boolean(now.trashed) !== (only === 'trash') || (only === 'favourites' && !now.favourite);
        order = order.filter((one) => !gone || one.id !== now.id).map((one) => (one.id === now.id ? now : one));
        show(order);        // here too when it was far down, where the refresh does not look
        refresh();
      } catch (error) { tell(error.message, 'bad'); }
    };
    const heart = tool('heart', 'Favourite', act(() => (take.favourite ? 'unfavourite' : 'favourite')), { tabIndex: -1 });
    const again = tool('again', 'Again with this recipe', () => say('again', { take, seed: take.seed }, { keep: false }), { tabIndex: -1 });
    const trash = tool(take.trashed ? 'back_up' : 'trash', take.trashed ? 'Put back' : 'Put in the trash',
      act(() => (take.trashed ? 'restore' : 'trash')), { tabIndex: -1 });
    const item = el('li.card', { 'data-take': take.id }, open, el('div.acts', {}, heart, again, trash));

    // The strip is up to eight pictures side by side: the pointer's place chooses one.
    const count = Math.min(8, take.pictures);
    seen.style.backgroundSize = `${count * 100}% 100%`;
    item.addEventListener('pointermove', (event) => {
      if (take.pictures === 1 || event.pointerType === 'touch') return;
      if (!seen.style.backgroundImage) seen.style.backgroundImage = `url("${url(`media/take/${take.id}/strip`)}")`;
      const box = open.getBoundingClientRect();
      const at = Math.min(count - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * count)));
      seen.style.backgroundPosition = `${at / (count - 1) * 100}% 50%`;
      scrub.hidden = false;
    });
    item.addEventListener('pointerleave', () => { scrub.hidden = true; });

    return { item, update(now) {
      take = now;
      item.classList.toggle('playing', take.id === playing);
      item.classList.toggle('missing', take.missing);
      length.textContent = take.missing ? 'file missing' : take.pictures > 1 ? duration(take.seconds) : 'still';
      open.setAttribute('aria-current', take.id === playing ? 'true' : 'false');
      heart.setAttribute('aria-pressed', take.favourite);
      item.style.setProperty('--aspect', `${take.width} / ${take.height}`);
    } };
  }

  // ---- one stop for the Tab key; arrows move inside

  function rove(to) {
    const opens = [...grid.querySelectorAll('.open')];
    const now = to ?? opens.find((open) => open.tabIndex === 0) ?? opens[0];
    for (const open of opens) {
      const here = open === now;
      open.tabIndex = here ? 0 : -1;
      for (const button of open.nextSibling.children) button.tabIndex = here ? 0 : -1;
    }
  }
  grid.addEventListener('focusin', (event) => { if (event.target.matches('.open')) rove(event.target); });
  grid.addEventListener('keydown', (event) => {
    const opens = [...grid.querySelectorAll('.open')];
    const at = opens.indexOf(event.target);
    if (at < 0) return;
    const across = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across, Home: 0, End: opens.length - 1 }[event.key];
    if (to !== undefined && opens[to]) { event.preventDefault(); opens[to].focus(); }
    if (event.key === 'Delete') grid.querySelector(`[data-take="${event.target.parentNode.dataset.take}"] .acts`).lastChild.click();
  });

  // ---- what is asked for

  function filter(which) {
    only = only === which ? '' : which;
    hearts.setAttribute('aria-pressed', only === 'favourites');
    bin.setAttribute('aria-pressed', only === 'trash');
    for (const card of cards.values()) card.item.remove();
    cards.clear();
    refresh({ reset: true });
  }
  let pause = 0;
  search.addEventListener('input', () => { clearTimeout(pause); pause = setTimeout(() => refresh({ reset: true }), 120); });
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) further(); }, { root: root.querySelector('.scroll'), rootMargin: '600px' }).observe(end);

  on('state', (state) => { if (state.takes !== mark) { mark = state.takes; refresh(); } });
  on('playing', (id) => {
    playing = id;
    for (const [which, card] of cards) {
      card.item.classList.toggle('playing', which === id);
      card.item.firstChild.setAttribute('aria-current', which === id ? 'true' : 'false');
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !typing(event)) { event.preventDefault(); search.focus(); search.select(); }
  });
  root.dataset.ready = 'yes';
}
