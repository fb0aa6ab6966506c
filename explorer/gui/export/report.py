"""A run as one page for handing in: HTML that needs no other file, and the same as PDF.

Written in the HTML that Qt's text documents can set, so that both come from one text. Whatever a person wrote (names of
runs, folders, classes) is escaped.
"""

from __future__ import annotations

import base64
import json
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from html import escape

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from explorer.errors import InputError
from explorer.events import Evaluation, RecipeChanged
from explorer.gui.charts.panel import Panel
from explorer.gui.charts.picture import picture
from explorer.i18n import _, language
from explorer.recipe import Recipe, in_words, parse
from explorer.resources import version_of
from explorer.runs import RunRecord
from explorer.runs.timing import steps_per_epoch
from explorer.titles import METRICS, duration

WIDTH, HEIGHT, FINER = 720, 405, 2
"""Of a panel as it is laid out, in points of the page, and how many times finer it is drawn."""
PACKAGES = ("training-explorer", "torch", "torchvision", "numpy")
STYLE = """
body { font-family: sans-serif; max-width: 720px; margin: 0 auto; padding: 2em; color: #222; background: #fff; }
h1 { font-size: 20pt; } h2 { font-size: 14pt; } h3 { font-size: 11pt; }
td, th { padding: 2px 10px 2px 0; text-align: left; vertical-align: top; }
pre { font-size: 8pt; white-space: pre-wrap; }
"""


def html(record: RunRecord, panels: Sequence[Panel], title: str) -> str:
    """The page: what came of the run, its recipe, what `panels` show, tables, environment."""
    words = "\n".join(_sections(record, panels, title))
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n{words}\n</body></html>\n"
    )


def pdf(page: str, title: str) -> bytes:
    """`page` on sheets of A4."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setHtml(page)
    document.setPageSize(QSizeF(WIDTH, WIDTH * (297 - 30) / (210 - 30)))  # is scaled to the sheet
    document.print_(writer)
    return bytes(buffer.data().data())


def _sections(record: RunRecord, panels: Sequence[Panel], title: str) -> Iterator[str]:
    yield _block("h1", title)
    yield _table(_result(record))
    if metrics := list(_metrics(record)):
        yield _block("h2", _("Best weights and test"))
        yield _table(metrics, head=True)
    yield _block("h2", _("Recipe"))
    yield from _recipe(record)
    yield _block("h2", _("What was watched"))
    for panel in panels:
        yield _image(panel)
    if record.epochs:
        yield _block("h2", _("Epochs"))
        yield _table(_epochs(record), head=True)
    if record.latest(Evaluation) is not None and record.started is not None:
        yield _block("h2", _("Classes"))
        yield _table(_classes(record), head=True)
    yield _block("h2", _("Environment"))
    yield _table(_environment(record))
    if record.recipe:
        yield _block("h2", _("The whole recipe"))
        yield f"<pre>{escape(json.dumps(record.recipe, indent=1, ensure_ascii=False))}</pre>"


def _result(record: RunRecord) -> Iterator[tuple[str, ...]]:
    started, ended = record.started, record.ended
    if started is not None:
        yield _("Began"), f"{datetime.fromtimestamp(started.time):%Y-%m-%d %H:%M}"
    if ended is None:
        yield _("Ended"), _("It was cut off, or goes on.")
    else:
        yield _("Ended"), " ".join(filter(None, (str(ended.reason), str(ended.remedy))))
        yield _("Time"), duration(ended.seconds)
    if record.epochs:
        yield _("Epochs"), str(len(record.epochs))


def _metrics(record: RunRecord) -> Iterator[tuple[str, ...]]:
    best, test = record.best, record.ended.test if record.ended else {}
    if best is None:
        return
    where = _("validation, epoch {epoch}").format(epoch=best.epoch)
    yield _("metric"), where, *([_("test images")] if test else [])
    for name, title in METRICS.items():
        if name in best.validation:
            yield _(title), _figure(best.validation[name]), *([_figure(test.get(name))] if test else [])


def _recipe(record: RunRecord) -> Iterator[str]:
    began = _began_with(record)
    if began is None:
        yield _block("p", _("a recipe of another version"))
    elif found := in_words(Recipe(), began):
        yield _block("p", _("What differs from the default:"))
        yield "<ul>" + "".join(_block("li", words) for words in found) + "</ul>"
    else:
        yield _block("p", _("It is the default recipe."))
    if began is not None:
        rows = [(_(technique.title), _(technique.summary)) for technique in began.techniques]
        yield _table(rows)
    if record.all(RecipeChanged):
        yield _block("h3", _("Changed while it went on"))
        yield _table(
            (_("epoch {epoch}").format(epoch=1 + mark.step // steps_per_epoch(record)), "; ".join(record.changes(mark)))
            for mark in record.all(RecipeChanged)
        )


def _began_with(record: RunRecord) -> Recipe | None:
    """The recipe of the start; None if this version cannot read it."""
    with suppress(InputError):
        return parse(record.started.recipe) if record.started else None
    return None


def _epochs(record: RunRecord) -> Iterator[tuple[str, ...]]:
    names = [name for name in ("loss", "accuracy") if name in record.epochs[0].validation]
    splits = {"train": _("training"), "validation": _("validation")}
    yield (
        _("epoch"),
        *(f"{_(METRICS[name])}, {title}" for name in names for title in splits.values()),
        _("seconds"),
    )
    for epoch in record.epochs:
        star = " ★" if epoch is record.best else ""
        values = (_figure(getattr(epoch, split).get(name)) for name in names for split in splits)
        yield f"{epoch.epoch}{star}", *values, f"{epoch.seconds:.1f}"


def _classes(record: RunRecord) -> Iterator[tuple[str, ...]]:
    evaluation = record.latest(Evaluation)
    assert evaluation is not None
    assert record.started is not None
    confusion = evaluation.confusion
    yield _("class"), _("validation images"), _("found (recall)"), _("right of its answers (precision)")
    for i, name in enumerate(record.started.classes):
        right, images, answers = confusion[i, i], confusion[i].sum(), confusion[:, i].sum()
        yield _(name), str(images), _share(right, images), _share(right, answers)


def _environment(record: RunRecord) -> Iterator[tuple[str, ...]]:
    if record.started is not None:
        yield _("device"), record.started.device
        if record.started.threads:
            yield _("threads"), str(record.started.threads)
    yield (
        _("this page was made with"),
        ", ".join(f"{package} {version_of(package)}" for package in PACKAGES)
        + f", Python {platform.python_version()}, {platform.platform(terse=True)}",
    )


def _table(rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]], head: bool = False) -> str:
    lines = []
    for number, row in enumerate(rows):
        cell = "th" if head and not number else "td"
        lines.append("<tr>" + "".join(f"<{cell}>{_text(value)}</{cell}>" for value in row) + "</tr>")
    return "<table>" + "".join(lines) + "</table>" if lines else ""


def _image(panel: Panel) -> str:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture(panel, WIDTH, HEIGHT, FINER).save(buffer, "PNG")  # type: ignore[call-overload]
    data = base64.b64encode(buffer.data().data()).decode("ascii")
    alt = escape(_(panel.title), quote=True)
    return f'<p><img src="data:image/png;base64,{data}" alt="{alt}" width="{WIDTH}" height="{HEIGHT}"></p>'


def _block(tag: str, text: str) -> str:
    return f"<{tag}>{_text(text)}</{tag}>"


def _text(text: str) -> str:
    return escape(text, quote=False)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
