"""Training: its mathematics against formulas, its bookkeeping against itself. Toy sizes, seconds, no weights."""

import json

import pytest
import torch
from torch import nn

from engine.errors import BadRequest
from engine.training.autoencoder import Pool, crop
from engine.training.feed import Feed, tells_all
from engine.training.flowmap import target_velocity
from engine.training.levels import draw_levels
from engine.training.paper import PLANS
from engine.training.run import Average, Budget, Stage, learning_rate
from engine.training.shards import SMALL, Bucket, encode_shard, plan, render_shard, subject_share
from engine.training.textures import moving_leaves
from engine.training.together import processes, together
from engine.training.transformer import SIZES, mix, token_weights, velocity_loss


def spread(t, s=0.5):
    """Standard deviation of (1 - t) * data + t * noise, for data ~ N(0, s²)."""
    return ((1 - t) ** 2 * s**2 + t**2).sqrt()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_exact_flow_map_is_its_own_target(share):
    """For Gaussian data the walk is x * spread(r) / spread(t): its mean velocity must satisfy the identity we train on."""
    x = torch.randn(4, 2, 3, 2, 2, dtype=torch.float64)
    t = torch.rand(4, 1, 3, 2, 2, dtype=torch.float64) * 0.55 + 0.4      # a level of its own for every cell

    def exact(at, level, landing):
        velocity = (at - at * spread(landing) / spread(level)) / (level - landing)
        return at - level * velocity

    rate = (-(1 - t) * 0.25 + t) / spread(t) ** 2                        # d log spread / dt
    landing = t * share
    aim = target_velocity(exact, x, x * rate, t, landing, torch.full((4, 1, 1, 1, 1), share, dtype=torch.float64))
    torch.testing.assert_close(aim, (x - exact(x, t, landing)) / t, atol=2e-3, rtol=2e-3)


def test_levels_are_painted_as_operations_paint_them():
    levels = draw_levels((600, 5, 4, 8), torch.Generator().manual_seed(0))
    assert levels.shape == (600, 1, 5, 4, 8) and 0 <= levels.min() and levels.max() <= 1
    flat = levels.flatten(2)[:, 0]
    frames = levels.mean((1, 3, 4))
    assert (flat > 0).any(1).all(), "a film with nothing to generate teaches nothing"
    uniform = (flat == flat[:, :1]).all(1)
    assert 0.35 < uniform.float().mean() < 0.6
    known = (frames == 0).any(1)
    assert 0.08 < known.float().mean() < 0.4
    assert ((frames[:, 0] == 0) & (frames[:, -1] > 0)).any() and ((frames[:, -1] == 0) & (frames[:, 0] > 0)).any()
    boxes = (levels.amin((3, 4)) == 0) & (levels.amax((3, 4)) > 0)
    assert boxes.any()
    tokens = levels.unflatten(3, (2, 2)).unflatten(5, (4, 2))
    assert (tokens.amax((4, 6)) == tokens.amin((4, 6))).all(), "a token's four cells share their level"
    assert (flat.amax(1) == 1).float().mean() > 0.03, "pure noise, where every film starts, is in the mix"


def test_same_seed_same_levels_and_leaves():
    draws = [draw_levels((8, 3, 4, 4), torch.Generator().manual_seed(5)) for _ in range(2)]
    assert torch.equal(*draws)
    assert torch.equal(moving_leaves(5, 32, 48, 3), moving_leaves(5, 32, 48, 3))
    assert not torch.equal(moving_leaves(5, 32, 48, 3), moving_leaves(5, 32, 48, 4))


def test_leaves_move_and_stay_in_range():
    film = moving_leaves(5, 32, 48, 1)
    assert film.shape == (3, 5, 32, 48) and film.abs().max() <= 1
    assert film.diff(dim=1).abs().mean() > 0.005


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 2))
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return x @ self.weight + self.bias


def follow(folder, steps, seed=0):
    model = Line()
    stage = Stage(folder, "line", model, Budget(steps=steps), peak=0.05, log_every=5)
    for step in stage:
        x = torch.randn(8, 2, generator=torch.Generator().manual_seed(seed * 1000 + step))
        stage.update((model(x) - 3 * x).square().mean())
    return model, stage


def test_a_stage_learns_logs_and_ends(tmp_path):
    model, stage = follow(tmp_path, 300)
    curve = [json.loads(line) for line in (tmp_path / "line.jsonl").read_text().splitlines()]
    assert len(curve) == 60 and curve[-1]["loss"] < 0.5 * curve[0]["loss"]
    assert stage.step == 300


