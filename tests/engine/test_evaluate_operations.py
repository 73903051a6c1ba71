"""Operations held against naive ways of them: every measure is shown film that it must praise, and film that it must not."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_joins import land, walk

from app.cli import main
from engine import media
from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadRequest, CineloomError
from engine.evaluation import naive
from engine.evaluation.beside import Figures, Operations, Point, Row, Wanted
from engine.evaluation.changing import box, exchanged, together
from engine.evaluation.joining import WANTED as JOINING
from engine.evaluation.joining import across, around, fades, kept, largest
from engine.evaluation.joins import fade_distance, unexplained
from engine.evaluation.judge import Verdict
from engine.evaluation.lasting import measured
from engine.evaluation.shooting import same_over_shots
from engine.evaluation.measures import as_bytes
from engine.evaluation.operations import PARTS, Tried, evaluate_operations
from engine.evaluation.page import write_page
from engine.evaluation.prompts import held_out_prompts
from engine.evaluation.report import Shown
from engine.evaluation.trying import Plan, signed
from engine.recipe import compose

TINY = Plan(takes=2, pictures=13, width=128, height=96, seconds=0.75, chains=1, extensions=2, edits=1, strengths=(0.3, 0.9), finishes=1, larger=2,
            long=0.75, short=0.5, rounds=1)


def turned(*starts):
    """A film that looks at the land from each start, as uint8 (N, 80, 120, 3)."""
    return as_bytes(walk(starts))


# what a row says --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("want, values, value, reached", [
    (Wanted("", aim=1.3, most=True), [1.0, 1.2, 9.0], 1.2, True),
    (Wanted("", aim=1.3, most=True), [1.0, 1.4, 9.0], 1.4, False),
    (Wanted("", aim=0.5), [0.4, 0.6, 0.6], 0.6, True),
    (Wanted("", aim=1.0, every=True), [1.0, 1.0, 0.9], 0.9, False),
    (Wanted("", aim=1.0, most=True, every=True), [1.0, 1.2, 0.9], 1.2, False),
    (Wanted(""), [2.0, 4.0], 3.0, None),
])
def test_a_row_is_the_median_or_the_worst_and_is_held_against_its_aim(want, values, value, reached):
    figures = Figures()
    for one in values:
        figures.add("a", one)
    (row,) = figures.rows({"a": want, "b": want})
    assert (row.value, row.reached, row.count) == (value, reached, len(values))
    assert row.worst == (max(values) if want.most else min(values))


def test_other_ways_stand_beside_and_what_cannot_be_told_is_left_out():
    figures = Figures()
    for value, way in ((1.0, ""), (math.nan, ""), (4.0, "re-animated"), (6.0, "re-animated"), (1.1, "usual")):
        figures.add("a", value, way)
    (row,) = figures.rows({"a": Wanted("a", aim=2.0, most=True)})
    assert (row.count, row.naive, row.usual) == (1, {"re-animated": 5.0}, 1.1)


def table(*rows):
    return Operations("paper", "abc", {"takes": 2}, rows, (Point("edit", 0.6, 0.25, 0.5),), ("Nothing was tried on footage.",))


def test_a_table_can_be_read_by_people_and_by_programs():
    good = Row("extend.kept", "extend: kept", "share", 1.0, 1.0, 3, {"re-animated": 0.0}, None, 1.0)
    bad = Row("extend.ratio", "extend: step", "times", 1.7, math.inf, 3, {"re-animated": 3.0}, 1.05, 1.3, True)
    exact = Row("inpaint.outside", "outside", "dB", 99.0, 99.0, 3, aim=99.0)
    made = table(good, bad, exact)
    text = made.text()
    assert "100 %" in text and "3.00 re-animated" in text and "exact" in text and "gained  +25 %" in text
    assert made.missed() == ["Extend: step (extend.ratio): 1.70 where at most 1.30 is the aim."] and made.missed()[0] in text
    assert "| **1.70** | none | 3.00 re-animated | 1.05 | at most 1.30 | no | 3 |" in made.markdown()
    facts = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert [row["reached"] for row in facts["rows"]] == [True, False, True] and facts["rows"][1]["worst"] is None
    assert made["extend.ratio"] is bad
    with pytest.raises(KeyError):
        made["loop.ratio"]


def test_a_page_has_the_table_the_curve_and_the_films(tmp_path):
    films = {"extend": [Shown("a film", turned(*range(0, 20, 2))), Shown("naive", turned(*range(0, 20, 2)))], "finish": [Shown("one", turned(0))]}
    row = Row("extend.ratio", "extend: step", "times", 1.7, 2.0, 3, aim=1.3, most=True)
    page = write_page(tmp_path, table(row), films).read_text()
    assert page.startswith("# Operations of Paper abc") and table(row).markdown() in page and table(row).missed()[0] in page
    assert json.loads((tmp_path / "operations.json").read_text())["rows"][0]["value"] == 1.7
    for name in ("extend.jpg", "finish.jpg", "edit.png"):
        assert f"operations/{name}" in page and media.picture_size(tmp_path / "operations" / name)[0] >= 400
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.*")) < 1_500_000


# what the measures say --------------------------------------------------------------------------------------------------


def judged(key, values):
    """Whether the rows of the real table that have aims reach them with these values."""
    figures = Figures()
    figures.add_all(key, values)
    return {row.key.rpartition(".")[2]: row.reached for row in figures.rows(JOINING) if row.reached is not None}


def test_a_steady_join_reaches_every_aim_and_a_bad_one_misses_them():
    steady = walk(range(0, 64, 2))
    assert judged("extend", across(steady, [12, 20])) == dict.fromkeys(("ratio", "jump", "velocity", "colour"), True)
    jumped = walk([*range(0, 32, 2), *range(90, 122, 2)])
    assert judged("extend", across(jumped, [8, 16])) | {"colour": False} == dict.fromkeys(("ratio", "jump", "velocity", "colour"), False)
    tinted = steady.clone()
    tinted[0, 16:] += 0.15
    assert judged("extend", across(tinted, [16]))["colour"] is False
    assert across(jumped, [8]) != across(jumped, [16]), "the worst of the joins that were asked, and no other place"


@pytest.mark.parametrize("loops, joins, places", [(False, (16, 49), (13, 16, 49)), (False, (1, 8), (1, 5, 8)), (True, (0, 7, 12), (0, 4, 7, 12))])
def test_a_join_inside_a_latent_frame_is_sought_where_the_frame_begins_too(loops, joins, places):
    assert around(SimpleNamespace(joins=joins, recipe=SimpleNamespace(loops=loops)), 4) == places


def test_film_that_comes_to_rest_has_no_jump_where_it_falls_again():
    """A pendulum's steps differ tenfold; one of them left out is a jump all the same."""
    swing = (40 * (1 - np.cos(np.linspace(0, 2 * np.pi, 41)[:-1]))).round().astype(int)
    whole = walk(swing)
    assert across(whole, [0, 10], turns=True)["jump"] < 1.3
    assert across(whole[:, :24], [0], turns=True)["jump"] > 1.5
    with pytest.raises(ValueError, match="none on one of them"):
        unexplained(whole, 39)


