// The parts of the page: F6 goes from one to the next, and back to where one was in it. On a narrow page the form is a drawer.
import { el, icon, on } from '../desk.js';
import { t } from '../words.js';

const REGIONS = () => ({
  'top-panel': t('Studio'), 'make-panel': t('What to make'), 'player-panel': t('Player'),
  'queue-panel': t('Being made'), 'takes-panel': t('Takes'), 'timeline-panel': t('Timeline'),
});
const REACHABLE = 'a[href], button:not(:disabled), input:not(:disabled):not([type=hidden]), select, textarea, summary, video[controls], [tabindex="0"]';

export function regions(root) {
  const names = REGIONS();
  const kept = new Map();     // where one was in each part
  const panels = () => Object.keys(names).map((id) => document.getElementById(id)).filter((panel) => panel && stops(panel).length);
  for (const panel of document.querySelectorAll('.panel')) if (names[panel.id]) panel.setAttribute('aria-label', names[panel.id]);

  document.addEventListener('focusin', (event) => {
    const panel = event.target.closest?.('.panel');
    if (panel) kept.set(panel.id, event.target);
  });

  function enter(panel) {
    if (panel.id === 'make-panel') drawer(true, false);
    const was = kept.get(panel.id);
    come(() => (was?.isConnected && was.checkVisibility?.() !== false && !was.disabled ? was : stops(panel)[0]));
  }

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
    const all = panels();
    if (!all.length) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement?.closest?.('.panel'));
    const to = event.shiftKey ? (at <= 0 ? all.length : at) - 1 : (at + 1) % all.length;
    enter(all[to]);
  });

  // ---- the first thing the Tab key finds

  root.prepend(el('a.skip', { href: '#player-panel', onclick: (event) => {
    event.preventDefault();
    const player = document.getElementById('player-panel');
    if (player) enter(player);
  } }, t('Skip to the player')));

  // ---- the drawer

  const narrow = matchMedia('(max-width: 860px)');
  const handle = el('button.plain.strong.handle', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'make-panel', onclick: () => drawer(!isOpen()) });
  const face = (open) => handle.replaceChildren(icon(open ? 'close' : 'plus'), el('span', {}, open ? t('Close') : t('Make')));
  face(false);
  root.append(handle);
  const room = () => document.getElementById('studio');
  const isOpen = () => room()?.dataset.drawer === 'open';

  function drawer(open, focus = true) {
    if (!narrow.matches || isOpen() === open || !room()) return;
    room().dataset.drawer = open ? 'open' : 'closed';
    handle.setAttribute('aria-expanded', open);
    face(open);
    if (!focus) return;
    if (open) come(() => document.getElementById('prompt') ?? stops(document.getElementById('make-panel'))[0]); else handle.focus();
  }
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen() && narrow.matches && !document.querySelector('dialog[open]')) { event.preventDefault(); drawer(false); }
  });
  document.addEventListener('pointerdown', (event) => {
    if (isOpen() && narrow.matches && !event.target.closest('#make-shell, .handle, dialog, .menu')) drawer(false, false);
  });
  on('follow', () => drawer(false));
  for (const name of ['again', 'use', 'restore', 'try']) on(name, () => drawer(true));
}

/** Focus what is about to be seen: while it still moves in, it cannot have the focus. */
function come(find, tries = 12) {
  const node = find();
  node?.focus();
  if (document.activeElement !== node && tries) setTimeout(() => come(find, tries - 1), 30);
}

const stops = (panel) => [...panel.querySelectorAll(REACHABLE)].filter((node) => node.tabIndex >= 0 && node.checkVisibility?.({ visibilityProperty: true }) !== false && !node.closest('[hidden], dialog:not([open])'));
