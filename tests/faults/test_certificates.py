"""R60: certificates that have ended, and TLS too old to be any; a token is sent to neither."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from desktop.core.connection import Address
from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.http import HttpSource
from tests.conftest import Starter
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.nginx import NginxServer


def refused(server: NginxServer, tmp_path: Path) -> ShotDockError:
    """Return why no connection comes about, after checking that nothing was asked for."""
    trust = Trust(certificates=tmp_path / "pins")
    source = HttpSource(Site(Address("https", server.host, server.port), Login(token="t0k3n"), trust))
    with pytest.raises(ShotDockError) as caught:
        source.connect()
        source.stat("/a.exr")
    source.close()
    assert server.requests() == []
    return caught.value


@pytest.mark.servers
def test_r60_a_certificate_that_has_ended_is_asked_about(
    served: Path, tmp_path: Path, start_server: Starter[NginxServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the system trusts who signed it."""
    folder = tmp_path / "ended"
    folder.mkdir()
    authority = trustme.CA()
    issued = authority.issue_cert(
        "127.0.0.1", not_before=datetime.now(UTC) - timedelta(days=9), not_after=datetime.now(UTC) - timedelta(days=1)
    )
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(made.authority))
    issued.cert_chain_pems[0].write_to_path(str(made.chain))
    issued.private_key_pem.write_to_path(str(made.key))
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    server = NginxServer(served, tmp_path / "nginx", tls=True)
    server.certificates = made
    error = refused(start_server(server), tmp_path)
    assert type(error) is HostKeyUnknown
    assert "expired" in error.cause


@pytest.mark.servers
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_r60_tls_that_is_too_old_is_refused(
    served: Path, tmp_path: Path, start_server: Starter[NginxServer], monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    made = make_certificates(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    old = (f"ssl_protocols {version};", "ssl_ciphers DEFAULT@SECLEVEL=0;")
    server = NginxServer(served, tmp_path / "nginx", tls=True, extra=old)
    server.certificates = made
    error = refused(start_server(server), tmp_path)
    assert error.kind in ("unsupported", "unreachable"), error
    assert "SSL" in f"{error.title} {error.cause}" or "TLS" in f"{error.title} {error.cause}"
