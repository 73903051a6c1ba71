"""A project as one zip, out and in; and zips that mean no good."""

from __future__ import annotations

import json
import struct
import tracemalloc
import warnings
import zipfile

import pytest
from reels import film, lying, take

from engine.errors import BadMedia, CannotWrite
from engine.library import Edge, Library, finish


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A project of three takes, and its zip."""
    library = Library(tmp_path_factory.mktemp("packed") / "films")
    take(library, "one", "a red boat"), take(library, "two", "a fox", 1, [Edge("", "one", 2, 9, "start")]), take(library, "three", "an owl", 2)
    library.rate("one", 4), library.tag("one", ["sea", "client a"]), library.note("two", "the better one"), library.caption("two", "a fox runs", "built-in")
    library.favourite("two"), library.trash("three")
    (library.folder / "inputs").mkdir()
    (library.folder / "inputs" / f"{'ab' * 16}.png").write_bytes(library.take("one").file("poster").read_bytes())
    path = finish(library.export(library.folder.parent / "films.zip"))
    return library, path


def opened(library, path):
    """What came out of it."""
    return finish(library.open_zip(path))


def forged(packed, tmp_path, change=lambda entries: entries, line=None):
    """The same zip with something changed: `change` gets and gives [name, bytes, how]; `line` changes the first take's row."""
    with zipfile.ZipFile(packed[1]) as zip:
        entries = [[item.filename, zip.read(item), {}] for item in zip.infolist()]
    if line is not None:
        for entry in entries:
            if entry[0] == "takes.jsonl":
                rows = [json.loads(row) for row in entry[1].splitlines()]
                line(rows)
                entry[1] = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as zip, warnings.catch_warnings():
        warnings.simplefilter("ignore")         # of names that come twice
        for name, data, how in change(entries):
            item = zipfile.ZipInfo(name)
            item.compress_type = how.get("compress", zipfile.ZIP_STORED)
            item.external_attr = how.get("mode", 0o644) << 16
            zip.writestr(item, data)
    return path


def seen(library):
    """Everything about every take but its place in the order."""
    rows = library.store.rows("select * from takes order by id")
    edges = library.store.rows("select child, parent, was, start, stop, role from edges order by child")
    return [{name: value for name, value in row.items() if name != "number"} for row in rows], edges


def test_a_project_goes_through_a_zip_and_is_the_same(packed, home):
    library, path = packed
    other = Library.open(home)
    found = opened(other, path)
    assert (found.takes, found.already, found.renamed) == (3, 0, {})
    assert seen(other) == seen(library)
    assert {name: (other.folder / name).read_bytes() for name in lying(other)} == {name: (library.folder / name).read_bytes() for name in lying(library)}
    assert [t.id for t in other.takes()] == ["two", "one"] and [t.id for t in other.takes("fox runs")] == ["two"]
    assert finish(other.check()).well


def test_the_same_project_gives_the_same_bytes(packed, tmp_path):
    assert finish(packed[0].export(tmp_path / "again.zip")).read_bytes() == packed[1].read_bytes()
    assert zipfile.ZipFile(packed[1]).testzip() is None


def test_opening_it_twice_changes_nothing(packed, home):
    library = Library.open(home)
    opened(library, packed[1])
    library.rate("one", 1)
    before = seen(library), lying(library)
    found = opened(library, packed[1])
    assert (found.takes, found.already) == (0, 3)
    assert (seen(library), lying(library)) == before and library.take("one").rating == 1


def test_an_id_that_another_take_has_gets_a_new_one(packed, home):
    library = Library.open(home)
    mine = take(library, "one", "my own", 4)
    bytes_of_mine = mine.file("film").read_bytes()
    found = opened(library, packed[1])
    assert (found.takes, list(found.renamed)) == (3, ["one"])
    new = found.renamed["one"]
    assert library.take("one") == mine and mine.file("film").read_bytes() == bytes_of_mine
    assert library.take(new).prompt == "a red boat" and library.take(new).file("film").read_bytes() == packed[0].take("one").file("film").read_bytes()
    assert library.parents("two") == [Edge("two", new, 2, 9, "start")]
    assert finish(library.check()).well


