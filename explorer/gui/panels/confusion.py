"""Confusion: which classes the network takes for which, and its worst mistakes."""

from __future__ import annotations

import numpy as np

from explorer.events import EpochDone, Evaluation, RunStarted
from explorer.gui.charts.image_pairs import to_image
from explorer.gui.charts.matrix import Matrix
from explorer.gui.charts.mistakes import Mistake, Mistakes, describe
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, not_watched
from explorer.gui.theme import Palette
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord

CHOICES = (("percent", N_("% of true class")), ("counts", N_("number of images")))


class ConfusionPanel(Panel):
    """Left the matrix, rows true classes, columns answers; right the most confident wrong answers as pictures."""

    name = "confusion"
    title = N_("Confusion")
    how_to_read = N_(
        "Validation images after the last epoch. Each row is a true class, each column an answer; right answers stand "
        "in the framed cells, everything else is a mistake. Healthy: little outside the frames. A filled column is an "
        "answer that is given too often; two cells facing each other across the frames are two classes that look "
        "alike: more images or milder augmentation of them help. Where classes have an order, mistakes should lie next "
        "to the frames. The pictures are the mistakes of which the network was surest: some are wrong labels; if it is "
        "sure of many, switch on label smoothing or mixing."
    )
    pace = 3.0
    kinds = (RunStarted, EpochDone, Evaluation)

    def build(self) -> None:
        self.matrix, self.mistakes = Matrix(), Mistakes()
        self.body.fill(self.matrix, self.mistakes, stretch=(5, 3), least=(240, 150))
        self.choice = self.header.add_choice(N_("Numbers in the cells"), CHOICES)
        self._seen: tuple[object, ...] = ()

    def why_empty(self) -> str:
        record = self.runs[0].record
        if record.latest(Evaluation) is not None:
            return ""
        if not record.epochs:
            return _("No epoch has ended yet: answers are looked at at the end of each.")
        return not_watched(record, _("answers to the validation images"))

    def draw(self) -> None:
        record = self.runs[0].record
        evaluation = record.latest(Evaluation)
        seen = (id(evaluation), self.colours, self.choice.currentData(), _(self.title))
        if evaluation is None or seen == self._seen:
            return
        self._seen = seen
        counts = evaluation.confusion
        note = "" if len(counts) else _("There are too many classes for a matrix that can be read.")
        names = [shown_name(record, i) for i in range(len(counts))]
        self.matrix.exporting = self.exporting
        self.matrix.show_matrix(counts, names, self.choice.currentData() == "percent", note)
        mistakes = mistakes_of(record, evaluation)
        pixels = evaluation.images.shape[3], evaluation.images.shape[2]
        self.mistakes.show_mistakes(mistakes, pixels, "" if mistakes else _("Every answer is right."))
        self.mistakes.setAccessibleDescription("; ".join(describe(mistake) for mistake in mistakes))

    def restyle(self, palette: Palette) -> None:
        super().restyle(palette)
        self.matrix.colours = self.mistakes.colours = palette

    def retranslate(self) -> None:
        super().retranslate()
        self.matrix.setAccessibleName(_(self.title))
        self.mistakes.setAccessibleName(_("Worst mistakes"))

    def numbers(self) -> str:
        record = self.runs[0].record
        evaluation = record.latest(Evaluation)
        if evaluation is None:
            return ""
        said, counts = [], evaluation.confusion
        images = evaluation.bins[:, 0]
        right = float(images @ evaluation.bins[:, 2] / max(1.0, images.sum()))
        said.append(_("{share:.1%} right").format(share=right))
        wrong = counts - np.diag(np.diag(counts))
        if wrong.any():
            true, answer = np.unravel_index(wrong.argmax(), wrong.shape)
            text = _("most often {true} → {answer}: {count}")
            names = {"true": shown_name(record, int(true)), "answer": shown_name(record, int(answer))}
            said.append(text.format(count=wrong.max(), **names))
        said.append(_("epoch {epoch}").format(epoch=evaluation.epoch))
        return BETWEEN.join(said)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        record, rows = self.runs[0].record, list[list[Cell]]()
        header = ["table", "true class", "answer", "images", "share of true class", "confidence"]
        evaluation = record.latest(Evaluation)
        if evaluation is None:
            return header, rows
        counts = evaluation.confusion
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        for i, j in np.ndindex(*counts.shape):
            names = class_name(record, i), class_name(record, j)
            rows.append(["matrix", *names, float(counts[i, j]), float(shares[i, j]), float("nan")])
        for true, answer, sure in zip(evaluation.labels, evaluation.answers, evaluation.confidence, strict=True):
            names = class_name(record, int(true)), class_name(record, int(answer))
            rows.append(["worst mistakes", *names, 1.0, float("nan"), float(sure)])
        return header, rows


def mistakes_of(record: RunRecord, evaluation: Evaluation) -> list[Mistake]:
    """The worst mistakes, surest first, with class names as they are shown."""
    told = zip(evaluation.images, evaluation.labels, evaluation.answers, evaluation.confidence, strict=True)
    return [
        Mistake(to_image(image), shown_name(record, int(true)), shown_name(record, int(answer)), float(sure))
        for image, true, answer, sure in told
    ]


def class_name(record: RunRecord, index: int) -> str:
    """Name of a class in the data, or its number."""
    names = record.started.classes if record.started else ()
    return names[index] if index < len(names) else str(index)


def shown_name(record: RunRecord, index: int) -> str:
    """The same, translated where it is one of our own data sets."""
    return _(class_name(record, index))
