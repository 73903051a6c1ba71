"""What an operation is given: latents and files that are used, masks, and what cannot be."""

from __future__ import annotations


import numpy as np
import pytest
from PIL import Image
from wishing import ON, backend, foreign, strip, taken

from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadMedia, BadRequest
from engine.making.layout import lay
from engine.media import write_film
from engine.recipe.operating import connect, edit, extend, finish, inpaint, loop, outpaint


# ---- what is used

def test_a_take_is_led_on_from_its_latents_and_from_itself_where_they_are_gone(tmp_path):
    take = taken(tmp_path)
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.latents) and notes == []
    take.latents.unlink()
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.film) and notes == ["take.mp4 has no latents beside it, so the film itself is used, as it was compressed."]


def test_latents_of_weights_that_were_replaced_since_are_not_used(tmp_path):
    class Earlier(DrawnBackend):
        version = "0"

    take = taken(tmp_path, with_backend=Earlier())
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.film) and recipe.prompt == "a red wave right"
    assert notes == ["take.mp4 was made by other weights of Drawn than there are now, so the film itself is used and not its latents."]
    assert strip(recipe) == ".....####"


def test_latents_of_another_take_are_not_used(tmp_path):
    take, other = taken(tmp_path / "a"), taken(tmp_path / "b", seed=8)
    take.latents.write_bytes(other.latents.read_bytes())
    assert extend(take.film, after=1, **ON)[0].inputs[0].path == str(take.film)


def test_a_take_that_was_cut_since_is_used_as_it_is(tmp_path):
    take = taken(tmp_path)
    from engine.media import read_film

    write_film(tmp_path / "cut.mp4", [np.stack(list(read_film(take.film))[:9])], 96, 64, 16, take.recipe.to_json())
    recipe, notes = extend(tmp_path / "cut.mp4", after=1, **ON)
    assert recipe.inputs[0].stop == 9 and notes == ["cut.mp4 has been cut since it was made (9 pictures of 17), so the film itself is used."]


def test_film_from_elsewhere_is_read_at_the_models_rate_and_size_and_that_is_said(tmp_path):
    foreign(tmp_path / "camera.mp4", 30, (640, 360), 24)
    recipe, notes = extend(tmp_path / "camera.mp4", "a red wave", after=1, **ON)
    assert (recipe.width, recipe.height) == (256, 144) and recipe.inputs[0].pictures == 17     # 1.25 s are 20 pictures
    assert notes == ["camera.mp4 has 24 pictures a second; Drawn makes 16, and that is what it is read at.",
                     "The first 3 pictures of camera.mp4 from 0 s to its end are left out: Drawn works on 1 + 4k of them.",
                     "camera.mp4 is 640x360; it is used at 256x144."]
    recipe, notes = extend(tmp_path / "camera.mp4", "a red wave", after=1, stop=1, size="128x128", **ON)
    assert recipe.inputs[0].pictures == 17 and notes[1:] == ["camera.mp4 is 640x360; what does not fit into 128x128 is cut off."]
    assert strip(recipe) == ".....####"


# ---- masks

