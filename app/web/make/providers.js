// Who can be asked for words beside the person who writes: the studio's own, or a language model that takes its time.
//
// Knows the studio's answers to such questions. Knows no field and no form.
import { ask } from '../desk.js';

export const OWN = 'built-in';
const CHOICE = 'cineloom-expander';
const LOOK = 300;               // milliseconds between two looks at whether somebody has answered

let offers = null;              // a promise of who can be asked

/** Who can be asked; nobody else where the studio does not say. */
export function known() {
  offers ??= ask('studio/expand').then(({ providers }) => providers, () => []);
  return offers;
}

/** What came of a question, once it did; null when nobody waits any more, which `left()` says. Throws the studio's sentence. */
export async function answered(asking, left) {
  let now = asking;
  while (now.state === 'working' && !left()) {
    await new Promise((done) => setTimeout(done, LOOK));
    if (!left()) ({ asking: now } = await ask(`studio/expand/${asking.token}`));
  }
  if (left()) { dismiss(asking.token); return null; }
  if (now.error) throw new Error(now.error);
  return now;
}

/** Nobody waits for it any more. */
export function dismiss(token) { ask(`studio/expand/${token}/stop`, {}).catch(() => {}); }

/** Who was asked last. */
export function preferred() { try { return localStorage.getItem(CHOICE) ?? OWN; } catch { return OWN; } }
export function keep(name) { try { localStorage.setItem(CHOICE, name); } catch { /* private windows may refuse */ } }
