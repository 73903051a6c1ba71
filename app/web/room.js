// The room: has the panels live at once, and then gradio's page take them up, each into the place that it has for it.
//
//   the room:  #studio > .shell > section.panel        gradio's page: … > #studio > .shell > … > section
// A panel moves as it is, with its focus, its film and what was typed (Element.moveBefore). A browser that cannot do that
// waits for gradio; so does whoever opens gradio's own page alone. Knows places; knows nothing of what is in a panel.

const QUIET = 1500;         // milliseconds for which the machine is the person's, once the panels stand: nothing hurries for gradio
const PATIENCE = 2000;      // milliseconds between two tries to have gradio's page, while the studio does not answer
const waiting = new Map();  // gradio's places whose panels still live in the room
const room = document.getElementById('room');
const living = room && 'moveBefore' in Element.prototype;
let held = false;           // something is dragged just now

const after = (time) => new Promise((done) => setTimeout(done, time));

/** Begin a panel in a place; its module says when it is ready. */
async function begin(name, place) {
  place.id = `${name}-panel`;
  (await import(`./${name}/panel.js`)).mount(place);
}

/** A place of gradio's page, for the panel of that name. */
export function furnish(place, name) {
  if (!document.getElementById('room')) {
    begin(name, place);
    return;
  }
  waiting.set(name, place);
  if (waiting.size === room.querySelectorAll('section.panel').length) settle();
}

/** All of gradio's places are there: the panels go over, between two pictures, and not under somebody's hand. */
function settle() {
  const ready = document.querySelector('gradio-app #studio').checkVisibility({ visibilityProperty: true });      // what is hidden cannot keep the focus
  if (held || !ready) { setTimeout(settle, 50); return; }
  requestAnimationFrame(() => {
    const shown = { ...document.getElementById('studio').dataset };
    const scrolled = [...room.querySelectorAll('section *')].filter((one) => one.scrollTop || one.scrollLeft).map((one) => [one, one.scrollTop, one.scrollLeft]);
    document.querySelector('gradio-app').inert = false;
    for (const [name, place] of waiting) {
      if (living) {
        place.parentNode.moveBefore(document.getElementById(`${name}-panel`), place);
        place.remove();
      } else {
        document.getElementById(`${name}-panel`).remove();
        begin(name, place);
      }
    }
    room.remove();
    Object.assign(document.getElementById('studio').dataset, shown);
    for (const [one, top, left] of scrolled) { one.scrollTop = top; one.scrollLeft = left; }
    document.documentElement.dataset.page = 'gradio';
  });
}

/** Gradio's page, put behind the room: its styles, its scripts, its element. */
async function bring() {
  const answer = await fetch(new URL('?gradio=alone', document.baseURI));
  if (!answer.ok) throw new Error(`${answer.status}`);
  while (held) await after(50);       // new styles end a drag
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const app = document.importNode(page.querySelector('gradio-app'), true);
  app.setAttribute('control_page_title', 'false');         // the title is the open project's
  app.inert = true;       // and not seen: css/studio.css
  document.body.append(app);
  for (const one of page.head.querySelectorAll('script, style, link[rel=stylesheet]')) {
    if ((one.getAttribute('src') ?? one.getAttribute('href') ?? '').startsWith('web/')) continue;       // ours are here
    const copy = document.createElement(one.localName);     // a script that was parsed apart would not run
    for (const { name, value } of one.attributes) copy.setAttribute(name, value);
    copy.textContent = one.textContent;
    document.head.append(copy);
  }
}

async function start() {
  for (const what of ['pointerdown', 'pointerup', 'pointercancel', 'dragend']) {
    document.addEventListener(what, () => { held = what === 'pointerdown'; }, true);
  }
  if (living) await Promise.allSettled([...room.querySelectorAll('section.panel')].map((place) => begin(place.id.replace(/-panel$/, ''), place)));
  if (living) await after(QUIET);
  await new Promise((done) => (window.requestIdleCallback ?? setTimeout)(done, { timeout: PATIENCE }));
  for (;;) {
    try {
      await bring();
      return;
    } catch {
      await after(PATIENCE);
    }
  }
}

if (room) start();
