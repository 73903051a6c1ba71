"""From a recipe to a take, whole: with the weightless backend, whose answer is known."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pixels import full_disk
from walked import decoded

from engine import media
from engine.denoisers.drawn import DrawnBackend, draw
from engine.errors import BadMedia, BadRequest, Cancelled, CannotWrite, NotEnoughMemory
from engine.make import Decoded, Finished, Started, Stepped, load_latents, make
from engine.making.layout import lay
from engine.media import hearing
from engine.recipe import compose, from_json

backend = DrawnBackend()


def recipe(prompt="a red wave right", *, pictures=17, size=(128, 96), seed=7, **kwargs):
    return compose(prompt, model="drawn", pictures=pictures, size=size, seed=seed, **kwargs)[0]


def made(asked, folder):
    *_, last = make(asked, backend, folder)
    return last.made


@pytest.fixture
def photo(tmp_path):
    """A picture of another size than any film, sharp enough that no codec could return it by chance."""
    chance = np.random.default_rng(1)
    Image.fromarray(chance.integers(0, 256, (120, 200, 3), dtype=np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


# ---- what comes out

def test_a_film_is_made_and_says_what_it_does(tmp_path):
    events = list(make(recipe(), backend, tmp_path / "take"))
    assert [type(event) for event in events] == [Started] + [Stepped] * 4 + [Decoded] * 5 + [Finished]
    assert (events[0].steps, events[0].frames) == (4, 5)
    assert [(event.index, event.count) for event in events[1:5]] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert all(event.preview.shape == (5, 12, 16, 3) and event.preview.dtype == np.uint8 for event in events[1:5])
    assert [(event.done, event.total) for event in events[5:-1]] == [(1, 17), (5, 17), (9, 17), (13, 17), (17, 17)]


def test_a_take_is_its_files(tmp_path):
    take = made(recipe(), tmp_path / "take")
    assert sorted(path.name for path in (tmp_path / "take").iterdir()) == [
        "latents.safetensors", "poster.jpg", "recipe.json", "strip.jpg", "take.mp4"]
    assert media.probe(take.film) == media.Probe(128, 96, 17, 16.0, 17 / 16)
    assert (take.width, take.height, take.pictures, take.rate) == (128, 96, 17, 16) and take.seconds > 0
    assert media.picture_size(take.poster) == (128, 96) and media.picture_size(take.strip) == (8 * 144, 108)
    assert load_latents(take.latents).shape == (1, 48, 5, 12, 16)


def test_the_film_shows_what_was_said(tmp_path):
    for colour, channel in (("red", 0), ("blue", 2)):
        pictures = np.stack(list(media.read_film(made(recipe(f"a {colour} wave"), tmp_path / colour).film)))
        assert pictures.mean((0, 1, 2)).argmax() == channel


class Singing(DrawnBackend):
    """One whose film can be heard: a tone for as long as it is."""

    def sound(self, pictures):
        return np.full((pictures * 1500, 2), 0.25, np.float32), 24_000


def test_film_that_can_be_heard_is_heard(tmp_path):
    recipe, _ = compose("red right", model="drawn", seconds=1, size=(64, 64), seed=7, steps=2)
    *_, last = make(recipe, Singing(), tmp_path / "a")
    sound = hearing.probe_sound(last.made.film)
    assert (sound.codec, sound.rate) == ("aac", 24_000) and abs(sound.samples / 24_000 - 17 / 16) < 0.05
    *_, silent = make(recipe, DrawnBackend(), tmp_path / "b")
    assert hearing.probe_sound(silent.made.film) is None
    assert torch.equal(load_latents(last.made.latents), load_latents(silent.made.latents))
    still, _ = compose("red right", model="drawn", operation="image", size=(64, 64), seed=7, steps=2)
    *_, one = make(still, Singing(), tmp_path / "c")
    assert one.made.film.name == "take.png"


def test_a_picture_is_one_picture(tmp_path):
    for name, asked in (("image", recipe(operation="image")), ("text", recipe(pictures=1))):
        take = made(asked, tmp_path / name)
        assert take.film.name == "take.png" and take.pictures == 1
        assert media.read_picture(take.film).shape == (96, 128, 3)
        assert from_json(media.carried(take.film)).prompt == "a red wave right"


def test_the_recipe_is_in_the_film_and_beside_it_and_says_who_made_it(tmp_path):
    asked = recipe("a red 🎈")
    take = made(asked, tmp_path / "take")
    beside = from_json((tmp_path / "take" / "recipe.json").read_text())
    assert take.recipe == beside == from_json(media.carried(take.film))
    assert (beside.version, bool(beside.engine)) == ("1", True)
    assert beside.digest() == asked.digest()


@pytest.mark.parametrize("kwargs", [
    {}, dict(solver="multistep", steps=6), dict(guidance=2.0, negative="a black wave"), dict(operation="image"),
])
def test_the_same_recipe_is_the_same_take(tmp_path, kwargs):
    first = made(recipe(**kwargs), tmp_path / "first")
    again = made(from_json((tmp_path / "first" / "recipe.json").read_text()), tmp_path / "again")
    assert torch.equal(load_latents(first.latents), load_latents(again.latents))
    one, two = (np.stack(list(media.read_film(take.film))) if take.pictures > 1 else media.read_picture(take.film) for take in (first, again))
    assert one.shape == two.shape and np.abs(one.astype(int) - two).mean() < 2, "x264 itself is not the same to the byte every time"
    other = made(recipe(seed=8, **kwargs), tmp_path / "other")
    assert not torch.equal(load_latents(first.latents), load_latents(other.latents))


def test_what_was_asked_reaches_the_model(tmp_path):
    plain = load_latents(made(recipe("pink still", operation="image"), tmp_path / "a").latents)
    for name, kwargs in (("steps", dict(steps=9)), ("solver", dict(solver="multistep")), ("guidance", dict(guidance=2.0))):
        other = made(recipe("pink still", operation="image", **kwargs), tmp_path / name)
        assert not torch.equal(load_latents(other.latents), plain), name


@pytest.mark.parametrize("size", [(64, 64), (96, 96), (144, 256), (336, 144)])
@pytest.mark.parametrize("pictures", [1, 5, 33])
def test_every_size_and_length_runs(tmp_path, size, pictures):
    take = made(recipe(size=size, pictures=pictures, steps=1), tmp_path)
    if pictures == 1:
        assert media.picture_size(take.film) == size
    else:
        found = media.probe(take.film)
        assert (found.width, found.height, found.pictures) == (*size, pictures)


# ---- pictures that were given

def test_an_animated_picture_is_the_first_of_the_film(photo):
    pictures = decoded(recipe(operation="animate", inputs=[photo]), backend)
    assert np.array_equal(pictures[0], media.fit_picture(media.read_picture(photo), 128, 96))
    assert not np.array_equal(pictures[1], pictures[0])


def test_an_animated_picture_is_kept_in_latents_bit_for_bit(photo, tmp_path):
    asked = recipe(operation="animate", inputs=[photo])
    exact = media.fit_picture(media.read_picture(photo), 128, 96)
    alone = backend.encode(torch.from_numpy(exact).movedim(-1, 0)[None, :, None].float() / 127.5 - 1)
    latents = load_latents(made(asked, tmp_path / "take").latents)
    assert torch.equal(latents[:, :, :1], alone)
    assert (latents[0, :, 1:] - draw(asked.prompt, 5, 12, 16)[:, 1:]).abs().max() < 0.3         # the rest is the prompt's


def test_a_kept_picture_survives_into_the_file(tmp_path):
    y, x = np.mgrid[:96, :128]
    smooth = np.stack([x + 60, y + 60, np.full_like(x, 128)], -1).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.png")
    take = made(recipe("a black wave", operation="animate", inputs=[tmp_path / "a.png"]), tmp_path / "take")
    first, *_, last = media.read_film(take.film)
    assert np.abs(first.astype(int) - smooth).mean() < 2 < np.abs(last.astype(int) - smooth).mean()


def test_keyframes_stand_at_their_times(photo, tmp_path):
    Image.new("RGB", (128, 96), (10, 200, 30)).save(tmp_path / "green.png")
    asked = recipe(operation="keyframes", inputs=[(photo, 0), (tmp_path / "green.png", 10)])
    pictures = decoded(asked, backend)
    assert np.array_equal(pictures[0], media.fit_picture(media.read_picture(photo), 128, 96))
    assert (pictures[10] == (10, 200, 30)).all()
    assert np.abs(pictures[9].astype(int) - (10, 200, 30)).max() <= 2          # its whole latent frame is kept
    assert np.abs(pictures[5].astype(int) - (10, 200, 30)).max() > 50
    assert lay(asked, backend).canvas.strip() == ".##.#"


def test_a_picture_that_changed_since_is_not_taken_for_the_same(photo, tmp_path):
    asked = recipe(operation="animate", inputs=[photo])
    Image.new("RGB", (20, 20)).save(photo)
    with pytest.raises(BadMedia, match="has changed since"):
        made(asked, tmp_path / "take")
    photo.unlink()
    with pytest.raises(BadMedia, match="no picture at"):
        made(asked, tmp_path / "take")
    assert not (tmp_path / "take").exists()


@pytest.mark.parametrize("content", [b"a letter to the editor", b"\x89PNG\r\n\x1a\n but cut short"])
def test_a_given_file_that_is_no_picture_is_said(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(BadMedia, match="a.png is"):
        made(recipe(operation="animate", inputs=[tmp_path / "a.png"]), tmp_path / "take")
    assert not (tmp_path / "take").exists()


# ---- nothing half-written

def stops_at(count):
    """Cancelled the `count`-th time somebody asks."""
    asked = iter(range(1, 1000))
    return lambda: next(asked) >= count


@pytest.mark.parametrize("count", range(1, 10))         # 4 steps, then 5 parts of the decode
def test_it_can_be_cancelled_at_any_step_and_while_decoding(tmp_path, count):
    with pytest.raises(Cancelled):
        list(make(recipe(), backend, tmp_path / "take", cancelled=stops_at(count)))
    assert list(tmp_path.iterdir()) == []


def test_nobody_asks_a_tenth_time(tmp_path):
    list(make(recipe(), backend, tmp_path / "take", cancelled=stops_at(10)))
    assert (tmp_path / "take" / "take.mp4").exists()


@pytest.mark.parametrize("events", range(1, 11))
def test_who_stops_listening_leaves_nothing_behind(tmp_path, events):
    run = make(recipe(), backend, tmp_path / "take")
    for _ in range(events):
        next(run)
    run.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", [0, 3_000, 40_000])
@pytest.mark.parametrize("pictures", [1, 17])
def test_a_full_disk_leaves_nothing_behind(tmp_path, after, pictures):
    """The system refuses every byte of a file beyond `after`; the latents alone have 37 kB and more."""
    with full_disk(min(after, 30_000) if pictures == 1 else after), pytest.raises(CannotWrite) as caught:
        made(recipe(pictures=pictures), tmp_path / "take")
    assert str(caught.value).startswith(f"{tmp_path / 'take'}") and "cannot be written: " in str(caught.value)
    assert "making" not in str(caught.value)        # the hidden place where it failed is no news to a person
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("here first")
    for folder in (tmp_path / "file", tmp_path / "file" / "take", "/proc/take"):
        with pytest.raises(CannotWrite, match="cannot be written"):
            made(recipe(), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_model_that_fails_leaves_nothing_behind(tmp_path):
    class Failing(DrawnBackend):
        def decode(self, latents, before=None):
            yield from (part for at, part in zip(range(2), super().decode(latents, before)))
            raise RuntimeError("the model broke")

    with pytest.raises(RuntimeError, match="the model broke"):
        list(make(recipe(), Failing(), tmp_path / "take"))
    assert list(tmp_path.iterdir()) == []


def test_an_old_take_stays_whole_when_a_new_one_fails(tmp_path):
    made(recipe(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(Cancelled):
        list(make(recipe(seed=8), backend, tmp_path, cancelled=stops_at(6)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# ---- what cannot be

def test_a_recipe_of_another_model_is_refused(tmp_path):
    asked = json.loads(recipe().to_json())
    for change, sentence in ((dict(backend="paper"), "is for paper; drawn is open"), (dict(width=100), "multiples of 8"),
                             (dict(pictures=16), r"1 \+ 4k pictures")):
        with pytest.raises(BadRequest, match=sentence):
            made(from_json(json.dumps({**asked, **change})), tmp_path / "take")
    assert not (tmp_path / "take").exists()


def test_a_film_too_long_for_memory_is_refused_before_it_starts(tmp_path):
    asked = json.loads(recipe().to_json())
    with pytest.raises(NotEnoughMemory, match="would fit"):
        made(from_json(json.dumps({**asked, "pictures": 16_000_001})), tmp_path / "take")
    assert not (tmp_path / "take").exists()


def test_latents_that_are_damaged_are_said(tmp_path):
    take = made(recipe(operation="image"), tmp_path)
    whole = take.latents.read_bytes()
    for content in (b"", whole[:100], whole[:-10], b"x" * 200):
        take.latents.write_bytes(content)
        with pytest.raises(BadMedia, match="missing or damaged"):
            load_latents(take.latents)
