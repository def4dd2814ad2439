"""The programs ShotDock is measured against, and ShotDock: their command lines for one file, a folder, a list."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from tests.benchmarks.arena import executable
from tests.benchmarks.ground import Door

Command = Callable[[Path], Sequence[str]]
NO_CONFIG = ("--config", "/dev/null")


def shotdock(door: Door, name: str) -> Command:
    """Return `shotdock get` for a file or folder."""
    return lambda folder: [sys.executable, "-m", "desktop", "get", door.url(name), str(folder), "--quiet", *_keys(door)]


def shotdock_list(listed: Path) -> Command:
    """Return `shotdock get` for a list of addresses."""
    return lambda folder: [sys.executable, "-m", "desktop", "get", "-i", str(listed), str(folder), "--quiet"]


def shotdock_gallery(door: Door, api: str) -> Command:
    """Return `shotdock gallery get` for every video of a gallery."""
    start = [sys.executable, "-m", "desktop", "gallery", "get", "--all"]
    return lambda folder: [*start, str(folder), "--server", door.url(api), "--quiet"]


def write_list(folder: Path, door: Door, source: Path) -> Path:
    """Write the addresses of the files in a served folder as ShotDock reads them; return the list."""
    listed = folder / f"{source.name}-{door.port}.list"
    listed.write_text("".join(f"{door.url(name)}\t{name}\n" for name in _names(source)))
    return listed


def write_aria2_list(folder: Path, door: Door, source: Path) -> Path:
    """Write the same as aria2 reads it; return the list."""
    listed = folder / f"{source.name}-{door.port}.aria2"
    listed.write_text("".join(f"{door.url(name)}\n out={name}\n" for name in _names(source)))
    return listed


def _names(source: Path) -> list[str]:
    return [f"{source.name}/{path.relative_to(source)}" for path in sorted(source.rglob("*")) if path.is_file()]


def _keys(door: Door) -> Sequence[str]:
    return ("--identity", str(door.identity), "--known-hosts", str(door.known)) if door.protocol == "sftp" else ()


def curl(door: Door, name: str) -> Command:
    """Return curl for one file."""
    # FTP: the whole path in one command, from the server's root, not folder by folder.
    url = f"{door.site}/{door.root}/{name}" if door.protocol == "ftp" else door.url(name)
    options = ["-q", "-sS", "-f", "--ftp-method", "nocwd"]
    return lambda folder: ["curl", *options, "-o", str(folder / Path(name).name), url]


def aria2(door: Door, name: str) -> Command:
    """Return aria2 with four connections for one file."""
    options = ["-q", "--no-conf", "-x4", "-s4", "--file-allocation=none"]
    return lambda folder: ["aria2c", *options, "-d", str(folder), "-o", Path(name).name, door.url(name)]


def aria2_list(listed: Path) -> Command:
    """Return aria2 for a list, eight at a time."""
    options = ["-q", "--no-conf", "-j8", "--file-allocation=none"]
    return lambda folder: ["aria2c", *options, "-d", str(folder), "-i", str(listed)]


def openssh(door: Door, name: str, *options: str) -> Command:
    """Return OpenSSH's sftp for one file."""
    base = ["sftp", "-q", "-i", str(door.identity), "-o", f"UserKnownHostsFile={door.known}", "-o", "BatchMode=yes"]
    source = f"{door.user}@{door.host}:{door.root}/{name}"
    return lambda folder: [*base, "-P", str(door.port), *options, source, str(folder)]


def lftp(door: Door, name: str, verb: str) -> Command:
    """Return lftp; verb: get, `pget -n4` or `mirror -P8`."""
    settings = ["set cmd:fail-exit true"]
    if door.protocol == "sftp":
        ssh = f"ssh -a -x -i {door.identity} -o UserKnownHostsFile={door.known} -o BatchMode=yes"
        settings.append(f'set sftp:connect-program "{ssh}"')
    site = door.site.replace("@", ":x@") if door.protocol == "sftp" else door.site

    def command(folder: Path) -> Sequence[str]:
        source = f"{door.root}/{name}"
        if verb.startswith("mirror"):
            work = f"{verb} {source} {folder / Path(name).name}"
        else:
            work = f"{verb} {source} -o {folder / Path(name).name}"
        return ["lftp", "--norc", "-c", "; ".join([*settings, f"open {site}", work])]

    return command


def rclone(door: Door, name: str) -> Command:
    """Return rclone with eight transfers for a file or folder."""
    return lambda folder: [
        "rclone",
        *NO_CONFIG,
        "copyto" if "." in Path(name).name else "copy",
        "--transfers=8",
        rclone_remote(door, name),
        str(folder / Path(name).name),
    ]


def rclone_list(door: Door, name: str) -> Command:
    """Return rclone listing a folder and all below."""
    return lambda _: ["rclone", *NO_CONFIG, "lsf", "-R", "--fast-list", rclone_remote(door, name)]


def rclone_remote(door: Door, name: str) -> str:
    """Return the name of a served file or folder as rclone spells it."""
    if door.protocol == "http":
        return f':http,url="{door.site}/":{name}'
    login = f"host={door.host},port={door.port},user={door.user}"
    if door.protocol == "ftp":
        return f":ftp,{login},pass={_obscured()}:{door.root}/{name}"
    # Without its own check sums, which it would ask the server's shell for, file by file.
    keys = f"key_file={door.identity},known_hosts_file={door.known},disable_hashcheck=true"
    return f":sftp,{login},{keys}:{door.root}/{name}"


@cache
def _obscured() -> str:
    return subprocess.run(
        [executable("rclone"), "obscure", "x"], check=True, text=True, stdout=subprocess.PIPE
    ).stdout.strip()
