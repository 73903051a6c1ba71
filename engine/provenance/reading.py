"""Reading: what the content credentials of a file say, and whether it is still as it was signed.

    vouched     signed with a key that is known here: this studio's own, or one that the caller trusts
    unvouched   whole, and signed; but nobody says whose key that is
    broken      changed after it was signed, or the signature is wrong
    elsewhere   the file only says where in the network they are, and nobody goes there

Everything in them was written by whoever signed, and is untrusted text. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import BadMedia
from engine.media.kinds import FILM_FILE, head, shown
from engine.provenance.extra import carries, context, library
from engine.provenance.saying import CUT, RECIPE

VOUCHED, UNVOUCHED, BROKEN, ELSEWHERE = "vouched", "unvouched", "broken", "elsewhere"
MARK = b"jumdc2pa"      # how a store of credentials begins (JUMBF)
NOBODY = "signingCredential.untrusted"
SAYS = {
    "assertion.dataHash.mismatch": "the file was changed after it was signed",
    "assertion.bmffHash.mismatch": "the film was changed after it was signed",
    "assertion.hashedURI.mismatch": "what the credentials say was changed after they were signed",
    "assertion.missing": "something that the credentials said was taken out",
    "claimSignature.mismatch": "the signature does not belong to what is signed",
    "claimSignature.outsideValidity": "it was signed when the certificate was not good",
    "signingCredential.expired": "the signer's certificate has run out",
    "signingCredential.invalid": "the signer's certificate does not do",
    "ingredient.manifest.mismatch": "the credentials of something that it was made from were changed",
}


@dataclass(frozen=True)
class Used:
    """What a file says it was made from."""

    title: str
    relation: str           # parentOf, componentOf or inputTo
    take: str               # its id in the studio; "" where it says none
    sha256: str
    signed: bool            # it has credentials of its own, which came along
    changed: bool           # but it was changed after it was signed, and before it was used
    note: str


@dataclass(frozen=True)
class Credentials:
    """What a file says, and how far that can be believed."""

    state: str                      # vouched, unvouched, broken or elsewhere
    words: str                      # the same as a sentence
    signer: str                     # the name in the certificate
    generator: str                  # the program
    title: str
    source: str                     # the IPTC's address: by what kind of source it was made
    actions: tuple[str, ...]        # "c2pa.created", ...
    made: dict                      # the recipe, or the facts of the cut; {} where another program signed
    ingredients: tuple[Used, ...]
    problems: tuple[str, ...]       # what is wrong

    def to_json(self) -> dict:
        """A plain dictionary."""
        return asdict(self)


def read(path: str | Path, trusted: bytes = b"") -> Credentials | None:
    """The content credentials of a file; None where it has none.

    trusted    certificates (PEM) of signers that are known here

    Raises BadMedia for a file that is missing or no ordinary one, BadRequest where the library is not installed.
    """
    try:
        found = store(path, trusted)
    except Far as error:
        return _nothing(ELSEWHERE, str(error))
    except BadMedia as error:
        if not isinstance(error, Unreadable) or not _begins(Path(path)):
            raise
        return _nothing(BROKEN, f"It has content credentials, and they cannot be believed: {error}", str(error))
    return None if found is None else _said(found)


class Unreadable(BadMedia):
    """The file is damaged, or the credentials in it."""


class Far(BadMedia):
    """The file only says where credentials are."""


def store(path: str | Path, trusted: bytes = b"") -> dict | None:
    """All that the library says of a file's credentials. Raises BadMedia; Unreadable for damaged ones."""
    head(path, FILM_FILE)
    c2pa, kind = library(), carries(path)
    if not kind:
        return None
    try:
        with Path(path).open("rb") as file:
            reader = c2pa.Reader.try_create(kind, file, context=context(trust={"user_anchors": trusted.decode()} if trusted else {}))
            if reader is None:
                return None
            with reader:
                return json.loads(reader.json())
    except c2pa.C2paError as error:
        if (text := str(error)).startswith("Remote"):
            raise Far(f"{shown(path)} says that its content credentials are to be found at {text.rsplit(' ', 1)[-1][:200]}; the studio does not go there.") from error
        raise Unreadable(f"{shown(path)} cannot be read ({str(error)[:200]}).") from error
    except (OSError, ValueError) as error:
        raise BadMedia(f"{shown(path)} cannot be read: {error!s:.200}.") from error


def _nothing(state: str, words: str, *problems: str) -> Credentials:
    return Credentials(state, words, "", "", "", "", (), {}, (), problems)


def _begins(path: Path) -> bool:
    """Whether credentials begin anywhere in a file that cannot be read as what it is."""
    last = b""
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            if MARK in last + part:
                return True
            last = part[-len(MARK):]
    return False


def _said(found: dict) -> Credentials:
    active = found.get("manifests", {}).get(found.get("active_manifest"), {})
    assertions = {one.get("label"): one.get("data") for one in active.get("assertions", [])}
    told = next((data for name, data in assertions.items() if str(name).startswith("c2pa.actions") and isinstance(data, dict)), {})
    actions = [one for one in told.get("actions", []) if isinstance(one, dict)]
    made = next((assertions[name] for name in (RECIPE, CUT) if isinstance(assertions.get(name), dict)), {})
    signature, generator = active.get("signature_info") or {}, (active.get("claim_generator_info") or [{}])[0]
    valid, signer = found.get("validation_state"), str(signature.get("common_name") or signature.get("issuer") or "")
    wrong = {one.get("code"): one.get("explanation") or one.get("code") for one in found.get("validation_status", []) if one.get("code") != NOBODY}
    problems = tuple(dict.fromkeys(SAYS.get(code, str(words)) for code, words in wrong.items())) if valid not in ("Valid", "Trusted") else ()
    state = BROKEN if problems or valid not in ("Valid", "Trusted") else VOUCHED if valid == "Trusted" else UNVOUCHED
    words = {
        VOUCHED: f"Signed by {signer or 'somebody'}, whose key is known here; nothing was changed since.",
        UNVOUCHED: f"Signed by {signer or 'somebody'}, a key that nobody vouches for; nothing was changed since.",
        BROKEN: f"Not to be believed: {'; '.join(problems) or 'it could not be verified'}.",
    }[state]
    source = next((str(one["digitalSourceType"]) for one in actions if one.get("digitalSourceType")), "")
    return Credentials(state, words, signer, f"{generator.get('name', '')} {generator.get('version', '')}".strip(), str(active.get("title") or ""), source,
                       tuple(str(one.get("action")) for one in actions), made, tuple(map(_used, active.get("ingredients", []))), problems)  # fmt: skip


def _used(one: dict) -> Used:
    facts, failures = one.get("metadata") or {}, ((one.get("validation_results") or {}).get("activeManifest") or {}).get("failure", [])
    return Used(str(one.get("title") or ""), str(one.get("relationship") or ""), str(facts.get("cineloom.take") or ""), str(facts.get("cineloom.sha256") or ""),
                bool(one.get("active_manifest")), any(wrong.get("code") != NOBODY for wrong in failures), str(one.get("description") or ""))  # fmt: skip
