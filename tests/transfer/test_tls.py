"""Which certificate authorities are believed: the system's, wherever this system keeps them."""

import ssl
from pathlib import Path

import pytest

from desktop.transfer import tls
from tests.servers.certificates import make_certificates


@pytest.fixture
def store_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have OpenSSL look where nothing is, as one does that was built on another system."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


@pytest.mark.usefixtures("store_elsewhere")
def test_a_store_that_openssl_does_not_find_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = make_certificates(tmp_path / "tls").authority
    monkeypatch.setattr(tls, "_BUNDLES", (str(tmp_path / "not here"), str(bundle), str(tmp_path / "nor here")))
    context = tls.verifying_context()
    assert context.get_ca_certs(binary_form=True) == [ssl.PEM_cert_to_DER_cert(bundle.read_text())]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.usefixtures("store_elsewhere")
def test_without_any_store_nobody_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_BUNDLES", ())
    context = tls.verifying_context()
    assert context.cert_store_stats()["x509_ca"] == 0
    assert context.verify_mode is ssl.CERT_REQUIRED
