"""`cineloom loras`: small files that are laid over open models; listed, shown, added, given up. How, is the engine's.

Knows options and what is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.saying import AsJson, answer, aside
from engine import memory

if TYPE_CHECKING:
    from engine.denoisers.open.loras import Kept

Name = Annotated[str, typer.Argument(metavar="LORA", help="Its name, as `cineloom loras list` says it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    loras = typer.Typer(help="Say which LoRAs there are: small files that are laid over open models.")
    loras.callback(invoke_without_command=True)(_loras)
    loras.command("list")(list_loras)
    for command in (show, add, remove):
        loras.command()(command)
    app.add_typer(loras, name="loras")


def _loras(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_loras(as_json)


def list_loras(as_json: AsJson = False) -> None:
    """List the LoRAs that are here: what each is for, its rank and size, and the words that call it."""
    from engine.denoisers.open.loras import kept, loras_folder, strange

    here, odd = list(kept().values()), strange()
    for sentence in odd:
        aside(sentence)
    words = "\n".join(f"{lora.name:<28} {_line(lora)}" for lora in here)
    answer({"folder": str(loras_folder()), "loras": [_facts(lora) for lora in here], "strange": odd},
           words or f"There are none yet in {loras_folder()}; `cineloom loras add FILE` brings one.", as_json)


def show(name: Name, as_json: AsJson = False) -> None:
    """Say all that is known of a LoRA."""
    from engine.denoisers.open.loras import one

    lora = one(name)
    facts = _facts(lora)
    shown = {"for": lora.titles, "width": lora.width or "", "rank": lora.rank, "size": memory.words(lora.size), "called by": ", ".join(lora.words), "expert": lora.expert,
             "distilled": facts["distilled"] and f"{lora.grid}: {facts['distilled']['steps']} steps, guidance {facts['distilled']['guidance']:g}", "sha256": lora.sha256, "file": lora.path}
    answer(facts, "\n".join([lora.name, *(f"  {name:<10} {value}" for name, value in shown.items() if value)]), as_json)


def add(
    file: Annotated[Path, typer.Argument(help="A .safetensors file; or one that lies in the folder already, to say more of it.", show_default=False)],
    name: Annotated[str, typer.Option(help="What it is called.", show_default="the file's name")] = "",
    words: Annotated[str, typer.Option(help="The words that call it, with commas between them.", show_default="as the file says")] = "",
    family: Annotated[str, typer.Option(help="What it was made for: wan, ltx, ltx2, cogvideox, hunyuan, hunyuan15.", show_default="as the file's layers tell")] = "",
    grid: Annotated[str, typer.Option(help="That it was distilled to few strides, and how: lightx2v, fusionx, causvid, ltx-distilled, ltx-2-distilled, fasthunyuan.", show_default="as its name tells")] = "",
    expert: Annotated[str, typer.Option(help="Which of two experts it is for: noisy or clean.", show_default="as its name tells, else both")] = "",
    as_json: AsJson = False,
) -> None:
    """Bring a LoRA into their folder: a copy. CINELOOM_LORAS names another folder."""
    from engine.denoisers.open.loras import add as bring

    lora = bring(file, name, [word.strip() for word in words.split(",") if word.strip()], family, grid, expert)
    answer(_facts(lora), f"{lora.name} is here: {_line(lora)}", as_json)


def remove(name: Name, as_json: AsJson = False) -> None:
    """Give a LoRA up. Films that were made with it cannot be made again without it."""
    from engine.denoisers.open.loras import remove as give_up

    freed = give_up(name)
    answer({"name": name, "bytes": freed}, f"{name} is gone; {memory.words(freed)} are free again.", as_json)


def _facts(lora: Kept) -> dict:
    from engine.denoisers.open.distilled import of

    own = of(lora.grid) if lora.grid else None
    return {"name": lora.name, "for": list(lora.kinds), "width": lora.width, "rank": lora.rank, "bytes": lora.size, "words": list(lora.words), "sha256": lora.sha256, "expert": lora.expert,
            "distilled": own and {"grid": own.name, "steps": own.steps, "guidance": own.guidance}, "path": str(lora.path)}


def _line(lora: Kept) -> str:
    called = f', called by "{lora.words[0]}"' if lora.words else ""
    steps = f", distilled ({lora.grid})" if lora.grid else ""
    return f"for {lora.titles}, rank {lora.rank}, {memory.words(lora.size)}{called}{steps}"
