"""The key that films are signed with: the studio's own, and the user's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from certifying import certified
from cryptography.x509.oid import ExtendedKeyUsageOID
from pixels import scene

from engine import media, provenance
from engine.errors import BadRequest, CannotWrite
from engine.provenance import keys
from engine.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Recipe("image", "a boat", 1, 64, 64, 7).made_by("1", "cpu")


def picture(path: Path) -> Path:
    media.write_picture(path, scene(64, 64), RECIPE.to_json())
    return path


def test_the_studios_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    assert keys.known(tmp_path) == b"" and list(tmp_path.iterdir()) == []        # asking makes nothing
    first = provenance.own_key(tmp_path / "home")
    again = provenance.own_key(tmp_path / "home")
    assert (first.mark, first.own, first.algorithm) == (again.mark, True, "es256")
    assert keys.known(tmp_path / "home") == first.certificates
    if os.name == "posix":
        assert stat.S_IMODE(first.path.stat().st_mode) == 0o600 and stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700
    assert b"PRIVATE" not in first.certificates and "PRIVATE" not in repr(first)
    assert [path.name for path in first.path.parent.iterdir()] == [keys.FILE]
    assert provenance.own_key(tmp_path / "other").mark != first.mark


def test_of_many_that_come_at_once_all_sign_with_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        marks = {key.mark for key in pool.map(provenance.own_key, [tmp_path] * 8)}
    assert len(marks) == 1
    assert [path.name for path in (tmp_path / keys.FOLDER).iterdir()] == [keys.FILE]


@pytest.mark.parametrize("kind", ["es256", "es384", "es512", "ed25519", "ps256"])
def test_a_key_of_the_users_signs(tmp_path, kind):
    key = provenance.key_of(*certified(tmp_path / "pem", kind))
    assert (key.name, key.algorithm, key.own) == ("Anna Berg", kind, False)
    path = picture(tmp_path / "a.png")
    provenance.sign_take(path, RECIPE, key)
    assert provenance.read(path).state == "unvouched"
    found = provenance.read(path, key.certificates)
    assert (found.state, found.signer) == ("vouched", "Anna Berg")
    assert provenance.read(path, provenance.own_key(tmp_path).certificates).state == "unvouched"      # to know one is not to know another


@pytest.mark.parametrize("wrong, says", [
    ({"kind": "short"}, "of a kind that C2PA does not sign with"),
    ({"kind": "bitcoin"}, "of a kind that C2PA does not sign with"),
    ({"days": -1, "since": -9}, "is good from .* and today is"),
    ({"days": 9, "since": 5}, "is good from .* and today is"),
    ({"password": b"secret"}, "locked with a password"),
    ({"alone": True}, "signed with its own key"),
])
def test_a_key_that_does_not_do_is_told_before_anything_is_signed(tmp_path, wrong, says):
    with pytest.raises(BadRequest, match=says):
        provenance.key_of(*certified(tmp_path / "pem", **wrong))


def test_files_that_are_no_keys_are_sentences(tmp_path):
    chain, key = certified(tmp_path / "pem")
    other = certified(tmp_path / "other")[1]
    (tmp_path / "text.pem").write_text("not a key")
    for given, says in (((chain, other), "is not the one of the first certificate"), ((key, key), "holds no certificate"), ((chain, chain), "holds no private key"),
                        ((chain, tmp_path / "text.pem"), "holds no private key"), ((tmp_path / "gone.pem", key), "certificates cannot be read"),
                        ((chain, tmp_path), "key cannot be read")):  # fmt: skip
        with pytest.raises(BadRequest, match=says):
            provenance.key_of(*given)


def test_a_certificate_of_another_purpose_is_refused_and_the_file_stays(tmp_path):
    key = provenance.key_of(*certified(tmp_path / "pem", purpose=ExtendedKeyUsageOID.SERVER_AUTH))
    path = picture(tmp_path / "a.png")
    before = path.read_bytes()
    with pytest.raises(BadRequest, match="does not do for content credentials"):
        provenance.sign_take(path, RECIPE, key)
    assert path.read_bytes() == before and sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "pem"]


def test_a_studios_key_that_is_damaged_is_not_replaced_in_silence(tmp_path):
    path = provenance.own_key(tmp_path).path
    path.write_text("damaged")
    with pytest.raises(BadRequest, match="holds no certificate"):
        provenance.own_key(tmp_path)
    assert path.read_text() == "damaged"


def test_a_home_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(CannotWrite, match="cannot be written"):
        provenance.own_key(tmp_path / "home")


def test_without_the_packages_a_sentence_says_how_to_get_them(tmp_path):
    code = f"""
import sys
sys.modules["c2pa"] = sys.modules["cryptography"] = None        # as Python marks what is not there
from engine import provenance
for ask in (lambda: provenance.own_key({str(tmp_path)!r}), lambda: provenance.read({str(picture(tmp_path / "a.png"))!r})):
    try:
        ask()
    except Exception as error:
        print(type(error).__name__, error)
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == 2 and all(line.startswith("BadRequest Content credentials need two more packages") and 'pip install "cineloom[provenance]"' in line for line in said)
    assert not (tmp_path / keys.FOLDER).exists()
