// How high the timeline is, and whether it is folded: kept in this browser, set with a grip at its upper edge.
//
// Knows an element's height. Knows nothing of what is in it.
import { el } from '../desk.js';
import { t } from '../words.js';

const KEPT = 'cineloom-timeline';
const LOW = 150, HIGH = 640, FIRST = 238, STEP = 20;        // pixels

export class Height {
  /** `changed()` is called when it is another. */
  constructor(root, changed) {
    Object.assign(this, { root, changed });
    this.folded = remembered().folded ?? false;
    this.grip = el('div.grip', { role: 'separator', tabIndex: 0, 'aria-orientation': 'horizontal', 'aria-label': t('Height of the timeline'), 'aria-valuemin': LOW, 'aria-valuemax': HIGH });
    this.grip.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      this.grip.setPointerCapture(event.pointerId);
      const from = { y: event.clientY, height: this.height };
      const move = (at) => this.set(from.height + from.y - at.clientY);
      this.grip.addEventListener('pointermove', move);
      this.grip.addEventListener('lostpointercapture', () => this.grip.removeEventListener('pointermove', move), { once: true });
    });
    this.grip.addEventListener('keydown', (event) => {
      const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
      if (by) { event.preventDefault(); this.set(this.height + by); }
    });
    this.set(remembered().height ?? FIRST);
  }

  set(height) {
    this.height = Math.round(Math.min(HIGH, innerHeight * 0.7, Math.max(LOW, height)));
    this.root.style.setProperty('--high', `${this.height}px`);
    this.grip.setAttribute('aria-valuenow', this.height);
    remember({ height: this.height });
    this.changed();
  }

  fold(yes) {
    this.folded = yes;
    remember({ folded: yes });
  }
}

/** What this browser keeps of the timeline: conveniences. */
export function remembered() {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}

/** Keep some more. */
export function remember(what) {
  try { localStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...what })); } catch { /* private windows may refuse */ }
}
