"""Captions blended by a ratio, small models taught side by side, and what is made of what a judge saw. Toy sizes, no weights but in one."""

import json
import math

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import BadRequest
from engine.evaluation.adherence import Adherence, difference, plot, row_of, scene_means, spread
from engine.training.blends import Blends, Scale, Together, train_blends
from engine.training.feed import DESCRIPTIVE, Feed, told
from engine.training.paper import train, vocabulary
from engine.training.run import Budget

ROW = {"descriptive": ["all of it", "all, in other words"], "dropped": ["some of it"], "short": ["it"]}
DRAWS = [((i + 0.5) / 1000, (i % 7) / 7) for i in range(1000)]
LONG = {*ROW["descriptive"], *ROW["dropped"]}
TOY = Scale(size="toy", clips=4, tokens=12)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.65, 0.95, 1.0])
def test_of_all_captions_the_asked_share_is_descriptive(ratio):
    words = [told(ROW, *draw, ratio) for draw in DRAWS]
    assert words.count("") == 100, "a tenth is shown with no words, whatever the ratio"
    assert sum(text in LONG for text in words) == pytest.approx(900 * ratio, abs=1)
    assert words.count("it") == 900 - sum(text in LONG for text in words)
    assert words.count("some of it") == pytest.approx(900 * ratio / 8, abs=1)
    assert ratio == 0 or {*ROW["descriptive"]} <= {*words}


def test_a_higher_ratio_makes_short_captions_descriptive_and_none_the_other_way():
    low, high = ([told(ROW, *draw, ratio) for draw in DRAWS] for ratio in (0.4, 0.9))
    assert all(two in LONG for one, two in zip(low, high) if one in LONG)
    assert all((one == "") == (two == "") for one, two in zip(low, high))


def test_a_feed_blends_as_it_is_told(tmp_path):
    bake(tmp_path, [ROW] * 4)
    for ratio, wanted in ((0.0, {"", "it"}), (1.0, {"", *LONG}), (DESCRIPTIVE, {"", "it", *LONG})):
        feed = Feed(tmp_path, tokens=48, seed=0, read=lambda prompts: (torch.zeros(1),) * 3, descriptive=ratio)
        assert {prompt for _ in range(60) for prompt in feed.batch(lambda frames, tokens: 1.0).prompts} == wanted


@pytest.mark.parametrize("ratio", [-0.1, 1.1, math.nan])
def test_a_ratio_that_is_none_is_refused_before_anything_is_drawn(tmp_path, ratio):
    with pytest.raises(BadRequest, match="0 to 1"):
        next(train(tmp_path / "run", minutes=1, descriptive=ratio))
    assert not (tmp_path / "run").exists()


def test_the_command_and_the_training_agree_about_the_usual_ratio():
    import inspect

    from app.commands.learning import train as command

    assert inspect.signature(command).parameters["descriptive"].default == DESCRIPTIVE == inspect.signature(train).parameters["descriptive"].default


# ---- small models side by side

def bake(folder, rows):
    """A shard of pictures that are noise, with these captions."""
    folder.mkdir(parents=True, exist_ok=True)
    latents = torch.randn(len(rows), 16, 1, 6, 8, generator=torch.Generator().manual_seed(1))
    save_file({"latents": latents.half(), "subject": torch.full((len(rows), 1, 3, 4), 255, dtype=torch.uint8)}, folder / "0000.safetensors")
    rows = [{**row, "attributes": {"loop": "no", "shots": "1", "subject": "fox", "place": "sea", "colour": "red"}} for row in rows]
    (folder / "0000.json").write_text(json.dumps(rows))


def taught(folder, rows, steps, ratios=(0.0, 1.0)):
    if not (folder / "latents").exists():
        bake(folder / "latents", rows)
    *said, stage = train_blends(folder, vocabulary(), Budget(steps=steps), ratios=ratios, scale=TOY)
    assert all(isinstance(line, str) for line in said) and isinstance(stage, Together)
    return stage


def weights(stage, number):
    return nn.utils.parameters_to_vector(stage.model.each[number].parameters())


def test_models_differ_by_their_captions_and_by_nothing_else(tmp_path):
    same = {"descriptive": ["a red fox"], "dropped": ["a red fox"], "short": ["a red fox"]}
    alike = taught(tmp_path / "alike", [same] * 4, 4)
    assert torch.equal(weights(alike, 0), weights(alike, 1)), "with the same words they are the same model to the bit"
    unlike = taught(tmp_path / "unlike", [same | {"short": ["a fox"]}] * 4, 4)
    assert not torch.equal(weights(unlike, 0), weights(unlike, 1))


def test_the_models_have_seen_as_much_as_each_other_when_a_run_is_stopped_and_goes_on(tmp_path):
    rows = [{"descriptive": ["a red fox at sea"], "dropped": ["a red fox"], "short": ["a fox"]}] * 4
    first = taught(tmp_path, rows, 3)
    again = taught(tmp_path, rows, 5)
    assert first.step == 3 and again.step == 5
    assert not torch.equal(weights(first, 0), weights(again, 0)) and not torch.equal(weights(first, 1), weights(again, 1))
    done = taught(tmp_path, rows, 5)
    assert done.step == 5 and torch.equal(weights(done, 1), weights(again, 1)), "what is done is opened, not trained again"


