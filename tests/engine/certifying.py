"""Certificates of every kind, good and bad, as PEM files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KINDS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "short": lambda: rsa.generate_private_key(65537, 1024),
    "bitcoin": lambda: ec.generate_private_key(ec.SECP256K1()),
}
NO = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)


def named(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A film company"), x509.NameAttribute(NameOID.COMMON_NAME, words)])


def certified(folder: Path, kind: str = "es256", days: int = 100, since: int = -1, password: bytes = b"", alone: bool = False, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION) -> tuple[Path, Path]:
    """A chain of two and its key: two PEM files. `alone`: signed by itself."""
    root, key, now = KINDS["es256"](), KINDS[kind](), datetime.now(timezone.utc)
    folder.mkdir(exist_ok=True)

    def made(subject: str, issuer: str, public, by, top: bool) -> bytes:
        built = (x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).public_key(public).serial_number(x509.random_serial_number())
                 .not_valid_before(now + timedelta(days=since)).not_valid_after(now + timedelta(days=days))
                 .add_extension(x509.BasicConstraints(top, None), True)
                 .add_extension(x509.KeyUsage(digital_signature=not top, key_cert_sign=top, crl_sign=top, **NO), True)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
                 .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False))  # fmt: skip
        if not top:
            built = built.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        digest = None if isinstance(by, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return built.sign(by, digest).public_bytes(serialization.Encoding.PEM)

    leaf = made("Anna Berg", "Anna Berg" if alone else "The company's root", key.public_key(), key if alone else root, False)
    chain = leaf if alone else leaf + made("The company's root", "The company's root", root.public_key(), root, True)
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    return folder / "chain.pem", folder / "key.pem"
