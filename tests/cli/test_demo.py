"""The demo studio from the command line: the tour holds, the servers serve, nothing of one's own is touched."""

import json
import signal
from pathlib import Path

import pytest
import requests

from tests.cli.console import Console
from tests.cli.studio import here


@pytest.mark.slow
def test_the_tour_holds_and_touches_only_its_own_folder(shotdock: Console, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    said = shotdock("demo", "--headless", "--size", "small", "--dir", folder, "--json")
    assert said.status == 0, said.err
    steps = said.json["steps"]
    assert all(step["ok"] for step in steps)
    names = {(step["protocol"], step["name"]) for step in steps}
    for protocol in ("sftp", "ftp"):
        for what in ("latest", "specific v005", "all", "custom"):
            assert (protocol, f"fetch, versions: {what}") in names
        for what in ("skip", "compare", "overwrite", "keep_both"):
            assert (protocol, f"fetch over existing files: {what}") in names
    for what in ("list", "fetch all, one file being gone", "fetch by links that have expired"):
        assert ("gallery", what) in names
    for what in ("scene session", "table export", "reconstruction", "reconstruction rec-expired"):
        assert ("jobs", what) in names
    assert not shotdock.home.exists()


def test_serve_only_prints_one_line_of_urls_and_serves(shotdock: Console, tmp_path: Path) -> None:
    process = shotdock.start("demo", "--serve-only", "--size", "small")
    try:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        dest = tmp_path / "dest"
        for protocol in ("sftp", "ftp"):
            url = f"{urls[protocol]}/VEGA/SQ010/SH010"
            said = shotdock("get", url, dest / protocol, "--accept-new-host-key", "--json")
            assert said.status == 0, said.err
            assert urls["password"] not in said.out + said.err
        assert here(dest / "sftp") == here(dest / "ftp")
        assert here(dest / "sftp")
        for server, path in (("gallery", "/api/downloads"), ("jobs", "/jobs/rec-done")):
            login = {"Authorization": f"Bearer {urls[f'{server}_token']}"}
            assert requests.get(urls[server] + path, headers=login, timeout=10).status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (0, "", "")
