"""The recipe travels in the file: which carrier is left after what a file goes through."""

import json
import struct
import zlib

import numpy as np
import pytest
import sharing
from hypothesis import given, settings
from hypothesis import strategies as st
from pixels import RECIPE, full_disk, scene

from engine import media
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.media import carriers, finding
from engine.recipe import Input, Recipe, from_json

FILM = np.stack([scene(shift=4 * at) for at in range(9)])
COMMENT, BOX, TAG = "the container's comment", "XMP in a box of its own", "a tag of the container"
GIF, CHUNKS, HEAD = ["the film's comment", "XMP in an application extension"], ["a text chunk", "XMP in a text chunk"], ["XMP in the picture's head"]


def made(path, recipe=RECIPE):
    if path.suffix in (".png", ".jpg"):
        media.write_picture(path, scene(), recipe)
    else:
        media.write_film(path, [FILM], 64, 48, 16, recipe)
    return path


def as_made(path, to):
    return path


def no_udta(path, to):
    return sharing.without_box(path, to, b"moov", b"udta")


def no_xmp(path, to):
    return sharing.without_box(path, to, b"uuid")


def copied_then_no_udta(path, to):
    return no_udta(sharing.copied(path, to.with_name(f"between{to.suffix}")), to)


# What is left after what, measured: this table is the promise.
TABLE = [
    (".mp4",  as_made,               [COMMENT, BOX]),
    (".mp4",  sharing.copied,        [COMMENT]),
    (".mp4",  no_udta,               [BOX]),
    (".mp4",  no_xmp,                [COMMENT]),
    (".mp4",  sharing.encoded_again, [COMMENT]),
    (".mp4",  copied_then_no_udta,   []),
    (".mp4",  sharing.cleaned,       []),
    (".mov",  as_made,               [COMMENT, BOX]),
    (".mov",  sharing.copied,        [COMMENT]),
    (".mov",  no_udta,               [BOX]),
    (".mov",  no_xmp,                [COMMENT]),
    (".mov",  sharing.encoded_again, [COMMENT]),
    (".mov",  copied_then_no_udta,   []),
    (".mov",  sharing.cleaned,       []),
    (".webm", as_made,               [TAG]),
    (".webm", sharing.copied,        [TAG]),
    (".webm", sharing.encoded_again, [TAG]),
    (".webm", sharing.cleaned,       []),
    (".gif",  as_made,               GIF),
    (".gif",  sharing.copied,        GIF),
    (".gif",  sharing.encoded_again, []),
    (".gif",  sharing.cleaned,       GIF),
    (".png",  as_made,               CHUNKS),
    (".png",  sharing.copied,        CHUNKS),
    (".png",  sharing.encoded_again, []),
    (".jpg",  as_made,               HEAD),
    (".jpg",  sharing.copied,        HEAD),
    (".jpg",  sharing.encoded_again, []),
]


@pytest.mark.parametrize("suffix, what, left", TABLE, ids=[f"{suffix[1:]}-{what.__name__}" for suffix, what, _ in TABLE])
def test_what_is_left_of_the_recipe(tmp_path, suffix, what, left):
    path = what(made(tmp_path / f"a{suffix}"), tmp_path / f"b{suffix}")
    found = media.carriers_of(path)
    assert [one.carrier for one in found] == left
    assert {one.text for one in found} <= {RECIPE}
    assert media.carried(path) == (RECIPE if left else None)
    if suffix not in (".png", ".jpg"):
        assert media.probe(path).pictures == 9      # and it still is a film


def test_a_comment_follows_its_film_from_container_to_container(tmp_path):
    path = made(tmp_path / "a.mp4")
    for number, suffix in enumerate((".mkv", ".mov", ".mkv", ".mp4")):
        path = sharing.copied(path, tmp_path / f"{number}{suffix}")
        assert media.carried(path) == RECIPE, suffix


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".gif", ".png", ".jpg"])
def test_a_file_without_a_recipe_carries_none(tmp_path, suffix):
    assert media.carriers_of(made(tmp_path / f"a{suffix}", "")) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".gif", ".png"])
