"""Card: what a person should know of a model before they trust it, as a page with pictures.

Knows a report, facts of training, films to show, and Markdown. Measures nothing and trains nothing.

    assets/paper/
      README.md           the card
      measures.json       the report behind it
      card/takes.jpg      films of prompts that training never saw
      card/curves.png     how training went
      card/before.json    what was measured of the weights before these: new ones come when they are better, and the card says by how much
      card/training.json  how these weights were made: a card that is written far from the training keeps it
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from engine.evaluation.report import Shown
from engine.evaluation.table import Report
from engine.media import write_bytes

SHEET_BYTES = 220_000       # pictures travel with the repository: with the curves under 300 KB
STAGES = ("autoencoder", "transformer", "flowmap", "decoder", "judge")
CURVES = {"autoencoder": ("psnr", "dB"), "decoder": ("psnr", "dB"), "transformer": ("velocity", "velocity error"), "flowmap": ("velocity", "velocity error"),
          "judge": ("subject", "subjects named right")}


def read_runs(run: Path) -> tuple[dict[str, dict], dict[str, list[dict]]]:
    """What a folder of training runs says of itself: facts by stage, and the curve of each stage.

    run   as `engine.training.run.Stage` leaves it: NAME.json and NAME.jsonl beside NAME/trained.json
    """
    facts, curves = {}, {}
    for name in STAGES:
        found: dict = {}
        for path in (run / f"{name}.json", run / name / "trained.json"):
            if path.is_file():
                found |= json.loads(path.read_text())
        if found:
            seconds, step = found.pop("seconds", 0), found.pop("step", 0)
            found = {"steps": step, "minutes": seconds / 60} | found
            found = _summed(found)
            facts[name] = found if found["rounds"] > 1 else {key: value for key, value in found.items() if key != "rounds"}
        if (path := run / f"{name}.jsonl").is_file():
            curves[name] = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return facts, curves


def judge_facts(folder: Path) -> dict[str, dict]:
    """How the judge in a folder was trained, earlier rounds added up; nothing where there is no judge."""
    if not (folder / "judge.json").is_file():
        return {}
    trained = _summed(json.loads((folder / "judge.json").read_text())["trained"])
    return {"judge": {name: trained[name] for name in ("steps", "minutes", "rounds")}}


def _summed(trained: Mapping) -> dict:
    """Facts of a training with those of the rounds that it started from added up; `rounds` is how many there were."""
    rounds = [trained]
    while "started from" in rounds[-1]:
        rounds.append(rounds[-1]["started from"])
    return {name: value for name, value in trained.items() if name != "started from"} | {
        "steps": sum(one["steps"] for one in rounds), "minutes": round(sum(one["minutes"] for one in rounds), 1), "rounds": len(rounds)}


def write_card(folder: Path, report: Report, shown: Sequence[Shown], training: Mapping[str, Mapping], curves: Mapping[str, Sequence[dict]],
               about: str = "") -> Path:
    """Write README.md with its pictures and measures.json into `folder`; returns the card's path.

    training   stage -> facts as they shall be read: steps, minutes, device, seed, sizes, ...
    curves     stage -> lines of its curve: step, minutes, and what CURVES names
    about      a paragraph on what the model is and what it is not; Paper's own unless given
    """
    (folder / "card").mkdir(parents=True, exist_ok=True)
    earlier = _earlier(folder, report)
    report.save(folder / "measures.json")
    parts = [f"# {report.model.capitalize()} {report.version}", about or ABOUT]
    if shown:
        write_bytes(folder / "card" / "takes.jpg", contact_sheet(shown))
        parts += ["## What it makes", "Prompts of subject, colour and place that training never put together, one take each, not chosen; "
                  f"{report.settings.get('steps')} steps.", "![takes of held-out prompts](card/takes.jpg)"]
    parts += ["## What was measured", _setting(report), report.markdown()]
    parts += ["### Where it falls short", "\n".join(f"- {line}" for line in (*report.short_of_aim(), *report.skipped))
              or "Every aim was reached and every part measured."]
    parts += earlier
    kept = _made(folder / "card" / "training.json", report.version, training)
    parts += ["## How it was made", _facts({**kept, **judge_facts(folder / "judge")})]
    parts += _curves(folder / "card", curves, kept, bool(training))
    path = folder / "README.md"
    write_bytes(path, ("\n\n".join(part.strip() for part in parts) + "\n").encode())
    return path


def _earlier(folder: Path, report: Report) -> list[str]:
    """The weights before, measured in the same way, beside these; nothing where there were none. To be called while their report still lies in `folder`."""
    last, kept = folder / "measures.json", folder / "card" / "before.json"
    if last.is_file() and Report.load(last).version != report.version:
        Report.load(last).save(kept)
    before = Report.load(kept) if kept.is_file() else report
    if before.version == report.version or before.settings != report.settings:
        return []
    both = [(row, before[row.key]) for row in report.measures if row.key in before]
    lines = [f"| measure | {before.version} | {report.version} |", "|---|---:|---:|"]
    lines += [f"| {row.title} | {old.figure('reached')} | {row.figure('reached')} |" for row, old in both if old.figure("reached") != row.figure("reached")]
    return ["### Beside the weights before", "\n".join(lines)]


def _curves(folder: Path, curves: Mapping[str, Sequence[dict]], made: Mapping[str, Mapping], trained: bool) -> list[str]:
    """Draw the curves there are, and show them with those that were drawn of earlier rounds.

        curves.png   of a training that was at hand whole       again.png   of stages that went on from shipped weights, whose own curves are not here
    """
    if any(curves.values()):
        whole = all(curves.get(name) for name in made)
        if whole:
            (folder / "again.png").unlink(missing_ok=True)
        write_bytes(folder / ("curves.png" if whole else "again.png"), plot(curves))
    elif trained or not made:
        return []
    return [f"![{words}](card/{name})" for name, words in (("curves.png", "how training went"), ("again.png", "how it went on")) if (folder / name).is_file()]


ABOUT = """The model that ships with Cineloom. It has seen one world, a paper-cut one drawn by a program, and knows no other: its
subjects, places, weathers, motions and camera moves are the words in `words.json`. Other words are marked in the
studio, and do little. It learnt from drawn pictures alone: no photographs, no footage and nobody's art. Its
weights are this project's own and under its licence (Apache-2.0)."""


