"""The theme: palette, style sheet, fonts and icons, and the signal that they changed."""

from collections.abc import Iterator
from dataclasses import fields
from importlib.resources import files
from string import Template

from PySide6.QtCore import QByteArray, QDir, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QStyleFactory, QWidget

from desktop.ui.colours import DARK, LIGHT, Colours, Tone

FONT_FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf")
ICON_SIZES = (16, 24, 32, 48, 96)
"""Pixels an icon is drawn at ahead of need, so that it is sharp from 100 to 250 %."""
DISABLED_SIZES = (16, 32, 48)


class Theme(QObject):
    """One for the window. Widgets take it by constructor and redraw on `changed`.

    The palette is the application's own: asking the platform for a dark scheme does nothing on a bare X11
    desktop, so nothing here depends on the platform but the choice "system".
    """

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self.name = ""
        self.colours: Colours = DARK
        self._icons: dict[tuple[str, Tone, bool], QIcon] = {}
        self._colours: dict[Tone, QColor] = {}
        self._sources: dict[str, str] = {}
        style = QStyleFactory.create("Fusion")
        if style is not None:
            app.setStyle(style)
        self._use_font()
        # A style sheet can only name files; these few marks are grey or white and so serve every theme.
        QDir.setSearchPaths("icons", [str(files("resources").joinpath("icons"))])
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    def use(self, name: str) -> None:
        """Apply the theme "dark", "light" or "system" (the platform's scheme; dark where it tells none)."""
        colours = DARK if name == "dark" or (name == "system" and _system_is_dark()) else LIGHT
        if name == self.name and colours is self.colours:
            return
        self.name = name
        self.colours = colours
        self._icons.clear()
        self._colours.clear()
        self._app.setPalette(_palette(colours))
        self._app.setStyleSheet(_style_sheet(colours))
        for widget in self._app.allWidgets():
            for thing in (widget, *widget.actions()):
                icon = thing.property("iconName")
                if icon and isinstance(thing, QAbstractButton | QAction):
                    thing.setIcon(self.icon(icon, Tone(thing.property("iconTone"))))
        self.changed.emit()

    def colour(self, tone: Tone) -> QColor:
        """Return the tone's colour; the same object every time, as paint code wants it."""
        if tone not in self._colours:
            self._colours[tone] = QColor(self.colours.of(tone))
        return self._colours[tone]

    def ground(self, name: str) -> QColor:
        """Return a ground's colour by its name in Colours, e.g. "line_strong"."""
        return QColor(getattr(self.colours, name))

    def icon(self, name: str, tone: Tone = Tone.TEXT, colours: Colours | None = None) -> QIcon:
        """Return the icon of `resources/icons/<name>.svg` in the tone's colour, drawn once and kept.

        colours: those of the theme in use if None.
        """
        colours = colours or self.colours
        key = (name, tone, colours.dark)
        if key not in self._icons:
            icon = QIcon()
            for size in ICON_SIZES:
                icon.addPixmap(self._draw(name, colours.of(tone), size), QIcon.Mode.Normal)
            for size in DISABLED_SIZES:
                icon.addPixmap(self._draw(name, colours.line_strong, size), QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

    def darken(self, widget: QWidget) -> None:
        """Make a widget dark, with everything in it, whatever theme is in use."""
        widget.setPalette(_palette(DARK))
        widget.setStyleSheet(_style_sheet(DARK))

    def dress(self, thing: QAbstractButton | QAction, icon: str, tone: Tone = Tone.TEXT) -> None:
        """Give a button or an action an icon that follows the theme."""
        thing.setProperty("iconName", icon)
        thing.setProperty("iconTone", tone.value)
        thing.setIcon(self.icon(icon, tone))

    def pixmap(self, name: str, size: int, tone: Tone, ratio: float) -> QPixmap:
        """Return an icon as a picture of `size` device-independent pixels for a screen of that pixel ratio."""
        pixmap = self._draw(name, self.colours.of(tone), round(size * ratio))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def font(self, points: float = 0.0, bold: bool = False) -> QFont:
        """Return the application's font, larger by `points` if asked, with tabular figures."""
        font = QFont(self._app.font())
        if points:
            font.setPointSizeF(font.pointSizeF() + points)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def mono(self) -> QFont:
        """Return the system's fixed-width font at the application's size."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self._app.font().pointSizeF() - 0.5)
        return font

    def _draw(self, name: str, colour: str, size: int) -> QPixmap:
        if name not in self._sources:
            self._sources[name] = files("resources").joinpath("icons", f"{name}.svg").read_text(encoding="utf-8")
        renderer = QSvgRenderer(QByteArray(self._sources[name].replace("currentColor", colour).encode()))
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        return pixmap

    def _use_font(self) -> None:
        families: list[str] = []
        for name in FONT_FILES:
            data = files("resources").joinpath("fonts", name).read_bytes()
            number = QFontDatabase.addApplicationFontFromData(QByteArray(data))
            families += QFontDatabase.applicationFontFamilies(number)
        font = QFont(self._app.font())
        if families:
            font.setFamilies([families[0], *font.families()])
        font.setPointSizeF(9.5)
        # Figures of one width: a column of sizes reads as a column, and a running counter does not dance.
        font.setFeature(QFont.Tag("tnum"), 1)
        self._app.setFont(font)

    def _system_changed(self) -> None:
        if self.name == "system":
            self.name = ""
            self.use("system")


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() is not Qt.ColorScheme.Light


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for one, value in {
        role.Window: colours.panel,
        role.WindowText: colours.text,
        role.Base: colours.base,
        role.AlternateBase: colours.panel,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.faint,
        role.Text: colours.text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.Link: colours.info,
        role.LinkVisited: colours.info,
        role.Highlight: colours.selection,
        role.HighlightedText: colours.text,
        role.Light: colours.hover,
        role.Midlight: colours.hover,
        role.Mid: colours.line,
        role.Dark: colours.window,
        role.Shadow: colours.window,
        role.Accent: colours.accent,
    }.items():
        palette.setColor(one, QColor(value))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(colours.faint))
    return palette


def _style_sheet(colours: Colours) -> str:
    template = Template(files("resources").joinpath("style.qss").read_text(encoding="utf-8"))
    return template.substitute(dict(_named(colours)))


def _named(colours: Colours) -> Iterator[tuple[str, object]]:
    for one in fields(colours):
        yield one.name, getattr(colours, one.name)
