"""Large and long: sides of half a token, parts of a picture, a draft that is held, memory that does not grow."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch
from walked import decoded

from engine import media
from engine.denoisers.catalog import describe
from engine.denoisers.drawn import DrawnBackend
from engine.denoisers.held import blurred
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.walk import Walk
from engine.recipe import compose, operating

backend = DrawnBackend()


def made(asked, folder):
    *_, last = make(asked, backend, folder)
    return last.made


def recipe(**changes):
    return compose("a red wave right", model="drawn", **dict(pictures=9, size=(136, 72), seed=7) | changes)[0]


@pytest.fixture
def clip(tmp_path):
    """Film from elsewhere, of the size that is asked: 13 sharp pictures."""
    chance = np.random.default_rng(1)
    film = chance.integers(0, 256, (13, 72, 136, 3), dtype=np.uint8)
    media.write_film(tmp_path / "clip.mp4", [film], 136, 72, 16)
    return tmp_path / "clip.mp4"


# ---- a side that is no whole token: 1080 is 67 and a half

@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1080, 1352)])
def test_full_size_is_made_as_it_is_asked(size):
    asked, notes = compose("a red wave", model="paper", pictures=5, size=size, seed=1, free=10**12)
    assert (asked.width, asked.height) == size and notes == []
    _, _, _, rows, columns = describe("paper").grid.latent_shape(5, *size)
    assert rows % 2 == columns % 2 == 0 and 0 <= 8 * rows - size[1] < 16 and 0 <= 8 * columns - size[0] < 16


def test_the_canvas_goes_on_beyond_the_picture_and_nobody_sees_it(tmp_path):
    take = made(recipe(), tmp_path)
    found = media.probe(take.film)
    assert (found.width, found.height, found.pictures) == (136, 72, 9)
    assert media.picture_size(take.poster) == (136, 72) and (take.width, take.height) == (136, 72)
    assert load_latents(take.latents).shape == (1, 48, 3, 10, 18)


def test_film_given_at_such_a_size_comes_back_exactly_and_is_led_on_from(clip):
    film = np.stack(list(media.read_film(clip)))
    asked = operating.extend(clip, "a red wave right", model="drawn", after=1, size=(136, 72), seed=3)[0]
    out = decoded(asked, backend)
    assert out.shape == (29, 72, 136, 3) and np.array_equal(out[:13], film)
    canvas = lay(asked, backend).canvas
    assert (canvas.levels[:, :, :4] == 0).all(), "all of it is kept, what is beyond the edge too"
    edge = backend.encode(torch.from_numpy(film).movedim(-1, 0)[None, :, :, 64:].flip(3).float() / 127.5 - 1)
    assert torch.equal(canvas.latents[:, :, :4, 9:, :17], edge), "mirrored: an edge that ends in black would bleed in"


def test_a_take_at_such_a_size_goes_on_from_its_own_latents(tmp_path):
    take = made(recipe(), tmp_path / "take")
    asked = operating.extend(take.film, model="drawn", after=1, seed=3)[0]
    assert asked.inputs[0].path.endswith(".safetensors") and (asked.width, asked.height) == (136, 72)
    layout = lay(asked, backend)
    assert torch.equal(layout.canvas.latents[:, :, :3], load_latents(take.latents))
    small = dataclasses.replace(asked, width=128, height=64)
    assert decoded(small, backend).shape[1:] == (64, 128, 3)


def test_a_hole_at_the_edge_reaches_the_end_of_the_canvas(clip):
    asked = operating.inpaint(clip, "a blue wave", model="drawn", area=(120, 40, 16, 32), size=(136, 72), seed=3)[0]
    levels = lay(asked, backend).canvas.levels[0, 0, 0]
    assert (levels[5:, 15:] == 1).all() and levels.sum() == 15
    assert np.array_equal(decoded(asked, backend)[:, :40], np.stack(list(media.read_film(clip)))[:, :40])


# ---- finish: in parts, the draft held

def test_a_finish_is_walked_in_parts_that_lie_as_the_picture_does(tmp_path):
    for size, film, tile in (((1920, 1080), (256, 144), (512, 288)), ((1080, 1920), (144, 256), (288, 512)), ((480, 272), (256, 144), ())):
        draft = tmp_path / f"{film[0]}.mp4"
        media.write_film(draft, [np.zeros((5, film[1], film[0], 3), np.uint8)], *film, 16)
        asked, _ = operating.finish(draft, "a boat", model="paper", size=size, free=10**12)
        assert (asked.tile, asked.steps) == (tile, describe("paper").default_steps // 2)
    assert compose("a boat", model="paper", pictures=5, size=(1920, 1080), free=10**12)[0].tile == (), "nothing is there to hold the parts together"


def test_a_finish_in_parts_is_the_finish_at_once(tmp_path):
    """The weightless model's cells know nothing of each other, but for the drawing, which spans a whole picture: a part has it smaller."""
    take = made(recipe(size=(64, 64)), tmp_path / "draft")
    whole, _ = operating.finish(take.film, model="drawn", size=(256, 256), strength=0.5)
    parts = dataclasses.replace(whole, tile=(128, 128))
    one, other = (torch.from_numpy(decoded(asked, backend).astype(np.float32)) for asked in (whole, parts))
    assert (one - other).abs().mean() < 6 and one.shape == other.shape == (9, 256, 256, 3)


def test_a_finish_keeps_what_is_large_where_it_was(tmp_path):
    """Finished as something else altogether at full strength, the draft is still there when one looks from afar."""
    take = made(recipe(size=(64, 64)), tmp_path / "draft")
    asked, _ = operating.finish(take.film, "a blue wave left", model="drawn", size=(192, 192), strength=1.0)
    edited = dataclasses.replace(asked, operation="edit")
    draft, held, free = lay(asked, backend).canvas.latents, walked(asked), walked(edited)
    far = [(blurred(film - draft, 1.0) ** 2).mean().sqrt() for film in (held, free)]
    assert far[0] < 0.2 * far[1]


def walked(asked):
    walk = Walk(asked, backend, lay(asked, backend))
    list(walk)
    return walk.latents


# ---- memory

def test_memory_of_a_long_take_grows_by_its_latents_alone():
    model = describe("paper")
    short, long = (model.memory(1 + 16 * seconds, 256, 144, model.window) for seconds in (6, 60))
    assert short < long < 1.15 * short
    whole, parts = (model.memory(33, 1920, 1080, 0, tile) for tile in ((), model.tile))
    assert parts <= whole


PEAK = """
import resource, sys
from engine.denoisers.drawn import DrawnBackend
from engine.make import make
from engine.recipe import from_json
import torch
torch.set_num_threads(1)
for event in make(from_json(sys.argv[1]), DrawnBackend(), sys.argv[2], every=0.0):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nobody says there how much memory a process had")
def test_a_minute_takes_as_much_memory_as_six_seconds(tmp_path):
    """Kept after every step, previews and all."""
    peaks = []
    for seconds in (6, 60):
        asked = dataclasses.replace(recipe(seconds=seconds, pictures=None, size=(128, 80), steps=1), window=9)
        said = subprocess.run([sys.executable, "-c", PEAK, asked.to_json(), str(tmp_path / str(seconds))], capture_output=True, text=True, check=True)
        peaks.append(int(said.stdout))
    assert peaks[1] < 1.15 * peaks[0], peaks
