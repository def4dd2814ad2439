"""On which server a job is: the web servers there are, in a dialog's form."""

from PySide6.QtWidgets import QComboBox

from desktop.work.services import Services
from desktop.work.sites import WEB


class ServerChoice(QComboBox):
    """The web connections; one that is not saved, a URL, can stand among them."""

    def __init__(self, services: Services, picked: str) -> None:
        super().__init__()
        self.setAccessibleName("Server")
        for connection in services.connections.all():
            if connection.address.protocol in WEB:
                self.addItem(connection.name, connection.name)
        self.choose(picked)

    def server(self) -> str:
        """Return the chosen server, "" if there is none."""
        return str(self.currentData() or "")

    def choose(self, server: str) -> None:
        """Choose a server; a URL that no connection stands for is added."""
        if server and self.findData(server) < 0 and "://" in server:
            self.addItem(server, server)
        if self.findData(server) >= 0:
            self.setCurrentIndex(self.findData(server))
