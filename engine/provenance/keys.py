"""Keys: with what files are signed. The studio's own key is made on first use and never leaves the machine; or the user names one.

    HOME/.credentials/signing.pem     its key, its certificate, the root that signed that: one file, readable by its owner alone

The root's own key is thrown away as soon as it has signed: nothing else can ever be signed with it. So a file of ours says
"the same studio as that other file", and not who sits in it: nobody vouches for such a key.
Knows certificates. Knows nothing of films.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from engine.errors import BadRequest
from engine.media.kinds import shown
from engine.media.writing import writing
from engine.provenance.extra import library

FOLDER, FILE = ".credentials", "signing.pem"
LASTS = timedelta(days=3650)
MOST = 1_000_000        # bytes of a PEM file
# What C2PA lets a certificate be for: mail, which every reader knows, and its own.
PURPOSES = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.62558.2.1")


@dataclass(frozen=True)
class Key:
    """A private key and its certificates, the signer's first."""

    certificates: bytes                     # PEM
    private: bytes = field(repr=False)      # PEM, PKCS 8
    algorithm: str                          # as C2PA calls it: "es256"
    name: str                               # of the signer, by the certificate
    mark: str                               # sha256 of the certificate
    until: datetime
    path: Path                              # where the key lies
    own: bool                               # made here; nobody vouches for it


def own_key(home: str | Path) -> Key:
    """The studio's own key; made when there is none yet. Raises BadRequest for one that is damaged, CannotWrite."""
    path = Path(home) / FOLDER / FILE
    library()
    if not path.exists():
        with writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _keep(path, _made())
    pem = _text(path, "The studio's key")
    return _key(pem, pem, path, path, own=True)


def known(home: str | Path) -> bytes:
    """The certificates of the studio's own key, to know its files by; b"" where none was made. Nothing is made by asking."""
    return own_key(home).certificates if (Path(home) / FOLDER / FILE).exists() else b""


def key_of(certificates: str | Path, private: str | Path) -> Key:
    """The user's own: certificates in one PEM file, the signer's first, and the key in another or the same. Raises BadRequest."""
    library()
    certificates, private = Path(certificates).expanduser(), Path(private).expanduser()
    return _key(_text(certificates, "The certificates"), _text(private, "The key"), certificates, private, own=False)


def _key(certificates: bytes, private: bytes, of_certificates: Path, of_private: Path, own: bool) -> Key:
    x509, serial = library("cryptography.x509"), library("cryptography.hazmat.primitives.serialization")
    try:
        found = x509.load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise BadRequest(f"{shown(of_certificates)} holds no certificate that can be read: it is a PEM file, with the signer's certificate first.") from error
    try:
        key = serial.load_pem_private_key(private, None)
    except TypeError as error:
        raise BadRequest(f"The key in {shown(of_private)} is locked with a password; the studio needs it without one, in a file that only you can read.") from error
    except Exception as error:      # of several kinds, its own among them, for what it does not know
        raise BadRequest(f"{shown(of_private)} holds no private key that can be read: it is a PEM file that begins with -----BEGIN PRIVATE KEY-----.") from error
    leaf = found[0]
    if _public(leaf.public_key()) != _public(key.public_key()):
        raise BadRequest(f"The key in {shown(of_private)} is not the one of the first certificate in {shown(of_certificates)}.")
    until, since, now = leaf.not_valid_after_utc, leaf.not_valid_before_utc, datetime.now(timezone.utc)
    if not since <= now <= until:
        again = f" Remove {of_certificates} and a new one is made." if own else ""
        raise BadRequest(f"The certificate in {shown(of_certificates)} is good from {since:%Y-%m-%d} to {until:%Y-%m-%d}, and today is {now:%Y-%m-%d}.{again}")
    if leaf.issuer == leaf.subject:
        raise BadRequest(f"The certificate in {shown(of_certificates)} was signed with its own key, which C2PA does not allow; have it signed by another, and put that one's behind it.")
    pem = b"".join(one.public_bytes(serial.Encoding.PEM) for one in found)
    mark = leaf.fingerprint(library("cryptography.hazmat.primitives.hashes").SHA256()).hex()
    return Key(pem, key.private_bytes(serial.Encoding.PEM, serial.PrivateFormat.PKCS8, serial.NoEncryption()), _algorithm(key, of_private), _name(leaf), mark, until, of_private, own)


def _algorithm(key: Any, path: Path) -> str:
    ec, ed25519, rsa = (library(f"cryptography.hazmat.primitives.asymmetric.{kind}") for kind in ("ec", "ed25519", "rsa"))
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
        return {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise BadRequest(f"The key in {shown(path)} is of a kind that C2PA does not sign with; P-256, P-384, P-521, Ed25519 and RSA from 2048 bits on are.")


def _public(key: Any) -> bytes:
    serial = library("cryptography.hazmat.primitives.serialization")
    return key.public_bytes(serial.Encoding.DER, serial.PublicFormat.SubjectPublicKeyInfo)


def _name(certificate: Any) -> str:
    oid = library("cryptography.x509.oid").NameOID
    found = [item.value for kind in (oid.COMMON_NAME, oid.ORGANIZATION_NAME) for item in certificate.subject.get_attributes_for_oid(kind)]
    return "".join(char if char.isprintable() else "?" for char in str(found[0]))[:120] if found else ""


def _text(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST)
    except (OSError, ValueError) as error:
        raise BadRequest(f"{what} cannot be read from {path}: {getattr(error, 'strerror', None) or error}.") from error


def _keep(path: Path, pem: bytes) -> None:
    """Write it for its owner's eyes. Of two studios that come at once the first one's stays, and both sign with that."""
    new = path.with_name(f".{secrets.token_hex(8)}.pem")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)      # whole or not at all, and never over another
        except FileExistsError:
            pass
        except OSError:             # a disk that knows no second names
            os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _made() -> bytes:
    """A new key with its certificate and its root, as C2PA wants them: P-256, not signed by itself, of a purpose it allows."""
    x509, oid, serial = library("cryptography.x509"), library("cryptography.x509.oid").NameOID, library("cryptography.hazmat.primitives.serialization")
    hashes, ec = library("cryptography.hazmat.primitives.hashes"), library("cryptography.hazmat.primitives.asymmetric.ec")
    root, key, now = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    mark = secrets.token_hex(4)     # two studios are told apart, and nothing is said of the machine or its user

    def named(words: str) -> Any:
        return x509.Name([x509.NameAttribute(oid.ORGANIZATION_NAME, "Cineloom"), x509.NameAttribute(oid.COMMON_NAME, f"{words} {mark}")])

    def certificate(subject: str, public: Any, root_itself: bool) -> Any:
        may = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
        built = (x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named("Root of a Cineloom studio")).public_key(public)
                 .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + LASTS)
                 .add_extension(x509.BasicConstraints(root_itself, 0 if root_itself else None), True)
                 .add_extension(x509.KeyUsage(digital_signature=not root_itself, key_cert_sign=root_itself, crl_sign=root_itself, **may), True)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False))  # fmt: skip
        if not root_itself:
            built = (built.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False)
                     .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in PURPOSES]), False))
        return built.sign(root, hashes.SHA256()).public_bytes(serial.Encoding.PEM)

    private = key.private_bytes(serial.Encoding.PEM, serial.PrivateFormat.PKCS8, serial.NoEncryption())
    return private + certificate("Cineloom studio", key.public_key(), False) + certificate("Root of a Cineloom studio", root.public_key(), True)
