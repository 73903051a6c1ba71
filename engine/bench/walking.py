"""Walking: one film of random weights, walked by our sampler or by diffusers' own pipeline, in a process of its own. See `opened`.

    python -m engine.bench.walking '{"way": "ours", "folder": ..., "size": [128, 96, 17], "steps": 8, "device": "cpu", "film": ...}'

"cache" names one, see `engine.denoisers.manners`, and "sizes" what it goes by. The way "sizes" measures those. Answers with one line of JSON: seconds of the walk by the clock and by the processor, and the process's memory at its peak.
The way "turns" walks both ways by turns, "turns" times each, a moment apart so that both have the same machine, and answers with the seconds of each; it leaves two films, FILM-ours and FILM-theirs.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable

import torch

PROMPT, GUIDANCE = "a red boat sails left", 5.0


def main(asked: dict) -> None:
    """Walk twice: the first time everything is fetched and tuned, the second counts."""
    from diffusers import WanPipeline
    from diffusers.utils import logging

    from engine import operations
    from engine.denoisers.base import Manner
    from engine.denoisers.open.calibrating import measure
    from engine.denoisers.open.wan import WanBackend
    from engine.sampler import noise, plan, sample

    logging.disable_progress_bar()
    width, height, pictures = asked["size"]
    device, steps = asked["device"], asked["steps"]
    narrow = torch.float32 if device == "cpu" else torch.bfloat16
    pipe = WanPipeline.from_pretrained(asked["folder"], dtype={"default": narrow, "vae": torch.float32}).to(device)
    pipe.set_progress_bar_config(disable=True)
    backend = WanBackend(pipe, "wan", "1", device)
    shape = backend.grid.latent_shape(pictures, width, height)
    start = noise(shape, 7)
    if asked["way"] == "sizes":
        *_, found = measure(backend, shape, steps)
        print(json.dumps(found))
        return
    backend.sizes = asked.get("sizes")

    def ours() -> torch.Tensor:
        backend.begin(Manner(asked.get("cache", "")))
        canvas = operations.text(shape)
        levels = plan(canvas.levels, backend.sigmas(steps, shape), backend.rule)
        for step in sample(backend.denoiser([PROMPT], guidance=GUIDANCE), canvas, start, levels, backend.solver):
            film = step.x           # of the last one; those before it are let go, as the studio lets them go
        backend.end()
        return film

    def theirs() -> torch.Tensor:
        return pipe(prompt=PROMPT, negative_prompt="", width=width, height=height, num_frames=pictures, num_inference_steps=steps, guidance_scale=GUIDANCE,
                    latents=start.clone().to(device), output_type="latent").frames

    def timed(walk: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, float, float]:
        if device != "cpu":
            torch.cuda.synchronize()
        began, worked = time.perf_counter(), time.process_time()
        film = walk().float().cpu()
        return film, time.perf_counter() - began, time.process_time() - worked

    ways = {"ours": ours, "theirs": theirs}
    if asked["way"] == "turns":
        told: dict[str, list[dict]] = {name: [] for name in ways}
        for number in range(-1, asked["turns"]):            # the first is not counted
            for name in ways if number % 2 else reversed(ways):
                film, seconds, worked = timed(ways[name])
                torch.save(film, f"{asked['film']}-{name}")
                if number >= 0:
                    told[name].append({"seconds": seconds, "processor": worked})
        print(json.dumps(told))
        return
    walk = ways[asked["way"]]
    walk()
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
    film, seconds, worked = timed(walk)
    memory = torch.cuda.max_memory_allocated() if device != "cpu" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    torch.save(film, asked["film"])
    print(json.dumps({"seconds": seconds, "processor": worked, "memory": memory}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
