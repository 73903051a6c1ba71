"""Paper's parts without weights: what must hold for any numbers in them."""

import copy
import json
import shutil
import subprocess
import sys

import pytest
import torch
from torch import nn

from engine.denoisers import paper
from engine.denoisers.paper import PaperBackend, check_files, hash_files
from engine.errors import WeightsError
from engine.paper.autoencoder import PaperAutoencoder, Stream
from engine.paper.transformer import Film, PaperTransformer
from engine.paper.words import LIMIT, Words

WORDS = Words(("a", "boat", "red", "sea", "fox", "at", "night"), {"ship": "boat"})


def roused(model: nn.Module, seed: int = 0) -> nn.Module:
    """A model whose zero-initialised layers speak too, so that nothing passes a test by saying nothing."""
    generator = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        if not p.any():
            p.data = 0.1 * torch.randn(p.shape, generator=generator)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def autoencoder():
    torch.manual_seed(0)
    return roused(PaperAutoencoder())


@pytest.fixture(scope="module")
def transformer():
    torch.manual_seed(0)
    return roused(PaperTransformer(width=64, depth=4, heads=2, rank=4, text_width=64, text_depth=1, vocabulary=len(WORDS.vocabulary)))


def film(pictures, height=32, width=48, seed=1):
    return torch.rand(2, 3, pictures, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("pictures", [1, 5, 17])
def test_the_grid_of_latents_and_back(autoencoder, pictures):
    latents = autoencoder.encode(film(pictures))
    assert latents.shape == (2, 16, 1 + (pictures - 1) // 4, 4, 6)
    assert autoencoder.decode(latents).shape == (2, 3, pictures, 32, 48)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_streamed_decode_equals_the_whole(autoencoder, chunk):
    latents = autoencoder.encode(film(17))
    whole = autoencoder.decode(latents)
    streamed = torch.cat(list(autoencoder.stream(latents, chunk)), 2)
    assert whole.std() > 0.01
    torch.testing.assert_close(streamed, whole, atol=1e-5, rtol=1e-5)


def test_a_streamed_encode_equals_the_whole(autoencoder):
    pictures, stream = film(17), Stream()
    parts = [autoencoder.encode(part, stream) for part in (pictures[:, :, :1], pictures[:, :, 1:9], pictures[:, :, 9:])]
    torch.testing.assert_close(torch.cat(parts, 2), autoencoder.encode(pictures), atol=1e-5, rtol=1e-5)


def test_what_was_seen_never_changes(autoencoder):
    """Causal both ways: other pictures later leave earlier latents and earlier pictures as they were."""
    one, other = film(17), film(17)
    other[:, :, 9:] = -other[:, :, 9:]
    a, b = autoencoder.encode(one), autoencoder.encode(other)
    torch.testing.assert_close(a[:, :, :3], b[:, :, :3], atol=1e-6, rtol=1e-6)
    assert (a[:, :, 3:] - b[:, :, 3:]).abs().max() > 0.01
    torch.testing.assert_close(autoencoder.decode(a)[:, :, :9], autoencoder.decode(b)[:, :, :9], atol=1e-5, rtol=1e-5)


def ask(model, prompts, x, level, following=None, **options):
    text, mask = model.text(*model.read(WORDS, prompts, x.device))
    return model(x, level, level if following is None else following, text, mask, **options)


def noise(batch=2, frames=3, height=8, width=12):
    return torch.randn(batch, 16, frames, height, width, generator=torch.Generator().manual_seed(2))


def uniform(x, level):
    return torch.full_like(x[:, :1], level)


def test_films_of_a_batch_do_not_hear_each_other(transformer):
    x, level = noise(), torch.rand(2, 1, 3, 1, 1).expand(2, 1, 3, 8, 12)
    both = ask(transformer, ["a red boat", "a fox at night on the sea"], x, level)
    alone = ask(transformer, ["a red boat"], x[:1], level[:1])
    torch.testing.assert_close(both[:1], alone, atol=1e-4, rtol=1e-4)


def test_words_levels_landing_and_guidance_all_matter(transformer):
    x = noise(1)
    base = ask(transformer, ["a red boat"], x, uniform(x, 0.5))
    for other in (ask(transformer, ["a fox"], x, uniform(x, 0.5)),
                  ask(transformer, ["a red boat"], x, uniform(x, 0.7)),
                  ask(transformer, ["a red boat"], x, uniform(x, 0.5), uniform(x, 0.0)),
                  ask(transformer, ["a red boat"], x, uniform(x, 0.5), guidance=torch.tensor([4.0])),
                  ask(transformer, ["a red boat"], x, uniform(x, 0.5), continues=True),
                  ask(transformer, ["a red boat"], x, uniform(x, 0.5), period=3.0)):
        assert (other - base).abs().max() > 1e-4


def test_strides_are_forgotten_and_nothing_else(transformer):
    """Before it learns to stride, a model trained without must not care where a step ends; its steps of no length stay."""
    taught = copy.deepcopy(transformer)
    taught.embed_next[2].weight.data.normal_(std=0.05)
    x = noise(1)
    before = ask(taught, ["a fox"], x, uniform(x, 0.5))
    assert (ask(taught, ["a fox"], x, uniform(x, 0.5), uniform(x, 0.0)) - before).abs().max() > 1e-3
    taught.forget_strides()
    for landing in (0.5, 0.25, 0.0):
        torch.testing.assert_close(ask(taught, ["a fox"], x, uniform(x, 0.5), uniform(x, landing)), before, atol=1e-4, rtol=1e-4)


def test_one_row_for_a_level_or_a_row_for_each_say_the_same(transformer):
    """The quick way of a uniform film against the gathered table that a mixed one takes."""
    x, level = noise(), uniform(noise(), 0.5)
    rows, index = transformer.rows(level, level)
    assert index is None and rows[0].tolist() == [0.5, 0.5]
    quick = ask(transformer, ["a fox", "a boat"], x, level)
    nudged = level.clone()
    nudged[0, 0, 0, 0, 0] -= 1e-6           # below its token's other cells: pooled away in the rows, not in the input
    nudged[:, :, 2] -= 1e-6
    assert transformer.rows(nudged, nudged)[1].numel() == 2 * 3 * 4 * 6
    torch.testing.assert_close(ask(transformer, ["a fox", "a boat"], x, nudged), quick, atol=1e-3, rtol=1e-3)


def test_a_row_for_every_token_says_what_gathered_rows_say(transformer):
    """How an accelerator learns against how a CPU does."""
    level = torch.rand(2, 1, 3, 4, 6, generator=torch.Generator().manual_seed(1)).round(decimals=1)
    (few, _, _), index = transformer.rows(level, level)
    (all_, _, sample), none = transformer.rows(level, level, every=True)
    assert none is None and len(few) < len(all_) == 2 * 3 * 2 * 3 and sample.view(2, -1).tolist() == [[0] * 18, [1] * 18]
    torch.testing.assert_close(few[index], all_.view(2, -1))
    block, width = transformer.blocks[0], transformer.config.width
    film = Film((3, 2, 3), transformer.angles((3, 2, 3), None, level.device))
    text, mask = transformer.text(*transformer.read(WORDS, ["a fox", "a boat"], level.device))
    tokens, table = torch.randn(2, 18, width), torch.randn(len(few), width)
    gathered = block(tokens, text, mask, table, transformer.shared(table), index, film)
    every = table[index]
    torch.testing.assert_close(block(tokens, text, mask, every, transformer.shared(every), None, film), gathered)


def test_a_frame_in_space_windows_is_one_that_stands_alone(transformer):
    """With attention cut to single frames a film of one frame is its own whole."""
    x = noise(1, frames=1)
    torch.testing.assert_close(ask(transformer, ["a fox"], x, uniform(x, 0.5), windows=True),
                               ask(transformer, ["a fox"], x, uniform(x, 0.5), windows=False))


@pytest.mark.parametrize("height, width", [(16, 16), (18, 34), (22, 20)])
def test_one_window_that_holds_all_is_full_attention(transformer, height, width):
    """Windows of any film run and answer every token; in one that fits a single window nothing is cut in space-time."""
    x = noise(1, 2, height, width)
    made = ask(transformer, ["a fox"], x, uniform(x, 0.5), windows=True)
    assert made.shape == x.shape and made.isfinite().all()
    t, h, w = 2, height // 2, width // 2
    tokens = torch.randn(1, t * h * w, 64, generator=torch.Generator().manual_seed(3))
    turn = transformer.angles((t, h, w), None, tokens.device)
    attention = transformer.blocks[0].attention
    cut = Film((t, h, w), turn, "spacetime").attend(attention, tokens)
    whole = Film((t, h, w), turn, "full").attend(attention, tokens)
    assert torch.allclose(cut, whole, atol=1e-4) == (h <= 8 and w <= 8)


def test_a_loop_has_no_first_frame(transformer):
    """On a clock that closes, a film rotated in time is answered by its answer rotated in time."""
    x = noise(1, frames=5)
    made = ask(transformer, ["a fox"], x, uniform(x, 0.5), period=5.0)
    rotated = ask(transformer, ["a fox"], x.roll(2, 2), uniform(x, 0.5), period=5.0)
    torch.testing.assert_close(rotated, made.roll(2, 2), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("threshold, runs", [(-1.0, 2), (1e9, 1)])
def test_a_cache_of_diffusers_leaves_out_blocks(transformer, tmp_path, threshold, runs):
    """Below its threshold nothing is left out and the answer is the plain one; above it the second call runs one block."""
    from diffusers import FirstBlockCacheConfig

    from engine.paper import published

    transformer.save(tmp_path)
    transformer = published.PaperTransformer.from_pretrained(tmp_path).requires_grad_(False)
    x, y = noise(1), noise(1) * 1.01
    plain = ask(transformer, ["a fox"], y, uniform(y, 0.5))
    calls = []
    hook = transformer.blocks[-1].mlp.register_forward_hook(lambda *_: calls.append(1))
    transformer.enable_cache(FirstBlockCacheConfig(threshold=threshold))
    try:
        with transformer.cache_context("told"):
            ask(transformer, ["a fox"], x, uniform(x, 0.5))
            cached = ask(transformer, ["a fox"], y, uniform(y, 0.5))
    finally:
        transformer.disable_cache()
        hook.remove()
    assert len(calls) == runs
    assert torch.allclose(cached, plain, atol=1e-5) == (runs == 2)


def test_words_are_found_in_other_forms():
    spans = lambda prompt: [prompt[a:b] for a, b in WORDS.unknown(prompt)]  # noqa: E731
    assert spans("A red ship, two foxes; the fox's boats at night!") == ["two", "the"]
    assert spans("a red-boat and a wine-red 🐉 dragon 42") == ["and", "wine", "dragon"]
    assert WORDS.read("ship")[0].number == WORDS.read("boat")[0].number > 0


def test_a_prompt_longer_than_the_model_reads(transformer):
    x = noise(1)
    assert ask(transformer, ["fox " * 1000], x, uniform(x, 0.5)).isfinite().all()
    numbers, _, lengths = transformer.read(WORDS, ["fox " * 1000, ""], x.device)
    assert numbers.shape[1] == LIMIT and lengths.tolist() == [LIMIT, 1]


@pytest.fixture
def shipped(tmp_path, transformer, autoencoder):
    transformer.save(tmp_path / "transformer")
    autoencoder.save(tmp_path / "autoencoder")
    WORDS.save(tmp_path / "words.json")
    facts = {"fused": True, "strongest": 5.0, "guidance": 3.0, "shift": 3.0, "steps": 4, "preview": [[0.0] * 17] * 3,
             "files": hash_files(tmp_path)}
    (tmp_path / "paper.json").write_text(json.dumps(facts))
    return tmp_path


def test_a_saved_model_opens_as_a_backend(shipped):
    backend = PaperBackend.open(shipped, device="cpu")
    x = noise(1)
    made = backend.denoiser(["a fox"])(x, uniform(x, 1.0), uniform(x, 0.5))
    assert made.shape == x.shape and made.dtype == torch.float32
    assert backend.sigmas(4, x.shape)[0] == 1 and backend.sigmas(4, x.shape)[-1] == 0
    assert backend.preview(x).shape == (1, 3, 3, 8, 12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_diffusers_keeps_and_opens_the_same_files(transformer, autoencoder, tmp_path, dtype):
    """Saved by either, in shards, the files are the same to the byte; opened by either, so is every number."""
    from engine.paper import published

    for ours, theirs in ((transformer, published.PaperTransformer), (autoencoder, published.PaperAutoencoder)):
        one, other = tmp_path / "one", tmp_path / "other"
        ours.save(one, most=1_000_000)
        model = theirs.from_pretrained(one, torch_dtype=dtype)
        opened = type(ours).open(one, dtype)
        assert {name: value.dtype for name, value in opened.state_dict().items()} == {name: value.dtype for name, value in model.state_dict().items()}
        assert all(torch.equal(value, model.state_dict()[name]) for name, value in opened.state_dict().items())
        assert vars(opened.config) == json.loads(json.dumps(vars(ours.config)))
        assert vars(opened.config).items() <= dict(model.config).items() and (opened.dtype, opened.device) == (dtype, model.device)
        opened.save(one, most=700_000)
        model.save_pretrained(other, max_shard_size=700_000)
        kept = {path.name: path.read_bytes() for path in one.glob("*") if path.name != "config.json"}
        assert len(kept) > 2 and kept == {path.name: path.read_bytes() for path in other.glob("*") if path.name != "config.json"}
        for folder in (one, other):
            shutil.rmtree(folder)


def test_a_take_waits_for_torch_and_for_no_other_library_of_models():
    """They take three times as long to import as torch, in each process that makes film."""
    asked = "import sys, engine.make, engine.denoisers.paper as p; p.PaperBackend.open(device='cpu'); print({'diffusers', 'transformers', 'peft', 'torch._dynamo'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=100).stdout.strip() == "set()"


def test_damage_is_named(shipped):
    weights = next((shipped / "transformer").glob("*.safetensors"))
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(WeightsError, match=f"damaged.*{weights.name}"):
        check_files(shipped)
    weights.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(WeightsError, match="damaged"):
        PaperBackend.open(shipped)
    weights.unlink()
    with pytest.raises(WeightsError, match=f"{weights.name} is missing"):
        PaperBackend.open(shipped)
    (shipped / "paper.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        PaperBackend.open(shipped)
    with pytest.raises(WeightsError, match="no paper.json"):
        PaperBackend.open(shipped / "nowhere")


@pytest.mark.parametrize("small", [0, 10**9])
def test_both_answers_of_guidance_are_those_of_one_after_the_other(transformer, monkeypatch, small):
    """With words of other lengths, and on a canvas of which a part is kept."""
    monkeypatch.setattr(paper, "SMALL", small)
    one, two = (paper.PaperDenoiser(transformer, *transformer.text(*transformer.read(WORDS, 2 * [prompt], torch.device("cpu"))), None) for prompt in ("a red fox in the snow", ""))
    x, level = torch.randn(2, 16, 3, 4, 6), torch.rand(2, 1, 3, 4, 6)
    level[:, :, :1] = 0
    told, without = paper.together(one, two, x, level, level / 2)
    torch.testing.assert_close(told, one(x, level, level / 2), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(without, two(x, level, level / 2), atol=1e-5, rtol=1e-5)
    assert (told - without).abs().max() > 1e-3
