"""Measures against known answers, prompts that training never met, and a report of a model that cannot do better."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from engine.denoisers.drawn import DrawnBackend
from engine.denoisers.exact import IdealDenoiser
from engine.errors import BadRequest, WeightsError
from engine.evaluation import measures
from engine.evaluation.card import read_runs, write_card
from engine.evaluation.judge import Judge, JudgeNet, fit, fitted, movement
from engine.evaluation.prompts import JUDGED, STILL, chance, held_out_prompts
from engine.evaluation.report import Progress, Report, Shown, Size, evaluate, permanent, rendered
from engine.evaluation.table import Measure
from engine.training import paperworld as world

WORDS = dict(subject=world.SUBJECTS, colour=world.COLOURS, place=world.PLACES, time=world.TIMES, weather=world.WEATHERS,
             style=world.STYLES, motion=world.MOTIONS, camera=world.CAMERAS)
TINY = Size(96, 64, 9)


def plain(*levels):
    """Film of one grey for each picture: (3, N, 16, 16)."""
    return torch.tensor(levels).view(1, -1, 1, 1).expand(3, -1, 16, 16).float()


def speckles(height=80, width=128, seed=0):
    """A soft random picture that optical flow can hold on to, (3, H, W) in -1..1."""
    small = torch.rand(1, 1, height // 8, width // 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(small, (height, width), mode="bicubic")[0].clamp(-1, 1).expand(3, -1, -1)


def moving(right, down, pictures=9):
    """A film whose whole picture moves by so many pixels from each picture to the next."""
    still = speckles()
    return torch.stack([torch.roll(still, (down * i, right * i), (1, 2)) for i in range(pictures)], 1)


# measures ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error, decibels", [(0.2, 20.0), (0.02, 40.0), (2.0, 0.0)])
def test_psnr_is_said_of_a_peak_of_two(error, decibels):
    film = torch.zeros(3, 5, 8, 8)
    assert measures.psnr(film + error, film) == pytest.approx(decibels, abs=1e-4)


def test_psnr_of_equal_films_is_infinite():
    assert measures.psnr(plain(0.1), plain(0.1)) == math.inf


@pytest.mark.parametrize("inner, boundary", [(0.1, 0.1), (0.1, 0.3), (0.2, 0.1)])
def test_a_boundary_step_is_told_against_the_others(inner, boundary):
    """Pictures 0 | 1-4 | 5-8 | 9-12: the steps into 5 and 9 are counted, the one into 1 is not."""
    levels = [-1.0]
    for picture in range(1, 13):
        levels.append(levels[-1] + (0.9 if picture == 1 else boundary if picture in (5, 9) else inner))
    assert measures.boundary_step(plain(*levels)) == pytest.approx(boundary / inner, rel=1e-4)


def test_film_that_stands_still_has_no_boundary_step():
    assert math.isnan(measures.boundary_step(plain(*[0.3] * 13)))
    assert math.isnan(measures.boundary_step(plain(0.1, 0.2, 0.3)))


@pytest.mark.parametrize("right, down", [(2, 0), (0, 1), (-1, 1)])
def test_motion_strength_is_in_heights_per_second(right, down):
    mean, peak = measures.motion_strength(moving(right, down))
    wanted = math.hypot(right, down) * 16 / 80
    assert mean == pytest.approx(wanted, rel=0.15)
    assert peak == pytest.approx(wanted, rel=0.3)


def test_motion_strength_is_the_same_at_another_size_and_rate():
    film = moving(2, 0)
    large = torch.nn.functional.interpolate(film.transpose(0, 1), scale_factor=2, mode="bilinear").transpose(0, 1)
    assert measures.motion_strength(large)[0] == pytest.approx(measures.motion_strength(film)[0], rel=0.1)
    assert measures.motion_strength(film, rate=8)[0] == pytest.approx(measures.motion_strength(film)[0] / 2)


def test_what_stands_still_does_not_move():
    assert measures.motion_strength(moving(0, 0)) == (0, 0)
    assert measures.motion_strength(moving(0, 0, pictures=1)) == (0, 0)


def test_diversity_is_the_distance_of_all_pairs():
    assert measures.diversity([plain(0.5, 0.5), plain(-0.5, -0.5)]) == pytest.approx(1.0)
    assert measures.diversity([plain(0.0), plain(0.3), plain(0.6)]) == pytest.approx((0.3 + 0.6 + 0.3) / 3)
    assert measures.diversity([plain(0.2)] * 3) == 0
    with pytest.raises(ValueError, match="at least two"):
        measures.diversity([plain(0.2)])


def test_colour_drift_from_black_to_white_is_the_whole_of_lightness():
    assert measures.colour_drift(plain(-1, -1, 0, 0, 0, 1, 1)) == pytest.approx(100, abs=0.1)
    assert measures.colour_drift(plain(*[0.4] * 9)) == 0


# prompts ----------------------------------------------------------------------------------------------------------------


def test_prompts_are_of_combinations_that_training_never_draws():
    prompts = held_out_prompts(12)
    assert len(prompts) == 12
    for prompt in prompts:
        assert world.held_out(prompt.truth["subject"], prompt.truth["colour"], prompt.truth["place"])
        assert prompt.scene.second is None and prompt.scene.event == "none"
    trained = [world.draw_scene(seed) for seed in range(300)]
    assert not any(world.held_out(scene.subject, scene.colour, scene.place) for scene in trained)


def test_prompts_are_the_same_for_a_seed_and_others_for_another():
    assert held_out_prompts(6, seed=3) == held_out_prompts(6, seed=3)
    assert held_out_prompts(6, seed=3) != held_out_prompts(6, seed=4)


def test_a_prompt_says_weather_and_camera_even_where_nothing_happens():
    from engine.training.paperworld.captions import CAMERA, WEATHER

    for prompt in held_out_prompts(12):
        assert any(phrase in prompt.text for phrase in WEATHER[prompt.truth["weather"]]), prompt.text
        assert any(phrase in prompt.text for phrase in CAMERA[prompt.truth["camera"]]), prompt.text


def test_no_constant_answer_scores_well():
    prompts = held_out_prompts(24)
    natural = [world.draw_scene(seed, second=None, event="none") for seed in range(300)]
    share = sum(scene.weather == "clear" for scene in natural) / 300
    assert chance(prompts, "weather") < 0.8 * share
    assert max(chance(prompts, name) for name in JUDGED) <= 0.5


def test_chance_is_the_commonest_word():
    prompts = [SimpleNamespace(truth={"time": word}) for word in ("day", "day", "day", "night")]
    assert chance(prompts, "time") == 0.75


# the judge --------------------------------------------------------------------------------------------------------------


def untrained():
    torch.manual_seed(1)
    facts = {"accuracy": {name: 0.5 for name in JUDGED}}
    return Judge(JudgeNet(WORDS, STILL, (16, 16, 16, 16), (16, 16, 16)), facts)


@pytest.mark.parametrize("width, height, seen", [(128, 80, (128, 80)), (256, 144, (128, 80)), (80, 128, (80, 128)), (1024, 1024, (96, 96))])
def test_the_judge_sees_every_shape_near_one_size(width, height, seen):
    assert fitted(width, height) == seen


@pytest.mark.parametrize("right, down", [(2, 0), (-2, 0), (0, 2)])
def test_movement_says_where_everything_goes(right, down):
    rows = movement(fit(measures.as_bytes(moving(right, down, pictures=5))))
    assert rows.shape == (2, 6, 40, 64) and rows.dtype == np.int8
    across, upright = np.median(rows[:, 0]) / 127 * 8, np.median(rows[:, 1]) / 127 * 8      # pixels in two pictures
    assert (across, upright) == pytest.approx((2 * right, 2 * down), abs=0.5)


def test_detail_finer_than_a_pixel_is_still_seen():
    """Studs and rain vanish in the smaller picture; how much of them there was does not."""
    plain_grey = np.full((1, 640, 1024, 3), 128, np.uint8)
    studs = plain_grey.copy()
    studs[:, ::2, ::2], studs[:, 1::2, 1::2] = 160, 96
    seen, studded = fit(plain_grey), fit(studs)
    assert np.abs(seen[..., :3].astype(int) - studded[..., :3]).max() <= 2
    assert seen[..., 3].max() == 0 and studded[..., 3].min() > 50


def test_movement_needs_film():
    with pytest.raises(ValueError, match="more than 2 pictures"):
        movement(fit(measures.as_bytes(moving(1, 0, pictures=2))))


def test_a_mirrored_film_is_mirrored_movement_and_mirrored_words():
    """What training calls a mirrored clip must be what a mirrored clip is."""
    from engine.training.judge import Album, Draws

    truth = {"motion": "right", "camera": "pan left", "event": "none", "second": "none"}     # the ground goes right too
    truth |= dict.fromkeys(STILL, "none")
    album = Album()
    album.add(measures.as_bytes(moving(2, 0)), np.zeros((3, 5, 8), np.uint8), truth, np.random.default_rng(0))
    draws, met = Draws(album, WORDS, seed=0), set()
    for _ in range(12):
        rows, _, targets = draws.moves(1)
        motion, camera = (WORDS[name][int(targets[name][0].argmax())] for name in ("motion", "camera"))
        met.add((motion, camera, bool(rows[0, :, 0].median() > 0)))
    assert met == {("right", "pan left", True), ("left", "pan right", False)}


def test_either_of_two_subjects_may_be_named():
    from engine.training.judge import Album, Draws

    draws = Draws(Album(), WORDS, seed=0)
    target = draws._targets([{"subject": "fox", "colour": "red", "second": "boat", "second_colour": "red"}], ("subject", "colour"), False)
    assert target["subject"][0, world.SUBJECTS.index("fox")] == target["subject"][0, world.SUBJECTS.index("boat")] == 0.5
    assert target["colour"][0, world.COLOURS.index("red")] == 1


@pytest.fixture(scope="module")
def small_world(tmp_path_factory):
    """A shard of pictures and one of films, as training finds them."""
    from engine.training.shards import Bucket, render_shard

    folder = tmp_path_factory.mktemp("train") / "world"
    render_shard(folder, 0, Bucket(1, 96, 64, 1.0), 16, seed=5)
    render_shard(folder, 1, Bucket(9, 96, 64, 1.0), 6, seed=5)
    return folder


def test_a_judge_learns_what_it_is_shown_and_comes_back_from_its_files(small_world, tmp_path):
    from engine.training.judge import train_judge
    from engine.training.run import Budget

    judge = train_judge(small_world, tmp_path / "judge", Budget(steps=40), run=tmp_path / "run", pictures=12, films=4, even=4, exam=2)
    first, last = (json.loads(line)["loss"] for line in (tmp_path / "run" / "judge.jsonl").read_text().splitlines())
    assert last < 0.85 * first
    assert set(judge.accuracy) == set(JUDGED)
    assert (tmp_path / "judge" / "judge.safetensors").stat().st_size < 1_500_000
    film = rendered(world.draw_scene(1), TINY)
    again = Judge.open(tmp_path / "judge").of_film(film)
    for name, chances in judge.of_film(film).chances.items():
        assert torch.equal(chances, again.chances[name])
        assert float(chances.sum()) == pytest.approx(1, abs=1e-5)


def test_even_scenes_are_odd_and_never_held_out():
    from engine.training.judge import even_scene

    scenes = [even_scene(seed) for seed in range(200)]
    assert not any(world.held_out(scene.subject, scene.colour, scene.place) for scene in scenes)
    assert sum(scene.style == "paper-cut" for scene in scenes) < 80 and sum(scene.weather == "clear" for scene in scenes) < 120
    assert {scene.motion for scene in scenes} == set(world.MOTIONS) and {scene.camera for scene in scenes} == set(world.CAMERAS)


def test_training_without_films_says_what_is_missing(tmp_path):
    from engine.training.judge import train_judge
    from engine.training.run import Budget

    with pytest.raises(FileNotFoundError, match="render some first"):
        train_judge(tmp_path, tmp_path / "judge", Budget(steps=1))


def test_a_judge_without_its_files_says_so(tmp_path):
    with pytest.raises(WeightsError, match="could not be loaded"):
        Judge.open(tmp_path)


def test_a_damaged_judge_says_so(tmp_path):
    from engine.training.judge import write

    judge = untrained()
    judge.facts |= {"words": {k: list(v) for k, v in WORDS.items()}, "looks": list(STILL), "look_widths": [16] * 4, "move_widths": [16] * 3}
    write(judge, tmp_path)
    Judge.open(tmp_path)
    path = tmp_path / "judge.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="could not be loaded"):
        Judge.open(tmp_path)


def test_a_picture_is_judged_without_motion():
    verdict = untrained().of_film(rendered(world.draw_scene(2), Size(96, 64, 1)))
    assert set(verdict.chances) == set(STILL)


def test_the_shipped_judge_names_what_renders_show():
    """Scenes that no training saw; its own card claims more, and a dozen films allow for a few misses."""
    judge, right = Judge.open(), []
    for seed in range(12):
        scene = world.draw_scene(95_000_000 + seed, split="held_out", second=None, event="none")
        right += judge.of_film(rendered(scene, Size(128, 80, 17))).agrees({name: getattr(scene, name) for name in JUDGED}).values()
    assert sum(right) / len(right) > 0.85
    assert min(judge.accuracy.values()) > 0.85


def test_permanence_needs_the_prompt_at_both_ends():
    """A judge that reads the colour of the first pixel: a film must be right before and after, the middle may be hidden."""
    class ByBrightness:
        def of_pictures(self, film):
            word = "red" if float(film.mean()) > 0 else "blue"
            return SimpleNamespace(word=lambda name: word if name == "colour" else "fox")

    prompt = SimpleNamespace(truth={"subject": "fox", "colour": "red"})
    assert permanent(ByBrightness(), plain(1, 1, -1, -1, -1, -1, 1, 1), prompt)
    assert not permanent(ByBrightness(), plain(1, 1, 1, 1, 1, 1, -1, -1), prompt)
    assert not permanent(ByBrightness(), plain(-1, -1, 1, 1, 1, 1, 1, 1), prompt)


# the report -------------------------------------------------------------------------------------------------------------


class Renderer(DrawnBackend):
    """A model that cannot do better: it makes exactly the renderer's film, through its own autoencoder."""

    def __init__(self, prompts, size):
        super().__init__()
        self.size, self.scenes = size, {prompt.text: prompt.scene for prompt in prompts}

    def denoiser(self, prompts, *, guidance=1.0, negative=""):
        films = torch.stack([rendered(self.scenes[text], self.size) for text in prompts])
        return IdealDenoiser(self.encode(films))


