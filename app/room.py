"""The room: what a browser gets at "/". The panels stand in it, and can be used, before gradio has been imported here or
has run there; then gradio's own page, which has a place for each of them, takes them up as they are.

    the program starts ─→ the room is served ─→ its panels mount ─→ gradio's page is asked for ─→ it takes the panels up
                       └→ gradio is imported, in a thread ────────────────────────────────────┘

Knows which panels there are and in which order, our own files, and where gradio's package keeps its own. Imports no gradio.
app/web/room.js is the browser's half.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).parent / "web"
STYLES = ("studio", "top", "make", "make_film", "models", "player", "queue", "takes", "timeline", "exporting", "messages", "narrower")      # one per panel; what comes later wins
# Panels by their names, with what they are called until they say it in the reader's language; a tuple of panels is a column.
PANELS = (
    ("top", "Studio"),
    ("make", "What to make"),
    ("middle", (("player", "Player"), ("queue", "Being made"))),
    ("takes", "Takes"),
    ("timeline", "Timeline"),
)
LINES = """
		<script src="web/first.js"></script>
		<link rel="manifest" href="web/manifest.json" crossorigin="use-credentials" />
		<link rel="apple-touch-icon" href="web/icons/180.png" />
		<meta name="theme-color" content="#0d0f12" />
		<meta name="description" content="A local studio for making film." />
"""
ASKED = ("studio/state", "studio/model", "studio/takes?skip=0&amp;limit=60")       # what the panels ask for first, word for word
FONTS = ("IBM Plex Sans", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "system-ui", "sans-serif")
FONT = "@font-face {{ font-family: 'IBM Plex Sans'; src: url('static/fonts/IBMPlexSans/IBMPlexSans-{name}.woff2') format('woff2'); font-weight: {weight}; }}\n"


def page() -> str:
    """The whole page, as it is served."""
    sheet, scope = reset()
    mark = marked()
    styles = "".join(FONT.format(name=name, weight=weight) for name, weight in (("Regular", 400), ("Bold", 700)))
    styles += f"#room {{ font-family: {', '.join(repr(name) if ' ' in name else name for name in FONTS)}; }}\n"
    ours = "".join((WEB / "css" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    # As gradio adds them: plain, and once more for what is in its page, where its own rules would win else.
    styles += f"{ours}\n.gradio-container.{scope} .contain {{\n{ours}}}\n"
    return f"""<!doctype html>
<html lang="en" style="margin: 0; padding: 0; min-height: 100%; display: flex; flex-direction: column">
	<head>
		<meta charset="utf-8" />
		<base href="./" />{LINES}
		<meta name="viewport" content="width=device-width, initial-scale=1, shrink-to-fit=no" />
		<link rel="icon" href="web/favicon.svg" />
		<title>Cineloom</title>
		<link rel="stylesheet" crossorigin href="{sheet}" />
		<style>{styles}</style>
{ahead(mark)}		<script type="module" src="web/{mark}/room.js"></script>
	</head>
	<body style="width: 100%; margin: 0; padding: 0; display: flex; flex-direction: column; flex-grow: 1">
		<main id="room" class="gradio-container {scope}"><div class="contain"><div id="studio">{_places(PANELS)}</div></div></main>
	</body>
</html>
"""


def modules() -> list[Path]:
    """All that the room imports, in order; a language's words come when somebody reads it."""
    return sorted(path for path in WEB.rglob("*.js") if path.parent.name != "words" and path.name != "first.js")


def marked() -> str:
    """A folder's name that is another as soon as one of the modules is: what lies in it may be kept for ever, and asked for never."""
    whole = hashlib.sha256()
    for path in sorted(WEB.rglob("*.js")):
        found = path.stat()
        whole.update(f"{path.name} {found.st_mtime_ns} {found.st_size}\n".encode())
    return f"={whole.hexdigest()[:16]}"


def ahead(mark: str) -> str:
    """Lines that have a browser fetch at once all modules, and what they will ask for first: found one after another, that took far longer."""
    lines = [f'<link rel="modulepreload" href="web/{mark}/{path.relative_to(WEB).as_posix()}" />' for path in modules()]
    lines += [f'<link rel="preload" as="fetch" crossorigin href="{path}" />' for path in ASKED]
    return "".join(f"\t\t{line}\n" for line in lines)


@cache
def reset() -> tuple[str, str]:
    """Gradio's own sheet, and the class for which it applies: the panels look the same before it has taken them up and after."""
    page = (gradios("assets").parent / "index.html").read_text(encoding="utf-8")
    sheet = re.search(r'<link rel="stylesheet"[^>]* href="\./(assets/[\w.-]+\.css)"', page)[1]
    scope = re.search(r"\.(gradio-container-[\d-]+)", (gradios("assets").parent / sheet).read_text(encoding="utf-8"))
    return sheet, scope[1]


def gradios(what: str) -> Path:
    """A folder of gradio's files for browsers: "assets" or "static". Finding a package does not import it."""
    return Path(find_spec("gradio").submodule_search_locations[0]) / "templates" / "frontend" / what


def _places(panels: tuple) -> str:
    return "".join(
        f'<div id="{name}">{_places(what)}</div>' if isinstance(what, tuple)
        else f'<div class="shell" id="{name}-shell"><section class="panel" id="{name}-panel" aria-label="{what}"></section></div>'
        for name, what in panels
    )