def test_steps_and_a_seed_give_the_same_weights(tmp_path):
    one, _ = follow(tmp_path / "one", 20)
    two, _ = follow(tmp_path / "two", 20)
    assert torch.equal(one.weight, two.weight)


def test_a_stopped_stage_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole, stage = follow(tmp_path / "whole", 20)

    class Stop(Exception):
        pass

    model = Line()
    part = Stage(tmp_path / "part", "line", model, Budget(steps=20), peak=0.05, save_every=0)
    with pytest.raises(Stop):
        for step in part:
            if step == 11:
                raise Stop
            x = torch.randn(8, 2, generator=torch.Generator().manual_seed(step))
            part.update((model(x) - 3 * x).square().mean())
    resumed, again = follow(tmp_path / "part", 20)
    assert again.step == 20
    torch.testing.assert_close(resumed.weight, whole.weight)
    torch.testing.assert_close(again.average.values["weight"], stage.average.values["weight"])


def test_one_bad_batch_does_not_end_the_run(tmp_path):
    model = Line()
    stage = Stage(tmp_path, "line", model, Budget(steps=3), peak=0.05)
    for step in stage:
        stage.update((model(torch.ones(1, 2)) - 1).square().mean() * (float("nan") if step == 1 else 1))
    assert model.weight.isfinite().all() and model.weight.abs().max() > 0


def test_the_rate_rises_stays_and_falls():
    rates = [learning_rate(1.0, step, step / 1000) for step in range(1001)]
    assert rates[0] < 0.05 and rates[300] == 1 and rates[1000] == pytest.approx(0.02)


def test_the_average_forgets_where_it_began():
    model = Line()
    average = Average(model, 0.999)
    nn.init.ones_(model.weight)
    for step in range(200):
        average.update(model, step)
    assert average.values["weight"].min() > 0.99


