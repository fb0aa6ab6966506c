"""One small dialog: how large a picture of a panel is, how fine, and in which colours."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.gui.recipe.editors import NumberEditor, WholeEditor
from explorer.gui.theme import DARK, LIGHT, Palette
from explorer.i18n import N_, _

SMALLEST, LARGEST = 100, 8000
"""Pixels of a side before scaling."""
MOST_PIXELS = 64_000_000
"""Of the whole picture: 256 MB of memory while it is drawn."""
PRESETS = {
    "slide": (N_("Slide, 1920 × 1080"), (1920, 1080)),
    "column": (N_("Column of a paper, 1200 × 900"), (1200, 900)),
    "wide": (N_("Width of a paper, 1600 × 900"), (1600, 900)),
}
USUAL: tuple[str, ...] = ("png", "svg", "csv")
"""Formats of a whole run, until others are chosen."""
SCREEN, OWN = N_("As on screen, {width} × {height}"), N_("Own size")


@dataclass(frozen=True)
class ExportOptions:
    """Size in pixels; `scale` draws everything larger and so finer; `dark` takes the colours of the dark scheme."""

    width: int = 1600
    height: int = 900
    scale: float = 1.0
    dark: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the finished picture."""
        return round(self.width * self.scale), round(self.height * self.scale)

    @property
    def palette(self) -> Palette:
        """Its colours."""
        return DARK if self.dark else LIGHT


class Remembered:
    """What was chosen last, for the next time; the window carries it from one start to the next."""

    def __init__(self) -> None:
        self.options, self.folder, self.formats = ExportOptions(), Path.home(), USUAL

    def state(self) -> str:
        """As text, for `restore`."""
        return json.dumps(asdict(self.options) | {"folder": str(self.folder), "formats": self.formats})

    def restore(self, state: str) -> None:
        """Take what `state` wrote; where that cannot be read, the defaults."""
        self.__init__()  # type: ignore[misc]
        try:
            saved = json.loads(state)
            options = ExportOptions(
                int(saved["width"]), int(saved["height"]), float(saved["scale"]), bool(saved["dark"])
            )
            folder, formats = Path(saved["folder"]), tuple(map(str, saved.get("formats", USUAL)))
        except (ValueError, TypeError, KeyError):
            return
        self.formats = formats
        fits = all(SMALLEST <= side <= LARGEST for side in (options.width, options.height))
        if fits and 1 <= options.scale <= 8:
            self.options = options
        if folder.is_dir():
            self.folder = folder


remembered = Remembered()


class ExportDialog(QDialog):
    """Asks how large a picture is to be. Afterwards `chosen` says it, or is None; `copied`: for the clipboard."""

    def __init__(self, panel: QWidget, ending: str) -> None:
        super().__init__(panel)
        self.chosen: ExportOptions | None = None
        self.copied = False
        self._screen = (max(SMALLEST, panel.width()), max(SMALLEST, panel.height()))
        self._picture = picture = ending == "png"
        self.setWindowTitle(_("Save the picture") if picture else _("Save the drawing"))
        self.preset, self.colours, self.total = QComboBox(), QComboBox(), QLabel()
        self.width_, self.height_ = (WholeEditor(SMALLEST, LARGEST, "pixels") for _side in range(2))
        self.scale = NumberEditor(1, 8, 1, "×")
        self.scale.setSingleStep(0.5)
        for key, (text, _size) in PRESETS.items():
            self.preset.addItem(_(text), key)
        self.preset.addItem(_(SCREEN).format(width=self._screen[0], height=self._screen[1]), "screen")
        self.preset.addItem(_(OWN), "own")
        self.colours.addItem(_("Light"), False)
        self.colours.addItem(_("Dark"), True)
        sides = QHBoxLayout()
        sides.addWidget(self.width_, 1)
        sides.addWidget(QLabel("×"))
        sides.addWidget(self.height_, 1)
        form = QFormLayout()
        form.addRow(_("Size"), self.preset)
        form.addRow("", sides)
        form.addRow(_("Scale"), self.scale)
        form.setRowVisible(self.scale, picture)  # a drawing has no pixels
        form.addRow(_("Colours"), self.colours)
        form.addRow("", self.total)
        self.total.setObjectName("muted")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save, self.copy = QPushButton(_("Save…")), QPushButton(_("Copy"))
        self.buttons.addButton(self.save, QDialogButtonBox.ButtonRole.AcceptRole)
        if picture:
            self.buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.save.setDefault(True)
        self.copy.setToolTip(_("Put the picture on the clipboard"))
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        for widget, name in (
            (self.preset, _("Size")),
            (self.width_, _("Width")),
            (self.height_, _("Height")),
            (self.scale, _("Scale")),
            (self.colours, _("Colours")),
        ):
            widget.setAccessibleName(name)
        self.scale.setToolTip(_("Draws everything so many times as large: for print, or for a sharper screen."))
        self._show(remembered.options)
        self.preset.activated.connect(self._preset_chosen)
        for side in (self.width_, self.height_, self.scale):
            side.edited.connect(self._sized)
        self.colours.activated.connect(self._sized)
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        self.copy.clicked.connect(self._copy)

    def options(self) -> ExportOptions:
        """What is shown."""
        dark = bool(self.colours.currentData())
        return ExportOptions(self.width_.value(), self.height_.value(), self.scale.value(), dark)

    def _show(self, options: ExportOptions) -> None:
        self.width_.set_value(options.width)
        self.height_.set_value(options.height)
        self.scale.set_value(options.scale)
        self.colours.setCurrentIndex(int(options.dark))
        self._sized()

    def _preset_chosen(self) -> None:
        key = self.preset.currentData()
        if key == "own":
            self.width_.setFocus()
            return
        width, height = self._screen if key == "screen" else PRESETS[key][1]
        for side, value in ((self.width_, width), (self.height_, height)):
            side.set_value(value)
        self._sized()

    def _sized(self) -> None:
        options = self.options()
        sizes = {size: key for key, (_text, size) in PRESETS.items()} | {self._screen: "screen"}
        with QSignalBlocker(self.preset):
            key = sizes.get((options.width, options.height), "own")
            self.preset.setCurrentIndex(self.preset.findData(key))
        width, height = options.pixels if self._picture else (options.width, options.height)
        fits = width * height <= MOST_PIXELS
        said = (
            _("{width} × {height} pixels") if fits else _("{width} × {height} pixels: too large. At most 64 million.")
        )
        self.total.setText(said.format(width=width, height=height))
        for button in (self.save, self.copy):
            button.setEnabled(fits)

    def _save(self) -> None:
        self.chosen = self.options()
        self.accept()

    def _copy(self) -> None:
        self.copied = True
        self._save()
