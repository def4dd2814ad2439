"""The demo studio serves exactly its manifest over all three protocols, the same every time."""

import ftplib
import hashlib
import io
import re
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import ftputil
import ftputil.session
import paramiko
import pytest
import requests

from desktop.demo.content import DAY, Size, files
from desktop.demo.studio import SHOWS, Fingerprint, Studio
from desktop.demo.tour import differences

SHOT = f"{SHOWS}/VEGA/SQ010/SH010"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio.start(tmp_path_factory.mktemp("studio"), Size.SMALL) as opened:
        yield opened


@pytest.fixture
def ftp(studio: Studio) -> Iterator[ftplib.FTP]:
    url = urlsplit(studio.urls()["ftp"])
    with ftplib.FTP(timeout=10, encoding="utf-8") as session:
        session.connect(url.hostname or "", url.port or 0)
        session.login(url.username or "", url.password or "")
        yield session


@pytest.fixture
def sftp(studio: Studio) -> Iterator[paramiko.SFTPClient]:
    transport = sftp_transport(studio)
    transport.connect(username=studio.user, password=studio.password)
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    yield client
    transport.close()


def sftp_transport(studio: Studio) -> paramiko.Transport:
    url = urlsplit(studio.urls()["sftp"])
    return paramiko.Transport((url.hostname or "", url.port or 0))


def fingerprint(data: bytes) -> Fingerprint:
    return Fingerprint(len(data), hashlib.sha256(data).hexdigest())


def ftp_files(session: ftplib.FTP, folder: str) -> dict[str, Fingerprint]:
    found: dict[str, Fingerprint] = {}
    for name, facts in list(session.mlsd(folder)):
        path = f"{folder}/{name}"
        if facts["type"] == "dir":
            found |= ftp_files(session, path)
        elif facts["type"] == "file":
            data = io.BytesIO()
            session.retrbinary(f"RETR {path}", data.write)
            found[path] = fingerprint(data.getvalue())
    return found


def sftp_files(client: paramiko.SFTPClient, folder: str) -> dict[str, Fingerprint]:
    found: dict[str, Fingerprint] = {}
    for entry in client.listdir_attr(folder):
        path = f"{folder}/{entry.filename}"
        if stat.S_ISDIR(entry.st_mode or 0):
            found |= sftp_files(client, path)
        else:
            with client.open(path) as file:
                found[path] = fingerprint(file.read())
    return found


def test_ftp_serves_exactly_the_manifest(studio: Studio, ftp: ftplib.FTP) -> None:
    assert ftp_files(ftp, SHOWS) == studio.manifest()


def test_sftp_serves_exactly_the_manifest(studio: Studio, sftp: paramiko.SFTPClient) -> None:
    assert sftp_files(sftp, SHOWS) == studio.manifest()


def test_http_serves_the_manifest(studio: Studio) -> None:
    base = studio.urls()["http"].removesuffix(SHOWS)
    with requests.Session() as session:
        got = {path: fingerprint(session.get(base + quote(path), timeout=10).content) for path in studio.manifest()}
    assert got == studio.manifest()


def test_every_protocol_tells_the_same_time(studio: Studio, ftp: ftplib.FTP, sftp: paramiko.SFTPClient) -> None:
    path = f"{SHOT}/lighting/version/SH010_beauty_v001.1001.exr"
    told = ftp.sendcmd(f"MDTM {path}")
    mtime = sftp.stat(path).st_mtime
    assert mtime is not None
    answer = requests.head(studio.urls()["http"].removesuffix(SHOWS) + path, timeout=10)
    assert told == "213 20250403100000"
    assert answer.headers["Last-Modified"] == "Thu, 03 Apr 2025 10:00:00 GMT"
    assert mtime == 1743674400


def test_the_login_is_checked(studio: Studio) -> None:
    transport = sftp_transport(studio)
    with transport, pytest.raises(paramiko.AuthenticationException):
        transport.connect(username=studio.user, password="wrong")
    url = urlsplit(studio.urls()["ftp"])
    with ftplib.FTP(timeout=10) as session:
        session.connect(url.hostname or "", url.port or 0)
        with pytest.raises(ftplib.error_perm, match="530"):
            session.login(studio.user, "wrong")


def test_nothing_can_be_written_and_nothing_above_is_seen(
    studio: Studio, ftp: ftplib.FTP, sftp: paramiko.SFTPClient
) -> None:
    with pytest.raises(OSError):
        sftp.open(f"{SHOWS}/new", "w")
    with pytest.raises(OSError):
        sftp.remove(f"{SHOT}/anim/publish/v001/SH010_anim_v001.ma")
    with pytest.raises(ftplib.error_perm):
        ftp.storbinary(f"STOR {SHOWS}/new", io.BytesIO(b"x"))
    with pytest.raises(FileNotFoundError):
        sftp.stat("/../host_key")
    with pytest.raises(ftplib.error_perm):
        ftp.size("/../host_key")
    base = studio.urls()["http"].removesuffix(SHOWS)
    answer = requests.get(base + "/%2e%2e/host_key", timeout=10)
    assert answer.status_code == 404
    assert not (Path(studio.urls()["folder"]) / "new").exists()


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-99999999", 206, slice(5, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=9-5", 416, slice(0, 0)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_http_ranges(studio: Studio, wanted: str, status: int, part: slice) -> None:
    path = f"{SHOT}/anim/publish/v001/cache/hero.pc2"
    url = studio.urls()["http"].removesuffix(SHOWS) + path
    whole = requests.get(url, timeout=10).content
    answer = requests.get(url, headers={"Range": wanted}, timeout=10)
    assert answer.status_code == status
    assert answer.content == whole[part]
    if status == 206:
        begin, end = part.indices(len(whole))[:2]
        assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(whole)}"


