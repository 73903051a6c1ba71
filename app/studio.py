"""The page: puts the panels where they belong and registers the public functions. Imports gradio; imports no torch.

    ┌──────────────── top ─────────────────┐
    │ make  │  player         │    takes   │
    │       │  queue          │            │
    ├───────┴─────────────────┴────────────┤
    └────────────── timeline ──────────────┘
"""

from __future__ import annotations

from app import api
from app.desk import Desk
from app.room import FONTS, PANELS
from app.stubless import gradio as gr


def theme() -> gr.themes.Base:
    """Our own names for its colours, the same for light and dark: css/studio.css says what they are in either."""
    # gradio 6.31's IBM Plex SemiBold holds no Latin letters: weight 600 then falls to another family. Bold has them.
    base = gr.themes.Base(
        font=[gr.themes.LocalFont(FONTS[0], weights=(400, 700)), *FONTS[1:]],
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
            places(PANELS)
        api.register(desk)
    return page


def places(panels: tuple) -> None:
    """A place for every panel, as app/room.py has them."""
    for name, what in panels:
        if isinstance(what, tuple):
            with gr.Column(elem_id=name):
                places(what)
        else:
            place(name, what)


def place(name: str, label: str) -> gr.HTML:
    """An empty region. The panel that lives in the room already comes into it, or else its module begins there.

    The template is constant and data never goes through it: gradio evaluates what a template renders to as JavaScript,
    so a prompt with `${...}` would run. Our modules write text with `textContent` only.
    """
    return gr.HTML(
        value="",
        html_template=f'<section class="panel" aria-label="{label}"></section>',
        css_template="",
        # The room's own copy of the module, where there is a room: it knows which panels live.
        js_on_load=(
            "import(document.querySelector('script[src$=\"/room.js\"]')?.src ?? new URL('web/room.js', document.baseURI))"
            f".then(m => m.furnish(element.querySelector('section'), '{name}'))"
        ),
        apply_default_css=False,
        elem_id=f"{name}-shell",
        elem_classes=["shell"],
        container=False,
        padding=False,
    )