def test_a_loop_is_measured_where_it_turns():
    around, some = walk(range(0, 400, 8)), walk(range(0, 100, 2))
    assert judged("loop.words", across(around, [0], turns=True)) == {"ratio": True, "jump": True, "velocity": True}
    assert not any(judged("loop.words", across(some, [0], turns=True)).values())
    assert judged("loop.words", across(around[:, :25], [0], turns=True))["jump"] is False, "steps so large that another picture is no farther away"


def test_kept_pictures_are_kept_bit_for_bit_and_in_their_place():
    film = turned(*range(0, 20, 2))
    assert kept(film, 3, film[3:7]) == 1 and kept(np.roll(film, -4, 0), 8, film[2:6]) == 1, "on a loop they go round"
    almost = film.copy()
    almost[4, 0, 0, 0] ^= 1
    assert kept(almost, 3, film[3:7]) == 0.75 and kept(film, 2, film[3:7]) == 0


def test_the_largest_step_is_found_within_what_was_made_and_at_its_ends():
    film = walk([*range(0, 20, 2), *range(60, 80, 2)])
    assert largest(film, 10, 14) > 2 and largest(film, 4, 9) < 1.3, "the step into the first that is not asked does not count"
    assert largest(film, 6, 10) > 2, "the step out of what was made counts"


