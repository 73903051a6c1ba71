// How the page looks and which language it speaks: kept in this browser, the system's own where nothing was chosen.
import { icon } from '../desk.js';
import { LANGUAGES, choose, language, t } from '../words.js';
import { menu } from './menu.js';

const CHOICE = 'cineloom-theme';
const light = matchMedia('(prefers-color-scheme: light)');
const COLOUR = { dark: '#0d0f12', light: '#e9e7e2' };       // of the window's frame, where the page is installed

export function view(root) {
  const rows = () => [
    { title: t('Look') },
    { text: t('As the system'), checked: !chosen(), act: () => set('') },
    { text: t('Dark'), checked: chosen() === 'dark', act: () => set('dark') },
    { text: t('Light'), checked: chosen() === 'light', act: () => set('light') },
    { title: t('Language') },
    ...Object.entries(LANGUAGES).map(([name, text]) => ({ text, checked: name === language, act: () => name === language || choose(name) })),
  ];
  root.append(menu(t('Look and language'), [icon('look')], rows, { className: 'tool', 'aria-label': t('Look and language'), title: t('Look and language') }).node);
  light.addEventListener('change', show);
  show();
}

function chosen() {
  let kept = '';
  try { kept = localStorage.getItem(CHOICE) ?? ''; } catch { /* private windows may refuse */ }
  return kept in COLOUR ? kept : '';
}

function set(theme) {
  try { if (theme) localStorage.setItem(CHOICE, theme); else localStorage.removeItem(CHOICE); } catch { /* then it lasts as long as the page */ }
  show(null, theme);
}

function show(_, wanted = chosen()) {
  const theme = wanted || (light.matches ? 'light' : 'dark');
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', COLOUR[theme]);
}
