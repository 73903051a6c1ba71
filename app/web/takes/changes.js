// What changed between a take and the one it was made of, as short lines. Plain functions: no document.
import { t } from '../words.js';

/** `[{what, was, now}]`, what a person would name first; `was` and `now` are text, or "" where there is nothing to set beside. */
export function changes(parent, child) {
  const [before, after] = [parent.recipe ?? {}, child.recipe ?? {}];
  const out = [];
  const words = wording(before.prompt ?? parent.prompt ?? '', after.prompt ?? child.prompt ?? '');
  if (words) out.push({ what: t('words'), ...words });
  const differs = (name, what, show = String) => {
    if (before[name] === undefined || after[name] === undefined || String(before[name]) === String(after[name])) return;
    out.push({ what, was: show(before[name]), now: show(after[name]) });
  };
  if (after.strength?.length) out.push({ what: t('strength'), was: '', now: after.strength.map((level) => Number(Number(level).toFixed(2))).join(' → ') });
  if (after.area?.length) out.push({ what: t('area'), was: '', now: `${after.area[2]} × ${after.area[3]}` });
  if (parent.seed !== child.seed && before.seed !== undefined && after.seed !== undefined) out.push({ what: t('seed'), was: String(parent.seed), now: String(child.seed) });
  if (parent.width !== child.width || parent.height !== child.height) out.push({ what: t('size'), was: `${parent.width} × ${parent.height}`, now: `${child.width} × ${child.height}` });
  if (Math.abs(parent.seconds - child.seconds) > 0.01) out.push({ what: t('length'), was: t('{n} s', { n: trim(parent.seconds) }), now: t('{n} s', { n: trim(child.seconds) }) });
  differs('steps', t('steps'));
  differs('guidance', t('guidance'));
  differs('negative', t('rather not'));
  differs('backend', t('model'));
  return out;
}

const trim = (seconds) => Number(seconds.toFixed(2));

/** The words that went and those that came, where most stayed; else both wordings whole; null where nothing changed. */
function wording(before, after) {
  if (before === after || !before) return null;
  const cut = (text) => text.toLowerCase().split(/[\s,.;]+/).filter(Boolean);
  const [old, fresh] = [cut(before), cut(after)];
  const gone = old.filter((word) => !fresh.includes(word));
  const came = fresh.filter((word) => !old.includes(word));
  if (!gone.length && !came.length) return null;
  if (gone.length + came.length > (old.length + fresh.length) / 2) return { was: before, now: after };
  return { was: gone.join(' '), now: came.join(' ') };
}