def test_a_take_whose_film_is_missing_goes_along_as_missing(packed, home, tmp_path):
    path = forged(packed, tmp_path, lambda entries: [e for e in entries if e[0] != "media/two.mp4"])
    library = Library.open(home)
    assert opened(library, path).takes == 3
    assert [t.id for t in library.takes(missing=True)] == ["two"] and library.take("two").missing


def test_a_folder_packed_by_another_program_opens_too(packed, home, tmp_path):
    path = forged(packed, tmp_path, lambda entries: [["media/", b"", {}], *([name, data, {"compress": zipfile.ZIP_DEFLATED}] for name, data, _ in entries)])
    assert opened(Library.open(home), path).takes == 3


NAMES = ["../up.mp4", "/etc/passwd", "media/../../up.mp4", "media\\up.mp4", "C:\\up.mp4", "media/UP.mp4", "media/up.mp4.exe", "media/a/b.mp4", "library.db",
         "media/con.mp4\n", "inputs/x.png", "posters/up.png", "latents/up.pt", "", "media/\u202eup.mp4", "media/up.mp4/"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_project_has_is_refused(packed, home, tmp_path, name):
    refuses(forged(packed, tmp_path, lambda entries: [*entries, [name, b"x", {}]]), home, "which no project has|damaged")


@pytest.mark.parametrize("change, sentence", [
    (lambda e: [*e, ["media/link.mp4", b"/etc/passwd", {"mode": 0o120777}]], "a link or a device"),
    (lambda e: [*e, ["media/pipe.mp4", b"", {"mode": 0o010644}]], "a link or a device"),
    (lambda e: [*e, ["media/one.mp4", b"x", {}]], "twice"),
    (lambda e: [*e, ["latents/bomb.safetensors", b"\0" * 20_000_000, {"compress": zipfile.ZIP_DEFLATED}]], "unfolds to 200 times"),
    (lambda e: [*e, ["media/odd.mp4", b"x", {"compress": zipfile.ZIP_BZIP2}]], "an unusual way"),
    (lambda e: [x for x in e if x[0] != "takes.jsonl"], "no project"),
    (lambda e: [x for x in e if x[0] != "project.json"], "no project"),
    (lambda e: [[n, b'{"cineloom": "project", "format": 99}' if n == "project.json" else d, h] for n, d, h in e], "newer Cineloom"),
    (lambda e: [[n, b'{"some": "thing"}' if n == "project.json" else d, h] for n, d, h in e], "no project"),
    (lambda e: [[n, b"[" * 100_000 if n == "project.json" else d, h] for n, d, h in e], "damaged"),
    (lambda e: [[n, b"#EXTM3U\n/etc/passwd" if n == "media/one.mp4" else d, h] for n, d, h in e], "not what its name says"),
    (lambda e: [[n, b"MZ\x90" if n == "posters/one.jpg" else d, h] for n, d, h in e], "not what its name says"),
    (lambda e: [[n, b"\x80\x04pickle" * 9 if n.startswith("latents/one") else d, h] for n, d, h in e], "not what its name says"),
    (lambda e: [[n, b"{}" if n == "media/one.json" else d, h] for n, d, h in e], "not what its name says"),
    (lambda e: [[n, d + b"{" if n == "takes.jsonl" else d, h] for n, d, h in e], "no JSON"),
    (lambda e: [[n, b"[1]\n" if n == "takes.jsonl" else d, h] for n, d, h in e], "no JSON object"),
    (lambda e: [[n, b'{"row": "' + b"x" * 5_000_000 if n == "takes.jsonl" else d, h] for n, d, h in e], "line is longer"),
])  # fmt: skip
def test_contents_that_mean_no_good_are_refused(packed, home, tmp_path, change, sentence):
    refuses(forged(packed, tmp_path, change), home, sentence)


@pytest.mark.parametrize("name, value", [
    ("id", "../../up"), ("id", None), ("id", "two"), ("film", "../library.db"), ("film", "media/two.mp4"), ("film", ""), ("film", "media/one.exe"), ("poster", "/etc/passwd"),
    ("latents", "media/one.mp4"), ("pictures", 0), ("pictures", 2.5), ("pictures", 1e300), ("rate", 0), ("rate", float("nan")), ("width", -1), ("rating", 9), ("seed", "x"),
    ("seed", -1), ("tags", '{"a": 1}x'), ("tags", '["' + "x" * 99 + '"]'), ("recipe", "[]"), ("recipe", '{"prompt": 1}'), ("created", "now"), ("favourite", True),
    ("notes", "x" * 30_000), ("prompt", 7),
])  # fmt: skip
def test_a_take_that_cannot_be_is_refused(packed, home, tmp_path, name, value):
    refuses(forged(packed, tmp_path, line=lambda rows: rows[0]["row"].update({name: value})), home, "cannot be read|twice")


@pytest.mark.parametrize("edge", [{"was": "../up"}, {"start": -1}, {"stop": 2}, {"role": "'; drop"}, {"start": "2"}])
def test_descent_that_cannot_be_is_refused(packed, home, tmp_path, edge):
    refuses(forged(packed, tmp_path, line=lambda rows: rows[1]["edges"][0].update(edge)), home, "cannot be read")


def test_what_a_row_says_besides_is_left_behind(packed, home, tmp_path):
    path = forged(packed, tmp_path, line=lambda rows: rows[0]["row"].update(number=99, state="missing", secret="x", operation="'; drop table takes", notes="a\0b"))
    library = Library.open(home)
    opened(library, path)
    one = library.take("one")
    assert (one.state, one.notes, one.operation) == ("whole", "ab", "'; drop table takes") and one.number < 4


def refuses(path, home, sentence):
    """A sentence, and a project in which nothing has changed."""
    library = Library.open(home)
    take(library, "mine")
    before = seen(library), lying(library)
    with pytest.raises(BadMedia, match=sentence):
        opened(library, path)
    assert (seen(library), lying(library)) == before
    assert not any((library.folder / "arriving").glob("*")) and sorted(path.name for path in home.iterdir()) == ["my-films"]


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9, 0.999])
def test_a_zip_that_is_cut_short_is_refused(packed, home, tmp_path, where):
    data = packed[1].read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: int(len(data) * where)])
    refuses(tmp_path / "cut.zip", home, "cut short|damaged")


