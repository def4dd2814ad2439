"""What the system's programs are given to open: never what the system itself would run."""

import re
from pathlib import Path

from PySide6.QtCore import QMimeDatabase, QUrl
from PySide6.QtGui import QDesktopServices

_RUN = re.compile(
    r"\.(?:action|app|appimage|application|appref-ms|bat|chm|cmd|com|command|cpl|desktop|dmg|exe|gadget|hta|html?|inf|iso|"
    r"jar|jnlp|jse?|lnk|mhtml?|mpkg|msc|msi|msix|msp|mst|pif|pkg|prefpane|ps1|pyw?|reg|run|sc[frt]|settingcontent-ms|sh|"
    r"shtml|svgz?|terminal|tool|url|vb[es]?|webloc|workflow|ws[cfh]?|xhtml|xll)",
    re.IGNORECASE,
)
"""Suffixes that one system or another runs, installs or renders with scripts when they are opened."""
_RUN_TYPES = (
    "application/x-executable",
    "application/x-sharedlib",
    "application/x-desktop",
    "application/x-shellscript",
)


def to_show(path: Path) -> Path:
    """Return what may be opened of a path: itself, or the folder it lies in where a system might run it."""
    kind = QMimeDatabase().mimeTypeForFile(str(path))
    runs = _RUN.fullmatch(path.suffix) is not None or any(kind.inherits(name) for name in _RUN_TYPES)
    return path.parent if runs else path


def show(path: Path) -> bool:
    """Have the system show a file or folder; tell whether it has something to show it with."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(to_show(path))))