def test_a_long_gradient_of_one_model_does_not_shorten_anothers(tmp_path):
    blends = Blends((0.0, 1.0), vocabulary(), "toy", 0)
    assert torch.equal(*(nn.utils.parameters_to_vector(one.parameters()) for one in blends.each)), "they begin the same"
    stage = Together(tmp_path, "captions", blends, Budget(steps=1), 1e-3)
    for one, length in zip(blends.each, (0.5, 300.0)):
        for number, parameter in enumerate(one.parameters()):
            parameter.grad = torch.zeros_like(parameter)
            if number == 0:
                parameter.grad.view(-1)[0] = length
    assert float(stage.clip()) == pytest.approx(300)
    lengths = [sum(parameter.grad.square().sum() for parameter in one.parameters()).sqrt().item() for one in blends.each]
    assert lengths == pytest.approx([0.5, 1.0], abs=1e-3)


# ---- what was heard

SEEN = [{"subject": [True, False], "place": [True, True]}, {"subject": [False, False]}, {}]


def test_of_every_scene_the_share_of_what_was_named():
    assert scene_means(SEEN) == [0.75, 0.0], "one that names nothing says nothing"
    with pytest.raises(ValueError, match="names anything"):
        scene_means([{}, {}])
    assert spread([0.2, 0.8, 0.2, 0.8]) == pytest.approx(1.96 * 0.3 * math.sqrt(4 / 3) / 2) and spread([0.4]) == 0


def test_a_row_counts_what_was_asked_and_what_the_prompt_says():
    row = row_of("small", "short", SEEN, [{"subject": [True, True]}, {"subject": [True, False]}, {}])
    assert row.asked == 0.75 and row.named == 0.375 and row.films == 4
    assert row.each == {"subject": 0.25, "place": 1.0}


def test_a_difference_is_told_only_where_so_many_scenes_can_tell_it():
    better = [{"subject": [True]}] * 20
    worse = [{"subject": [i % 4 == 0]} for i in range(20)]
    clear = difference("one against other", better, worse)
    assert clear.gained == 0.75 and clear.told and "no difference" not in clear.words() and "+75.0 points" in clear.words()
    same = difference("one against other", worse, worse[::-1])
    assert same.gained == 0 and not same.told and "no difference" in same.words()
    with pytest.raises(ValueError):
        difference("of other scenes", better, worse[:3])


def test_a_table_is_read_printed_and_stored():
    rows = tuple(row_of(model, prompts, SEEN, SEEN) for model in ("0 % descriptive", "95 % descriptive") for prompts in ("short", "descriptive"))
    table = Adherence("Captions", rows, (difference("a against b", SEEN, SEEN),), {"subject": 0.9}, {"seed": 3})
    assert table.row("95 % descriptive", "short") is rows[2]
    with pytest.raises(KeyError):
        table.row("5 %", "short")
    for words in (table.text(), table.markdown()):
        assert "95 % descriptive" in words and "37.5" in words and "90 %" in words and "seed 3" in words
    assert len({line.count("|") for line in table.markdown().splitlines() if line.startswith("|")}) == 1
    stored = json.loads(json.dumps(table.to_json()))
    assert stored["rows"][0]["asked"] == 0.375 and stored["differences"][0]["told"] is False
    assert plot(table, {"0 % descriptive": 0.0, "95 % descriptive": 0.95}).startswith(b"\x89PNG")


# ---- all of it, with the shipped autoencoder and judge

def test_the_experiment_from_an_empty_folder_to_its_page(tmp_path, capsys):
    from app.cli import main

    wishes = ["--minutes", "0.004", "--scenes", "2", "--takes", "1", "--seen", "8", "--folder", str(tmp_path / "run"), "--store", str(tmp_path / "card"), "--json"]
    assert main(["evaluate", "captions", *wishes]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(row["model"], row["prompts"]) for row in facts["training"]["rows"]] == [
        (f"{ratio} % descriptive", kind) for ratio in (0, 65, 95) for kind in ("short", "descriptive")]
    assert facts["training"]["settings"]["steps of training"] > 0 and {row["films"] for row in facts["training"]["rows"]} == {2}
    assert [row["prompts"] for row in facts["use"]["rows"]] == ["short", "expanded", "descriptive"]
    assert 0 <= facts["use"]["rows"][0]["asked"] <= 1 and facts["use"]["bound"].keys() >= {"motion", "camera", "subject"}
    page = (tmp_path / "card" / "captions.md").read_text()
    assert "65 % descriptive" in page and "expanded" in page and str(tmp_path) not in page
    assert json.loads((tmp_path / "card" / "captions.json").read_text()) == {name: facts[name] for name in ("training", "use")}
    assert (tmp_path / "card" / "captions.png").read_bytes().startswith(b"\x89PNG")
