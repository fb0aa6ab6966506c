"""The whole explanation of a technique, a network or an optimizer, in a window that can stay open beside the others."""

from __future__ import annotations

import html
import re
from typing import TypeAlias

from pydantic.fields import FieldInfo
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from explorer.gui.recipe.form import limits_text, with_unit
from explorer.gui.wording import choice_label, field_label
from explorer.i18n import _
from explorer.networks import Network
from explorer.optimizers import Optimizer
from explorer.techniques import Technique

Explained: TypeAlias = type[Technique] | type[Network] | type[Optimizer]
_ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")
_LINK = r"<a href='https://arxiv.org/abs/\1'>arXiv \1</a>"
_FORMULA = re.compile(r"[=←∼~]")
_LONGEST_FORMULA = 110


class Manual(QDialog):
    """Shows one of them at a time; not modal, so that one can read and try."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind: Explained | None = None
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        self.resize(600, 640)

    def explain(self, kind: Explained) -> None:
        """Show `kind`."""
        self._kind = kind
        self.retranslate()
        self.show()
        self.raise_()
        self.activateWindow()

    def retranslate(self) -> None:
        """Show the same in the language and the colours now in use."""
        if self._kind is not None:
            self.setWindowTitle(_(self._kind.title))
            self.text.document().setDocumentMargin(18)
            self.text.setHtml(page(self._kind))


def page(kind: Explained) -> str:
    """Manual and parameters of `kind` as HTML."""
    paragraphs = [_paragraph(text) for text in re.split(r"\n\s*\n", _(kind.manual()))]
    rows = "".join(_row(name, field) for name, field in parameters(kind).items())
    heads = "".join(f"<th align='left'>{head}</th>" for head in (_("Parameter"), "", _("Default"), _("Range")))
    table = f"<h3>{_('Parameters')}</h3><table cellpadding='4'><tr>{heads}</tr>{rows}</table>" if rows else ""
    return (
        f"<h2>{html.escape(_(kind.title))}</h2><p><i>{html.escape(_(kind.summary))}</i></p>{''.join(paragraphs)}{table}"
    )


def parameters(kind: Explained) -> dict[str, FieldInfo]:
    """What can be set in it; `kind` of a network or an optimizer is what it is itself."""
    own = issubclass(kind, Technique)
    return {name: field for name, field in kind.model_fields.items() if own or name != "kind"}


def _row(name: str, field: FieldInfo) -> str:
    cells = (
        f"<b>{html.escape(field_label(name, field))}</b><br><code>{name}</code>",
        html.escape(_(field.description or "")),
        html.escape(_default(field)),
        html.escape(limits_text(field)),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _paragraph(text: str) -> str:
    """A short line with an equation stands alone and larger; papers on arXiv become links."""
    line = html.escape(" ".join(text.split()))
    if _FORMULA.search(line) and len(line) < _LONGEST_FORMULA and not line.endswith("."):
        return f"<p align='center' style='font-size: large'>{line}</p>"
    return f"<p>{_ARXIV.sub(_LINK, line)}</p>"


def linked(text: str) -> str:
    """`text` as HTML, in which papers on arXiv are links."""
    return _ARXIV.sub(_LINK, html.escape(text))


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, tuple):
        words = ", ".join(choice_label(item) if isinstance(item, str) else f"{item:g}" for item in value)
        return with_unit(words, field, float(value[-1])) if value and not isinstance(value[-1], str) else words
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return choice_label(value) if isinstance(value, str) else with_unit(f"{value:g}", field, value)