def test_the_longest_recipe_is_carried_whole(tmp_path, suffix):
    longest = Recipe("text", "🎈" * 5_000, 33, 256, 144, 7, negative="犬" * 5_000).to_json()
    assert media.carried(made(tmp_path / f"a{suffix}", longest)) == longest


def test_a_comment_beyond_quicktimes_16_bits_leaves_the_film_whole(tmp_path):
    """A length that wraps round would break the file; the other carrier has room."""
    inputs = tuple(Input("/films/" + "x" * 200, "0" * 64, at) for at in range(0, 1600, 4))
    long = Recipe("keyframes", "a", 1601, 64, 64, 1, inputs=inputs).to_json()
    assert len(long) > 65_536
    path = made(tmp_path / "a.mov", long)
    assert [one.carrier for one in media.carriers_of(path)] == [BOX] and media.carried(path) == long
    assert media.probe(path).pictures == 9
    assert media.carriers_of(made(tmp_path / "a.jpg", long)) == []      # a segment of a JPEG holds less, and it is a poster


TEXT = st.text(st.characters(), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(TEXT, TEXT)
def test_whatever_is_in_a_recipe_its_carriers_give_it_back(prompt, name):
    """Quotes, angle brackets, line ends, halves of characters, what XML forbids: all of it, byte for byte."""
    text = Recipe("animate", prompt, 33, 256, 144, 7, inputs=(Input(name, "0" * 64),)).to_json()
    text.encode()
    assert [one.text for one in finding._xmp(carriers.xmp(text), "")] == [text]
    import io

    gif = io.BytesIO(b"GIF89a" + bytes(7) + carriers.extensions(text) + b";")
    assert [one.text for one in finding._gif(gif)] == [text, text]
    assert [one.text for one in finding._boxes(io.BytesIO(carriers.box(text)))] == [text]


# ---- files made to mislead the finder

def box(kind, data):
    return struct.pack(">I4s", 8 + len(data), kind) + data


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


NESTED = b""
for _ in range(3000):
    NESTED = box(b"udta", NESTED)
BOMB = b"Comment\0\0" + zlib.compress(b"{" + bytes(50_000_000))
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x xmlns:c="urn:cineloom:1" c:recipe="{&a;}"/>'
XMP = carriers.XMP_BOX + ENTITIES


@pytest.mark.parametrize("name, data, least", [
    ("deep boxes",       box(b"ftyp", b"isom") + box(b"moov", NESTED),                                       0),
    ("a million boxes",  box(b"ftyp", b"isom") + box(b"free", b"") * 400_000,                                0),
    ("boxes of nothing", box(b"ftyp", b"isom") + bytes(100_000),                                             0),
    ("a box too long",   box(b"ftyp", b"isom") + struct.pack(">I4s", 2**32 - 1, b"moov"),                    0),
    ("a box of 2**63",   box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"moov", 2**63),                    0),
    ("entities in XML",  box(b"ftyp", b"isom") + box(b"uuid", XMP),                                          0),
    ("a text that unfolds", b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", BOMB),                                     1),
    ("endless chunks",   b"\x89PNG\r\n\x1a\n" + chunk(b"tIME", b"") * 300_000,                               0),
    ("a tag too long",   b"\x1aE\xdf\xa3\x80" + bytes.fromhex("18538067 01ffffffffffffff 1254c367 08"),       0),
    ("tags for ever",    b"\x1aE\xdf\xa3\x80" + bytes.fromhex("7373 ff") * 300_000,                          0),
    ("no such number",   b"\x1aE\xdf\xa3\x80" + bytes(1000),                                                 0),
    ("GIF without end",  b"GIF89a" + bytes(7) + b"\x21\xfe" + b"\xff{" + bytes(254) * 9,                     1),
    ("GIF without XMP's end", b"GIF89a" + bytes(7) + b"\x21\xff\x0bXMP DataXMP" + b"<x/>" * 99,              0),
    ("JPEG of segments", b"\xff\xd8" + b"\xff\xe1\x00\x02" * 300_000,                                        0),
    ("latents that lie", struct.pack("<Q", 900_000) + b"{" + b'"__metadata__":7}',                           0),
])
def test_a_file_made_to_mislead_costs_little_and_gives_nothing(tmp_path, name, data, least):
    (tmp_path / "a").write_bytes(data)
    found = media.carriers_of(tmp_path / "a")
    assert len(found) == least and all(len(one.text) <= finding.LIMIT for one in found)


def test_what_carries_a_text_that_is_no_recipe_is_not_believed(tmp_path):
    path = made(tmp_path / "a.mp4", '{"not": "a recipe"}')
    with pytest.raises(BadRequest):
        from_json(media.carried(path))
    assert media.carried(made(tmp_path / "b.mp4", "Made with love")) is None


def test_a_recipe_is_found_as_far_as_a_file_cut_short_has_it(tmp_path):
    for suffix in (".mp4", ".mov", ".png"):
        whole = made(tmp_path / f"a{suffix}").read_bytes()
        (tmp_path / f"b{suffix}").write_bytes(whole[:int(len(whole) * 0.9)])
        assert media.carried(tmp_path / f"b{suffix}") == RECIPE, suffix
        (tmp_path / f"b{suffix}").write_bytes(whole[:12])
        assert media.carried(tmp_path / f"b{suffix}") is None
    for missing in (tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(BadMedia):
            media.carriers_of(missing)


# ---- the other containers

@pytest.mark.parametrize("suffix, container, codec", [(".mov", "mov", "h264"), (".webm", "matroska", "vp9"), (".gif", "gif", "gif")])
def test_other_containers_hold_the_same_film(tmp_path, suffix, container, codec):
    smooth = np.stack([np.stack([np.mgrid[:48, :64][1] * 2 + 40 + 4 * at] * 3, -1) for at in range(17)]).astype(np.uint8)
    media.write_film(tmp_path / f"a{suffix}", [smooth[:8], smooth[8:]], 64, 48, 16, RECIPE)
    found = media.probe(tmp_path / f"a{suffix}")
    assert (found.width, found.height, found.pictures, found.container, found.codec) == (64, 48, 17, container, codec)
    assert abs(found.duration - 17 / 16) < 0.02
    read = np.stack(list(media.read_film(tmp_path / f"a{suffix}")))
    assert np.abs(read.astype(int) - smooth).mean() < (4 if suffix == ".gif" else 2)
    assert len(list(media.read_film(tmp_path / f"a{suffix}", 16))) == 17
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".mov", ".webm", ".gif"])
def test_other_containers_are_whole_or_not_there(tmp_path, suffix):
    noisy = np.random.default_rng(0).integers(0, 256, (12, 96, 128, 3), dtype=np.uint8)
    with full_disk(5_000), pytest.raises(CannotWrite):
        media.write_film(tmp_path / f"a{suffix}", [noisy], 128, 96, 16, RECIPE)

    def parts():
        yield noisy
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        media.write_film(tmp_path / f"a{suffix}", parts(), 128, 96, 16)
    assert list(tmp_path.iterdir()) == []


def test_a_gif_may_have_odd_sides_and_the_others_may_not(tmp_path):
    odd = np.stack([scene(49, 63)] * 3)
    media.write_film(tmp_path / "a.gif", [odd], 63, 49, 16)
    assert media.probe(tmp_path / "a.gif").width == 63
    with pytest.raises(BadRequest, match="VP9 has an even"):
        media.write_film(tmp_path / "a.webm", [odd], 63, 49, 16)


def test_a_recipe_stays_readable_json_in_every_carrier(tmp_path):
    recipe = Recipe("text", "waves", 33, 256, 144, 7).made_by("1")
    for suffix in (".mp4", ".gif", ".png"):
        assert json.loads(media.carried(made(tmp_path / f"a{suffix}", recipe.to_json())))["prompt"] == "waves"
        assert from_json(media.carried(tmp_path / f"a{suffix}")) == recipe
