"""Films in and out of files; every bad file is a sentence, every failed write leaves nothing."""

import av
import numpy as np
import pytest
from pixels import RECIPE, full_disk, scene

from engine import media
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.media import hearing


# ---- films

def film(path, pictures=20, recipe="", size=(48, 64)):
    media.write_film(path, (scene(*size, shift=4 * at)[None] for at in range(pictures)), size[1], size[0], 16, recipe)
    return path


def test_a_film_comes_back_from_its_file(tmp_path):
    read = list(media.read_film(film(tmp_path / "a.mp4")))
    assert len(read) == 20
    smooth = np.stack([np.mgrid[:48, :64][1] * 2 + 40] * 3, -1).astype(np.uint8)
    media.write_film(tmp_path / "b.mp4", [np.stack([smooth] * 9)], 64, 48, 16)
    for picture in media.read_film(tmp_path / "b.mp4"):
        assert np.abs(picture.astype(int) - smooth).mean() < 2


def test_colours_are_bt709_and_say_so(tmp_path):
    """Pure red is 63 in BT.709's luma and 81 in BT.601's: a wrong matrix shows as wrong colours in every player."""
    red = np.zeros((5, 48, 64, 3), np.uint8)
    red[..., 0] = 255
    media.write_film(tmp_path / "a.mp4", [red], 64, 48, 16)
    with av.open(str(tmp_path / "a.mp4")) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)
        luma = next(container.decode(video=0)).to_ndarray()[:48]
    assert abs(int(luma[20, 30]) - 63) <= 1


def test_a_film_is_what_every_player_plays(tmp_path):
    film(tmp_path / "a.mp4", pictures=33)
    assert media.probe(tmp_path / "a.mp4") == media.Probe(64, 48, 33, 16.0, 33 / 16)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        times = [frame.time for frame in container.decode(stream)]
        assert np.allclose(times, np.arange(33) / 16)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.find(b"moov") < content.find(b"mdat")        # plays while it loads
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_film_carries_its_recipe_twice(tmp_path):
    path = film(tmp_path / "a.mp4", recipe=RECIPE)
    assert media.carried(path) == RECIPE
    whole = path.read_bytes()
    (tmp_path / "no_comment.mp4").write_bytes(whole.replace(b"\xa9cmt", b"\xa9xyz"))
    (tmp_path / "no_xmp.mp4").write_bytes(whole[:whole.rindex(b"uuid") - 4])
    for name in ("no_comment.mp4", "no_xmp.mp4"):
        assert media.carried(tmp_path / name) == RECIPE
        assert len(list(media.read_film(tmp_path / name))) == 20
    assert media.carried(film(tmp_path / "b.mp4")) is None


def test_a_long_recipe_is_carried_whole(tmp_path):
    recipe = '{"prompt": "' + "long 🎈 " * 800 + '"}'
    assert media.carried(film(tmp_path / "a.mp4", recipe=recipe)) == recipe


@pytest.mark.parametrize("parts", [1, 4, 33])
def test_a_film_is_the_same_however_its_parts_arrive(tmp_path, parts):
    pictures = np.stack([scene(shift=4 * at) for at in range(33)])
    media.write_film(tmp_path / "a.mp4", [pictures], 64, 48, 16)
    media.write_film(tmp_path / "b.mp4", [pictures[at:at + parts] for at in range(0, 33, parts)], 64, 48, 16)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize("ending, rate", [(".mp4", 24_000), (".mov", 24_000), (".webm", 48_000)])
def test_a_film_is_written_with_its_sound(tmp_path, ending, rate):
    """A tone on the left, another on the right: each comes back where it was, as long as the film, and the recipe too."""
    time = np.arange(48_000) / 24_000
    tones = np.stack([np.sin(2 * np.pi * 440 * time) / 2, np.sin(2 * np.pi * 660 * time) / 4], 1)
    path = tmp_path / f"a{ending}"
    with media.FilmWriter(path, 64, 48, 16, RECIPE, (tones, 24_000)) as writer:
        for at in range(4):
            writer.add(np.full((8, 48, 64, 3), 40 * at, np.uint8))
    said = hearing.probe_sound(path)
    assert said.rate == rate and abs(said.samples / rate - 2) < 0.05 and media.probe(path).pictures == 32
    heard = np.concatenate(list(hearing.read_sound(path, 0, 2 * rate)))
    for channel, (tone, loud) in enumerate(((440, 0.5), (660, 0.25))):
        strength = 2 * abs(np.fft.rfft(heard[:, channel])) / len(heard)
        assert np.argmax(strength) == 2 * tone and abs(strength.max() - loud) < 0.03
    assert media.carried(path) == RECIPE
    assert hearing.probe_sound(film(tmp_path / "silent.mp4")) is None


