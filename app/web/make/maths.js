// The form's arithmetic: curves, brushes, sizes, shots. Plain functions: no document, tested by `node --test`.

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** A number within bounds, on its steps (counted from 0, so that 0.25 stays 0.25). */
export function stepped(value, { least = -Infinity, most = Infinity, step = 0 }) {
  const on = step ? Math.round(value / step) * step : value;
  return clamp(Number(on.toFixed(4)), least, most);
}

// ---- strength as a curve: levels at even distances along the film, as the engine reads them

/** The level at a place 0..1 of a curve. */
export function levelAt(curve, place) {
  if (curve.length === 1) return curve[0];
  const at = clamp(place, 0, 1) * (curve.length - 1);
  const low = Math.min(Math.floor(at), curve.length - 2);
  return curve[low] + (curve[low + 1] - curve[low]) * (at - low);
}

/** The same curve with so many points. */
export function resampled(curve, count) {
  if (count === 1) return [stepped(curve.reduce((sum, level) => sum + level, 0) / curve.length, { least: 0, most: 1, step: 0.05 })];
  return Array.from({ length: count }, (_, at) => Number(levelAt(curve, at / (count - 1)).toFixed(3)));
}

/** The curve with one point at another level. */
export const moved = (curve, at, level) => curve.map((old, here) => (here === at ? Number(clamp(level, 0, 1).toFixed(3)) : old));

/** Points of a curve in a box, `[x, y]` in its pixels; level 1 is at the top. */
export const drawn = (curve, width, height, edge = 0) => curve.map((level, at) => [
  edge + (curve.length === 1 ? 0 : at / (curve.length - 1)) * (width - 2 * edge), edge + (1 - level) * (height - 2 * edge)]);

// ---- a mask: one byte for each pixel of the film's picture, 0 kept to 255 made anew

/** Lay a round brush on a mask at (x, y). `hardness` 1 has a sharp edge; `erase` takes off what was painted. */
export function stamp(mask, width, height, x, y, { radius, hardness = 1, level = 1, erase = false }) {
  const hard = radius * hardness;
  for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(height - 1, Math.ceil(y + radius)); row++) {
    for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(width - 1, Math.ceil(x + radius)); column++) {
      const away = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      if (away > radius) continue;
      const part = away <= hard ? 1 : (radius - away) / Math.max(radius - hard, 1e-6);
      const at = row * width + column;
      const value = Math.round(255 * level * part);
      mask[at] = erase ? Math.min(mask[at], Math.round(255 * (1 - part))) : Math.max(mask[at], value);
    }
  }
}

/** Places along a line at which a brush is laid, close enough to look like one stroke; the line's beginning is left out. */
export function along([fromX, fromY], [toX, toY], radius) {
  const steps = Math.max(1, Math.ceil(Math.hypot(toX - fromX, toY - fromY) / Math.max(radius / 3, 0.5)));
  return Array.from({ length: steps }, (_, at) => [fromX + (toX - fromX) * (at + 1) / steps, fromY + (toY - fromY) * (at + 1) / steps]);
}

/** Fill a rectangle of a mask. */
export function fill(mask, width, height, { left, top, wide, high, level = 1 }) {
  const right = Math.min(width, Math.round(left + wide));
  const bottom = Math.min(height, Math.round(top + high));
  for (let row = Math.max(0, Math.round(top)); row < bottom; row++) {
    mask.fill(Math.round(255 * level), row * width + Math.max(0, Math.round(left)), Math.max(row * width + Math.max(0, Math.round(left)), row * width + right));
  }
}

/** How much of a mask is painted, 0..1. */
export const painted = (mask) => mask.reduce((sum, value) => sum + (value > 0), 0) / mask.length;

// ---- sizes

