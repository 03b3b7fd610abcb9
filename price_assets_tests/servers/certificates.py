"""Certificates for the tests: authorities of their own, and what they sign."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates. Two of one name are two all the same."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)

    def write(self, path: Path) -> Path:
        """Write its own certificate, by which others check what it signed."""
        path.write_bytes(self._sign(self._name, self._key, (), DAY, authority=True))
        return path

    def certify(self, folder: Path, name: str, *, hosts: tuple[str, ...] = (), until: timedelta = DAY, password: str | None = None) -> Certified:
        """Write a certificate in the name (a client's role), for the hosts, and its key. It ends `until` from now; a negative time is past."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = Certified(folder / f"{name}.crt", folder / f"{name}.key")
        made.certificate.write_bytes(self._sign(_named(name), key, hosts, until, authority=False))
        made.key.touch(mode=0o600)
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return made

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, hosts: tuple[str, ...], until: timedelta, *, authority: bool) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 10 * DAY)
            .not_valid_after(now + until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
