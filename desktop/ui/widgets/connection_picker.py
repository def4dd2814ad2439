"""Which server a tab shows: the picker in the top bar, the button that asks it again, and how old the picture is."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.ui.colours import Tone
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, Mark, push, row, tool
from desktop.ui.widgets.short_box import ShortBox
from desktop.work.sites import WEB

NOT_ENCRYPTED = "not encrypted"
READABLE = "This connection is not encrypted: whoever is on the way can read the login and the files"


class ConnectionPicker(QWidget):
    """Signals: picked (a connection's name), rescanned, managed, added (another web server is wanted)."""

    picked = Signal(str)
    rescanned = Signal()
    managed = Signal()
    added = Signal()

    def __init__(self, frame: Frame, web: bool = False) -> None:
        """web: offer the web servers, not those that shots come from."""
        super().__init__()
        self._frame = frame
        self._web = web
        self._words = (
            ("Refresh", "Asking\N{HORIZONTAL ELLIPSIS}") if web else ("Rescan", "Scanning\N{HORIZONTAL ELLIPSIS}")
        )
        self.box = ShortBox()
        self.box.setAccessibleName("Connection")
        self.box.setToolTip("The web server shown here" if web else "The server the shots come from")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # others come later
        self.box.setMinimumWidth(120)
        self.box.setMaximumWidth(300)
        self._mark = Mark(frame.theme, "server", Tone.MUTED, 15)
        self.manage = tool(frame.theme, "edit", "Manage connections", self.managed.emit)
        self.add = tool(frame.theme, "plus", "Connect to another server", self.added.emit)
        self.rescan = push(frame.theme, self._words[0], "refresh", run=self.rescanned.emit)
        self.rescan.setToolTip("Ask the server again  (F5)" if web else "Read the server's tree again  (F5)")
        self._age = Elided("", "faint", Qt.TextElideMode.ElideRight)
        self.setLayout(row(self._mark, self.box, self.add, self.manage, self.rescan, self._age, spacing=6))
        self.box.currentIndexChanged.connect(lambda _number: self._show_seal())
        self.box.activated.connect(lambda _number: self.picked.emit(self.name()))
        frame.services.connections.changed.connect(self.refresh)
        self.refresh()

    def name(self) -> str:
        """Return the picked connection's name, or ""."""
        return str(self.box.currentData() or "")

    def names(self) -> list[str]:
        """Return the names of the connections offered."""
        return [str(self.box.itemData(number)) for number in range(self.box.count())]

    def refresh(self) -> None:
        """Show the connections there are; the picked one stays picked if it is still there."""
        picked = self.name()
        with QSignalBlocker(self.box):
            self.box.clear()
            for connection in self._frame.services.connections.all():
                if (connection.address.protocol in WEB) is not self._web:
                    continue
                address = connection.address
                seal = "" if address.encrypted else f", {NOT_ENCRYPTED}"
                self.box.addItem(f"{connection.name}  ({address.protocol}{seal})", connection.name)
            self.box.setCurrentIndex(max(0, self.box.findData(picked)))
        self._show_seal()
        there = self.box.count() > 0
        for widget in (self.box, self.rescan, self.manage, self._mark, self._age):
            widget.setVisible(there)
        self.add.setVisible(there and self._web)
        if self.name() != picked:
            self.picked.emit(self.name())

    def seal(self) -> str:
        """Return what is to be said wherever the picked connection is named, for as long as it is in use."""
        return f", {NOT_ENCRYPTED}" if NOT_ENCRYPTED in self.box.currentText().rpartition("(")[2] else ""

    def _show_seal(self) -> None:
        bare = bool(self.seal())
        self._mark.show_icon("warning" if bare else "server", Tone.WARN if bare else Tone.MUTED)
        self._mark.setToolTip(READABLE if bare else "")

    def pick(self, name: str) -> None:
        """Pick a connection by name."""
        number = self.box.findData(name)
        if number >= 0 and name != self.name():
            self.box.setCurrentIndex(number)
            self.picked.emit(name)

    def tell(self, scanning: bool, age: str) -> None:
        """Show whether the server is being asked, and the picture's age."""
        self.rescan.setEnabled(not scanning)
        self.rescan.setText(self._words[scanning])
        self._age.show_text(age)
