// What is given to the form by hand: takes dropped on it, pictures pasted, and where they go.
import { shapeOf, inShape } from './maths.js';
import { DRAGGED, takeOf } from './films.js';
import { bringPicture, pictureOfTake } from './pictures.js';

/** Let the panel take them. Returns what the form itself adds pictures with. */
export function giving({ desk, root, turn, rebuild, chosen }) {
  function addPicture(picture) {
    const { pictures } = desk.form;
    const { shapes } = desk.about;
    const last = pictures.at(-1)?.at ?? -1;
    pictures.push({ ...picture, at: desk.task.timed ? Number((last + 1).toFixed(2)) : 0 });
    if (pictures.length === 1 && picture.width) {
      const nearest = shapeOf(shapes, [picture.width, picture.height]).shape
        || shapes.reduce((best, one) => (off(one, picture) < off(best, picture) ? one : best)).name;
      desk.form.size = inShape(shapes, nearest, desk.form.size ?? desk.about.size);
    }
    rebuild();
  }
  const off = (shape, picture) => Math.abs(Math.log((shape.across / shape.down) / (picture.width / picture.height)));

  /** A picture was pasted: film begins with it. */
  async function pasted(file) {
    const picture = await bringPicture(file);
    if (!picture) return;
    if (!desk.task.pictures[1]) turn('animate', '');
    if (desk.task.pictures[1] === 1) desk.form.pictures = [];
    addPicture(picture);
  }

  /** A take comes to the task that is shown, or to one that has use for it. */
  async function give(id) {
    const take = await takeOf(id);
    if (!take) return;
    if (take.pictures === 1 || desk.task.pictures[1]) {
      if (!desk.task.pictures[1]) turn('animate', '');
      const picture = await pictureOfTake(id, 0);
      if (desk.task.pictures[1] === 1) desk.form.pictures = [];
      if (picture) addPicture(picture);
      return;
    }
    if (!desk.task.films[1]) turn('extend', '');
    const slot = desk.task.films[1] > 1 && desk.form.film ? 'second' : 'film';
    desk.form[slot] = { take: id, start: 0, stop: null };
    chosen(slot, take);
    rebuild();
  }

  // Takes, wherever they are dropped on the panel; a file is a slot's, or the page's, where its settings come back.
  root.addEventListener('dragover', (event) => {
    const taken = event.defaultPrevented || !event.dataTransfer.types.includes(DRAGGED);
    root.classList.toggle('over', !taken);
    if (!taken) event.preventDefault();
  });
  root.addEventListener('dragleave', (event) => { if (!root.contains(event.relatedTarget)) root.classList.remove('over'); });
  root.addEventListener('drop', (event) => {
    root.classList.remove('over');
    const id = event.dataTransfer.getData(DRAGGED);
    if (event.defaultPrevented || !id) return;
    event.preventDefault();
    give(id);
  });
  return { addPicture, pasted };
}