def test_a_zip_with_a_flipped_bit_is_refused(packed, home, tmp_path):
    """In the middle of each file that it stores, one after another."""
    with zipfile.ZipFile(packed[1]) as zip:
        items = zip.infolist()
    for item in items[::3]:
        data = bytearray(packed[1].read_bytes())
        data[item.header_offset + 30 + len(item.filename) + item.compress_size // 2] ^= 0x10
        (tmp_path / "flipped.zip").write_bytes(data)
        refuses(tmp_path / "flipped.zip", home, "damaged|not what its name says")


def test_a_zip_that_says_it_lists_gigabytes_is_not_read(packed, home, tmp_path):
    data = bytearray(packed[1].read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 0xFFFFFFF0)
    (tmp_path / "huge.zip").write_bytes(data)
    refuses(tmp_path / "huge.zip", home, "lists more files")


def test_what_is_no_zip_is_said_so(home, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no zip")
    film(tmp_path / "film.zip")
    for path in (tmp_path / "a.zip", tmp_path / "film.zip", tmp_path / "nowhere.zip", tmp_path):
        with pytest.raises(BadMedia):
            opened(Library.open(home), path)


def test_packing_replaces_a_file_only_when_it_is_whole(packed, tmp_path):
    target = tmp_path / "out.zip"
    target.write_text("what was here before")
    events = packed[0].export(target)
    next(events), next(events)
    events.close()
    assert target.read_text() == "what was here before" and [path.name for path in tmp_path.iterdir()] == ["out.zip"]
    with pytest.raises(CannotWrite):
        finish(packed[0].export(target / "in a file" / "out.zip"))
    finish(packed[0].export(target))
    assert zipfile.is_zipfile(target)


def test_memory_stays_flat_while_films_grow(home, tmp_path):
    """A film of 48 MB goes out and in, and Python's memory grows by a few."""
    library = Library.open(home)
    one = take(library, "one")
    with one.file("film").open("ab") as file:
        file.write(struct.pack(">I4s", 48_000_000, b"free") + b"\0" * 47_999_992)
    tracemalloc.start()
    try:
        path = finish(library.export(tmp_path / "out.zip"))
        found = opened(Library.open(home, "other"), path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.takes == 1 and path.stat().st_size > 48_000_000
    assert peak < 12_000_000