def measured(backend, **settings):
    events = list(evaluate(backend, size=TINY, judge=untrained(), many=6, **settings))
    return events, events[-1]


@pytest.fixture(scope="module")
def perfect():
    prompts = held_out_prompts(3) + held_out_prompts(2, 0, "behind")
    return measured(Renderer(prompts, TINY), count=3)


def test_a_model_that_makes_the_renders_scores_what_they_score_through_its_autoencoder(perfect):
    _, report = perfect
    for name in (*JUDGED, "mean"):
        row = report[f"adherence.{name}"]
        assert row.reached == row.coded, name
    assert report["permanence"].reached == report["permanence"].coded
    for key in ("speed", "peak", "drift"):
        assert report[f"film.{key}"].reached == pytest.approx(report[f"film.{key}"].coded, rel=0.02, abs=1e-3)
    assert report["gap.psnr"].reached > 60, "a straight path arrives in any number of steps"
    assert report["gap.few"].reached == report["gap.many"].reached
    assert report["film.diversity"].reached == 0 < report["film.diversity"].renders


def test_the_report_comes_last_after_progress_and_films_to_show(perfect):
    events, report = perfect
    assert isinstance(report, Report) and all(isinstance(event, (Progress, Shown)) for event in events[:-1])
    parts = {event.part: event for event in events if isinstance(event, Progress)}
    assert all(event.done == event.total for event in parts.values()), "every part is finished"
    shown = [event for event in events if isinstance(event, Shown)]
    assert len(shown) == 3 and shown[0].pictures.shape == (9, 64, 96, 3)
    assert report.settings["prompts"] == 3 and report["adherence.subject"].count == 3


