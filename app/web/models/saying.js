// What is said of models, in the reader's language: plans, what they were trained to be given, the catalog's own sentences.
import { bytes } from '../format.js';
import { t } from '../words.js';

/** How a model is laid out, in a few words. */
export const laid = (layout) => ({
  whole: t('all of it on the card'), parts: t('one part at a time on the card'), narrow: t('in eight bits on the card'), blocks: t('block by block on the card'), processor: t('on the processor, slowly'),
}[layout.name] ?? layout.name) + (layout.tiled ? t(', decoded in tiles') : '');

/** What a layout takes. */
export const takes = (layout) => (layout.device ? t('{device} of the card, {host} beside it', { device: bytes(layout.device), host: bytes(layout.host) }) : t('{host} of memory', { host: bytes(layout.host) }));

/** What a model was trained to be given. */
export const given = (native) => native.map((one) => ({ image: t('a first picture'), last: t('a last picture'), control: t('film to follow'), levels: t('film to go on from') }[one])).filter(Boolean).join(', ');

const SAID = {
  'The smallest Wan: real film on a card of 8 GB.': t('The smallest Wan: real film on a card of 8 GB.'),
  'Film from words at 720p.': t('Film from words at 720p.'),
  'A level for every token: given pictures, extensions and loops are what it was made for. The one to begin with.': t('A level for every token: given pictures, extensions and loops are what it was made for. The one to begin with.'),
  'Two experts, one for the noisy part of the walk and one for the clean part.': t('Two experts, one for the noisy part of the walk and one for the clean part.'),
  'A picture set in motion, or film from one picture to another.': t('A picture set in motion, or film from one picture to another.'),
  'The same with two experts.': t('The same with two experts.'),
  'Whatever is kept of a film is told to it: extensions, keyframes, holes and edges are what it was made for.': t('Whatever is kept of a film is told to it: extensions, keyframes, holes and edges are what it was made for.'),
  'The same, large, at 720p.': t('The same, large, at 720p.'),
  'Film and sound at once, where it makes all of the film.': t('Film and sound at once, where it makes all of the film.'),
  'Quick, and made for pictures at any time of a film.': t('Quick, and made for pictures at any time of a film.'),
  'The large LTX.': t('The large LTX.'),
  'Small, at 8 pictures a second.': t('Small, at 8 pictures a second.'),
  'The larger one, at 8 pictures a second.': t('The larger one, at 8 pictures a second.'),
  'At 16 pictures a second.': t('At 16 pictures a second.'),
  'Not licensed in the European Union, the United Kingdom and South Korea.': t('Not licensed in the European Union, the United Kingdom and South Korea.'),
  'Smaller and newer, at 480p. Not licensed in the European Union, the United Kingdom and South Korea.': t('Smaller and newer, at 480p. Not licensed in the European Union, the United Kingdom and South Korea.'),
  'A level for every frame: film that goes on and on.': t('A level for every frame: film that goes on and on.'),
  'The built-in model: small, quick on any machine, and at home in one paper-cut world.': t('The built-in model: small, quick on any machine, and at home in one paper-cut world.'),
};

/** The catalog's sentence about a model; one that is not in the table is shown as it is. */
export const about = (english) => SAID[english] ?? english;
