"""Media: pixels in and out of files.

Knows pictures and films as numpy arrays of uint8, (H, W, 3) and (N, H, W, 3), and what can be wrong with a file. Knows
neither torch nor latents nor models; the recipe it carries is text to it.

    pictures.py   read, fit and write one picture           writing.py    writing so that nothing half-written stays
    films.py      write, read and probe a film              carriers.py   the recipe in the file, twice
    sheets.py     poster and strip of a film
"""

from engine.media.carriers import carried
from engine.media.films import FilmWriter, Probe, probe, read_film, write_film
from engine.media.pictures import fit_picture, picture_size, read_picture, write_picture
from engine.media.sheets import Sheets
from engine.media.writing import workshop, write_bytes, writing

__all__ = ["FilmWriter", "Probe", "Sheets", "carried", "fit_picture", "picture_size", "probe", "read_film", "read_picture",
           "workshop", "write_bytes", "write_film", "write_picture", "writing"]