def test_without_real_footage_the_report_says_so(perfect):
    _, report = perfect
    assert "autoencoder.photographs" not in report
    assert any("photographs" in sentence for sentence in report.skipped)


def test_the_same_measurement_again_gives_the_same_figures():
    first, again = (measured(DrawnBackend(), count=2)[1] for _ in range(2))
    assert replace(first, seconds=0) == replace(again, seconds=0)
    assert first["film.diversity"].reached > 0, "other seeds are other films"


def test_photographs_and_footage_go_through_the_autoencoder(real):
    folder = real("coffee.png").parent
    _, report = measured(DrawnBackend(), count=2, real=folder)
    assert 15 < report["autoencoder.photographs"].reached < 45
    assert report["autoencoder.photographs"].count == 3 and report["autoencoder.footage"].count == 3
    assert report["autoencoder.photographs"].aim == 24 and not any("photographs" in line for line in report.skipped)


def test_without_a_judge_everything_else_is_measured(tmp_path, monkeypatch):
    from engine.evaluation import judge as room

    monkeypatch.setattr(room, "FOLDER", tmp_path)
    *_, report = evaluate(DrawnBackend(), size=TINY, count=2, many=6)
    assert "film.speed" in report and "gap.psnr" in report and "adherence.mean" not in report
    assert any("judged" in sentence for sentence in report.skipped)


