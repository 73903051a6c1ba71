"""A cut handed over as a folder: lists that name the film beside them, and nothing half-written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import pytest

otio = pytest.importorskip("opentimelineio")

from engine.denoisers.drawn import DrawnBackend  # noqa: E402
from engine.errors import BadMedia, BadRequest  # noqa: E402
from engine.library import Library  # noqa: E402
from engine.make import make  # noqa: E402
from engine.media import probe  # noqa: E402
from engine.recipe import compose  # noqa: E402
from engine.timeline import edits  # noqa: E402
from engine.timeline.handover import Handed, hand_over  # noqa: E402
from engine.timeline.laying import begin  # noqa: E402


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Two takes of 17 pictures."""
    library = Library.open(tmp_path_factory.mktemp("handed") / "home")
    for id, prompt in (("aaaaaaaaaa", "red right: <1> / \\ ../"), ("bbbbbbbbbb", "blue left")):
        recipe, _ = compose(prompt, model="drawn", seconds=1, size=(96, 64), seed=7, steps=1)
        *_, last = make(recipe, DrawnBackend(), library.staging(id))
        library.add_take(last.made, id)
    return library


@pytest.fixture
def cut(library):
    return begin("cut", "A cut: <one>", library.takes(), rate=Fraction(24))


def test_a_folder_opens_wherever_it_is_put(library, cut, tmp_path):
    *progress, handed = hand_over(cut, library, tmp_path / "out")
    assert isinstance(handed, Handed) and [str(one) for one in progress] == ["copying film 1 of 2", "copying film 2 of 2"]
    assert sorted(path.name for path in handed.folder.iterdir()) == ["A cut one.edl", "A cut one.fcpxml", "A cut one.otio", "media"]
    moved = handed.folder.rename(tmp_path / "elsewhere")
    timeline = otio.adapters.read_from_file(str(moved / "A cut one.otio"))
    clips = list(timeline.find_clips())
    assert [one.name for one in clips] == ["blue left", "red right: <1> / \\ ../"]
    from urllib.parse import unquote

    for one in clips:
        film = moved / unquote(one.media_reference.target_url)
        assert film.is_file() and one.available_range().duration.value == 17 and round(probe(film).duration * 16) == 17
    assets = ElementTree.parse(moved / "A cut one.fcpxml").getroot().findall(".//asset")
    assert all((moved / unquote(one.get("src"))).is_file() for one in assets) and len(assets) == 2
    assert "seed 7, take aaaaaaaaaa" in (moved / "A cut one.fcpxml").read_text()
    assert len(list(otio.adapters.read_from_file(str(moved / "A cut one.edl"), rate=24).find_clips())) == 2
    assert any("16 frames a second" in note for note in handed.notes)


def test_lists_alone_name_film_where_it_lies(library, cut, tmp_path):
    *_, handed = hand_over(cut, library, library.folder / "lists", ["otio"], media=False)
    one, _ = otio.adapters.read_from_file(str(handed.files[0])).find_clips()
    assert (handed.folder / one.media_reference.target_url).resolve() == library.take("bbbbbbbbbb").file("film").resolve()
    assert [path.name for path in handed.folder.iterdir()] == ["A cut one.otio"]


def test_a_rate_without_timecode_costs_the_edl_alone(library, tmp_path):
    cut = begin("cut", "At 16", library.takes())
    *_, handed = hand_over(cut, library, tmp_path / "out")
    assert {path.suffix for path in handed.files} == {".otio", ".fcpxml"} and any("timecode" in note for note in handed.notes)
    with pytest.raises(BadRequest, match="timecode"):
        list(hand_over(cut, library, tmp_path / "other", ["edl"]))
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_handed_over_leaves_nothing(library, cut, tmp_path):
    (tmp_path / "there").mkdir()
    gone = replace(cut, tracks=(replace(cut.tracks[0], items=tuple(replace(item, media=replace(item.media, take="cccccccccc")) for item in cut.tracks[0].items)), *cut.tracks[1:]))
    nothing = edits.RippleDelete("e", tuple(item.id for item in cut.tracks[0].items)).apply(cut)
    for made, folder, kinds, wrong, sentence in ((cut, "there", ["otio"], BadRequest, "already"), (cut, "x", ["avi"], BadRequest, "otio, edl, fcpxml"), (cut, "x", [], BadRequest, "otio, edl, fcpxml"),
                                                 (gone, "x", ["otio"], BadMedia, "at 00:00:00:00: Take cccccccccc was removed"), (nothing, "x", ["fcpxml"], BadRequest, "no clip lies in it")):
        with pytest.raises(wrong, match=sentence):
            list(hand_over(made, library, tmp_path / folder, kinds))
    going = hand_over(cut, library, tmp_path / "stopped")
    next(going)
    going.close()
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
