"""The page: puts the panels where they belong and registers the public functions. Imports gradio; imports no torch.

    ┌──────────────── top ─────────────────┐
    │ make  │  player         │    takes   │
    │       │  queue          │            │
    └───────┴─────────────────┴────────────┘
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from app import api
from app.desk import Desk
from app.panels.make import make
from app.panels.player import player
from app.panels.queue import queue
from app.panels.takes import takes
from app.panels.top import top

WEB = Path(__file__).parent / "web"


def theme() -> gr.themes.Base:
    """Our own names for its colours, the same for light and dark: css/studio.css says what they are in either."""
    # gradio 6.31's IBM Plex SemiBold holds no Latin letters: weight 600 then falls to another family. Bold has them.
    base = gr.themes.Base(
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "system-ui", "sans-serif"],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
    )
    colours = {
        "body_background_fill": "var(--ground)",
        "body_text_color": "var(--ink)",
        "background_fill_primary": "var(--wall)",
        "background_fill_secondary": "var(--wall)",
        "block_background_fill": "transparent",
        "border_color_primary": "var(--line)",
        "link_text_color": "var(--warm)",
    }
    return base.set(**colours, **{f"{name}_dark": value for name, value in colours.items()})


def build(desk: Desk) -> gr.Blocks:
    """The page's blocks, around one desk."""
    with gr.Blocks(title="Cineloom", analytics_enabled=False, delete_cache=(3600, 86400), fill_width=True) as page:
        with gr.Column(elem_id="studio"):
            top()
            make()
            with gr.Column(elem_id="middle"):
                player()
                queue()
            takes()
        api.register(desk)
    return page