def test_http_gives_a_range_only_of_the_same_file(studio: Studio) -> None:
    url = studio.urls()["http"] + "/VEGA/SQ010/SH010/anim/publish/v001/cache/hero.pc2"
    etag = requests.head(url, timeout=10).headers["ETag"]
    same = requests.get(url, headers={"Range": "bytes=1-2", "If-Range": etag}, timeout=10)
    other = requests.get(url, headers={"Range": "bytes=1-2", "If-Range": '"other"'}, timeout=10)
    assert (same.status_code, other.status_code) == (206, 200)


def test_a_folder_is_listed_for_a_browser(studio: Studio) -> None:
    answer = requests.get(studio.urls()["http"], timeout=10)
    assert answer.status_code == 200
    assert 'href="VEGA/"' in answer.text
    assert requests.get(studio.urls()["http"] + "/nothing", timeout=10).status_code == 404


def test_the_same_files_every_time(studio: Studio, tmp_path: Path) -> None:
    with Studio.start(tmp_path, Size.SMALL) as again:
        assert again.manifest() == studio.manifest()
        assert again.password != studio.password
        key = again.urls()["host_key"].split()[2]
    with Studio.start(tmp_path, Size.SMALL) as third:
        assert third.urls()["host_key"].split()[2] == key
        assert differences(Path(third.urls()["folder"]), third.manifest()) == []


def test_a_newer_file_is_published(tmp_path: Path) -> None:
    with Studio.start(tmp_path, Size.SMALL) as studio:
        path = f"{SHOT}/anim/publish/v001/SH010_anim_v001.ma"
        file = tmp_path / "studio-small" / path.strip("/")
        before, mtime = studio.manifest()[path], file.stat().st_mtime
        newer = studio.make_newer(path)
        assert newer.size == before.size + 1
        assert newer == studio.manifest()[path] == fingerprint(file.read_bytes())
        assert file.stat().st_mtime == mtime + DAY
    with Studio.start(tmp_path, Size.SMALL) as again:
        assert again.manifest()[path] == before == fingerprint(file.read_bytes())


def test_stop_frees_ports_and_temporary_files() -> None:
    studio = Studio.start(None, Size.SMALL)
    urls = studio.urls()
    waiting = threading.Thread(target=studio.serve_forever)
    waiting.start()
    transport = sftp_transport(studio)
    transport.connect(username=studio.user, password=studio.password)
    studio.stop()
    studio.stop()
    waiting.join(10)
    assert not waiting.is_alive()
    transport.join(10)
    assert not transport.is_active()
    assert not Path(urls["folder"]).exists()
    for protocol in ("ftp", "sftp", "http", "gallery", "jobs"):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(urls[protocol]).port or 0), 5)


def test_the_content_has_what_the_tour_shows() -> None:
    paths = [file.path for file in files(Size.SMALL)]
    shots = {path.split("/")[2] for path in paths}
    assert (len(shots), len({path.split("/")[1] for path in paths})) == (20, 3)
    assert len(paths) == len(set(paths))
    assert {path.split("/")[5] for path in paths if "/SH110/anim/" in path} == {"v9", "v10", "v1000"}
    lit = {shot: [path for path in paths if f"/{shot}/lighting/" in path] for shot in shots}
    versions = {shot: {match[1] for path in lit[shot] if (match := re.search(r"_(v\d+)\.", path))} for shot in shots}
    assert versions["SH030"] == {"v001", "v002", "v003", "v004", "v006"}
    assert versions["SH070"] == set()
    assert {len(found) for found in versions.values()} == {0, 1, 2, 3, 4, 5, 6}
    frames = {path.split(".")[1] for path in paths if "/SH020_beauty_v003." in path}
    assert frames == {"1001", "1002", "1004"}
    assert any(" " in path and not path.isascii() for path in paths)


def test_differences_are_told(tmp_path: Path) -> None:
    expected = {f"{SHOWS}/{name}": fingerprint(b"data") for name in ("same", "gone", "short", "other")}
    for name, data in {"same": b"data", "short": b"dat", "other": b"dada", "new": b""}.items():
        (tmp_path / name).write_bytes(data)
    assert differences(tmp_path, expected) == [
        "gone did not arrive.",
        "new should not be here.",
        "other has other bytes than were published.",
        "short has 3 bytes instead of 4.",
    ]


def test_another_ftp_client_finds_the_same_tree(studio: Studio) -> None:
    """ftputil walks by LIST alone, as old clients do."""
    url = urlsplit(studio.urls()["ftp"])
    factory = ftputil.session.session_factory(port=url.port or 21, encoding="UTF-8")
    with ftputil.FTPHost(url.hostname, url.username, url.password, session_factory=factory) as host:
        found = {
            host.path.join(folder, name): host.path.getsize(host.path.join(folder, name))
            for folder, _, names in host.walk(f"{SHOWS}/VEGA")
            for name in names
        }
    assert found == {path: mark.size for path, mark in studio.manifest().items() if path.startswith(f"{SHOWS}/VEGA/")}
