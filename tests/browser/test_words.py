"""The languages of the page: every text that the modules say is in every table, and no table has more. No browser."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "app" / "web"
TABLES = sorted((WEB / "words").glob("*.js"))
CALL = re.compile(r"(?<![\w.$])t\(\s*")
LITERAL = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
ROW = re.compile(rf"^\s*({LITERAL.pattern})\s*:\s*({LITERAL.pattern}),?\s*(?://.*)?$")


def modules() -> list[Path]:
    return [path for path in sorted(WEB.rglob("*.js")) if WEB / "words" not in path.parents and path.name != "words.js"]


def said() -> dict[str, str]:
    """Every text that a module gives to `t`, and where."""
    found = {}
    for path in modules():
        code = path.read_text(encoding="utf-8")
        for call in CALL.finditer(code):
            text = LITERAL.match(code, call.end())
            assert text, f"{path.relative_to(WEB)}: t() is given something else than one plain text: {code[call.start() : call.start() + 60]!r}"
            found[ast.literal_eval(text[0])] = str(path.relative_to(WEB))
    return found


def table(path: Path) -> dict[str, str]:
    """A language's table as data, out of the parts in its folder. Every line between the brackets is a row, so that nothing is passed over."""
    rows = {}
    for part in sorted(path.with_suffix("").glob("*.js")):
        code = part.read_text(encoding="utf-8")
        for line in code[code.index("{") + 1 : code.rindex("}")].splitlines():
            if not line.strip() or line.strip().startswith("//"):
                continue
            row = ROW.match(line)
            assert row, f"{part.name}: no row: {line!r}"
            key = ast.literal_eval(row[1])
            assert key not in rows, f"{part.name}: {key!r} is there twice"
            rows[key] = ast.literal_eval(row[2])
    return rows


def test_the_modules_say_something():
    texts = said()
    assert len(texts) > 50 and {"Make", "about {n} s"} <= set(texts)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_has_every_text_and_no_other(path):
    texts, rows = said(), table(path)
    missing = {text: where for text, where in texts.items() if text not in rows}
    assert not missing, f"{path.name} lacks: {json.dumps(missing, indent=1, ensure_ascii=False)}"
    assert not set(rows) - set(texts), f"{path.name} has what nobody says: {sorted(set(rows) - set(texts))}"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_translation_has_the_same_places_for_values(path):
    for english, other in table(path).items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", other)), english
        assert other.strip(), english


def test_chinese_is_chinese():
    """Names, units and keys stay as they are; everything else is written in Chinese."""
    plain = {text for text, other in table(WEB / "words" / "zh.js").items() if not re.search(r"[\u4e00-\u9fff]", other)}
    assert all(len(re.findall(r"[A-Za-z]{3,}", re.sub(r"\{\w+\}", "", text))) <= 1 for text in plain), plain


def test_the_table_in_node():
    """As the browser reads it: the module loads, and gives the same rows."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: the tables were only read as text")
    for path in TABLES:
        code = f"import('{path.as_uri()}').then(m => console.log(JSON.stringify(m.default)))"
        ran = subprocess.run([node, "--input-type=module", "-e", code], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout) == table(path)


def test_no_sheet_but_one_knows_a_colour():
    """Dark and light are two lists of colours in one place; a panel's sheet only names them."""
    for path in sorted((WEB / "css").glob("*.css")):
        if path.name == "studio.css":
            continue
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\((?!var)[^)]*\)|hsla?\([^)]*\)", code)
        assert not found, f"{path.name}: {found}"


def test_every_colour_is_there_in_light_too():
    code = (WEB / "css" / "studio.css").read_text(encoding="utf-8")
    dark, light = (re.search(re.escape(head) + r"\s*\{(.*?)\n\}", code, re.DOTALL)[1] for head in (":root", ":root[data-theme=light]"))
    names = {part: set(re.findall(r"(--[\w-]+): *(?:#|rgb|\d+ \d)", text)) for part, text in (("dark", dark), ("light", light))}
    same = {"--round", "--gap"} | {name for name in names["dark"] if name.startswith(("--stage", "--chip", "--mask"))}       # on film: black in both
    assert names["dark"] - same <= names["light"], names["dark"] - same - names["light"]
    used = {name for path in (WEB / "css").glob("*.css") for name in re.findall(r"var\((--[\w-]+)\)", path.read_text(encoding="utf-8"))}
    own = {name for path in (WEB / "css").glob("*.css") for name in re.findall(r"(--[\w-]+):", path.read_text(encoding="utf-8"))}
    script = {name for path in WEB.rglob("*.js") for name in re.findall(r"--[\w-]+", path.read_text(encoding="utf-8"))}
    assert used <= own | script, used - own - script