/** Which row of the table of shapes, and which of its sizes, a width and height are: `{shape, size}`, size '' for none of them. */
export function shapeOf(shapes, [width, height]) {
  for (const shape of shapes) {
    const size = Object.keys(shape.sizes).find((name) => shape.sizes[name][0] === width && shape.sizes[name][1] === height);
    if (size) return { shape: shape.name, size };
  }
  const off = (shape) => Math.abs(Math.log((shape.across / shape.down) / (width / height)));
  const nearest = shapes.reduce((best, shape) => (off(shape) < off(best) ? shape : best));
  return { shape: off(nearest) < 0.08 ? nearest.name : '', size: '' };
}

/** A size in another of the shapes, as large as it was; S where that shape has none so called. */
export function inShape(shapes, name, size) {
  const { sizes } = shapes.find((one) => one.name === name);
  return sizes[shapeOf(shapes, size).size] ?? sizes.S;
}

/** Sizes at which a draft can be finished: so many times its own, whole cells, no side over `most`. */
export function finishes(width, height, most = 1920) {
  const longest = most / Math.max(width, height);
  const times = [1.5, 2, 3, 4, longest].filter((scale) => scale > 1.05 && scale <= longest + 1e-9);
  const sizes = times.map((scale) => [width, height].map((side) => Math.min(most, Math.round(side * scale / 8) * 8)));
  return sizes.filter((size, at) => sizes.findIndex((other) => other[0] === size[0]) === at);
}

// ---- shots

/** When each shot begins, and at last when the film ends: seconds. */
export function begins(shots) {
  const out = [0];
  for (const shot of shots) out.push(Number((out.at(-1) + shot.seconds).toFixed(4)));
  return out;
}

/** A list with one entry at another place. */
export function reordered(list, from, to) {
  const out = [...list];
  out.splice(clamp(to, 0, list.length - 1), 0, ...out.splice(from, 1));
  return out;
}

// ---- what is sent

const PLACES = { pictures: ['name', 'take', 'at'], references: ['name', 'take'], film: ['take', 'start', 'stop'], cards: ['name', 'take', 'at', 'start', 'stop'], loras: ['name', 'weight'] };
const only = (entry, names) => Object.fromEntries(names.filter((name) => entry[name] !== undefined && entry[name] !== null && entry[name] !== '').map((name) => [name, entry[name]]));

/** Whether the form's own width and height count: not where a loop is made of film. */
export const framed = (row, form) => row.controls.some((control) => control.name === 'size') && !(row.films[0] === 0 && row.films[1] > 0 && form.film);

/** Words as the studio is told them: with what they were before they were made longer, if they were. */
const told = ({ prompt, asked }) => ({ prompt, ...(asked ? { asked } : {}) });

/** The wishes of a form, for the studio: what this task looks at, and nothing else. */
export function wishes(row, form) {
  const out = { task: row.name, seed: form.seed || null };
  for (const name of ['solver', 'cache', 'guider']) if (form[name]) out[name] = form[name];        // a recipe's that came back; else the model's own
  if (row.prompt !== 'none') Object.assign(out, told(form));
  for (const control of [...row.controls, ...row.more]) {
    if (['shape', 'size', 'exact', 'scale', 'seed'].includes(control.kind)) continue;
    out[control.name] = control.kind === 'cues' ? form.cues.filter((cue) => cue.prompt.trim()).map((cue) => ({ ...told(cue), at: cue.at })) : control.kind === 'loras' ? form.loras.map((lora) => only(lora, PLACES.loras)) : form[control.name];
  }
  if (row.controls.some((control) => control.name === 'to')) out.to = form.to;
  if (form.size && (framed(row, form) || row.films[1])) out.size = form.size;
  if (row.films[1] && form.film) out.film = only(form.film, PLACES.film);
  if (row.films[1] > 1 && form.second) out.second = only(form.second, PLACES.film);
  if (row.pictures[1]) out.pictures = form.pictures.slice(0, row.pictures[1]).map((one) => only(row.timed ? one : { ...one, at: 0 }, PLACES.pictures));
  if (row.references && form.references.length) out.references = form.references.map((one) => only(one, PLACES.references));
  if (row.mask) Object.assign(out, { mask: form.mask ?? '', area: form.area ?? [] });
  if (row.shots) out.shots = form.shots.map(({ seconds, join, cards, ...words }) => ({ ...told(words), seconds, join, cards: cards.map((card) => only(card, PLACES.cards)) }));
  if (out.overlap > 0) delete out.seconds;
  if (out.faithful === false) delete out.was;
  return out;
}

