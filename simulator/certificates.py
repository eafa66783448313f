"""A self-signed certificate for this machine, made at start: enough for clients that insist on HTTPS."""

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=30)


def make(folder: Path, names: Sequence[str] = ()) -> tuple[Path, Path]:
    """Write a new certificate for localhost, and `names`, and its key into `folder`; return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    places = [x509.DNSName("localhost"), *(x509.DNSName(each) for each in names), *addresses]
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName(places), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    cert_file, key_file = folder / "simulator.crt", folder / "simulator.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    key_file.chmod(0o600)
    return cert_file, key_file


def context(cert: Path | None, key: Path | None, trusted: Path | None, names: Sequence[str] = ()) -> ssl.SSLContext:
    """Return the server's TLS settings: with the files given, else with a certificate of its own, for `names` too.

    `trusted` is where a copy of the certificate goes, for clients to trust. OSError when a file cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:
        cert_file, key_file = (cert, key) if cert is not None and key is not None else make(Path(folder), names)
        made.load_cert_chain(cert_file, key_file)
        if trusted is not None:
            trusted.write_bytes(cert_file.read_bytes())
    return made
