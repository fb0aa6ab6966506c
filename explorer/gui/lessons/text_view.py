"""A text of a lesson as it is read: Markdown, with its formulas and pictures drawn, as high as it is long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QImage, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from explorer.gui.lessons.formula import picture
from explorer.gui.theme import LIGHT, Palette
from explorer.lessons.formula import FORMULA, parse, plain

LARGER = 1.15
"""Of the letters of a formula."""
WIDEST = 4000
"""Pixels along a side of a picture in a lesson; a larger one is not shown."""


class TextView(QTextBrowser):
    """Shows one text; `folder` is where its pictures are. Links open in the browser, nothing else is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path | None = None
        self._said, self._formulas = "", []  # type: tuple[str, list[str]]
        self._palette = LIGHT
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenExternalLinks(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)

    def say(self, text: str) -> None:
        """Show `text`."""
        self._said = text
        self._formulas = []

        def placed(found: Any) -> str:
            self._formulas.append(found[1].strip())
            return f"\n\n![{plain(parse(found[1].strip()))}](formula-{len(self._formulas) - 1})\n\n"

        self.setMarkdown(FORMULA.sub(placed, text))
        self._fit()

    def restyle(self, palette: Palette) -> None:
        """Draw formulas in these colours."""
        self._palette = palette
        self.say(self._said)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:  # noqa: N802
        """Formulas, and pictures beside the lesson's file; whatever else a text asks for is not there."""
        what = name if isinstance(name, str) else name.toString()
        if kind != int(QTextDocument.ResourceType.ImageResource.value):
            return None
        if what.startswith("formula-") and what[8:].isdigit() and int(what[8:]) < len(self._formulas):
            font = self.font()
            font.setPixelSize(round(LARGER * self.fontMetrics().height() / 1.17))
            drawn = picture(
                parse(self._formulas[int(what[8:])]), font, self._palette.foreground, self.devicePixelRatioF()
            )
            return self._fitted(drawn)
        if self.folder is None or "/" in what or "\\" in what or what.startswith("."):
            return None
        image = QImage(str(self.folder / what))
        return None if image.isNull() or max(image.width(), image.height()) > WIDEST else self._fitted(image)

    def _fitted(self, image: QImage) -> QImage:
        """No wider than the text."""
        room, ratio = max(60, self.viewport().width()), image.devicePixelRatio()
        if image.width() / ratio <= room:
            return image
        small = image.scaledToWidth(round(room * ratio), Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(ratio)
        return small

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            if self._formulas:
                self.say(self._said)  # they are fitted to the width
            self._fit()

    def _fit(self) -> None:
        document = self.document()
        document.setTextWidth(self.viewport().width())
        self.setFixedHeight(max(1, round(document.size().height()) + 2))

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, self.height())
