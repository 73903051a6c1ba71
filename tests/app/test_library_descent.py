"""What a take was made from is known without being said: its recipe names the takes."""

from __future__ import annotations

from engine.denoisers.drawn import DrawnBackend
from engine.make import make
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
