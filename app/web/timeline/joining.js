// What can be done where two clips meet, or where a gap lies between them: a small menu at the joint.
//
// Knows one joint. Acts and making do what is chosen.
import { el } from '../desk.js';
import { menu } from '../top/menu.js';
import { t } from '../words.js';

/** Open the menu of a joint at its button. */
export function joining(line, joint, button) {
  const { acts } = line;
  const { before, gap, transition } = joint;
  const track = button.track;
  const place = { track, ...before };
  const rows = () => [
    { text: gap ? t('Fill it with film…') : t('Connect with film…'), act: () => line.make('connect', place), disabled: Boolean(transition) },
    ...(gap ? [{ text: t('Close the gap'), act: () => acts.close(joint) }]
      : transition ? [{ text: t('Take the transition away'), act: () => acts.cross('', { track, ...joint }) }]
        : [{ text: t('Cross-fade'), act: () => acts.cross('cross-fade', { track, ...joint }) }, { text: t('Dip to black'), act: () => acts.cross('dip', { track, ...joint }) }]),
    { text: t('Choose both clips'), act: () => line.choose([before.item.id, joint.after.item.id], { focus: true }) },
  ];
  const label = button.getAttribute('aria-label');
  const shown = menu(label, [], rows, { className: 'anchor', 'aria-label': label, tabIndex: -1 });
  const box = button.getBoundingClientRect();
  const root = line.root.getBoundingClientRect();
  const holder = el('div.joining', {}, shown.node);
  holder.style.left = `${Math.min(box.left - root.left, root.width - 260)}px`;
  holder.style.top = `${box.top - root.top}px`;
  line.root.append(holder);
  shown.open();
  const list = holder.querySelector('[role=menu]');
  new MutationObserver((_, watch) => { if (list.hidden) { watch.disconnect(); holder.remove(); if (document.activeElement === document.body) button.focus({ preventScroll: true }); } }).observe(list, { attributeFilter: ['hidden'] });
}
