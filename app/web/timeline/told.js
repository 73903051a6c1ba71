// What an edit did, in a word, for whoever listens instead of looking. Plain function: no document.
import { t } from '../words.js';

/** What was done, by the name of the edit or of what was asked. */
export function done(what) {
  return {
    undo: t('Undone'), redo: t('Redone'), add: t('Added to the cut'), new: t('A new cut'), make: t('Being made: it comes as a candidate'),
    accept: t('Accepted: it is in the cut'), reject: t('Rejected'), split: t('Split'), trim: t('Trimmed'), 'ripple-trim': t('Trimmed, and all behind it moved'),
    roll: t('The joint was rolled'), reorder: t('Moved'), move: t('Moved'), copy: t('Copied'), lift: t('Taken out; a gap is left'), 'ripple-delete': t('Taken out and closed up'),
    'add-transition': t('A transition lies over the joint'), 'remove-transition': t('The transition is gone'), 'close-gap': t('The gap is closed'), speed: t('Another speed'),
    fade: t('Fades'), mute: t('Switched'), 'add-marker': t('Marked'), 'remove-marker': t('The marker is gone'), rename: t('Renamed'), 'set-cut': t('Renamed'),
    extract: t('Taken out and closed up'), clear: t('Taken out; a gap is left'), 'make-room': t('There is room'),
  }[what] ?? t('Done');
}
