"""Rows and files that people, disks and other programs have parted: found and mended, either way; films that come from outside."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import reels
from reels import film, lying, picture, take

from engine.errors import BadMedia, CannotWrite
from engine.library import Edge, Library, finish
from engine.media import read_picture


def check(library, repair=True):
    """What a check finds."""
    return finish(library.check(repair))


def imported(library, path, tags=()):
    """A take of that file."""
    return finish(library.import_file(path, tags))


def test_a_project_that_is_well_is_left_alone(library):
    take(library, "one"), take(library, "two"), library.trash("two")
    before, mark = lying(library), library.mark()
    found = check(library)
    assert found.well and found.takes == 2
    assert (lying(library), library.mark()) == (before, mark)


def test_a_film_without_a_row_is_taken_in_with_all_it_carries(library, home):
    """A database from a backup: the films made since are still there."""
    take(library, "one")
    library.store.close()
    shutil.copytree(library.folder, home / "backup")
    kept = take(library, "later", "a fox in the snow")
    files = lying(library)
    library.store.close()
    for name in ("library.db", "library.db-wal", "library.db-shm"):
        (library.folder / name).unlink(missing_ok=True)
    os.replace(home / "backup" / "library.db", library.folder / "library.db")

    library = Library(library.folder)
    assert library.take("later") is None
    assert check(library, repair=False).adopted == [] and library.take("later") is None     # only looks
    assert check(library).adopted == ["later"]
    back = library.take("later")
    same = ("prompt", "recipe", "seed", "backend", "version", "operation", "width", "height", "pictures", "rate", "film", "poster", "strip", "latents", "bytes")
    assert {name: getattr(back, name) for name in same} == {name: getattr(kept, name) for name in same}
    assert [found.id for found in library.takes("fox")] == ["later"]
    assert lying(library) == files and check(library).well


def test_a_recipe_beside_a_film_does_where_the_film_has_lost_its_own(library):
    take(library, "one")
    film(library.folder / "media" / "bare.mp4")
    (library.folder / "media" / "bare.json").write_text(reels.recipe("an owl").to_json())
    assert check(library).adopted == ["bare"]
    assert library.take("bare").prompt == "an owl" and check(library).well


def test_a_film_put_there_by_hand_gets_a_name_of_its_own(library):
    take(library, "one")
    film(library.folder / "media" / "My Holiday (2).MP4", reels.recipe("an owl"))
    (id,) = check(library).adopted
    assert library.take(id).prompt == "an owl" and not library.take(id).missing
    assert check(library).well


def test_files_that_belong_to_nothing_are_put_aside_and_not_thrown_away(library):
    take(library, "one")
    strays = {"media/holiday.mp4": b"no film at all", "media/x.json": b"{}", "posters/stray.jpg": b"x", "latents/gone.safetensors": b"x", "media/link.mp4": None}
    for name, data in strays.items():
        if data is None:
            (library.folder / name).symlink_to("/etc/hostname")
        else:
            (library.folder / name).write_bytes(data)
    film(library.folder / "media" / "noname.mp4")       # a film, and nobody knows what made it
    (library.folder / "media" / "folder").mkdir()
    assert sorted(check(library, repair=False).lost) == sorted([*strays, "media/noname.mp4", "media/folder"])
    assert (library.folder / "media" / "holiday.mp4").exists()
    assert len(check(library).lost) == 7
    aside = library.folder / "lost-and-found"
    assert (aside / "holiday.mp4").read_bytes() == b"no film at all" and (aside / "noname.mp4").exists()
    assert check(library).well and library.count() == 1
    (library.folder / "media" / "holiday.mp4").write_bytes(b"another")
    check(library)
    assert sorted(path.read_bytes() for path in aside.glob("holiday*")) == [b"another", b"no film at all"]


def test_a_lost_film_is_a_state_that_heals(library, tmp_path):
    one = take(library, "one")
    take(library, "two")
    os.replace(one.file("film"), tmp_path / "away.mp4")
    assert check(library).missing == ["one"]
    assert library.take("one").state == "missing" and [found.id for found in library.takes(missing=True)] == ["one"]
    assert library.rate("one", 5).rating == 5 and library.takes("boat", missing=True)[0].to_json()["missing"] is True
    os.replace(tmp_path / "away.mp4", one.file("film"))
    assert check(library).healed == ["one"]
    assert library.takes(missing=True) == [] and check(library).well


def test_a_film_of_no_bytes_or_other_bytes_is_said(library):
    take(library, "one").file("film").write_bytes(b"")
    film(take(library, "two").file("film"), seed=3)
    with open(library.take("two").file("film"), "ab") as file:
        file.write(b"more")
    found = check(library)
    assert (found.missing, found.changed) == (["one"], ["two"])


def test_posters_and_strips_are_made_again(library):
    one = take(library, "one")
    one.file("poster").unlink(), one.file("strip").write_bytes(b"")
    assert check(library, repair=False).unseen == ["one"]
    assert check(library).remade == ["one"]
    assert read_picture(one.file("poster")).shape == (64, 64, 3) and read_picture(one.file("strip")).shape[1] == 8 * 108
    assert check(library).well
    one.file("poster").unlink(), one.file("film").write_bytes(b"broken")
    assert check(library).unseen == ["one"]


def test_lost_latents_are_said(library):
    take(library, "one").file("latents").unlink()
    assert check(library).without_latents == ["one"]


def test_an_index_that_differs_from_the_takes_is_written_anew(library):
    take(library, "one")
    with library.store.writing() as db:
        db.conn.execute("insert into takes_fts (takes_fts) values ('delete-all')")
    assert library.takes("boat") == []
    assert "index" in check(library).damaged[0]
    assert len(library.takes("boat")) == 1 and check(library).well


# ---- from outside

def test_any_film_or_picture_becomes_a_take(library, tmp_path):
    one = imported(library, film(tmp_path / "My holiday at sea.MP4"), ["Holiday"])
    two = imported(library, picture(tmp_path / "still.dat"))
    assert (one.operation, one.width, one.height, one.pictures, one.rate, one.recipe, one.tags) == ("import", 64, 64, 9, 16.0, {}, ("holiday",))
    assert (two.pictures, two.film.rpartition(".")[2]) == (1, "png")
    assert one.file("film").read_bytes() == (tmp_path / "My holiday at sea.MP4").read_bytes()
    assert read_picture(one.file("strip")).shape == (108, 8 * 108, 3) and read_picture(two.file("poster")).shape == (64, 64, 3)
    assert np.abs(read_picture(one.file("poster")).astype(int) - reels.pixels()[4]).mean() < 8     # the middle picture
    assert [found.id for found in library.takes("holiday sea")] == [one.id]
    assert not one.file("latents").exists() and check(library).well
    assert one.to_json()["seed"] == "0" and one.seconds == 0.5


def test_an_import_knows_again_what_made_it(library, tmp_path):
    asked = reels.recipe("an owl at night", seed=2**62)
    for path in (film(tmp_path / "a.mp4", asked), picture(tmp_path / "b.png", asked)):
        one = imported(library, path)
        assert (one.prompt, one.operation, one.seed, one.version) == ("an owl at night", "text", 2**62, "1")
        assert one.recipe == json.loads((library.folder / "media" / f"{one.id}.json").read_text())
    assert len(library.takes("owl")) == 2 and check(library).well


def test_real_films_come_in(library, real):
    for name in ("bunny.webm", "cradle_loop.gif", "no_duration.webm"):
        one = imported(library, real(name))
        assert one.pictures > 1 and one.film.endswith(name[-4:]) and read_picture(one.file("strip")).shape[0] == 108
    assert check(library).well


@pytest.mark.parametrize("name, data", [("empty.mp4", b""), ("text.mp4", b"#EXTM3U\n/etc/passwd\n"), ("half.png", b"\x89PNG\r\n\x1a\n half"), ("../x", None)])
def test_what_is_no_film_leaves_nothing(library, tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BadMedia):
        imported(library, tmp_path / name)
    with pytest.raises(BadMedia):
        imported(library, tmp_path)
    assert lying(library) == set() and library.count() == 0 and not any(library.folder.glob("arriving/*"))


@pytest.mark.parametrize("name", ["a\nb.mp4", "'; drop table takes;--.mp4", "..mp4", "ä🦊.mp4", "\u202egpj.mp4", "a" * 200 + ".mp4", "-o.mp4", b"\xff\xfe.mp4"])
def test_mischief_in_a_file_name_stays_in_the_notes(library, tmp_path, name):
    source = film(tmp_path / "plain.mp4")
    target = os.path.join(os.fsencode(tmp_path), name if isinstance(name, bytes) else name.encode())
    os.rename(source, target)
    one = imported(library, os.fsdecode(target))
    assert one.notes.startswith("Imported from ") and "\n" not in one.notes
    assert {path.split("/")[0] for path in lying(library)} == {"media", "posters"} and check(library).well


def test_a_pipe_is_not_read(library, tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(BadMedia):
        imported(library, tmp_path / "pipe.mp4")


def test_an_import_that_is_given_up_leaves_nothing(library, tmp_path):
    events = library.import_file(film(tmp_path / "a.mp4"))
    next(events), next(events)
    events.close()
    assert lying(library) == set() and library.count() == 0


def test_only_the_trash_is_emptied_and_nothing_of_it_comes_back(library):
    take(library, "one"), take(library, "two", parents=[Edge("", "one", 0, 9, "whole")])
    library.trash("one")
    assert library.empty_trash() == 1 and library.empty_trash() == 0
    assert {name.partition("/")[2].partition(".")[0] for name in lying(library)} == {"two"}
    assert check(library).well and library.count() == 1


def test_a_take_whose_files_cannot_come_in_leaves_all_as_it_was(library):
    one = take(library, "one")
    (library.folder / "latents").rename(library.folder / "elsewhere")
    (library.folder / "latents").write_text("a file where a folder should be")
    before = lying(library)
    with pytest.raises(CannotWrite):
        take(library, "two")
    assert {name for name in lying(library) if not name.startswith("making/")} == before
    assert library.take("two") is None and library.take("one") == one
    (library.folder / "latents").unlink(), (library.folder / "elsewhere").rename(library.folder / "latents")
    assert take(library, "two").file("film").exists() and check(library).well