def test_odd_sizes_and_other_pictures_are_refused(tmp_path):
    with pytest.raises(BadRequest, match="even width and height; 63x48"):
        film(tmp_path / "a.mp4", size=(48, 63))
    with pytest.raises(BadRequest, match="takes pictures of that size"):
        media.write_film(tmp_path / "a.mp4", [scene(16, 16)[None]], 64, 48, 16)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content, sentence", [
    (None,                                "no file at"),
    (b"",                                 "is empty"),
    (b"a letter" * 50,                    "is text: no film that can be read"),
    (lambda whole: whole[:200],           "no film that can be read|has no moving pictures|holds no picture"),
    (lambda whole: whole.replace(b"vide", b"soun"), r"no moving pictures|no film that can be read|damaged|holds no picture"),
])
def test_what_is_no_film_is_said_in_a_sentence(tmp_path, content, sentence):
    path = film(tmp_path / "a.mp4", pictures=60)
    whole = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content(whole) if callable(content) else content)
    with pytest.raises(BadMedia, match=sentence):
        media.probe(path)
    with pytest.raises(BadMedia, match=sentence):
        list(media.read_film(path))


def test_a_damaged_film_never_brings_the_reader_down(tmp_path):
    whole = film(tmp_path / "a.mp4").read_bytes()
    chance = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in chance.integers(0, len(whole), 6):
            damaged[place] = chance.integers(0, 256)
        (tmp_path / "a.mp4").write_bytes(damaged)
        for read in (media.probe, media.carried, lambda path: list(media.read_film(path))):
            try:
                read(tmp_path / "a.mp4")
            except BadMedia as error:
                assert str(error).endswith(".")


@pytest.mark.parametrize("name", ["short.mp4", "fire_vfr.mp4", "bunny.webm", "no_duration.webm", "cradle_loop.gif",
                                  "transparent.webm"])
def test_real_footage_is_probed_as_it_is_read(real, name):
    found = media.probe(real(name))
    first, count = None, 0
    for picture in media.read_film(real(name)):
        first, count = picture if first is None else first, count + 1
        if count == 40:
            break
    assert first.shape == (found.height, found.width, 3)
    assert found.pictures >= count > 1 and found.duration > 0 and found.rate > 0


# ---- writing: a whole file or none

def test_a_folder_that_is_not_there_or_not_a_folder_is_said(tmp_path):
    (tmp_path / "file").touch()
    for place, sentence in ((tmp_path / "gone" / "a.mp4", "the folder is not there"),
                            (tmp_path / "file" / "a.mp4", "is a file, not a folder"), ("/proc/a.mp4", "cannot be written")):
        with pytest.raises(CannotWrite, match=sentence):
            film(place)
        with pytest.raises(CannotWrite, match=sentence):
            media.write_picture(place, scene())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("after", [0, 100, 5_000, 40_000])
def test_a_full_disk_is_said_and_leaves_no_film(tmp_path, after):
    noisy = np.random.default_rng(0).integers(0, 256, (30, 96, 128, 3), dtype=np.uint8)
    with full_disk(after), pytest.raises(CannotWrite, match="cannot be written: the file grows larger"):
        media.write_film(tmp_path / "a.mp4", [noisy], 128, 96, 16, RECIPE)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_at_any_byte_leaves_a_whole_film_or_none(tmp_path):
    """The end is where it is hard: there the index moves to the front, and the second carrier is added."""
    length = film(tmp_path / "a.mp4", recipe=RECIPE).stat().st_size
    (tmp_path / "a.mp4").unlink()
    for after in (*range(length - 1500, length, 100), length - 1):
        with full_disk(after), pytest.raises(CannotWrite):
            film(tmp_path / "a.mp4", recipe=RECIPE)
        assert list(tmp_path.iterdir()) == []
    with full_disk(length):
        film(tmp_path / "a.mp4", recipe=RECIPE)


def test_a_full_disk_is_said_and_leaves_no_picture(tmp_path):
    with full_disk(1_000), pytest.raises(CannotWrite):
        media.write_picture(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotWrite, match="the disk is full"):
        with media.writing("/dev/full"), open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")


def test_a_film_that_fails_half_way_leaves_the_old_one_alone(tmp_path):
    film(tmp_path / "a.mp4")
    before = (tmp_path / "a.mp4").read_bytes()

    def parts():
        yield scene()[None]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        media.write_film(tmp_path / "a.mp4", parts(), 64, 48, 16)
    assert (tmp_path / "a.mp4").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_workshop_moves_in_all_or_nothing(tmp_path):
    home = tmp_path / "new" / "deep"
    with pytest.raises(ZeroDivisionError), media.workshop(home) as bench:
        (bench / "a").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with media.workshop(home) as bench:
        (bench / "a").write_text("whole")
        assert not (home / "a").exists()
    assert [path.name for path in home.iterdir()] == ["a"]
    (home / "b").mkdir()
    with pytest.raises(CannotWrite), media.workshop(home) as bench:        # "b" cannot be replaced, so "0" goes back too
        (bench / "0").write_text("x"), (bench / "b").write_text("x")
    assert sorted(path.name for path in home.iterdir()) == ["a", "b"]
