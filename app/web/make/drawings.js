// A small drawing for each task, and for the form's own tools. Decoration: the button that holds one carries the name.
import { svg } from '../desk.js';

const LINES = {     // strokes on a square of 24
  text: 'M4 5h16v14H4zM4 9h16M4 15h16M8 5v4M12 5v4M16 5v4M8 15v4M12 15v4M16 15v4',
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.500 9.500h.01',
  animate: 'M4 7h11v10H4zM18 9l2.500 3-2.500 3M8 10l4 2-4 2z',
  keyframes: 'M3 12h18M6 9l3 3-3 3-3-3zM18 9l3 3-3 3-3-3zM12 9l3 3-3 3-3-3z',
  extend: 'M3 7h9v10H3zM15 12h6M18 9l3 3-3 3M12 7h2M12 17h2',
  loop: 'M7 8a4 4 0 1 0 0 8c4 0 6-8 10-8a4 4 0 1 1 0 8c-4 0-6-8-10-8z',
  connect: 'M3 8h5v8H3zM16 8h5v8h-5zM8 12h8M13 10l3 2-3 2',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM13.500 7.500l3 3',
  inpaint: 'M4 5h16v14H4zM9 12a3.500 3 0 1 0 6 0 3.500 3 0 1 0-6 0M9.200 10.500l3.600 3.600M12 9.600l2.800 2.800',
  outpaint: 'M9 8h6v8H9zM4 4h4M4 4v4M20 4h-4M20 4v4M4 20h4M4 20v-4M20 20h-4M20 20v-4',
  finish: 'M5 13h6v6H5zM9 5h10v10M19 5l-7 7M5 9V5h3',
  storyboard: 'M3 6h7v5H3zM14 6h7v5h-7zM3 14h7v5H3zM14 14h7v5h-7z',
  brush: 'M20 4l-9 9M11 13c-3 0-4 2-4 4 0 1-1 2-3 2 1 2 8 3 9-3z',
  rub: 'M8 19l-4-4L14 5l6 6-8 8zM9 10l6 6M8 19h12',
  box: 'M5 6h14v12H5z',
  undo: 'M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-3',
  up: 'M12 19V6M7 11l5-5 5 5',
  fall: 'M12 5v13M7 13l5 5 5-5',
  twice: 'M8 8h11v11H8zM5 15V5h10',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  add: 'M12 5v14M5 12h14',
  more: 'M4 6h7M4 12h16M4 18h12M16 3l1 2.500 2.500 1-2.500 1-1 2.500-1-2.500-2.500-1 2.500-1z',
  less: 'M5 12h14',
  file: 'M7 4h7l4 4v12H7zM14 4v4h4',
  here: 'M8 6l10 6-10 6z',
};

/** A drawing by its name. */
export const drawing = (name) => svg('drawing', LINES[name]);
