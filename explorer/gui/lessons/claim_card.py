"""The card of a claim: what was claimed, what the runs say of it, with figures, spread, n and seconds."""

from __future__ import annotations

import html

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from explorer.gui.recipe.manual import linked
from explorer.i18n import _
from explorer.lessons.measured import of_claim
from explorer.lessons.verdict import ClaimVerdict, Outcome

SIGNS = {Outcome.HOLDS: "✓", Outcome.FAILS: "✗", Outcome.DEPENDS: "≈"}


class ClaimCard(QFrame):
    """Hidden until there is a verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.verdict, self.text = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.text.setOpenExternalLinks(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.addWidget(self.verdict)
        layout.addWidget(self.text)
        for label in (self.verdict, self.text):
            label.setTextInteractionFlags(label.textInteractionFlags().TextBrowserInteraction)
        self.hide()

    def show_verdict(self, verdict: ClaimVerdict | None) -> None:
        """Show this one, or nothing."""
        self.setVisible(verdict is not None)
        if verdict is None:
            return
        self.setAccessibleName(f"{_('Claim')}: {verdict.claim.text}")
        self.verdict.setText(f"<b>{SIGNS[verdict.outcome]} {html.escape(str(verdict.claim.text))}</b>")
        rows = "".join(
            f"<tr><td>{html.escape(str(one.value.label))}&nbsp;&nbsp;</td><td><b>{html.escape(str(one))}</b></td></tr>"
            for one in verdict.shown
        )
        parts = [
            html.escape(_sentence(str(verdict))),
            f"<i>{html.escape(str(verdict.claim.quantity))}</i><table>{rows}</table>",
        ]
        if kept := of_claim(verdict.claim):
            text = _("In our table, {machine}, {date}: {verdict} (n = {n}).")
            said = text.format(machine=kept.machine, date=kept.date, verdict=kept.title, n=kept.n)
            parts.append(html.escape(said))
        if verdict.claim.source:
            parts.append(linked(verdict.claim.source))
        self.text.setText(
            "<br>".join(parts[:2]) + "".join(f"<p style='margin-top: 4px'>{part}</p>" for part in parts[2:])
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
