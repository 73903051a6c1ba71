"""Pictures in and out of files; every bad file is a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from pixels import RECIPE, scene

from engine import media
from engine.errors import BadMedia


def saved(path, picture=None, **kwargs):
    Image.fromarray(scene() if picture is None else picture).save(path, **kwargs)
    return path


# ---- pictures in

@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.webp"])
def test_a_picture_comes_back_from_its_file(tmp_path, name):
    kwargs = {"lossless": True} if name.endswith("webp") else {}
    assert np.array_equal(media.read_picture(saved(tmp_path / name, **kwargs)), scene())


def test_a_picture_is_read_by_what_it_is_not_by_its_name(tmp_path):
    saved(tmp_path / "really_a_png.jpg", format="PNG")
    assert np.array_equal(media.read_picture(tmp_path / "really_a_png.jpg"), scene())


@pytest.mark.parametrize("orientation, turn", [
    (1, lambda p: p), (2, np.fliplr), (3, lambda p: np.rot90(p, 2)), (4, np.flipud),
    (5, lambda p: p.swapaxes(0, 1)), (6, lambda p: np.rot90(p, -1)), (7, lambda p: np.rot90(p.swapaxes(0, 1), 2)),
    (8, np.rot90),
])
def test_a_picture_is_turned_as_the_camera_was_held(tmp_path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    saved(tmp_path / "a.png", exif=exif)
    expected = turn(scene())
    assert np.array_equal(media.read_picture(tmp_path / "a.png"), expected)
    assert media.picture_size(tmp_path / "a.png") == (expected.shape[1], expected.shape[0])


def test_transparency_lies_on_white(tmp_path):
    clear = np.dstack([scene(), np.zeros(scene().shape[:2], np.uint8)])
    clear[:24, :, 3] = 255
    read = media.read_picture(saved(tmp_path / "a.png", clear))
    assert np.array_equal(read[:24], scene()[:24]) and (read[24:] == 255).all()


def test_a_palette_with_a_clear_colour_lies_on_white_too(tmp_path):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((0, 0), 1)
    image.save(tmp_path / "a.png", transparency=0)
    read = media.read_picture(tmp_path / "a.png")
    assert read[0, 0].tolist() == [0, 200, 0] and read[3, 3].tolist() == [255, 255, 255]


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    grey = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    read = media.read_picture(tmp_path / "a.png")
    assert read.shape == (8, 8, 3) and np.array_equal(read[..., 0], np.round(grey / 257).astype(np.uint8))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "I", "F"])
def test_every_kind_of_picture_ends_in_three_colours(tmp_path, mode):
    Image.fromarray(scene()).convert(mode).save(tmp_path / "a.tiff")
    read = media.read_picture(tmp_path / "a.tiff")
    assert read.shape == (48, 64, 3) and read.dtype == np.uint8 and read.std() > 0


def test_colours_of_a_wider_space_become_srgb(tmp_path):
    from PIL import ImageCms

    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))       # wrong for RGB: as if there were none
    saved(tmp_path / "a.png", icc_profile=swapped.tobytes())
    assert np.array_equal(media.read_picture(tmp_path / "a.png"), scene())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    saved(tmp_path / "b.png", icc_profile=srgb.tobytes())
    assert np.abs(media.read_picture(tmp_path / "b.png").astype(int) - scene()).max() <= 1


def test_of_a_moving_picture_it_is_the_first(tmp_path):
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert media.read_picture(tmp_path / "a.gif")[0, 0].tolist() == [250, 0, 0]


def png_that_says(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1_000_000))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


@pytest.mark.parametrize("name, content, sentence", [
    ("empty.png",  b"",                                   "empty.png is empty"),
    ("text.png",   b"a letter to the editor",             "text.png is text, not a picture that can be read .PNG"),
    ("web.jpg",    b"<!DOCTYPE html><html>",              "is a web page"),
    ("draw.png",   b"<svg xmlns='http://x'/>",            "is an SVG drawing"),
    ("doc.png",    b"%PDF-1.7 ...",                       "is a PDF document"),
    ("noise.png",  bytes(range(128, 228)),                "is something else"),
    ("phone.png",  b"\0\0\0\x18ftypheic" + bytes(80),     "is a HEIC picture"),
    ("film.png",   b"\0\0\0\x18ftypisom" + bytes(80),     "is a film .MP4."),
    ("film.webp",  b"\x1aE\xdf\xa3" + bytes(80),          "is a film .WebM"),
    ("bomb.png",   png_that_says(100_000, 100_000),       "far more pixels|100,000 x 100,000 pixels"),
    ("bomb2.png",  png_that_says(12_000, 12_000),         "12,000 x 12,000 pixels, 432 MB; .* 120 million"),
    ("none.png",   png_that_says(0, 10),                  "damaged|0 x 10"),
    ("liar.png",   png_that_says(5_000, 5_000),           "damaged or cut short"),
])
def test_what_is_no_picture_is_said_in_a_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadMedia, match=sentence) as caught:
        media.read_picture(tmp_path / name)
    assert str(caught.value).endswith(".")


def test_what_is_not_there_is_said_in_a_sentence(tmp_path):
    for path, sentence in ((tmp_path / "gone.png", "no file at"), (tmp_path, "is a folder"), ("/dev/zero", "no ordinary file"),
                           ("x" * 4000, "cannot be read")):
        with pytest.raises(BadMedia, match=sentence):
            media.read_picture(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_picture_cut_short_is_read_to_its_end_or_refused(tmp_path, kind):
    whole = io.BytesIO()
    Image.fromarray(scene(96, 128)).save(whole, kind)
    whole, refused = whole.getvalue(), 0
    for part in range(1, 20):
        (tmp_path / "cut").write_bytes(whole[:len(whole) * part // 20])
        try:
            media.read_picture(tmp_path / "cut")
        except BadMedia as error:
            assert str(error).startswith("cut is")
            refused += 1
    assert refused >= 18


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_damaged_picture_never_brings_the_reader_down(tmp_path, kind):
    whole = io.BytesIO()
    Image.fromarray(scene()).save(whole, kind)
    chance = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole.getvalue())
        for place in chance.integers(0, len(damaged), 4):
            damaged[place] = chance.integers(0, 256)
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            assert media.read_picture(tmp_path / "damaged").dtype == np.uint8
        except BadMedia:
            pass


@pytest.mark.parametrize("size", [(64, 48), (32, 32), (200, 48), (48, 200), (640, 480)])
def test_a_picture_fits_by_covering(size):
    assert media.fit_picture(scene(), *size).shape == (size[1], size[0], 3)


def test_fitting_crops_evenly_and_keeps_shapes():
    picture = np.zeros((50, 100, 3), np.uint8)
    picture[20:30, 45:55] = 255                                 # a square in the middle
    lit = media.fit_picture(picture, 50, 50)[..., 0] > 128
    assert abs(lit[:, 25].sum() - lit[25].sum()) <= 1 and lit[25, 20:30].all() and not lit[:, :18].any()
    assert media.fit_picture(scene(), 64, 48) is not None and np.array_equal(media.fit_picture(scene(), 64, 48), scene())


def test_photographs_are_read(real):
    assert media.read_picture(real("astronaut.png")).shape == (512, 512, 3)
    assert media.picture_size(real("chelsea.png")) == (451, 300)


# ---- pictures out

def test_a_picture_carries_its_recipe_twice(tmp_path):
    media.write_picture(tmp_path / "a.png", scene(), RECIPE)
    assert np.array_equal(media.read_picture(tmp_path / "a.png"), scene())
    assert media.carried(tmp_path / "a.png") == RECIPE
    both = Image.open(tmp_path / "a.png").text
    assert set(both) == {"Comment", "XML:com.adobe.xmp"}
    for lost in both:                                           # either is enough
        chunks = PngImagePlugin.PngInfo()
        for key in both.keys() - {lost}:
            chunks.add_itxt(key, str(both[key]))
        saved(tmp_path / "b.png", pnginfo=chunks)
        assert media.carried(tmp_path / "b.png") == RECIPE
    assert media.carried(saved(tmp_path / "c.png")) is None


@pytest.mark.parametrize("side", [16, 144, 400])
def test_a_picture_of_noise_is_written_as_jpeg_too(tmp_path, side):
    """It needs more than a byte for every pixel, which is all that an optimised file gets room for."""
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    media.write_picture(tmp_path / "noise.jpg", noise, RECIPE)
    assert (tmp_path / "noise.jpg").stat().st_size > side * side
    assert np.abs(media.read_picture(tmp_path / "noise.jpg").astype(int) - noise).mean() < 16
    assert media.carried(tmp_path / "noise.jpg") == RECIPE


# ---- sheets

@pytest.mark.parametrize("pictures, shown", [(1, 1), (5, 5), (8, 8), (33, 8), (129, 8)])
def test_a_strip_shows_the_film_from_first_to_last(tmp_path, pictures, shown):
    sheets = media.Sheets(pictures)
    for at in range(pictures):
        sheets.look(np.full((1, 54, 96, 3), at, np.uint8))
    sheets.write(tmp_path / "poster.jpg", tmp_path / "strip.jpg")
    strip = media.read_picture(tmp_path / "strip.jpg")
    assert strip.shape == (108, 192 * shown, 3)
    assert abs(int(strip[50, 5, 0]) - 0) <= 1 and abs(int(strip[50, -5, 0]) - (pictures - 1)) <= 1
    assert abs(int(media.read_picture(tmp_path / "poster.jpg")[20, 20, 0]) - pictures // 2) <= 1
