// The keys of the timeline, while it has the focus; some of them also while the cut plays and nothing else has it.
//
// Knows which key is which act. The sheet of shortcuts in top/keys.js tells them.
import { steering } from '../desk.js';
import { nextEdge } from './places.js';
import { length, number, pieces } from './cut.js';

const FASTEST = 4;

export function keys(line) {
  const { root, screen, acts, view, store } = line;
  const second = () => Math.round(number(store.cut.rate));
  const faster = (way) => screen.play(Math.sign(screen.speed) === way ? Math.max(-FASTEST, Math.min(FASTEST, screen.speed * 2)) : way);
  const step = (by) => { screen.pause(); line.go(view.playhead + by); };

  /** To the next place where something begins or ends; the piece that begins there is chosen. */
  const jump = (way) => {
    screen.pause();
    const at = nextEdge(screen.cut, view.playhead, way);
    line.go(at);
    const begins = screen.cut.tracks.flatMap(pieces).find(({ start }) => start === at);
    if (begins) line.choose([begins.item.id], { focus: true });
  };

  /** One thing after another is given up: what is tried, what is chosen, what is marked. */
  const back = () => {
    if (view.trying) line.auditions.audition(null);
    else if (view.chosen.size) line.choose([]);
    else line.stretch.clear(true);
  };

  const PLAYING = {
    i: () => line.stretch.mark(0), o: () => line.stretch.mark(1), x: () => line.stretch.clear(true),
    ' ': () => screen.toggle(), k: () => screen.pause(), l: () => faster(1), j: () => faster(-1), ',': () => step(-1), '.': () => step(1),
  };
  const PLAIN = {
    ...PLAYING,
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => jump(-1), ArrowDown: () => jump(1),
    Home: () => line.go(0), End: () => line.go(length(screen.cut)), PageUp: () => acts.across(-1), PageDown: () => acts.across(1),
    s: () => acts.split(), t: () => acts.cross(), m: () => acts.mark(), n: () => line.snap(), e: () => line.make('extend'), c: () => line.make('connect'), r: () => line.retake(), g: () => acts.room(),
    '[': () => acts.trim('head', false), ']': () => acts.trim('tail', false), '{': () => acts.trim('head', true), '}': () => acts.trim('tail', true),
    '+': () => line.zoom(1.5), '=': () => line.zoom(1.5), '-': () => line.zoom(1 / 1.5), 0: () => line.fit(),
    Delete: () => acts.remove(true), Backspace: () => acts.remove(false), Escape: () => back(),
  };
  const SHIFT = { ArrowLeft: () => step(-second()), ArrowRight: () => step(second()), '{': PLAIN['{'], '}': PLAIN['}'], '+': PLAIN['+'] };
  const CONTROL = {
    z: () => store.act('undo'), y: () => store.act('redo'), a: () => line.choose(store.cut.tracks.flatMap(pieces).map(({ item }) => item.id)), d: () => acts.duplicate(),
    '+': PLAIN['+'], '=': PLAIN['+'], '-': PLAIN['-'],
  };
  const ALT = { ArrowLeft: () => acts.shift(-1), ArrowRight: () => acts.shift(1), ArrowUp: () => acts.across(-1), ArrowDown: () => acts.across(1) };

  root.addEventListener('keydown', (event) => {
    const { target } = event;
    if (target.closest('input, select, textarea, dialog, .menu') || !store.cut || line.folded) return;
    if (event.key === 'Enter' && target.matches('.clip')) { event.preventDefault(); target.click(); return; }       // as on a button: it is one, but for the browser's own styles
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const control = event.ctrlKey || event.metaKey;
    const redo = control && event.shiftKey && key === 'z';
    const table = control ? CONTROL : event.altKey ? ALT : event.shiftKey ? SHIFT : PLAIN;
    const act = redo ? CONTROL.y : table[key];
    // A button that has the focus keeps the keys that press it; a clip is chosen with Enter.
    if (!act || key === ' ' && target.closest('button') && !target.closest('.clip')) return;
    if (target.closest('[role=separator]') && key.startsWith('Arrow')) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  root.addEventListener('keyup', (event) => { if (event.key === ' ' && event.target.closest('.clip')) event.preventDefault(); });
  document.addEventListener('keydown', (event) => {
    if (!line.lent || steering(event) || root.contains(event.target) || !store.cut) return;
    const act = PLAYING[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