/** A form as the task's row has it. `about` is what the studio says of its model. */
export function fresh(row, about) {
  const form = { prompt: '', asked: '', added: [], wording: 1, negative: '', seed: '', size: null, to: '9:16', film: null, second: null, pictures: [], references: [], cues: [], mask: '', area: [],
    shots: row.shots ? [{ prompt: '', seconds: 2, join: 'cut', cards: [] }] : [], who: '', style: '', was: '', loras: [], variations: 1, steps: about.default_steps };
  for (const control of [...row.controls, ...row.more]) {
    if (['shape', 'size', 'exact', 'scale', 'seed', 'cues', 'loras'].includes(control.kind)) continue;
    form[control.name] = control.kind === 'strength' ? [control.default] : control.default;
  }
  if (framed(row, form)) form.size = about.size;
  if (row.name === 'loop') form.seconds = 3;
  return form;
}

/** What was kept of a form, as far as it still fits. */
export function mended(kept, row, about) {
  const form = fresh(row, about);
  if (typeof kept !== 'object' || kept === null) return form;
  for (const [name, value] of Object.entries(form)) {
    const other = kept[name];
    if (other === undefined || other === null) continue;
    const same = value === null ? typeof other === 'object' : Array.isArray(value) ? Array.isArray(other) : typeof value === typeof other;
    if (same) form[name] = other;
  }
  const sized = (size) => Array.isArray(size) && size.length === 2 && size.every((side) => Number.isInteger(side));
  if ('size' in kept) form.size = sized(kept.size) ? kept.size : framed(row, form) ? fresh(row, about).size : null;
  if (row.shots && !form.shots.every((shot) => typeof shot?.prompt === 'string' && typeof shot.seconds === 'number' && Array.isArray(shot.cards))) form.shots = fresh(row, about).shots;
  form.cues = form.cues.filter((cue) => typeof cue?.prompt === 'string' && typeof cue.at === 'number');
  form.loras = form.loras.filter((lora) => typeof lora?.name === 'string' && typeof lora.weight === 'number');
  if (!form.strength?.every?.((level) => typeof level === 'number') || !form.strength.length) delete form.strength;
  return { ...fresh(row, about), ...form };
}

/** A form for another model: what stood as the one before has it is now as this one has it; what was written, chosen and set stays.
 * Steps, guidance, solvers, caches and LoRAs mean another thing to every model; a size becomes the one of that name in its shape. */
export function remodelled(form, [was, before], [row, about]) {
  const [old, out] = [fresh(was, before), fresh(row, about)];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  for (const [name, value] of Object.entries(form)) {
    if (['steps', 'guidance', 'solver', 'cache', 'guider', 'loras', 'size'].includes(name) || same(value, old[name])) continue;
    out[name] = value;
  }
  if (!form.size) out.size = null;
  else if (!same(form.size, old.size)) {
    const { shape, size } = shapeOf(before.shapes, form.size);
    const sizes = about.shapes.find((one) => one.name === shape)?.sizes;
    out.size = row.films[0] ? form.size : sizes?.[size] ?? sizes?.S ?? about.size;        // film that is worked on has a size of its own
  }
  return out;
}

/** A form without what lies in another project: films, pictures, masks. What was written and set stays. */
export const elsewhere = (form) => ({ ...form, film: null, second: null, pictures: [], references: [], mask: '', area: [], shots: form.shots.map((shot) => ({ ...shot, cards: [] })) });