def _made(path: Path, version: str, training: Mapping[str, Mapping]) -> Mapping[str, Mapping]:
    """The facts of training, kept in `path`; where none are at hand, those that were kept of the same weights."""
    if training:
        write_bytes(path, (json.dumps({"version": version, "stages": training}, indent=1) + "\n").encode())
    elif path.is_file():
        kept = json.loads(path.read_text())
        training = kept["stages"] if kept["version"] == version else {}
    return training


def _setting(report: Report) -> str:
    s = report.settings
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    count = int(s.get("prompts", 1))
    sure = {share: 196 * (share * (1 - share) / count) ** 0.5 for share in (0.95, 0.5)}     # normal approximation, 95 %
    return (f"{count} held-out prompts, films of {s.get('pictures')} pictures at {s.get('width')}x{s.get('height')}, seed {s.get('seed')}, "
            f"measured in {report.seconds / 60:.1f} minutes ({machine}). What a film shows is named by a small judge that learnt on "
            f"renders alone. From so many films a share of 95 % is known to within {sure[0.95]:.0f} points, one of 50 % to within "
            f"{sure[0.5]:.0f}. `cineloom evaluate paper` makes this table again.")


def _facts(training: Mapping[str, Mapping]) -> str:
    """A table of the stages, one column for every fact that any of them has."""
    if not training:
        return "Nothing is recorded of how these weights were made."
    names = list(dict.fromkeys(name for facts in training.values() for name in facts))
    lines = ["| stage | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {stage} | " + " | ".join(str(facts.get(name, "")) for name in names) + " |" for stage, facts in training.items()]
    return "\n".join(lines)


def contact_sheet(shown: Sequence[Shown], columns: int = 4, width: int = 160, limit: int = SHEET_BYTES) -> bytes:
    """Films as a JPEG: their prompts, each over evenly spaced pictures of its film. Under `limit` bytes."""
    import io

    font = ImageFont.load_default(10)
    rows, line = [], 14
    for one in shown:
        picks = [one.pictures[round(i * (len(one.pictures) - 1) / max(1, columns - 1))] for i in range(columns)]
        height = round(width * picks[0].shape[0] / picks[0].shape[1])
        texts = _wrapped(one.prompt, width * columns // 6)
        row = Image.new("RGB", (width * columns, height + line * len(texts) + 4), "white")
        draw = ImageDraw.Draw(row)
        for k, text in enumerate(texts):
            draw.text((2, 1 + line * k), text, fill=(40, 40, 48), font=font)
        for i, pick in enumerate(picks):
            row.paste(Image.fromarray(pick).resize((width, height), Image.Resampling.LANCZOS), (i * width, line * len(texts)))
        rows.append(row)
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    for quality in (88, 80, 70, 60, 45, 30):
        encoded = io.BytesIO()
        sheet.save(encoded, "JPEG", quality=quality, optimize=True)
        if encoded.tell() <= limit:
            break
    return encoded.getvalue()


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]


def plot(curves: Mapping[str, Sequence[dict]]) -> bytes:
    """The curves side by side as a PNG, minutes across. A colour has few values, so that it stays small."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    there = {name: lines for name, lines in curves.items() if lines}
    figure, axes = pyplot.subplots(1, len(there), figsize=(3.2 * len(there), 2.4), dpi=90, squeeze=False)
    for axis, (name, lines) in zip(axes[0], there.items()):
        key, unit = CURVES.get(name, ("loss", "loss"))
        key, unit = (key, unit) if key in lines[0] else ("loss", "loss")
        points = [(line["minutes"], line[key]) for line in lines if key in line]
        axis.plot(*zip(*points), linewidth=1)
        axis.set_title(f"{name}: {unit}", fontsize=8)
        axis.set_xlabel("minutes", fontsize=7)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    return drawn.getvalue()