@pytest.mark.parametrize("asked", [dict(size=Size(96, 64, 5)), dict(size=TINY, count=1)])
def test_what_cannot_be_measured_is_refused(asked):
    with pytest.raises(BadRequest, match="9 pictures or more and 2 prompts"):
        next(evaluate(DrawnBackend(), judge=untrained(), **asked))


# table and card ---------------------------------------------------------------------------------------------------------

REPORT = Report("paper", "abc123", {"prompts": 96, "steps": 4, "width": 256, "height": 144, "pictures": 33, "seed": 0}, (
    Measure("autoencoder.renders", "autoencoder on renders", "dB", 32.54, 96, 34.0),
    Measure("adherence.mean", "mean adherence to the prompt", "share", 0.961, 96, 0.95, 0.98, 0.97, 0.975, 0.15),
    Measure("film.speed", "motion strength, mean", "heights/s", 0.318, 96, renders=0.4, coded=0.39),
), ("Nothing was said of photographs.",), 61.0, {"device": "cpu"})


def test_a_report_comes_back_from_json(tmp_path):
    REPORT.save(tmp_path / "measures.json")
    assert Report.load(tmp_path / "measures.json") == REPORT
    with pytest.raises(ValueError, match="no report"):
        Report.from_json('{"model": "paper"}')