def test_a_dissolve_is_told_from_film_even_beside_its_ends():
    before, after = walk([0])[:, 0], walk([200])[:, 0]
    film = walk([0, *range(4, 200, 4)])
    assert fade_distance(film, before, after) < 0.5, "beside its ends any film looks like them"
    assert fades(film, before, after) > 0.5
    blend = signed(naive.fade(as_bytes(before[:, None])[0], as_bytes(after[:, None])[0], 9))
    assert fades(blend, before, after) < 0.05
    assert fades(before[:, None], before, after) == 9.99, "no picture lies between"


# the naive ways ---------------------------------------------------------------------------------------------------------


def test_a_film_that_fades_into_itself_turns_without_a_step():
    film = turned(*range(0, 60, 2))
    faded = naive.closed(film, 8)
    assert len(faded) == 22 and np.array_equal(faded[8:], film[8:22])
    assert across(signed(faded), [0], turns=True)["ratio"] < 1.3 < across(signed(film), [0], turns=True)["ratio"]
    with pytest.raises(ValueError, match="1 to 14 pictures"):
        naive.closed(film, 15)


def test_what_is_pasted_lies_where_it_was_laid():
    ground, patch = np.zeros((2, 8, 10, 3), np.uint8), np.full((2, 3, 4, 3), 9, np.uint8)
    made = naive.pasted(ground, patch, 5, 1)
    assert made.sum() == patch.sum() and (made[:, 1:4, 5:9] == 9).all() and not ground.any()


# what is asked ----------------------------------------------------------------------------------------------------------


def test_one_word_of_a_prompt_is_exchanged_and_nothing_else():
    from engine.training.paperworld.captions import WHEN

    prompts = held_out_prompts(6)
    for number, prompt in enumerate(prompts):
        asked = exchanged(prompt, number)
        assert asked == exchanged(prompt, number) and asked.word != prompt.truth[asked.attribute] and asked.text != prompt.text
        if asked.attribute == "time":
            assert any(words in asked.text for words in WHEN[asked.word])
    assert {exchanged(prompt, number).attribute for number, prompt in enumerate(prompts)} == {"time", "colour", "place"}


@pytest.mark.parametrize("gained, same, both", [(0.5, 0.5, 0.5), (1.0, 0.0, 0.0), (-0.2, 1.0, 0.0), (1.0, 0.5, 2 / 3)])
def test_an_edit_needs_both_gain_and_outlines(gained, same, both):
    assert together(gained, same) == pytest.approx(both)


@pytest.mark.parametrize("width, height", [(256, 144), (128, 96), (144, 256), (128, 128)])
def test_a_box_lies_on_the_grid_and_leaves_an_outside(width, height):
    left, top, wide, high = box(width, height, 16)
    assert not any(side % 16 for side in (left, top, wide, high)) and left + wide <= width and top + high <= height
    assert wide * high < 0.7 * width * height


class ByColour:
    """A judge that sees one thing: how bright a film is in red."""

    words = {"subject": ("dark", "bright"), "colour": ("dark", "bright"), "style": ("plain",)}

    def of_film(self, film):
        bright = float(film[0].mean() > 0)
        return Verdict(self.words, {"subject": torch.tensor([1 - bright, bright]), "colour": torch.tensor([1 - bright, bright]), "style": torch.ones(1)})


def test_shots_have_in_common_what_the_judge_sees_in_all_of_them():
    dark, bright = torch.full((3, 5, 16, 16), -0.5), torch.full((3, 5, 16, 16), 0.5)
    assert same_over_shots([dark] * 4, ByColour()) == {"subject": 1, "colour": 1, "style": 1}
    assert same_over_shots([dark, dark, dark, bright], ByColour()) == {"subject": 0.5, "colour": 0.5, "style": 1}
    with pytest.raises(ValueError, match="at least 2 of them; 1 was given"):
        same_over_shots([dark], ByColour())


# long film --------------------------------------------------------------------------------------------------------------


def test_a_film_is_measured_in_a_process_of_its_own(tmp_path):
    recipe, _ = compose("a red wave", model="drawn", seconds=0.5, size=(64, 64), seed=1)
    spent = measured(recipe.to_json(), tmp_path / "take")
    assert media.probe(tmp_path / "take" / "take.mp4").pictures == 9
    assert 0 < spent["seconds"] < 60 and 1e8 < spent["peak"] < 1e10
    with pytest.raises(CineloomError, match="was not made: .*recipe"):
        measured("no recipe", tmp_path / "none")