@pytest.mark.parametrize("size", [(96, 64), (960, 640), (17, 11)])
def test_a_mask_of_any_size_is_made_as_large_as_the_film(boat, tmp_path, size):
    """White on the left half, whatever its size."""
    pixels = np.zeros((size[1], size[0]), np.uint8)
    pixels[:, :size[0] // 2] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    levels = lay(inpaint(boat.film, mask=tmp_path / "mask.png", **ON)[0], backend).canvas.levels[0, 0]
    assert bool((levels[:, :, :5] > 0.98).all()) and bool((levels[:, :, 8:] == 0).all())        # enlarged, its edge is soft


def test_a_mask_that_moves_begins_with_the_film_and_stays_where_it_ends(boat, tmp_path):
    pixels = np.zeros((9, 64, 96, 3), np.uint8)
    pixels[:5, :, :48] = pixels[5:, :, 48:] = 255
    write_film(tmp_path / "mask.mp4", [pixels], 96, 64, 16)
    recipe, notes = inpaint(boat.film, mask=tmp_path / "mask.mp4", **ON)
    assert notes == ["The mask mask.mp4 ends before the film; its last picture stays."]
    levels = lay(recipe, backend).canvas.levels[0, 0]
    assert bool((levels[:2, :, :6] == 1).all()) and bool((levels[:2, :, 7:] == 0).all())
    assert bool((levels[2:, :, 6:] == 1).all()) and bool((levels[2:, :, :5] == 0).all())


def test_masks_that_cannot_be(boat, tmp_path):
    Image.new("L", (96, 64)).save(tmp_path / "black.png")
    Image.new("L", (64, 96), 255).save(tmp_path / "tall.png")
    write_film(tmp_path / "black.mp4", [np.zeros((6, 64, 96, 3), np.uint8)], 96, 64, 16)
    (tmp_path / "text.png").write_text("white")
    for name, sentence in (("black.png", "black.png is black all over: nothing would change"), ("black.mp4", "black.mp4 is black all over"),
                           ("tall.png", "tall.png is 64x96 and take.mp4 is 96x64; a mask has the film's shape, in any size")):
        with pytest.raises(BadRequest, match=sentence):
            inpaint(boat.film, mask=tmp_path / name, **ON)
    for name in ("text.png", "gone.png"):
        with pytest.raises(BadMedia, match=name):
            inpaint(boat.film, mask=tmp_path / name, **ON)


# ---- what cannot be

REFUSED = {
    "nothing to extend by": (lambda boat, film: extend(boat, **ON), "0 seconds of both"),
    "negative seconds": (lambda boat, film: extend(boat, after=1, before=-1, **ON), r"Seconds are 0 or more; -1 was asked \(before\)"),
    "endless seconds": (lambda boat, film: extend(boat, after=float("inf"), **ON), "The after is a number"),
    "no words": (lambda boat, film: extend(film, after=1, **ON), "was not made here, so nobody said what it shows"),
    "no words of the second": (lambda boat, film: connect(boat, film, **ON), "17.mp4 was not made here"),
    "a part of nothing": (lambda boat, film: extend(boat, after=1, start=9, **ON), "has 1.062 s; from 9 s to its end is no film"),
    "a part backwards": (lambda boat, film: extend(boat, after=1, start=0.5, stop=0.2, **ON), "from 0.5 s to 0.2 s is no film"),
    "a part before the film": (lambda boat, film: extend(boat, after=1, start=-1, **ON), "from -1 s to its end is no film"),
    "too short a part": (lambda boat, film: extend(boat, after=1, stop=0.1, **ON), "is 3 pictures; Drawn works on film of 5 or more"),
    "a loop of nothing": (lambda boat, film: loop(**ON), "neither was given"),
    "a loop without a way back": (lambda boat, film: loop(boat, seconds=0, **ON), "0 seconds was asked"),
    "a hard cut": (lambda boat, film: connect(boat, boat, seconds=0, **ON), "A hard cut needs no making"),
    "too much overlap": (lambda boat, film: connect(boat, boat, overlap=1, **ON), "Films of 1 s and 1 s cannot lie over each other for 1 s"),
    "negative overlap": (lambda boat, film: connect(boat, boat, overlap=-1, **ON), r"-1 was asked \(overlap\)"),
    "strength beyond 1": (lambda boat, film: edit(boat, "blue", strength=1.5, **ON), r"from 0 \(kept\) to 1 \(made anew\); 1.5 was asked"),
    "strength below 0": (lambda boat, film: edit(boat, "blue", strength=[0.5, -0.1], **ON), "-0.1 was asked"),
    "strength of nothing": (lambda boat, film: edit(boat, "blue", strength=[0, 0.0], **ON), "changes nothing"),
    "no strength": (lambda boat, film: edit(boat, "blue", strength=[], **ON), "none was given"),
    "strength in words": (lambda boat, film: edit(boat, "blue", strength="much", **ON), "The strength is a number"),
    "a curve with a hole": (lambda boat, film: edit(boat, "blue", strength=[0.5, float("nan")], **ON), "The strength is a number"),
    "a curve without end": (lambda boat, film: edit(boat, "blue", strength=[0.5] * 1001, **ON), "up to 1,000 numbers; 1,001"),
    "faithful to nobody": (lambda boat, film: edit(film, "blue", faithful=True, **ON), "Say what it was"),
    "no hole": (lambda boat, film: inpaint(boat, **ON), "needs an area or a mask"),
    "an area outside": (lambda boat, film: inpaint(boat, area=(70, 0, 32, 8), **ON), "within take.mp4's 96x64 pixels"),
    "an area of nothing": (lambda boat, film: inpaint(boat, area=(0, 0, 0, 8), **ON), "An area is left, top, width and height"),
    "an area of three": (lambda boat, film: inpaint(boat, area=(0, 0, 8), **ON), "An area is left, top, width and height"),
    "half a pixel": (lambda boat, film: inpaint(boat, area=(0.5, 0, 8, 8), **ON), "The area is a whole number"),
    "the same shape": (lambda boat, film: outpaint(boat, to="3:2", **ON), "has that shape already"),
    "no shape": (lambda boat, film: outpaint(boat, to="wide", **ON), "A shape is width to height"),
    "a smaller finish": (lambda boat, film: finish(boat, model="drawn", size="64x32"), "makes a draft larger and leaves its shape; take.mp4 is 96x64"),
    "a finish of another shape": (lambda boat, film: finish(boat, model="drawn", size="128x256"), "Outpaint gives it another shape"),
    "a finish of no size": (lambda boat, film: finish(boat, model="drawn", size="large"), "A size is a width and a height"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_a_sentence(boat, films, case):
    ask, sentence = REFUSED[case]
    with pytest.raises(BadRequest, match=sentence) as caught:
        ask(boat.film, films[17])
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


def test_connecting_films_of_different_shapes_takes_a_size(boat, tmp_path):
    foreign(tmp_path / "tall.mp4", 9, (64, 96))
    with pytest.raises(BadRequest, match="take.mp4 is 96x64 and tall.mp4 is 64x96; to connect films of different shapes, say the size"):
        connect(boat.film, tmp_path / "tall.mp4", "red", **ON)
    recipe, notes = connect(boat.film, tmp_path / "tall.mp4", "red", size=(64, 64), **ON)
    assert (recipe.width, recipe.height) == (64, 64) and sum("cut off" in note for note in notes) == 2


def test_files_that_are_no_film(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("a film of mine")
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.png")
    foreign(tmp_path / "one.mp4", 1)
    for name, sentence in (("gone.mp4", "There is no file at"), ("empty.mp4", "is empty"), ("text.mp4", "text.mp4 is text"), ("", "is a folder"),
                           ("photo.png", "is a single picture: no film"), ("one.mp4", "one.mp4 is a single picture; a film has 2 or more")):
        with pytest.raises(BadMedia, match=sentence):
            extend(tmp_path / name, "red", after=1, **ON)


@pytest.fixture
def ten_hours(tmp_path):
    """Films that are said to last ten hours, and have next to nothing in them."""
    import av

    path = tmp_path / "long.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for at in (0, 1, 36_000):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    pictures = [Image.fromarray(np.full((48, 64, 3), number, np.uint8)) for number in range(56)]
    pictures[0].save(tmp_path / "long.gif", save_all=True, append_images=pictures[1:], duration=[650_000] * 56)
    return path, tmp_path / "long.gif"


def test_ten_hours_of_film_are_refused_at_once_and_a_part_of_them_is_not(ten_hours):
    for path in ten_hours:
        with pytest.raises(BadRequest, match=r"has 10(\.\d+)? hours; films are read for 6, and from 0 s to its end was asked"):
            extend(path, "red", after=1, **ON)
        assert strip(extend(path, "red", after=0.5, stop=1, **ON)[0]) == ".....##"
