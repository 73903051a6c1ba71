"""A recipe run again: exact, close or different, and what differs."""

import dataclasses
import json
import math
import shutil

import numpy as np
import pytest
import sharing
from PIL import Image

from engine import media
from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadMedia, BadRequest
from engine.make import make
from engine.recipe import compose
from engine.recipe.again import compare, inputs_of, psnr, recipe_of
from engine.recipe.value import FORMAT

backend = DrawnBackend()


def taken(folder, **kwargs):
    asked = compose("a red wave right", **{**dict(model="drawn", pictures=9, size=(128, 96), seed=7), **kwargs})[0]
    *_, last = make(asked, backend, folder)
    return last.made


def again(path, folder, **changes):
    """Run the recipe of a file once more and judge it; `changes` are to the recipe that is run."""
    found = recipe_of(path)
    *_, last = make(dataclasses.replace(found.recipe, **changes), backend, folder)
    return compare(path, found.recipe, last.made)


@pytest.fixture
def take(tmp_path):
    return taken(tmp_path / "then")


def test_the_same_recipe_is_exact_in_latents(take, tmp_path):
    verdict = again(take.film, tmp_path / "now")
    assert (verdict.says, verdict.psnr, verdict.of, verdict.differs) == ("exact", math.inf, "latents", ())


def test_without_latents_it_is_exact_in_pictures(take, tmp_path):
    take.latents.unlink()
    verdict = again(take.film, tmp_path / "now")
    assert (verdict.says, verdict.of) == ("exact", "pictures")
    picture = taken(tmp_path / "picture", operation="image")
    picture.latents.unlink()
    assert again(picture.film, tmp_path / "again").says == "exact"


def test_latents_of_another_take_are_not_taken_for_its_own(take, tmp_path):
    other = taken(tmp_path / "other", seed=8)
    shutil.copy(other.latents, take.latents)
    assert again(take.film, tmp_path / "now").of == "pictures"


def test_latents_are_found_where_makers_and_projects_keep_them(take, tmp_path):
    for film, latents in (("out/boat.mp4", "out/boat.safetensors"), ("project/media/abc.mp4", "project/latents/abc.safetensors")):
        for name, source in ((film, take.film), (latents, take.latents)):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tmp_path / name)
        assert again(tmp_path / film, tmp_path / "now").of == "latents"


def test_a_film_that_was_encoded_again_is_close(take, tmp_path):
    shared = sharing.encoded_again(take.film, tmp_path / "shared.mp4")
    verdict = again(shared, tmp_path / "now")
    assert verdict.says == "close" and 30 < verdict.psnr < 60 and verdict.of == "pictures"


def test_another_seed_is_different(take, tmp_path):
    verdict = again(take.film, tmp_path / "now", prompt="a blue wave left")
    assert verdict.says == "different" and verdict.psnr < 30


def test_a_film_of_another_size_or_length_says_so(take, tmp_path):
    smaller = tmp_path / "smaller.mp4"
    sharing.ffmpeg("-i", take.film, "-vf", "scale=64:48", smaller)
    verdict = again(smaller, tmp_path / "now")
    assert (verdict.says, verdict.psnr) == ("different", None)
    assert "9 pictures of 64x48, the recipe makes 9 pictures of 128x96" in verdict.differs[0]
    shorter = tmp_path / "shorter.mp4"
    sharing.ffmpeg("-i", take.film, "-frames:v", "5", shorter)
    assert "5 pictures of 128x96, the recipe makes 9 pictures" in again(shorter, tmp_path / "again").differs[0]


def test_it_says_which_circumstances_differ(take):
    then = dataclasses.replace(take.recipe, version="older weights", engine="0.0.1", device="cuda (NVIDIA H200)")
    said = " ".join(compare(take.film, then, take).differs)
    for part in ("model's version was older weights, it is 1 now", "engine's version was 0.0.1", "device was cuda (NVIDIA H200), it is cpu"):
        assert part in said, said
    old = dataclasses.replace(take.recipe, device="")
    assert compare(take.film, old, take).differs == ("The recipe does not say on what device it was made.",)


def test_psnr_is_what_the_formula_says():
    """An error of 1 everywhere is 20 log10(255) = 48.13 dB, of 16 it is 24.05."""
    flat = np.full((4, 4, 3), 100, np.uint8)
    assert psnr([flat], [flat]) == math.inf
    assert abs(psnr([flat, flat], [flat + 1, flat + 1]) - 48.131) < 0.001
    assert abs(psnr([flat], [flat - 16]) - 24.048) < 0.001


# ---- where the recipe comes from

def test_the_recipe_is_found_in_every_file_of_a_take(take, tmp_path):
    for name in ("take.mp4", "latents.safetensors", "recipe.json", "poster.jpg"):
        assert recipe_of(take.film.with_name(name)).recipe == take.recipe, name
    found = recipe_of(take.film)
    assert (found.carrier, found.others, found.note) == ("the container's comment", ("XMP in a box of its own",), "")


def test_two_carriers_that_disagree_are_said(take, tmp_path):
    changed = tmp_path / "changed.mp4"
    sharing.ffmpeg("-i", take.film, "-c", "copy", "-metadata", f"comment={dataclasses.replace(take.recipe, seed=99).to_json()}", changed)
    with changed.open("ab") as file:
        file.write(media.carriers.box(take.recipe.to_json()))
    found = recipe_of(changed)
    assert found.recipe.seed == 99 and "Another recipe was found in XMP" in found.note


def test_a_broken_first_carrier_leaves_the_second(take, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(take.film.read_bytes().replace(f'{{"cineloom": {FORMAT}'.encode(), b'{"cineloom": x', 1))
    assert recipe_of(broken).recipe == take.recipe and recipe_of(broken).carrier == "XMP in a box of its own"


def test_a_file_without_a_recipe_or_with_one_of_tomorrow_is_a_sentence(tmp_path, take):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(BadMedia, match="a.png carries no recipe: it was not made here"):
        recipe_of(tmp_path / "a.png")
    (tmp_path / "b.json").write_text(json.dumps({**json.loads(take.recipe.to_json()), "cineloom": 9}))
    with pytest.raises(BadRequest, match="format 9"):
        recipe_of(tmp_path / "b.json")


# ---- the pictures it was given

@pytest.fixture
def animated(tmp_path):
    (tmp_path / "given").mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)).save(tmp_path / "given" / "photo.png")
    return taken(tmp_path / "then", operation="animate", inputs=[tmp_path / "given" / "photo.png"])


def test_pictures_are_found_by_what_is_in_them_wherever_they_lie(animated, tmp_path):
    photo, elsewhere = tmp_path / "given" / "photo.png", tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    (elsewhere / "photo.png").write_bytes(b"another picture of that name")
    photo.rename(elsewhere / "renamed.png")
    places = inputs_of(animated.recipe, [tmp_path / "elsewhere"])
    assert places == {animated.recipe.inputs[0].sha256: elsewhere / "renamed.png"}
    *_, last = make(animated.recipe, backend, tmp_path / "now", inputs=places)
    assert compare(animated.film, animated.recipe, last.made).says == "exact"


def test_pictures_that_are_lost_are_named(animated, tmp_path):
    (tmp_path / "given" / "photo.png").unlink()
    with pytest.raises(BadMedia, match=r"a picture that is not here: photo.png \(sha256 [0-9a-f]{12}..., picture 0 of the film\). Name the folder"):
        inputs_of(animated.recipe, [tmp_path, tmp_path / "nowhere"])
