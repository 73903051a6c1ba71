"""Media: pixels in and out of files.

Knows pictures and films as numpy arrays of uint8, (H, W, 3) and (N, H, W, 3), and what can be wrong with a file. Knows
neither torch nor latents nor models; the recipe it carries is text to it.

    films.py      write, read and probe a film              pictures.py   read, fit and write one picture
    sheets.py     poster and strip of a film                writing.py    writing so that nothing half-written stays
    carriers.py   the recipe in the file, twice             finding.py    the recipe found again, by whichever is left
    haste.py      an encoder kept from taking the machine

    Files of strangers are decoded in a process apart:
    kinds.py      what is read at all, and its limits       apart.py      asking that process
    cell.py       its walls and its clock                   seeing.py     films in it     light.py   frames as they are seen
    reaching.py   any picture of a film by its number       hearing.py    the sound of a file, any stretch of it
"""

from engine.media.films import FORMS, FilmWriter, Probe, probe, read_film, write_film
from engine.media.finding import Carried, carried, carriers_of
from engine.media.pictures import fit_picture, picture_size, read_picture, write_picture
from engine.media.sheets import Sheets
from engine.media.writing import workshop, write_bytes, writing

__all__ = ["FORMS", "Carried", "FilmWriter", "Probe", "Sheets", "carried", "carriers_of", "fit_picture", "picture_size",
           "probe", "read_film", "read_picture", "workshop", "write_bytes", "write_film", "write_picture", "writing"]
