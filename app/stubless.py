"""Gradio, imported without its stubs.

Whenever it is imported it parses its own components, writes a `.pyi` file for editors beside each, and reads it again: half of the
time that takes, and an error where it is installed for reading alone. Nobody edits where a studio runs.

    from app.stubless import gradio as gr
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

WRITER, WRITES = "gradio.component_meta", "create_or_modify_pyi"


class _Stubless(MetaPathFinder):
    """Finds one module, once, and takes that function out of it."""

    def find_spec(self, name, path=None, target=None) -> ModuleSpec | None:
        if name != WRITER:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def without(module: ModuleType) -> None:
            load(module)
            setattr(module, WRITES, lambda *_: None)

        spec.loader.exec_module = without
        return spec


if "gradio" not in sys.modules:
    sys.meta_path.insert(0, _Stubless())

import gradio  # noqa: E402, F401
