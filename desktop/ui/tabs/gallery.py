"""The gallery tab: a server's finished videos as cards or a list; look at them, play them, download them."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.core.errors import HostKeyUnknown, LoginFailed, ShotDockError
from desktop.core.gallery import Video
from desktop.ui.models.gallery import GalleryModel
from desktop.ui.models.gallery_session import GallerySession, Phase
from desktop.ui.models.gallery_states import GalleryStates
from desktop.ui.models.thumbnails import Thumbnails
from desktop.ui.order_tab import OrderTab
from desktop.ui.tab import Frame
from desktop.ui.tabs.gallery_doubts import GalleryDoubts
from desktop.ui.tabs.gallery_empty import GalleryEmpty
from desktop.ui.tabs.gallery_hands import GalleryHands
from desktop.ui.tabs.gallery_orders import GalleryOrders
from desktop.ui.widgets.card import CHECK, Act
from desktop.ui.widgets.connection_picker import ConnectionPicker
from desktop.ui.widgets.drop_shelf import DropShelf
from desktop.ui.widgets.gallery_head import GalleryHead
from desktop.ui.widgets.gallery_views import GalleryViews
from desktop.ui.widgets.order_bar import OrderBar
from desktop.ui.widgets.plan_page import PlanPage

AGE_EVERY = 30_000
"""Milliseconds between two looks at how old the list is."""


class GalleryTab(OrderTab):
    """Wires session, views and pages; every decision is made in a model or in its helpers."""

    title = "Gallery"
    icon = "gallery"
    finds = "Find videos"
    orders: GalleryOrders

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        services = frame.services
        self.session = GallerySession(services.gallery, self)
        self.session.destination = frame.destination.path
        self.states = GalleryStates(services.tasks, services.gallery, self)
        self.thumbnails = Thumbnails(services.gallery, self)
        self.model = GalleryModel(frame.theme, frame.formats, self.states, self)
        self.picker = ConnectionPicker(frame, web=True)
        self.head = GalleryHead(frame)
        self.views = GalleryViews(frame.theme, frame.formats, self.model, self.thumbnails)
        self.bar = OrderBar(frame)
        self.orders = GalleryOrders(frame, self.session, self.states, self.model, self.views, self.bar)
        self.hands = GalleryHands(
            frame, self.session, self.states, self.model, self.views, self.orders, self.doors.ask_over
        )
        self.plan_page = PlanPage(frame, "Back to the videos")
        self.doubts = GalleryDoubts(frame, self.session, self.states, self.thumbnails, self.cards, self.doors)
        self.empty = GalleryEmpty(frame.theme, frame.start_demo is not None)
        self._text = ""
        self._wanted = ""
        self._began = False
        self._clock = QTimer(self)
        self._clock.setInterval(AGE_EVERY)
        self._build()
        self._add_commands()
        self._wire()
        self._phased()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the server when the tab is opened for the first time: who never looks here asks nobody."""
        super().showEvent(event)
        if not self._began:
            self.picker.pick(self._wanted)
            self._began = True
            self._clock.start()
            self._open(self.picker.name())
        else:
            self.session.look()  # files come and go while nobody looks

    def listed(self) -> QWidget:
        """Return the cards or the list."""
        return self.views.shown

    def stop(self) -> None:
        """Give up what is under way."""
        self.session.stop()
        self.thumbnails.stop()
        self.doubts.stop()

    def recall(self, kept: QSettings) -> None:
        """Take up view, sorting and server of the last time."""
        self.hands.memory = kept
        self.show_cards(kept.value("gallery/view") != "list")
        self._wanted = str(kept.value("gallery/server", ""))
        number = self.head.sorting.findText(str(kept.value("gallery/sort", "")))
        if number >= 0:
            self._sort(*self.head.sorting.itemData(number))

    def keep(self, kept: QSettings) -> None:
        """Put down view, sorting and server for the next time."""
        kept.setValue("gallery/view", "cards" if self.views.as_cards else "list")
        kept.setValue("gallery/server", self.session.server or self._wanted)
        kept.setValue("gallery/sort", self.head.sorting.currentText())

    def search(self, text: str) -> None:
        """Show only videos that match."""
        self._text = text.strip()
        self._narrow()

    # Building

    def _build(self) -> None:
        page = self.page(self.views, self.empty, self.head)
        self.shelf = DropShelf(self.frame.theme, page)
        self.hang(page, "gallery-", "Download the videos", "Plan the download", "Back to the videos")

    def _add_commands(self) -> None:
        add, hands = partial(self.frame.commands.add, group=self.title), self.hands
        add("gallery-refresh", "Refresh the gallery", self.refresh, keys="F5", icon="refresh")
        add("gallery-play", "Play", hands.play_current, keys="Space", icon="play", within=self.views)
        add("gallery-download-to", "Download to another folder", hands.download_to, icon="folder")
        add("gallery-view", "Cards or list", self.turn, keys="Ctrl+Shift+G", icon="gallery")
        add("gallery-folder", "Open the folder", hands.open_folder, icon="folder")
        add("gallery-copy", "Copy the names", hands.copy_names, keys="Ctrl+Shift+C", icon="copy")
        add("gallery-retry", "Retry the failed videos", hands.retry, icon="retry")
        add("gallery-resume", "Resume the paused videos", hands.resume, icon="play")
        add("gallery-connect", "Connect to a gallery", partial(self.doors.connect_web, "gallery"), icon="server")
        add("gallery-clear", "Show all videos", self._clear, icon="filter")

    def _wire(self) -> None:
        frame, session, views = self.frame, self.session, self.views
        self._clock.timeout.connect(self._tell_age)
        self.picker.picked.connect(lambda name: self._open(name) if self._began else None)
        self.picker.rescanned.connect(self.refresh)
        self.picker.added.connect(lambda: self.doors.connect_web("gallery"))
        self.picker.managed.connect(lambda: self.doors.manage(self.picker.name()))
        session.phased.connect(self._phased)
        session.listed.connect(self._listed)
        session.placed.connect(self._placed)
        session.failed.connect(self._failed)
        frame.services.gallery.remarked.connect(self.said)
        self.states.turned.connect(self.orders.count_soon)
        self.states.ended.connect(session.look)
        self.model.modelReset.connect(self._rearranged)
        views.picked.connect(self._picked)
        views.played.connect(self.hands.play)
        views.fetched.connect(lambda row: self.orders.fetch([self.model.rows()[row]]))
        views.dragged.connect(self._drag)
        views.asked.connect(self.hands.open_menu)
        self.head.sorted.connect(self._sort)
        self.head.narrowed.connect(self._narrow)
        self.head.turned.connect(self.show_cards)
        self.shelf.dropped.connect(self._dropped)
        self.orders.failed.connect(self._failed_plan)
        self.hands.said.connect(self.said)
        self.doors.opened.connect(self._use)
        self.doors.trusted.connect(self.refresh)
        self.doors.failed.connect(self._demo_failed)
        self.empty.act.connect(self._act)
        frame.destination.changed.connect(session.look_in)

    # What the user does

    def refresh(self) -> None:
        """Ask the server again; what is selected and in sight stays so."""
        self.cards.clear()
        self.thumbnails.try_again()
        self.session.refresh()

    def turn(self) -> None:
        """Show the list instead of the cards, or the cards instead of the list."""
        self.show_cards(not self.views.as_cards)

    def show_cards(self, cards: bool) -> None:
        """Show cards or the list."""
        self.views.show_cards(cards)
        self.head.show_view(cards)
        self._phased()
        self.views.shown.setFocus()

    # What happens

    def _open(self, server: str) -> None:
        self.cards.clear()
        self.doubts.stop()
        self.thumbnails.follow(server)
        self.states.follow(server)
        self.session.open(server)

    def _use(self, name: str) -> None:
        self.picker.refresh()
        if self.picker.name() == name:
            self._open(name)
        else:
            self.picker.pick(name)

    def _sort(self, column_number: int, order: Qt.SortOrder) -> None:
        self.model.sort(column_number, order)

    def _narrow(self) -> None:
        self.model.show_only(self._text, self.head.states())

    def _clear(self) -> None:
        self.frame.commands.get("clear-search").trigger()
        self.head.clear()

    def _rearranged(self) -> None:
        self.head.show_sorting(*self.model.sorted_by)
        self.views.show_sorting()
        self._show_body()

    def _picked(self) -> None:
        self.head.tell(self.model, self.views.chosen())
        self.orders.count_soon()

    def _listed(self, videos: tuple[Video, ...]) -> None:
        self.model.fill(videos)
        self.views.grid.want_soon()
        self._picked()

    def _placed(self, here: Mapping[str, Path]) -> None:
        self.states.place(here)

    def _phased(self) -> None:
        session = self.session
        self._tell_age()
        if not session.server:
            self.linked.emit("", "none")
        elif session.asking:
            self.linked.emit(f"{session.server}: asking for its videos", "busy")
        elif session.error is not None:
            self.linked.emit(f"{session.server}: not connected", "offline")
        else:
            self.linked.emit(f"{session.server} connected", "online")
        self._show_body()

    def _show_body(self) -> None:
        session = self.session
        ready = session.phase is Phase.READY
        matches = bool(self.model.rows())
        for part in (self.head, self.bar):
            part.setVisible(ready or session.phase is Phase.LOADING)  # or the cards would jump when they come
        self.body.setCurrentIndex(0 if session.phase is Phase.LOADING or (ready and matches) else 1)
        if session.phase is Phase.LOADING:
            self.views.show_blank()
        elif ready and matches:
            self.views.show_videos()
        elif ready:
            self.empty.show_no_match()
        else:
            self.empty.show_for(session)

    def _tell_age(self) -> None:
        seen = self.session.seen
        ago = self.frame.formats.ago(seen, time.time()) if seen is not None else ""
        away = self.session.error is not None
        self.picker.tell(self.session.asking, f"{'offline, seen' if away else 'asked'} {ago}" if ago else "")

    def _failed(self, error: ShotDockError) -> None:
        if self.session.seen is None or self.session.phase is not Phase.READY:
            return  # the page tells it
        acts: list[Act] = [("Try again", self.refresh)]
        if isinstance(error, HostKeyUnknown):
            acts.insert(0, (CHECK, partial(self.doors.ask_trust, error)))
        elif isinstance(error, LoginFailed):
            acts.insert(0, ("Enter a token\N{HORIZONTAL ELLIPSIS}", lambda: self._act("login")))
        seen = self.frame.formats.moment(self.session.seen)
        self.cards.tell(error, *acts, note=f"You see what the gallery had when it last answered: {seen}.")

    def _failed_plan(self, error: ShotDockError) -> None:
        self.cards.tell(error)

    def _demo_failed(self, error: ShotDockError) -> None:
        self.cards.tell(error)
        self._show_body()

    def _drag(self) -> None:
        drag = self.hands.carry()
        folders = dict.fromkeys((self.frame.destination.path, *self.frame.services.settings.recent()))
        if self.bar.isVisible():
            self.shelf.offer("Drop on a folder to download there", self.bar, tuple(folders))
        drag.exec(Qt.DropAction.CopyAction)
        self.shelf.hide()

    def _dropped(self, folder: Path) -> None:
        self.orders.fetch(self.views.chosen(), folder)
        self.said.emit(f"Downloading to {folder}")

    def _act(self, what: str) -> None:
        error = self.session.error
        if what == "again":
            self.refresh()
        elif what == "clear":
            self._clear()
        elif what == "connect":
            self.doors.connect_web("gallery")
        elif what == "login":
            self.doors.connect_web("gallery", self.session.server, secret=isinstance(error, LoginFailed))
        elif what == "trust" and isinstance(error, HostKeyUnknown):
            self.doors.ask_trust(error)
        elif what == "demo":
            self.empty.show_starting()
            self.doors.start_demo()
