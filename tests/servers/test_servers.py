"""The test servers serve: each is asked by a client of its own protocol, and the proxy does what it says."""

import ftplib
import io
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.conftest import Starter
from tests.servers.content import content, write_tree
from tests.servers.nginx import NginxServer
from tests.servers.proftpd import ProftpdServer
from tests.servers.proxy import Cut, How, Proxy
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import Tls, VsftpdServer

SIZE = 1_000_000


class ReusingFTP(ftplib.FTP_TLS):
    """An FTP_TLS whose data connections resume the control connection's session."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session), size


def fetch_ftp(ftp: ftplib.FTP, name: str) -> bytes:
    data = io.BytesIO()
    ftp.retrbinary(f"RETR {name}", data.write)
    return data.getvalue()


@pytest.fixture
def files(served: Path) -> dict[str, bytes]:
    return write_tree(served, {"a/b.bin": SIZE, "ü x.txt": 12})


def test_sshd_serves(sshd: SshServer, files: dict[str, bytes], tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts)
    options = [
        "-i",
        str(sshd.identity),
        "-o",
        f"UserKnownHostsFile={known}",
        "-o",
        "BatchMode=yes",
        "-P",
        str(sshd.port),
    ]
    source = f"{sshd.user}@{sshd.host}:{sshd.path}/a/b.bin"
    subprocess.run(["sftp", "-q", *options, source, str(tmp_path / "got")], check=True, stdin=subprocess.DEVNULL)
    assert (tmp_path / "got").read_bytes() == files["a/b.bin"]


def test_sshd_gets_new_host_keys(sshd: SshServer) -> None:
    before = sshd.known_hosts
    sshd.stop()
    sshd.new_host_keys()
    sshd.restart()
    assert sshd.known_hosts != before
    assert sshd.known_hosts.split()[0] == before.split()[0]


@pytest.mark.skipif(not Path("/proc").exists(), reason="sessions are found through /proc")
def test_a_stopped_server_takes_its_sessions_along(vsftpd: VsftpdServer) -> None:
    with ftplib.FTP(timeout=10) as ftp:
        ftp.connect(vsftpd.host, vsftpd.port)
        ftp.login()
        vsftpd.stop()
        with pytest.raises((EOFError, ConnectionError)):
            ftp.voidcmd("NOOP")


def test_vsftpd_serves_without_mlsd(vsftpd: VsftpdServer, files: dict[str, bytes]) -> None:
    with ftplib.FTP(timeout=10) as ftp:
        ftp.connect(vsftpd.host, vsftpd.port)
        ftp.login()
        assert sorted(ftp.nlst()) == ["a", "ü x.txt"]
        assert fetch_ftp(ftp, "a/b.bin") == files["a/b.bin"]
        with pytest.raises(ftplib.error_perm, match="500"):
            list(ftp.mlsd())


def test_vsftpd_wants_the_session_again(vsftpd_tls: VsftpdServer, files: dict[str, bytes]) -> None:
    assert vsftpd_tls.certificates is not None
    context = ssl.create_default_context(cafile=str(vsftpd_tls.certificates.authority))
    with ReusingFTP(context=context, timeout=10) as ftp:
        ftp.connect(vsftpd_tls.host, vsftpd_tls.port)
        ftp.login()
        ftp.prot_p()
        assert fetch_ftp(ftp, "a/b.bin") == files["a/b.bin"]
    with ftplib.FTP_TLS(context=context, timeout=10) as ftp:
        ftp.connect(vsftpd_tls.host, vsftpd_tls.port)
        ftp.login()
        ftp.prot_p()
        with pytest.raises((ftplib.Error, OSError)):
            fetch_ftp(ftp, "a/b.bin")
    with ftplib.FTP(timeout=10) as ftp, pytest.raises(ftplib.error_perm):
        ftp.connect(vsftpd_tls.host, vsftpd_tls.port)
        ftp.login()


def test_vsftpd_implicit_greets_inside_tls(vsftpd_implicit: VsftpdServer) -> None:
    assert vsftpd_implicit.certificates is not None
    context = ssl.create_default_context(cafile=str(vsftpd_implicit.certificates.authority))
    plain = socket.create_connection((vsftpd_implicit.host, vsftpd_implicit.port), 10)
    with context.wrap_socket(plain, server_hostname=vsftpd_implicit.host) as line:
        assert line.recv(100).startswith(b"220 ")


@pytest.mark.parametrize("tls", list(Tls))
def test_proftpd_serves(
    tls: Tls, files: dict[str, bytes], served: Path, tmp_path: Path, start_server: Starter[ProftpdServer]
) -> None:
    proftpd = start_server(ProftpdServer(served, tmp_path / "proftpd", tls=tls))
    if tls is Tls.IMPLICIT:
        assert proftpd.certificates is not None
        context = ssl.create_default_context(cafile=str(proftpd.certificates.authority))
        plain = socket.create_connection((proftpd.host, proftpd.port), 10)
        with context.wrap_socket(plain, server_hostname=proftpd.host) as line:
            assert line.recv(100).startswith(b"220 ")
        return
    if tls is Tls.EXPLICIT:
        assert proftpd.certificates is not None
        context = ssl.create_default_context(cafile=str(proftpd.certificates.authority))
        ftp: ftplib.FTP = ReusingFTP(context=context, timeout=10)
    else:
        ftp = ftplib.FTP(timeout=10)
    with ftp:
        ftp.connect(proftpd.host, proftpd.port)
        ftp.login(proftpd.user, proftpd.password)
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
        assert {name for name, _ in ftp.mlsd(proftpd.path)} - {".", ".."} == {"a", "ü x.txt"}
        assert fetch_ftp(ftp, f"{proftpd.path.rstrip('/')}/a/b.bin") == files["a/b.bin"]


def test_pyftpd_serves_what_it_is_told(
    served: Path, files: dict[str, bytes], start_server: Starter[PyftpdServer]
) -> None:
    server = start_server(PyftpdServer(served, without=["MLSD"], max_connections=2))
    with ftplib.FTP(timeout=10) as ftp, ftplib.FTP(timeout=10) as second, ftplib.FTP(timeout=10) as third:
        ftp.connect(server.host, server.port)
        ftp.login(server.user, server.password)
        assert sorted(ftp.nlst()) == ["a", "ü x.txt"]
        with pytest.raises(ftplib.error_perm):
            list(ftp.mlsd())
        second.connect(server.host, server.port)
        with pytest.raises(ftplib.error_temp, match="421"):
            third.connect(server.host, server.port)
    assert server.commands[:2] == [f"USER {server.user}", "PASS"]


@pytest.mark.parametrize(("ranges", "status"), [(True, 206), (False, 200)])
def test_nginx_serves_ranges_or_not(
    ranges: bool, status: int, served: Path, tmp_path: Path, files: dict[str, bytes], start_server: Starter[NginxServer]
) -> None:
    nginx = start_server(NginxServer(served, tmp_path / "nginx", ranges=ranges))
    answer = requests.get(nginx.url + "a/b.bin", headers={"Range": "bytes=10-19"}, timeout=10)
    assert answer.status_code == status
    assert answer.content == (files["a/b.bin"][10:20] if ranges else files["a/b.bin"])
    # It answers first and writes down what it did then.
    deadline = time.monotonic() + 10
    while not nginx.requests() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(nginx.requests()) == 1


def test_nginx_speaks_tls(served: Path, tmp_path: Path, start_server: Starter[NginxServer]) -> None:
    (served / "x").write_bytes(b"1")
    nginx = start_server(NginxServer(served, tmp_path / "nginx", tls=True))
    assert nginx.certificates is not None
    assert requests.get(nginx.url + "x", verify=str(nginx.certificates.authority), timeout=10).content == b"1"


def read_all(line: socket.socket) -> bytes:
    got = b""
    while chunk := line.recv(65536):
        got += chunk
    return got


def ask(proxy: Proxy) -> socket.socket:
    line = socket.create_connection((proxy.host, proxy.port), 5)
    line.sendall(b"GET /a/b.bin HTTP/1.0\r\n\r\n")
    return line


def test_the_proxy_counts_and_passes_everything(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port) as proxy:
        with ask(proxy) as line:
            assert read_all(line).endswith(files["a/b.bin"])
        assert proxy.connections == 1
        assert proxy.received > SIZE
        assert proxy.sent == len(b"GET /a/b.bin HTTP/1.0\r\n\r\n")


def test_the_proxy_delays_both_ways(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port, delay=0.1) as proxy, ask(proxy) as line:
        begin = time.monotonic()
        line.recv(1)
        assert time.monotonic() - begin > 0.15


def test_the_proxy_cuts_the_second_line_only(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port, cuts=[Cut(2, 1000, How.FIN)]) as proxy:
        with ask(proxy) as line:
            assert len(read_all(line)) > SIZE
        with ask(proxy) as line:
            assert len(read_all(line)) == 1000


def test_the_proxy_resets(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port, cuts=[Cut(1, 1000)]) as proxy, ask(proxy) as line, pytest.raises(ConnectionResetError):
        read_all(line)


def test_the_proxy_hangs(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port, cuts=[Cut(1, 1000, How.HANG)]) as proxy, ask(proxy) as line:
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            read_all(line)


def test_the_proxy_refuses_and_accepts_again(nginx: NginxServer, files: dict[str, bytes]) -> None:
    with Proxy(nginx.port) as proxy:
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            ask(proxy)
        proxy.accept()
        with ask(proxy) as line:
            assert read_all(line).endswith(files["a/b.bin"])


@pytest.mark.skipif(not Path("/proc").exists(), reason="127.0.0.2 answers on Linux only")
def test_the_proxy_forwards_passive_ports(
    served: Path, tmp_path: Path, files: dict[str, bytes], start_server: Starter[VsftpdServer]
) -> None:
    vsftpd = start_server(VsftpdServer(served, tmp_path / "vsftpd", passive_ports=20, passive_hosts=["127.0.0.2"]))
    with Proxy(vsftpd.port, passive_ports=vsftpd.passive_ports) as proxy, ftplib.FTP(timeout=10) as ftp:
        ftp.connect(proxy.host, proxy.port)
        ftp.login()
        assert fetch_ftp(ftp, "a/b.bin") == files["a/b.bin"]
        assert proxy.data_connections == 1
        assert proxy.received > SIZE


def test_content_depends_on_the_name_alone(tmp_path: Path) -> None:
    assert content("a", 100) == content("a", 100)
    assert content("a", 100) != content("b", 100)
    write_tree(tmp_path, {"x": 5}, mtime=1000)
    assert (tmp_path / "x").stat().st_mtime == 1000
