"""Every protocol ShotDock speaks; one loader each, so that only the protocol in use is imported."""

from desktop.transfer.ports import SOURCES, SourceType


@SOURCES.lazy("sftp")
def _sftp() -> SourceType:
    from desktop.transfer.sources.sftp import SftpSource

    return SftpSource


@SOURCES.lazy("ftp", "ftps", "ftpes")
def _ftp() -> SourceType:
    from desktop.transfer.sources.ftp import FtpSource

    return FtpSource


@SOURCES.lazy("http", "https")
def _http() -> SourceType:
    from desktop.transfer.sources.http import HttpSource

    return HttpSource


@SOURCES.lazy("file")
def _local() -> SourceType:
    from desktop.transfer.sources.local import LocalSource

    return LocalSource
