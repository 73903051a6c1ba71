// The level brush: a mask painted over one picture of the film. White is made anew, black stays, grey is between.
import { ask, el, tell, url } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { along, fill, painted, stamp } from './maths.js';

const UNDO = 24;
const TOOLS = [['brush', 'brush'], ['rub', 'rub'], ['box', 'box']];

/** Paint over a take; `second` is the picture that is shown first, `kept` the name of a mask to go on with. The name of the new mask, or null. */
export function paintMask({ take, second = 0, kept = '', level = 1 }) {
  return new Promise((done) => {
    const longest = Math.max(take.width, take.height);
    const width = Math.round(take.width * Math.min(1, 1920 / longest));
    const height = Math.round(take.height * Math.min(1, 1920 / longest));
    let mask = new Uint8ClampedArray(width * height);
    const past = [];
    const brush = { tool: 'brush', size: Math.max(8, Math.round(Math.min(width, height) / 4)), hardness: 0.8, level };
    const names = { brush: t('Brush'), rub: t('Erase'), box: t('Rectangle') };

    const picture = el('img', { alt: t('The film at this second'), draggable: false });
    const canvas = el('canvas', { width, height, 'aria-label': t('Mask'), role: 'img' });
    const ring = el('i.ring', { hidden: true });
    const stage = el('div.canvas', { style: `aspect-ratio: ${width} / ${height}; --wide: ${width / height}` }, picture, canvas, ring);
    const says = el('output.says');
    const pen = canvas.getContext('2d');
    const image = pen.createImageData(width, height);
    const colour = getComputedStyle(document.documentElement).getPropertyValue('--mask').trim().split(/[\s,]+/).map(Number);

    function draw() {
      for (let at = 0; at < mask.length; at++) {
        [image.data[4 * at], image.data[4 * at + 1], image.data[4 * at + 2]] = colour;
        const stripe = (at % width + Math.floor(at / width)) % 8 < 3;        // seen on film of any colour
        image.data[4 * at + 3] = mask[at] * (stripe ? 0.8 : 0.5);
      }
      pen.putImageData(image, 0, 0);
      says.textContent = t('{percent} % is painted', { percent: Math.round(painted(mask) * 100) });
      undo.disabled = !past.length;
      canvas.dataset.painted = painted(mask).toFixed(3);
    }
    const keep = () => { past.push(mask.slice()); if (past.length > UNDO) past.shift(); };
    const change = (act) => { keep(); act(); draw(); };

    // ---- tools

    const tools = el('div.tools', { role: 'radiogroup', 'aria-label': t('Tool') }, ...TOOLS.map(([name, face]) => el('label', { title: names[name] },
      el('input', { type: 'radio', name: 'brush-tool', value: name, checked: name === brush.tool, 'aria-label': names[name], onchange: () => { brush.tool = name; } }), drawing(face))));
    const slide = (name, label, options) => {
      const input = el('input', { type: 'range', ...options, value: brush[name], 'aria-label': label });
      input.addEventListener('input', () => { brush[name] = Number(input.value); value.textContent = input.value; });
      const value = el('output', {}, String(brush[name]));
      return el('div.slide', {}, el('span', {}, label), input, value);
    };
    const undo = el('button.small', { type: 'button', onclick: () => { if (past.length) { mask = past.pop(); draw(); } } }, drawing('undo'), t('Undo'));
    const acts = el('div.acts', {}, undo,
      el('button.small', { type: 'button', onclick: () => change(() => mask.fill(0)) }, t('Clear')),
      el('button.small', { type: 'button', onclick: () => change(() => { mask = mask.map((value) => 255 - value); }) }, t('Invert')));

    const side = (label, value, most) => el('input', { type: 'number', min: 0, max: most, value, 'aria-label': label });
    const sides = [side(t('Left'), Math.round(width / 4), width), side(t('Top'), Math.round(height / 4), height), side(t('Width'), Math.round(width / 2), width), side(t('Height'), Math.round(height / 2), height)];
    const numbers = el('div.numbers', { role: 'group', 'aria-label': t('A rectangle by numbers') }, el('span', {}, t('Rectangle')), ...sides,
      el('button.small', { type: 'button', onclick: () => change(() => {
        const [left, top, wide, high] = sides.map((input) => Number(input.value) || 0);
        fill(mask, width, height, { left, top, wide, high, level: brush.tool === 'rub' ? 0 : brush.level });
      }) }, t('Fill')));

    const length = Math.max(0, (take.pictures - 1) / take.rate);
    const when = el('input', { type: 'range', min: 0, max: length, step: 1 / take.rate, value: Math.min(second, length), 'aria-label': t('Second of the film') });
    const whenSays = el('output', {});
    let pause = 0;
    const look = () => {
      whenSays.textContent = t('{seconds} s', { seconds: Number(when.value).toFixed(2) });
      clearTimeout(pause);
      pause = setTimeout(() => { picture.src = url(`studio/moment/${take.id}?second=${when.value}`); }, 120);
    };
    when.addEventListener('input', look);

    // ---- painting

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * width, (event.clientY - box.top) / box.height * height];
    };
    const lay = ([x, y]) => stamp(mask, width, height, x, y, { radius: brush.size / 2, hardness: brush.hardness, level: brush.level, erase: brush.tool === 'rub' });
    let last = null;
    let before = null;
    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      keep();
      last = place(event);
      before = mask.slice();
      if (brush.tool !== 'box') { lay(last); draw(); }
    });
    canvas.addEventListener('pointermove', (event) => {
      const now = place(event);
      hover(event);
      if (!last) return;
      if (brush.tool === 'box') {
        mask.set(before);
        fill(mask, width, height, { left: Math.min(last[0], now[0]), top: Math.min(last[1], now[1]), wide: Math.abs(now[0] - last[0]), high: Math.abs(now[1] - last[1]), level: brush.level });
      } else {
        for (const point of along(last, now, brush.size / 2)) lay(point);
        last = now;
      }
      draw();
    });
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener('pointerleave', () => { ring.hidden = true; });
    function hover(event) {
      const box = canvas.getBoundingClientRect();
      const across = brush.size / width * box.width;
      ring.hidden = brush.tool === 'box';
      ring.style.cssText = `width: ${across}px; height: ${across}px; left: ${event.clientX - box.left - across / 2}px; top: ${event.clientY - box.top - across / 2}px`;
    }

    // ---- in and out

    async function finish() {
      if (!painted(mask)) { tell(t('Nothing is painted yet.'), 'bad'); return; }
      const out = el('canvas', { width, height });
      const grey = out.getContext('2d').createImageData(width, height);
      for (let at = 0; at < mask.length; at++) grey.data.set([mask[at], mask[at], mask[at], 255], 4 * at);
      out.getContext('2d').putImageData(grey, 0, 0);
      try {
        const { mask: saved } = await ask('studio/masks', await new Promise((give) => out.toBlob(give, 'image/png')));
        result = saved.name;
        dialog.close();
      } catch (error) { tell(error.message, 'bad'); }
    }
    async function begin() {
      if (!kept) return;
      try {
        const old = await createImageBitmap(await (await fetch(url(`media/input/${kept}`))).blob());
        const surface = el('canvas', { width, height }).getContext('2d');
        surface.drawImage(old, 0, 0, width, height);
        const { data } = surface.getImageData(0, 0, width, height);
        mask = mask.map((_, at) => data[4 * at]);
        draw();
      } catch { /* it is gone: one begins anew */ }
    }

    let result = null;
    const dialog = el('dialog.painting', { 'aria-label': t('Paint what is made anew') },
      el('div.head', {}, el('h2', {}, t('Paint what is made anew')), says),
      el('div.room', {}, stage),
      el('div.when', {}, el('span', {}, t('Picture')), when, whenSays),
      el('div.kit', {}, tools, slide('size', t('Brush size'), { min: 2, max: Math.min(width, height), step: 1 }), slide('hardness', t('Hardness'), { min: 0, max: 1, step: 0.05 }),
        slide('level', t('Level'), { min: 0.05, max: 1, step: 0.05 })),
      el('div.kit', {}, numbers, acts),
      el('div.end', {}, el('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')),
        el('button.plain.warm', { type: 'button', onclick: finish }, t('Use this mask'))));
    dialog.addEventListener('close', () => { dialog.remove(); done(result); });
    dialog.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if ((event.ctrlKey || event.metaKey) && event.key === 'z') { event.preventDefault(); undo.click(); }
    });
    document.querySelector('#make-panel').append(dialog);
    draw();
    begin();
    look();
    dialog.showModal();
  });
}

