// What other panels ask of the form: a take's recipe again, a recipe out of a file, a task begun with a take, words to try.
import { ask, on, tell } from '../desk.js';
import { takeOf } from './films.js';
import { fresh } from './maths.js';
import { here, pictureOfTake } from './pictures.js';

/** Listen to the other panels. `form` is what the panel lets others do. */
export function listen({ desk, rows, forms, turn, turnTo, rebuild, chosen, addPicture, show, unfold, prompt, focus }) {
  /** Fill the form with wishes, as the studio reads them out of a recipe. */
  async function fill({ wishes, notes }, seed) {
    if (!rows[wishes.task]) return;
    if (wishes.model) await turnTo(wishes.model);
    const row = rows[wishes.task];
    const form = fresh(row, desk.about);
    for (const [name, value] of Object.entries(wishes)) if (value !== null && name !== 'task' && name !== 'model') form[name] = value;
    if (wishes.film) { form.size = null; if (wishes.size?.length === 2) form.size = wishes.size; }
    if (form.size?.length !== 2) form.size = null;
    if (seed !== undefined) form.seed = seed;
    forms[row.name] = form;
    show(row.name);
    if (form.negative || form.cues?.length || form.loras?.length || form.cache || form.guider || form.area?.length || form.was || (form.mask && row.mask === 'optional')) unfold();
    await Promise.all([form.film, form.second].filter(Boolean).map((film) => takeOf(film.take)));
    rebuild();
    for (const note of notes) tell(note);
    focus();
  }
  const restored = async (body, seed) => {
    try { await fill(await ask('studio/wishes', body), seed); } catch (error) { tell(error.message, 'bad'); }
  };
  on('again', ({ take, seed }) => restored({ take: take.id }, seed));
  on('restore', ({ recipe }) => restored({ recipe }));

  on('use', async ({ task, take, second, start, stop }) => {
    const row = rows[task];
    if (!row) return;
    desk.second = second ?? 0;
    const id = typeof take === 'string' ? take : take.id;
    if (row.films[1]) {
      const found = await takeOf(id);
      if (!found) return;
      forms[task].film = { take: id, start: start ?? 0, stop: stop ?? null };
      show(task);
      chosen('film', found);
      rebuild();
    } else {
      turn(task, '');
      const picture = row.pictures[1] ? await pictureOfTake(id, second ?? 0) : null;
      if (row.pictures[1] === 1) forms[task].pictures = [];
      if (picture) addPicture(picture);
    }
    focus();
  });

  on('try', (text) => {
    if (desk.task.films[0] || !prompt()) turn('text', '');
    prompt().set(text);
    prompt().area.focus();
  });
  on('moment', () => { if (here().take === desk.form.film?.take) desk.second = here().second; });
}
