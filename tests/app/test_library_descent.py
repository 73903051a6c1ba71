"""What a take was made from is known without being said: its recipe names the takes."""

from __future__ import annotations

import numpy as np

from engine.denoisers.drawn import DrawnBackend
from engine.make import make
from engine.media.pictures import moment_of, write_picture
from engine.recipe import compose, operating


def kept(library, asked, id):
    *_, last = make(asked[0], DrawnBackend(), library.staging(id))
    return library.add_take(last.made, id)


def test_an_extension_descends_from_its_take_with_the_pictures_it_used(library):
    first = kept(library, compose("a red wave right", model="drawn", pictures=17, size=(64, 64), seed=1), "first")
    second = kept(library, compose("a blue wave left", model="drawn", pictures=9, size=(64, 64), seed=2), "second")
    longer = kept(library, operating.extend(first.file("film"), model="drawn", after=0.5, start=0.5, seed=3), "longer")
    assert [(edge.parent, edge.start, edge.stop, edge.role) for edge in library.parents(longer.id)] == [("first", 8, 17, "film")]
    joined = kept(library, operating.connect(longer.file("film"), second.file("film"), model="drawn", seconds=0.5, seed=4), "joined")
    assert [edge.parent for edge in library.parents(joined.id)] == ["longer", "second"]
    assert {edge.parent for edge in library.ancestors(joined.id)} == {"longer", "second", "first"}
    assert [edge.child for edge in library.children("first")] == ["longer"]


def test_a_film_from_elsewhere_is_no_parent(library, tmp_path):
    first = kept(library, compose("a red wave right", model="drawn", pictures=9, size=(64, 64), seed=1), "first")
    (tmp_path / "media").mkdir()
    away = tmp_path / "media" / "first.mp4"
    away.write_bytes(first.file("film").read_bytes())
    longer = kept(library, operating.extend(away, model="drawn", after=0.5, seed=3), "longer")
    assert library.parents(longer.id) == []


def test_a_film_that_begins_with_a_picture_of_a_take_descends_from_it(library):
    """The picture is a file of its own, which says where it is from; one that says nothing, or that lies elsewhere, has no parent."""
    first = kept(library, compose("a red wave right", model="drawn", pictures=17, size=(64, 64), seed=1), "first")
    folder = library.folder / "inputs"
    folder.mkdir()
    picture = np.full((64, 64, 3), 90, np.uint8)
    write_picture(folder / "of.png", picture, moment=(first.id, 5))
    write_picture(folder / "own.png", picture)
    write_picture(library.folder / "away.png", picture, moment=(first.id, 5))
    found = {}
    for place in ("inputs/of.png", "inputs/own.png", "away.png"):
        id = place.rpartition("/")[2].removesuffix(".png")
        asked = compose("a blue wave", model="drawn", pictures=9, size=(64, 64), operation="animate", inputs=[library.folder / place], seed=2)
        found[id] = [(edge.parent, edge.start, edge.stop, edge.role) for edge in library.parents(kept(library, asked, id).id)]
    assert found == {"of": [("first", 5, 6, "picture")], "own": [], "away": []}
    library.trash("first")
    library.empty_trash()
    assert [edge.gone for edge in library.parents("of")] == [True]
    asked = compose("a green wave", model="drawn", pictures=9, size=(64, 64), operation="animate", inputs=[folder / "of.png"], seed=3)
    assert [edge.gone for edge in library.parents(kept(library, asked, "late").id)] == [True]


def test_what_a_picture_says_of_its_take_is_read_with_care(tmp_path):
    path = tmp_path / "picture.png"
    for said in (("../../up", 1), ("first", -1), ("first", 10**12), ("a" * 41, 0)):
        write_picture(path, np.zeros((8, 8, 3), np.uint8), moment=said)
        assert moment_of(path) is None, said
    path.write_bytes(b"no picture")
    assert moment_of(path) is None and moment_of(tmp_path / "none.png") is None