/** Where the picture is changed: painted, or an area by its numbers. */
export function maskField({ task, desk, film }) {
  const { form, changed, rebuild } = desk;
  const needed = task.mask === 'needed';
  const paint = async () => {
    const name = await paintMask({ take: film, second: desk.second ?? 0, kept: form.mask });
    if (name) { form.mask = name; rebuild('#paint'); }
  };
  const button = el('button.small', { type: 'button', id: 'paint', disabled: !film, onclick: paint }, drawing('brush'), form.mask ? t('Paint on') : t('Paint'));
  const head = el('div.line', {}, el('span.name', {}, needed ? t('What is made anew') : t('Only a part'), needed ? null : el('span.says', {}, ' ', t('or all of it'))), button);
  const node = el('div.field', { role: 'group', 'aria-label': needed ? t('What is made anew') : t('Only a part') }, head);
  if (form.mask && film) {
    const over = el('i.mask');
    over.style.maskImage = over.style.webkitMaskImage = `url("${url(`media/input/${form.mask}`)}")`;
    node.append(el('div.masked', { style: `aspect-ratio: ${film.width} / ${film.height}` }, el('img', { src: url(`media/take/${film.id}/poster`), alt: '' }), over,
      el('button.small', { type: 'button', onclick: () => { form.mask = ''; rebuild('#paint'); } }, t('Without the mask'))));
  }
  const sides = [t('Left'), t('Top'), t('Width'), t('Height')].map((label, at) => el('input', { type: 'number', min: 0, 'aria-label': label, placeholder: label, value: form.area[at] ?? '' }));
  for (const input of sides) {
    input.addEventListener('input', () => {
      const numbers = sides.map((one) => (one.value === '' ? null : Math.round(Number(one.value))));
      form.area = numbers.every((value) => value === null) ? [] : numbers.map((value) => value ?? 0);
      changed();
    });
  }
  node.append(el('details.folded', { open: form.area.length > 0 }, el('summary', {}, t('An area by its numbers')), el('div.area', { role: 'group', 'aria-label': t('Area in pixels of the film') }, ...sides)));
  return node;
}
