"""One file per panel of the page. Each is a constant shell; its life is the ES module app/web/NAME/panel.js."""

from __future__ import annotations

import gradio as gr

VERSION = "1"       # part of every module's address: raise it when a browser must not use its copy


def shell(name: str, label: str) -> gr.HTML:
    """An empty region that `app/web/NAME/panel.js` fills.

    The template is constant and data never goes through it: gradio evaluates what a template renders to as JavaScript,
    so a prompt with `${...}` would run. Our modules write text with `textContent` only.
    """
    return gr.HTML(
        value="",
        html_template=f'<section class="panel" id="{name}-panel" aria-label="{label}"></section>',
        css_template="",
        js_on_load=(
            f"import(new URL('web/{name}/panel.js?v={VERSION}', document.baseURI))"
            f".then(m => m.mount(element.querySelector('#{name}-panel')))"
        ),
        apply_default_css=False,
        elem_id=f"{name}-shell",
        elem_classes=["shell"],
        container=False,
        padding=False,
    )
