"""Room for open files: a pipelined lane keeps many under way, and some systems allow a program only 256."""

import sys

if sys.platform != "win32":
    import resource

WANTED = 8192
"""Open files and sockets; what is not used costs nothing."""


def make_room() -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    if sys.platform == "win32":
        return  # its limit is in the millions
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
