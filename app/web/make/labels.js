// What the studio's rows of tasks, controls and presets say, in the reader's language. The rows are English; a test holds
// this table to them.
import { t } from '../words.js';

const SAID = {
  Film: t('Film'), 'Film from words.': t('Film from words.'),
  Picture: t('Picture'), 'One picture from words.': t('One picture from words.'),
  Animate: t('Animate'), 'A picture of yours, set in motion.': t('A picture of yours, set in motion.'),
  Keyframes: t('Keyframes'), 'Pictures at their times, and film between them.': t('Pictures at their times, and film between them.'),
  Extend: t('Extend'), 'Carry a film on, or lead up to it.': t('Carry a film on, or lead up to it.'),
  Loop: t('Loop'), 'A film that ends where it begins: a take closed, or one from words.': t('A film that ends where it begins: a take closed, or one from words.'),
  Connect: t('Connect'), 'New film that leads from one take to another.': t('New film that leads from one take to another.'),
  Edit: t('Edit'), 'The same film, shown otherwise: say what it is to be.': t('The same film, shown otherwise: say what it is to be.'),
  Inpaint: t('Inpaint'), 'A part of the picture made anew; all else stays as it is.': t('A part of the picture made anew; all else stays as it is.'),
  Outpaint: t('Outpaint'), 'Another shape: what lies around the film is invented.': t('Another shape: what lies around the film is invented.'),
  Finish: t('Finish'), 'A draft made again at full size: same film, more detail.': t('A draft made again at full size: same film, more detail.'),
  Storyboard: t('Storyboard'), 'Several shots, one film: the same people, other places.': t('Several shots, one film: the same people, other places.'),

  Length: t('Length'), 'After it': t('After it'), 'Before it': t('Before it'), 'Between them': t('Between them'),
  'Laid over each other': t('Laid over each other'), 'Instead of film between them: one turns into the other.': t('Instead of film between them: one turns into the other.'),
  Strength: t('Strength'), '0 keeps the film, 1 makes it anew.': t('0 keeps the film, 1 makes it anew.'),
  Shape: t('Shape'), Size: t('Size'), 'Exact size': t('Exact size'), 'New shape': t('New shape'), 'Full size': t('Full size'),
  Steps: t('Steps'), 'More steps, more care.': t('More steps, more care.'), Seed: t('Seed'), 'The same seed makes the same take.': t('The same seed makes the same take.'),
  Variations: t('Variations'), 'Each with the next seed.': t('Each with the next seed.'),
  Guidance: t('Guidance'), 'How closely the words are followed; 1 is as they come.': t('How closely the words are followed; 1 is as they come.'),
  'Rather not': t('Rather not'), 'Words that the film turns away from.': t('Words that the film turns away from.'),
  Then: t('Then'), 'Other words from a second on.': t('Other words from a second on.'),
  'Change only what the words change': t('Change only what the words change'),
  'What it shows now': t('What it shows now'), 'For film from elsewhere: what the words are compared with.': t('For film from elsewhere: what the words are compared with.'),
  Who: t('Who'), 'Put wherever a shot says {who}: the same words, the same character.': t('Put wherever a shot says {who}: the same words, the same character.'),
  Style: t('Style'), 'Added to every shot.': t('Added to every shot.'),
  'How words lead': t('How words lead'), 'Another way than the plain one, which some films gain from.': t('Another way than the plain one, which some films gain from.'),
  Cache: t('Cache'), 'Part of a step is taken from the step before: done sooner, and a little another film.': t('Part of a step is taken from the step before: done sooner, and a little another film.'),
  LoRAs: t('LoRAs'), 'Small files laid over the model: a look, a person, a way to move.': t('Small files laid over the model: a look, a person, a way to move.'),

  'Draft, 2 s': t('Draft, 2 s'), Tall: t('Tall'), 'Half a minute': t('Half a minute'), 'Square loop': t('Square loop'), 'Quick return': t('Quick return'),
  'Lead up to it': t('Lead up to it'), 'Both ends': t('Both ends'), 'One into the other': t('One into the other'), 'A long bridge': t('A long bridge'),
  'Restyle lightly': t('Restyle lightly'), 'Restyle boldly': t('Restyle boldly'), 'Come and go': t('Come and go'), 'To cinema': t('To cinema'),
  'To the phone': t('To the phone'), Careful: t('Careful'),

  Subjects: t('Subjects'), Colours: t('Colours'), Places: t('Places'), Times: t('Times'), Weather: t('Weather'), Motion: t('Motion'), Camera: t('Camera'), Styles: t('Styles'),
  'The built-in model: small, quick on any machine, and at home in one paper-cut world.': t('The built-in model: small, quick on any machine, and at home in one paper-cut world.'),

  wide: t('wide'), square: t('square'), tall: t('tall'), cinema: t('cinema'), classic: t('classic'), portrait: t('portrait'), photo: t('photo'),
};

/** A text of the studio's rows in the reader's language; one that is not in the table is shown as it is. */
export const said = (english) => SAID[english] ?? english;
