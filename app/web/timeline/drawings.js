// The timeline's own drawings, beside the desk's.
import { el, icon, svg } from '../desk.js';

const PATHS = {
  lock: 'M8 10V8a4 4 0 0 1 8 0v2h1v10H7V10zm2 0h4V8a2 2 0 0 0-4 0z',
  left: 'M15 6v12l-7-6z',
  right: 'M9 6v12l7-6z',
  check: 'M9.500 17.500L4 12l1.800-1.800 3.700 3.700 8.700-8.700L20 7z',
  blade: 'M11 3h2v18h-2zM4 7h5v2H6v6h3v2H4zM20 7h-5v2h3v6h-3v2h5z',
  flag: 'M6 3h2v1h10l-2.500 4L18 12H8v9H6z',
  magnet: 'M5 4h4v8a3 3 0 0 0 6 0V4h4v8a7 7 0 0 1-14 0zm0 3.500h4v1.600H5zm10 0h4v1.600h-4z',
  fit: 'M3 5h2v14H3zM19 5h2v14h-2zM9 8v3h6V8l4 4-4 4v-3H9v3l-4-4z',
  undo: 'M9 5v4h5a5 5 0 0 1 0 10H8v-2h6a3 3 0 0 0 0-6H9v4l-6-5z',
  redo: 'M15 5v4h-5a5 5 0 0 0 0 10h6v-2h-6a3 3 0 0 1 0-6h5v4l6-5z',
  board: 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z',
  cross: 'M3 6h7l4 6-4 6H3zM21 6h-5l-3.500 5 .700 1-.700 1L16 18h5z',
  make: 'M10 4l1.800 5.200L17 11l-5.200 1.800L10 18l-1.800-5.200L3 11l5.200-1.800zM18 14l.900 2.600 2.600.900-2.600.900L18 21l-.900-2.600-2.600-.900 2.600-.900z',
  words: 'M4 5h16v3h-2V7h-5v11h2v2H9v-2h2V7H6v1H4z',
  less: 'M5 11h14v2H5z',
  film: 'M4 6h16v12H4zm2 2v2h2V8zm0 6v2h2v-2zm10-6v2h2V8zm0 6v2h2v-2zM10 8v8h4V8z',
};

/** A drawing by its name, ours or the desk's. */
export const drawing = (name) => (name in PATHS ? svg('icon', PATHS[name], { 'fill-rule': 'evenodd' }) : icon(name));

/** A button with a drawing and a name. */
export function tool(name, label, act, properties = {}) {
  return el('button.tool', { type: 'button', title: label, 'aria-label': label, onclick: act, ...properties }, drawing(name));
}