def test_only_a_missed_aim_falls_short():
    assert REPORT.short_of_aim() == ["Autoencoder on renders: 32.5 dB where 34.0 dB is the aim."]


def test_the_table_is_aligned():
    lines = REPORT.text().splitlines()
    head, rows = lines[2], lines[4:7]
    assert all(len(row) == len(head) for row in rows)
    at = head.index("reached") + len("reached")
    assert [row[:at].split("  ")[-1].strip() for row in rows] == ["32.5 dB", "96 %", "0.32"]
    assert "judge" in head and "34.0 dB where" not in REPORT.text().split("\n\n")[1]
    assert REPORT.text().rstrip().endswith("32.5 dB where 34.0 dB is the aim.")


def test_the_card_says_what_falls_short_and_shows_its_films(tmp_path):
    run = tmp_path / "run"
    (run / "transformer").mkdir(parents=True)
    (run / "transformer.json").write_text(json.dumps({"step": 900, "seconds": 5400, "size": "cpu"}))
    (run / "transformer" / "trained.json").write_text(json.dumps({"steps": 900, "minutes": 90.0}))
    (run / "transformer.jsonl").write_text("".join(json.dumps({"step": i, "minutes": i / 10, "loss": 1 / i, "velocity": 2 / i}) + "\n"
                                                   for i in range(1, 900, 20)))
    training, curves = read_runs(run)
    assert training == {"transformer": {"steps": 900, "minutes": 90.0, "size": "cpu"}}
    noisy = np.random.default_rng(0).integers(0, 256, (8, 9, 144, 256, 3), np.uint8)
    shown = [Shown(f"{i}: a red fox trots to the left in the snow at night while it snows, the camera pans left", film)
             for i, film in enumerate(noisy)]
    (tmp_path / "paper" / "judge").mkdir(parents=True)
    (tmp_path / "paper" / "judge" / "judge.json").write_text(json.dumps(
        {"trained": {"steps": 20, "minutes": 1.5, "started from": {"steps": 300, "minutes": 10.0}}}))
    card = write_card(tmp_path / "paper", REPORT, shown, training, curves).read_text()
    assert "32.5 dB where 34.0 dB is the aim" in card and "Nothing was said of photographs." in card
    assert "| stage | steps | minutes | size | rounds |" in card and "| transformer | 900 | 90.0 | cpu |  |" in card
    assert "| judge | 320 | 11.5 |  | 2 |" in card
    assert "**96 %**" in card and "abc123" in card
    pictures = list((tmp_path / "paper" / "card").iterdir())
    assert {path.name for path in pictures} == {"takes.jpg", "curves.png", "training.json"}
    assert sum(path.stat().st_size for path in pictures) < 300_000, "even noise, which is the hardest to pack"
    assert Image.open(tmp_path / "paper" / "card" / "takes.jpg").width == 640
    assert Report.load(tmp_path / "paper" / "measures.json") == REPORT
    again = write_card(tmp_path / "paper", REPORT, [], {}, {}).read_text()             # measured where nobody trained
    assert "| transformer | 900 | 90.0 | cpu |  |" in again and "card/curves.png" in again
    other = write_card(tmp_path / "paper", replace(REPORT, version="fffff"), [], {}, {}).read_text()
    assert "| transformer |" not in other and "curves.png" not in other, "how other weights were made says nothing of these"
    better = replace(REPORT, version="newer", measures=(replace(REPORT.measures[0], reached=REPORT.measures[0].reached + 1), *REPORT.measures[1:]))
    newer = [write_card(tmp_path / "better", one, [], {}, {}).read_text() for one in (REPORT, better, better)]
    assert "weights before" not in newer[0] and f"| measure | {REPORT.version} | newer |" in newer[1] and newer[1] == newer[2], "measured again they are no others"
    beside = newer[1].split("weights before")[1]
    assert f"| {REPORT.measures[0].title} |" in beside and f"| {REPORT.measures[1].title} |" not in beside, "only what differs"
    further = {"decoder": {"steps": 70, "minutes": 7.0, "rounds": 2}}
    on = write_card(tmp_path / "paper", REPORT, [], training | further, {"decoder": curves["transformer"]}).read_text()
    assert "card/curves.png" in on and "card/again.png" in on and "| decoder | 70 | 7.0 |" in on, "one stage went on: its curve stands beside the first ones"
    anew = write_card(tmp_path / "paper", REPORT, [], training, curves).read_text()
    assert "card/curves.png" in anew and "again.png" not in anew and not (tmp_path / "paper" / "card" / "again.png").exists()
