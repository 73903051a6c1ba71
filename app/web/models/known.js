// Which models are here, and what the studio says of each; asked again when one came or went. Tells the panels: "models".
import { ask, model, on, say } from '../desk.js';

const told = new Map();
let mark;

/** What the studio says of a model of this machine, to draw a form for it. Throws the studio's sentence where it is not here. */
export function known(name) {
  if (!told.has(name)) told.set(name, ask(`studio/model?${new URLSearchParams({ name })}`).catch((error) => { told.delete(name); throw error; }));
  return told.get(name);
}

model.then((about) => {
  told.set(about.name, Promise.resolve(about));
  say('models', about.models);
}, () => {});       // whoever draws with it says so

on('state', async (state) => {
  if (mark === undefined) mark = state.models;      // as it was when the page began, or a moment later
  if (mark === state.models) return;
  mark = state.models;
  told.clear();
  try { say('models', (await ask('studio/model')).models); } catch { mark = null; }       // the next state asks again
});
