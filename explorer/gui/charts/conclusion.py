"""Below curves: what the difference between groups of runs says, in as many whole sentences as find room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from explorer.gui.wording import rich
from explorer.i18n import Message
from explorer.runs.verdict import Verdict

MARGIN = 6
Said = Sequence[tuple[str, Message, Verdict]]
"""Of each group but the baseline: its name, the sentence and the verdict."""


class Conclusion(QLabel):
    """Hidden where there is nothing to say, or no room for even the shortest form of it; all is in the tool tip."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True)
        self.setMargin(MARGIN // 2)
        self.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def say(self, said: Said, width: int, height: int) -> None:
        """Show it on so many pixels at most."""
        sentences = [str(sentence) for _name, sentence, _verdict in said]
        short = [f"{name}: {found.short}" for name, _sentence, found in said]
        forms = ["\n".join(sentences), "\n".join(short), " · ".join(short), *short[:1]] if said else []
        self.setToolTip(rich("\n".join(sentences)))
        width -= 3 * MARGIN
        for form in forms:
            needed = self.fontMetrics().boundingRect(QRect(0, 0, width, 10_000), Qt.TextFlag.TextWordWrap, form)
            if width > 0 and needed.height() <= height and needed.width() <= width:
                self.setText(form)
                self.setFixedHeight(needed.height() + MARGIN)
                self.show()
                return
        self.hide()