def test_any_first_part_of_the_plan_is_a_fair_sample():
    rows = plan(SMALL, 40_000)
    total = sum(size for _, size in rows)
    assert 0.9 * 40_000 < total < 1.1 * 40_000
    half = rows[:len(rows) // 2]
    for bucket in SMALL:
        share = sum(size for b, size in half if b == bucket) / sum(size for _, size in half)
        assert share == pytest.approx(bucket.share, abs=0.05)


def test_a_subject_is_found_where_it_stands():
    ids = torch.zeros(5, 32, 48, dtype=torch.uint8)
    ids[1:, :16, 16:32] = 1
    share = subject_share(ids)
    assert share.shape == (2, 2, 3)
    assert share[0].max() == 0 and share[1, 0, 1] == 255 and share[1].sum() == 255


def test_the_loss_counts_what_is_asked_for_and_subjects_more():
    class Clip:
        subject = torch.zeros(1, 2, 2, 2)

    Clip.subject[0, 1, 0, 0] = 1.0
    levels = torch.ones(1, 1, 2, 4, 4)
    levels[:, :, 0] = 0
    weights = token_weights(Clip, levels)
    assert weights[0, 0, 0].max() == 0 and weights[0, 0, 1, 0, 0] == 5 and weights[0, 0, 1, 3, 3] == 1
    x0 = torch.zeros(1, 16, 2, 4, 4)
    wrong_where_known = x0.clone()
    wrong_where_known[:, :, 0] = 9
    assert velocity_loss(wrong_where_known, x0, levels, weights) == 0
    assert velocity_loss(x0 + 1, x0, 0.5 * levels, weights) == pytest.approx(4)


def test_what_is_wrong_anew_in_every_frame_weighs_more_than_what_is_wrong_in_all_alike():
    x0, levels = torch.zeros(1, 16, 4, 4, 4), torch.ones(1, 1, 4, 4, 4)
    still, flicker = torch.ones_like(x0), torch.ones_like(x0)
    flicker[:, :, ::2] = -1
    assert velocity_loss(still, x0, levels, levels) == pytest.approx(1)
    assert velocity_loss(flicker, x0, levels, levels) == pytest.approx(1 + 4)
    known = levels.clone()
    known[:, :, 1::2] = 0           # nothing follows upon a known frame that could be wrong
    assert velocity_loss(flicker, x0, levels, known) == pytest.approx(1)


def test_pictures_come_first_and_large_films_last():
    early, late = mix(0.0), mix(0.9)
    assert early(1, 40) > 10 * early(5, 200) and late(1, 40) < 2 * late(5, 200)
    assert early(9, 1296) < 0.01 < late(9, 1296)


@pytest.mark.parametrize("device", PLANS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_training_never_hangs_on_one_kind_of_film(device, share):
    """What is drawn and what is asked for must suit each other at every moment of a run: a plan once gave half of it to one bucket."""
    plan_ = PLANS[device]
    assert sum(bucket.share for bucket in plan_.buckets) == pytest.approx(1) and sum(plan_.shares.values()) == pytest.approx(1)
    weight = mix(share)
    asked = [weight(-(-b.pictures // 4), b.tokens) * (b.share * plan_.clips) ** 0.5 for b in plan_.buckets]
    assert max(asked) < 0.5 * sum(asked)
    alone = sum(w for w, b in zip(asked, plan_.buckets) if b.pictures == 1) / sum(asked)
    assert 0.3 < alone < 0.99 if share < 0.5 else 0.2 < alone < 0.7


def bake(folder, number, words="clip", frames=2):
    """A shard of four clips that are noise; their captions say which is which."""
    from safetensors.torch import save_file

    latents = torch.randn(4, 16, frames, 4, 6)
    save_file({"latents": latents.half(), "subject": torch.full((4, frames, 2, 3), 255, dtype=torch.uint8)}, folder / f"{number:04d}.safetensors")
    rows = [{"descriptive": [f"{words} {i}"], "dropped": [f"{words} {i}"], "short": [f"{words} {i}"], "attributes": {"loop": "no", "shots": "1"}} for i in range(4)]
    (folder / f"{number:04d}.json").write_text(json.dumps(rows))
    return latents


def lengths(prompts):
    return (torch.tensor([len(prompt) for prompt in prompts]),) * 3


def always(frames, tokens):
    return 1.0


def test_a_feed_gives_what_was_baked(tmp_path):
    latents = bake(tmp_path, 0)
    feed = Feed(tmp_path, tokens=36, seed=0, read=lengths)
    seen = set()
    for _ in range(40):
        batch = feed.next(always)
        assert batch.latents.shape == (3, 16, 2, 4, 6) and batch.levels.shape == (3, 1, 2, 4, 6)
        assert batch.subject.max() == 1 and batch.period is None
        assert batch.told[0].tolist() == [len(prompt) for prompt in batch.prompts] and batch.untold[0].tolist() == [0, 0, 0]
        for clip, prompt in zip(batch.latents, batch.prompts):
            if prompt:
                torch.testing.assert_close(clip, latents[int(prompt.split()[1])], atol=1e-2, rtol=1e-2)
            seen.add(prompt)
    assert seen == {"", "clip 0", "clip 1", "clip 2", "clip 3"}
    with pytest.raises(FileNotFoundError, match="bake"):
        Feed(tmp_path / "empty", 36, 0, lengths)


def test_what_tells_all_is_a_whole_caption_of_one_shot():
    row = {"descriptive": ["a red fox runs"], "attributes": {"shots": "1"}}
    assert tells_all("a red fox runs", row) and not tells_all("a red fox", row)
    assert not tells_all("a red fox runs", row | {"attributes": {"shots": "2"}})
    assert not tells_all("", {"descriptive": [""], "attributes": {}}), "no words tell nothing"


def test_a_feed_gives_the_same_again_and_takes_in_what_is_baked_later(tmp_path):
    bake(tmp_path, 0)
    one, two = (Feed(tmp_path, tokens=36, seed=5, read=lengths) for _ in range(2))
    for _ in range(6):
        first, second = one.next(always), two.next(always)
        assert first.prompts == second.prompts and torch.equal(first.levels, second.levels)
    assert one.refresh() == 0
    bake(tmp_path, 1, words="later clip")
    assert one.refresh() == 1
    assert any("later" in prompt for _ in range(20) for prompt in one.next(always).prompts)


def test_a_film_is_now_and_then_the_middle_of_a_longer_one(tmp_path):
    latents = bake(tmp_path, 0, frames=4)
    feed = Feed(tmp_path, tokens=48, seed=3, read=lengths)
    seen = set()
    for batch in (feed.next(always) for _ in range(60)):
        length = batch.latents.shape[2]
        assert batch.levels.shape[2] == batch.subject.shape[1] == length and batch.continues == (length < 4)
        seen.add(length)
        for clip, prompt in zip(batch.latents, batch.prompts):
            if prompt:
                torch.testing.assert_close(clip, latents[int(prompt.split()[1]), :, 4 - length:], atol=1e-2, rtol=1e-2)
    assert seen == {2, 3, 4}


def test_a_loop_is_baked_as_a_circle(tmp_path):
    """Where a loop is cut open must not matter: begun four pictures later, its latents are the same, one place on."""
    from safetensors.torch import load_file, save_file

    from engine.paper.autoencoder import PaperAutoencoder

    torch.manual_seed(0)
    render_shard(tmp_path / "world", 0, Bucket(16, 64, 48, 1.0), 2, seed=3)
    world = tmp_path / "world"
    data = load_file(world / "0000.safetensors")
    assert data["subject"].shape == (2, 4, 3, 4)
    later = {"film": data["film"].roll(-4, 2).contiguous(), "subject": data["subject"].roll(-1, 1).contiguous()}
    save_file(later, world / "0001.safetensors")
    (world / "0001.json").write_text((world / "0000.json").read_text())
    model = PaperAutoencoder().eval()
    for number in (0, 1):
        encode_shard(world, tmp_path / "latents", number, model)
    one, two = (load_file(tmp_path / "latents" / f"000{number}.safetensors")["latents"].float() for number in (0, 1))
    assert one.shape == (2, 16, 4, 6, 8)
    torch.testing.assert_close(one.roll(-1, 2), two, atol=0.02, rtol=0.02)
    assert (one - two).abs().max() > 0.1, "the scene moves, else this proves nothing"
    assert Feed(tmp_path / "latents", tokens=96, seed=0, read=lengths).next(always).period == 4


def test_a_crop_is_a_window_and_a_pool_is_bounded():
    made = []

    def make(seed):
        made.append(seed)
        return torch.full((3, 9, 20, 24), (seed % 7) / 7)

    pool = Pool(make, size=4, fresh=1, seed=1)
    for _ in range(10):
        clips = pool.draw(3)
        assert len(clips) == 3 and len(pool.clips) <= 4
    assert len(made) == 3 + 9, "after the first draw only one clip is made for each"
    assert crop(clips[0], 5, 16, 16, torch.Generator()).shape == (3, 5, 16, 16)


def test_tokens_of_a_bucket():
    assert Bucket(33, 256, 144, 1).tokens == 1296 and Bucket(1, 128, 80, 1).tokens == 40


def learn(folder, count):
    """One of `count` processes that teach a line together; the data is split among them."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"used": nn.Linear(3, 1), "seldom": nn.Linear(3, 1), "blocks": nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)])})
    stage = Stage(folder / f"run{count}", "line", model, Budget(steps=6), 1e-2, muon=("blocks.",))
    data = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))
    for step in stage:
        rank = stage.peers.rank
        mine = data[rank * 8 // count:(rank + 1) * 8 // count]
        turned = model["blocks"][2](model["blocks"][1](model["blocks"][0](mine)))
        made = model["used"](turned) + (model["seldom"](mine) if rank == 0 else 0)
        stage.update((made - mine.sum(1, keepdim=True)).square().mean())
    (folder / f"{count}-{stage.peers.rank}.json").write_text(json.dumps([p.tolist() for p in model.parameters()]))


def fails(folder):
    """A stage that cannot begin."""
    raise BadRequest(f"There is nothing in {folder.name}.")


def test_processes_that_train_together_stay_together(tmp_path):
    together(2, learn, tmp_path, 2)
    one, two = (json.loads((tmp_path / f"2-{rank}.json").read_text()) for rank in (0, 1))
    assert one == two
    assert json.loads((tmp_path / "run2" / "line.json").read_text())["step"] == 6
    together(1, learn, tmp_path, 1)
    assert json.loads((tmp_path / "1-0.json").read_text()) != one, "the second process had its say"


def test_what_one_of_them_refuses_is_said_by_all(tmp_path):
    with pytest.raises(BadRequest, match="There is nothing in run."):
        together(2, fails, tmp_path / "run")
    assert processes("cuda") == 1 <= processes("cpu")


@pytest.mark.parametrize("size", SIZES)
def test_whatever_is_trained_can_be_shipped(size):
    """Autoencoder, transformer and judge in bfloat16 stay under 45 MB together."""
    from engine.paper.autoencoder import PaperAutoencoder
    from engine.paper.transformer import PaperTransformer
    from engine.training.paper import vocabulary

    with torch.device("meta"):
        models = PaperAutoencoder(), PaperTransformer(vocabulary=len(vocabulary().vocabulary), **SIZES[size])
    assert sum(2 * p.numel() for model in models for p in model.parameters()) + 1.5e6 < 45e6
