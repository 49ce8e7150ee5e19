"""Letters go only to a SendGrid whose certificate holds; who vouches for it is read once."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateways.brand import Brand
from gateways.faults import Misconfigured
from gateways.sendgrid_emails import SendGridEmails
from tests.gateways.scripted_sendgrid import MESSAGE, answer, scripted_sendgrid

HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and the certificate it signed for itself, good for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]), False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path_factory.mktemp("sendgrid") / "certificate.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def emails(certificate: Path) -> AsyncIterator[SendGridEmails]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with scripted_sendgrid(context) as sendgrid:
        sendgrid.answer = answer("202 Accepted", X_Message_Id="msg-1")
        gateway = SendGridEmails("SG.of-the-tests", Brand(), sendgrid.url)
        yield gateway
        await gateway.close()


async def test_the_root_certificates_are_read_once_for_all_messages(
    emails: SendGridEmails, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await emails.send(MESSAGE) == "msg-1"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    assert await emails.send(MESSAGE) == "msg-1"


async def test_a_certificate_that_nobody_vouches_for_needs_an_operator(
    emails: SendGridEmails,
) -> None:
    with pytest.raises(Misconfigured, match="certificate does not hold"):
        await emails.send(MESSAGE)
