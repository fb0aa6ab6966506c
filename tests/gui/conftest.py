"""Records to draw, and a guard: no test leaves a window, a running timer or a running thread behind."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from explorer import Recipe
from explorer.events import (
    ActivationStats,
    EpochDone,
    Evaluation,
    Event,
    GradientNorms,
    Histograms,
    Layer,
    ModeAccuracy,
    NormStats,
    RecipeChanged,
    RunEnded,
    RunStarted,
    SampleGrid,
    StepDone,
)
from explorer.gui import dialogs
from explorer.gui.export.dialog import remembered
from explorer.i18n import Message
from explorer.runs.record import RunRecord
from explorer.techniques import Clipping, Dropout

Q = TypeVar("Q", bound=QObject)
EPOCHS, PER_EPOCH, LAYERS, CLASSES = 3, 10, ("conv", "norm", "classifier"), ("Coat", "Bag", "Boot")
OUTPUTS = ("conv", "norm", "act", "classifier")
BINS = np.zeros((15, 3), np.float32)
BINS[5], BINS[9], BINS[14] = (20, 0.38, 0.5), (2, 0.65, 0), (20, 0.97, 0.9)


def hand_made_events() -> Iterator[Event]:
    """A whole run in which everything there is to draw happens once: live changes, clipping, mixing, a best epoch."""
    rng = np.random.default_rng(0)
    before = Recipe().with_(epochs=EPOCHS)
    after = before.switched(Dropout(p=0.3)).switched(Clipping(threshold=0.5))

    def floats(n: int) -> np.ndarray:
        return rng.uniform(0.1, 1, n).astype(np.float32)

    yield RunStarted(
        recipe=before.model_dump(mode="json"),
        layers=tuple(Layer(name, "Conv2d", 10) for name in LAYERS),
        classes=CLASSES,
        ordered=False,
        images={"train": 100, "validation": 40, "test": 40},
        steps_per_epoch=PER_EPOCH,
        device="cpu",
        time=0.0,
    )
    losses = (0.9, 0.6, 0.7)
    for step in range(1, EPOCHS * PER_EPOCH + 1):
        epoch = (step - 1) // PER_EPOCH
        yield StepDone(step=step, epoch=epoch, loss=2 / step, lr=(0.1 / step,), seconds=0.01, images=128)
        if step % 5 == 1:
            norms = floats(3)
            yield GradientNorms(
                step=step,
                names=LAYERS,
                sizes=np.array([90, 20, 30]),
                before=norms,
                after=norms * np.float32(0.5 if step > 15 else 1),
                weights=floats(3),
                updates=floats(3) * np.float32(1e-3),
            )
            yield NormStats(
                step=step,
                layer="norm",
                batch_mean=floats(4),
                batch_var=floats(4),
                running_mean=floats(4),
                running_var=floats(4),
                gamma=floats(4),
                beta=floats(4),
            )
            yield ActivationStats(
                step=step,
                names=OUTPUTS,
                mean=floats(4) - np.float32(0.5),
                std=floats(4),
                dead=np.array([np.nan, np.nan, 0.25, np.nan], np.float32),
            )
            yield Histograms(
                step=step,
                names=OUTPUTS[:2],
                weights=np.eye(2, 98, 76, dtype=np.uint16) * 9,
                gradients=np.eye(2, 98, 70, dtype=np.uint16) * 9,
            )
        if step == 15:
            yield RecipeChanged(step=15, recipe=after.model_dump(mode="json"))
        if step % PER_EPOCH == 0:
            loss = losses[epoch]
            rest = {"accuracy": 1 - loss / 3, "f1": 0.5, "ece": 0.1, "confidence": 0.6}
            yield EpochDone(
                epoch=epoch + 1,
                step=step,
                train={"loss": loss - 0.1 * (epoch + 1)} | rest,
                validation={"loss": loss} | rest,
                best=epoch < 2,
                seconds=0.1,
                images_per_second=1000.0,
            )
            yield ModeAccuracy(epoch=epoch + 1, train_mode=0.5 + epoch / 10, eval_mode=0.4 + epoch / 10)
            yield Evaluation(
                epoch=epoch + 1,
                confusion=np.array([[10, 3, 0], [1, 12, 1], [0, 0, 13 + epoch]]),
                bins=BINS,
                images=rng.integers(0, 256, (2, 1, 28, 28), dtype=np.uint8),
                labels=np.array([0, 1]),
                answers=np.array([1, 2]),
                confidence=np.array([0.98, 0.6], np.float32),
            )
    images = rng.integers(0, 256, (4, 1, 28, 28), dtype=np.uint8)
    yield SampleGrid(
        step=26,
        before=images,
        after=images[:, :, :, ::-1].copy(),
        labels=np.array([0, 1, 2, 0]),
        targets=np.array([[0.7, 0.3, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float32),
        drawn={"flip": np.array([1, 0, 1, 0], np.float32), "rotation": np.array([12, 0, 0, 0], np.float32)},
    )
    yield RunEnded(
        outcome="finished",
        reason=Message("Finished."),
        step=30,
        epoch=3,
        best_epoch=2,
        test={"loss": 0.6},
        seconds=1.0,
    )


@pytest.fixture
def tiny_events() -> list[Event]:
    """Events of a made-up run."""
    return list(hand_made_events())


@pytest.fixture
def tiny_record(tiny_events: list[Event]) -> RunRecord:
    """A made-up run, folded."""
    return RunRecord.of(tiny_events)


def _alive(kind: type[Q]) -> list[Q]:
    # type(), not isinstance(): some objects of other libraries do things when asked for their class
    return [o for o in gc.get_objects() if issubclass(type(o), kind) and isValid(o)]


def _windows() -> set[QWidget]:
    """Our own windows, and whatever can be seen; pyqtgraph keeps hidden menus of its own."""
    if not isinstance(QApplication.instance(), QApplication):
        return set()
    return {w for w in QApplication.topLevelWidgets() if w.isVisible() or type(w).__module__.startswith("explorer")}


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Pictures are as large as at the first start."""
    remembered.restore("")


@pytest.fixture(autouse=True)
def no_bin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that tests delete do not fill the bin of whoever runs them."""
    monkeypatch.setattr(dialogs, "to_bin", lambda _folder: False)


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """Fail the test after which a window, a running timer or a running thread is left."""
    if "torch" in sys.modules and not gc.get_freeze_count():
        gc.collect()
        gc.freeze()  # searching its 300,000 objects twice a test would take longer than the tests
    windows = _windows()
    timers = {id(timer) for timer in _alive(QTimer) if timer.isActive()}
    yield
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [f"window {type(w).__name__}" for w in _windows() - windows]
    left += [f"timer of {t.parent()!r}" for t in _alive(QTimer) if t.isActive() and id(t) not in timers]
    left += [f"thread {t!r}" for t in _alive(QThread) if t.isRunning() and t != QThread.currentThread()]
    assert not left, f"left behind: {', '.join(left)}"