# the whole --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Everything tried once, small: takes that the exact stand-in draws, and footage that looks like nothing it knows."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "real").mkdir()
    world = torch.nn.functional.interpolate(land()[None], (96, 480), mode="bilinear")[0]
    for name, start in (("traffic.mp4", 0), ("bikes.mp4", 100)):
        clip = torch.stack([world[:, :, at:at + 128] for at in range(start, start + 26, 2)], 1)
        media.write_film(folder / "real" / name, [as_bytes(clip)], 128, 96, 16)
    events = list(evaluate_operations(DrawnBackend(), folder / "work", real=folder / "real", plan=TINY))
    return SimpleNamespace(said=[event for event in events if isinstance(event, str)], films=[event for event in events if isinstance(event, Tried)],
                           table=events[-1])


def test_every_part_is_tried_and_shown(whole):
    keys = {row.key.partition(".")[0] for row in whole.table.rows}
    assert keys == {*PARTS, "faithful", "outpaint"}
    assert {film.part for film in whole.films} == set(PARTS)
    assert {line.partition(":")[0] for line in whole.said} >= {"extend", "extend.footage", "loop", "loop.footage", "loop from words", "connect", "finish"}
    assert {(point.way, point.strength) for point in whole.table.curve} == {("edit", 0.3), ("edit", 0.9), ("faithful", 0.3), ("faithful", 0.9), ("made anew", 1.0)}


def test_what_was_given_comes_back_and_the_naive_way_loses_it(whole):
    for key in ("extend", "loop", "connect", "extend.footage", "loop.footage", "connect.footage"):
        assert whole.table[f"{key}.kept"].value == 1 and whole.table[f"{key}.kept"].reached, key
    assert whole.table["extend.kept"].naive["re-animated"] < 0.5
    for key in ("inpaint.outside", "outpaint.outside"):
        assert whole.table[key].value == 99 and whole.table[key].figure(99) == "exact"


def test_film_that_the_model_knows_goes_on_without_a_jump_and_other_film_does_not(whole):
    """The stand-in draws its own colour behind whatever it is given: behind footage that must be seen and said."""
    assert whole.table["extend.jump"].reached and whole.table["extend.colour"].reached
    for key in ("extend.footage.ratio", "extend.footage.jump", "extend.footage.colour", "loop.footage.ratio"):
        assert whole.table[key].reached is False, key
        assert any(f"({key})" in line for line in whole.table.missed()), key


def test_a_finish_keeps_its_layout_and_long_film_is_compared(whole):
    assert whole.table["finish.layout"].reached and whole.table["finish.layout"].naive["resized"] > 24
    assert whole.table["finish.detail"].naive["resized"] == pytest.approx(1, abs=0.1)
    assert 0.5 < whole.table["long.memory"].value < 1.5 and whole.table["long.pace"].value > 0


def test_a_part_that_is_none_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(BadRequest, match="no part 'sing'; there are extend, loop"):
        next(evaluate_operations(DrawnBackend(), tmp_path / "work", only=["loop", "sing"]))
    assert list(tmp_path.iterdir()) == []


def test_a_natural_loop_is_one_and_two_thirds_of_it_are_not(real):
    film = signed(np.stack(list(media.read_film(real("cradle_loop.gif")))))
    assert across(film, [0], turns=True)["jump"] <= 1.3 < across(film[:, :24], [0], turns=True)["jump"]


def test_the_command_prints_stores_and_writes_a_page(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = main(["evaluate", "operations", "--quick", "--only", "finish", "--backend", "drawn", "--real", "none", "--out", "figures.json", "--store", "page", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code == 0
    stored = json.loads((tmp_path / "figures.json").read_text())
    assert said == {"path": "figures.json", **stored} and [row["key"] for row in stored["rows"]] == ["finish.layout", "finish.detail"]
    assert (tmp_path / "page" / "operations.md").read_text().startswith("# Operations of Drawn 1")
    assert (tmp_path / "page" / "operations" / "finish.jpg").exists()
    assert main(["evaluate", "operations", "--only", "sing", "--backend", "drawn", "--json"]) == 2
    assert "no part 'sing'" in json.loads(capsys.readouterr().out)["error"]
