"""All that can be made of a run: choose formats, then a place; a new folder has all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from PySide6.QtCore import QBuffer, QIODevice, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from explorer.errors import InputError
from explorer.exports import EXPORTS, PICTURES, Export, StoredRun
from explorer.gui.export.dialog import remembered
from explorer.gui.export.panel_files import unwritable, write
from explorer.gui.panels import PANELS
from explorer.i18n import _
from explorer.runs.names import file_name

BETWEEN_MS = 20
"""Between two pieces of work, so that Cancel and the rest of the program act."""


class RunExport(QDialog):
    """Asks for formats and place and writes; afterwards `written` is the new folder, or None."""

    def __init__(self, parent: QWidget, run: StoredRun, title: str) -> None:
        super().__init__(parent)
        self.written: Path | None = None
        self._run, self._title, self._behind = run, title, parent
        self._work: Iterator[str] | None = None
        self.setWindowTitle(_("Export {run}").format(run=title))
        layout = QVBoxLayout(self)
        titles = PICTURES | {kind.name: kind.title for kind in EXPORTS}
        self.boxes = {name: QCheckBox(f"{name}: {_(title)}") for name, title in titles.items()}
        for name, box in self.boxes.items():
            box.setChecked(name in remembered.formats)
            box.toggled.connect(self._judge)
            layout.addWidget(box)
        self.bar, self.doing = QProgressBar(), QLabel(" ")
        self.doing.setObjectName("muted")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.addButton(_("Choose a folder…"), QDialogButtonBox.ButtonRole.AcceptRole)
        for widget in (self.bar, self.doing, self.buttons):
            layout.addWidget(widget)
        self.bar.setValue(0)
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.reject)
        self._timer = QTimer(self, interval=BETWEEN_MS)
        self._timer.timeout.connect(self._go_on)
        self._judge()

    def _judge(self) -> None:
        self.start.setEnabled(any(box.isChecked() for box in self.boxes.values()) and self._work is None)

    def _choose(self) -> None:
        title = _("Where to put the folder with the files of the run")
        if place := QFileDialog.getExistingDirectory(self, title, str(remembered.folder)):
            remembered.folder = Path(place)
            remembered.formats = tuple(name for name, box in self.boxes.items() if box.isChecked())
            self.begin(Path(place))

    def begin(self, place: Path) -> None:
        """Write what is ticked into a new folder in `place`, a piece at a time."""
        wanted = [name for name, box in self.boxes.items() if box.isChecked()]
        of_panels = sum(name in PICTURES for name in wanted)
        self.bar.setMaximum(of_panels * len(PANELS) + len(wanted) - of_panels)
        self._work = self._pieces(place, wanted)
        self._judge()
        for box in self.boxes.values():
            box.setEnabled(False)
        self._timer.start()

    def reject(self) -> None:
        """Cancel: nothing is left of what was begun."""
        self._stop()
        super().reject()

    def _stop(self) -> None:
        self._timer.stop()
        if self._work is not None:
            self._work.close()  # type: ignore[attr-defined]
        self._work = None

    def _go_on(self) -> None:
        assert self._work is not None
        try:
            self.doing.setText(next(self._work))
        except StopIteration:
            self._stop()
            self.accept()
        except InputError as error:
            self._stop()
            QMessageBox.warning(self, _("Not saved"), str(error))
            for box in self.boxes.values():
                box.setEnabled(True)
            self.bar.setValue(0)
            self._judge()

    def _pieces(self, place: Path, wanted: list[str]) -> Iterator[str]:
        from explorer.gui.export.headless import export_run

        try:
            with TemporaryDirectory(prefix=".part-", dir=place) as part:
                folder = Path(part) / "run"
                folder.mkdir()
                for kind in EXPORTS:
                    if kind.name in wanted:
                        yield from self._made(kind, folder)
                        self.bar.setValue(self.bar.value() + 1)
                pictures = [name for name in wanted if name in PICTURES]
                drawn = export_run(self._run.record, folder, pictures, self._title, run=self._run.folder)
                with closing(drawn):  # type: ignore[type-var]
                    for path in drawn if pictures else ():
                        self.bar.setValue(self.bar.value() + 1)
                        yield path.name
                if "png" in wanted:
                    buffer = QBuffer()
                    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
                    self._behind.window().grab().save(buffer, "PNG")
                    write(folder / "window.png", bytes(buffer.data().data()))
                self.written = folder.rename(_new(place, file_name(self._title)))
        except OSError as error:
            raise unwritable(place, error) from None

    def _made(self, kind: Export, folder: Path) -> Iterator[str]:
        """The files of `kind`, made beside the window; what is cancelled is thrown away when it is done."""
        made: list[tuple[str, bytes]] = []
        faults: list[Exception] = []

        def make() -> None:
            try:
                made.extend(kind.files(self._run))
            except Exception as error:  # it is raised below, in the window's thread
                faults.append(error)

        thread = Thread(target=make, name=f"export {kind.name}", daemon=True)
        thread.start()
        while thread.is_alive():
            yield f"{kind.name} …"
        if faults:
            raise faults[0]
        for name, content in made:
            write(folder / name, content)


def _new(place: Path, name: str) -> Path:
    return next(f for n in range(1, 10_000) if not (f := place / (f"{name}-{n}" if n > 1 else name)).exists())
