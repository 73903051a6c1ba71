"""The house itself: pins, imports, sizes, and what must never be written into a tracked file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 15_000_000            # bytes of a file: beyond it, git and its hosts become slow or say no
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PACKAGE_OF = {"PIL": "pillow", "c2pa": "c2pa-python", "cv2": "opencv-python-headless", "xdist": "pytest-xdist"}     # modules that are not called like their package
# Modules of a name of its own in each package that may import it: what is light must stay light.
SHUT = {"app": {"torch", "diffusers", "transformers"}, "engine": {"app", "gradio", "fastapi", "starlette"}}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins() -> list[Requirement]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def pinned(python: str, system: str = "linux") -> dict[str, str]:
    """Name to version, for one Python."""
    there = {"python_version": python, "python_full_version": f"{python}.5", "sys_platform": system}
    return {canonicalize_name(pin.name): str(pin.specifier)[2:] for pin in pins() if pin.marker is None or pin.marker.evaluate(there)}


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git keeps, or would keep."""
    try:
        out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                             text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy is no git checkout")
    return tuple(ROOT / name for name in sorted(set(out.split("\0"))) if name and (ROOT / name).is_file())


def code(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The first name of every module that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def packages(paths: list[Path]) -> dict[str, Path]:
    """Third-party packages that files import, each with one that does."""
    own = {"app", "engine", "tests"} | {path.stem for path in code("tests")}
    return {canonicalize_name(PACKAGE_OF.get(name, name)): path for path in paths for name in imported(path)
            if name not in sys.stdlib_module_names and name not in own}


# ---- pins

def test_every_line_of_the_lock_is_an_exact_pin_and_names_no_address():
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"[a-z0-9-]+==\d[\w.]*( ; (python_version|sys_platform) (>=|<|==) '[\w.]+')?", line), line


def test_torch_is_pinned_so_that_any_build_of_it_serves():
    assert {pinned(python)["torch"] for python in PYTHONS} == {"2.13.0"}
    assert "torch==2.13.0" in project()["dependencies"]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_one_version_of_everything_that_is_asked_for(python):
    versions = pinned(python)
    there = {"python_version": python}
    for asked in map(Requirement, project()["dependencies"] + project()["optional-dependencies"]["test"]):
        if asked.marker is None or asked.marker.evaluate(there):
            assert asked.specifier.contains(versions[canonicalize_name(asked.name)]), asked


def test_the_lock_is_whole_and_agrees_with_itself():
    """Walks from the project through everything installed here: each must be pinned, at a version that all accept."""
    from importlib import metadata

    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    versions = pinned(python, sys.platform)
    waiting = [(Requirement(name), "the project") for name in project()["dependencies"] + project()["optional-dependencies"]["test"]]
    seen = set()
    while waiting:
        wanted, by = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(wanted.name)
        if name == "pip" or by == "torch" and name not in versions:     # pip is there; torch pins NVIDIA's packages itself
            continue
        assert name in versions, f"{by} needs {name}, which the lock does not have"
        assert wanted.specifier.contains(versions[name], prereleases=True), f"{by} needs {wanted}; the lock has {versions[name]}"
        if name not in seen:
            seen.add(name)
            waiting += [(Requirement(line), name) for line in metadata.requires(name) or []]
    unneeded = set(versions) - seen - {"colorama"}
    assert not unneeded


def test_what_is_installed_is_what_the_lock_says():
    from importlib import metadata

    for name, version in pinned(f"{sys.version_info[0]}.{sys.version_info[1]}", sys.platform).items():
        assert metadata.version(name).partition("+")[0] == version, name


# ---- imports

def test_every_package_that_is_imported_is_asked_for_and_the_other_way_round():
    asked = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"]}
    found = packages(code("app", "engine"))
    assert not {name: str(path) for name, path in found.items() if name not in asked}
    assert asked - set(found) == {"ftfy", "peft"}        # diffusers imports them: to read prompts, to lay LoRAs over models


def test_tests_import_only_what_their_extra_or_the_studio_asks_for():
    asked = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"] + project()["optional-dependencies"]["test"]}
    assert not {name: str(path) for name, path in packages(code("tests")).items() if name not in asked}


@pytest.mark.parametrize("folder", SHUT)
def test_the_two_halves_of_the_house_stay_apart(folder):
    allowed = {"app/commands/learning.py": {"torch"}}      # it asks torch for an accelerator, inside the command
    for path in code(folder):
        shut = SHUT[folder] - allowed.get(path.relative_to(ROOT).as_posix(), set())
        assert not imported(path) & shut, path


def test_importing_the_engine_or_the_command_loads_nothing_heavy():
    code = "import sys, engine, engine.recipe, engine.denoisers.catalog, app.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert "engine" in loaded
    assert not loaded & {"torch", "gradio", "diffusers", "transformers", "fastapi", "cv2", "av"}


def test_the_code_is_python_3_10():
    assert SpecifierSet(project()["requires-python"]).contains("3.10.0")
    for path in code("app", "engine", "tests"):
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
        # What the parser lets pass: a star inside an index is Python 3.11.
        starred = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple)
                   and any(isinstance(one, ast.Starred) for one in node.slice.elts) and not _bracketed(path, node.slice)]
        assert not starred, f"{path}: {starred}"


def _bracketed(path: Path, index: ast.Tuple) -> bool:
    """Whether the tuple of an index has brackets of its own, in which Python 3.10 takes a star."""
    return path.read_text(encoding="utf-8").splitlines()[index.lineno - 1].encode()[index.col_offset:][:1] == b"("


# ---- files

def test_no_file_is_too_large_for_git():
    assert not {str(path): path.stat().st_size for path in tracked() if path.stat().st_size > LARGEST}


def test_no_tracked_file_is_a_pickle():
    assert not [path for path in tracked() if path.suffix in (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin")]


def test_no_file_names_a_machine_or_a_home_of_somebody():
    """Paths and hosts of the machine something was made on mean nothing anywhere else."""
    somewhere = re.compile(r"(?<![\w.])/(?:home|Users|work|root)/\w+|file://|https?://[\w.-]*(?:pypi|pythonhosted|download\.pytorch)")
    found = {}
    for path in tracked():
        text = path.read_bytes()
        if b"\0" not in text[:4096] and path.name != Path(__file__).name:
            for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
                if somewhere.search(line):
                    found[f"{path.relative_to(ROOT)}:{number}"] = line.strip()[:100]
    assert not found


def test_the_licence_is_apache_2_in_full():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
    assert project()["license"] == "Apache-2.0"


def test_the_readme_begins_with_the_two_commands():
    first_screen = (ROOT / "README.md").read_text().splitlines()[:25]
    assert "make run" in "\n".join(first_screen) and "make test" in "\n".join(first_screen)


def test_the_map_in_the_readme_is_the_house():
    """Every file and folder of app/ and engine/ has its line, and no line tells of something that is not there."""
    text = (ROOT / "README.md").read_text()
    named = {name.rstrip("/") for name in re.findall(r"^((?:app|engine|assets|tests)/[\w./]*)  ", text, re.MULTILINE)}
    house = {f"{folder}/{path.name}" for folder in ("app", "engine") for path in (ROOT / folder).iterdir()
             if path.suffix == ".py" and path.name != "__init__.py" or (path / "__init__.py").is_file()}
    assert not house - named
    assert not {name for name in named if not (ROOT / name).exists()}
