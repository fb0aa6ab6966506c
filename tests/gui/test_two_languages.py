"""A run made in one language is read in the other: each text of it is worded where it is shown, not where it arose."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer.cli.terminal import show
from explorer.events import DIVERGED, FINISHED, Event, Note, RecipeChanged, StepDone, WeightsLoaded
from explorer.gui.charts.picture import svg
from explorer.gui.export.panel_files import export_panel
from explorer.gui.window import Window
from explorer.i18n import set_language
from explorer.networks import SmallCNN
from explorer.recipe import Recipe
from explorer.runs import RunStore, open_run
from explorer.runs.store import CHECKPOINTS, stored_events
from explorer.techniques import Activation, Augmentation, Dropout, EarlyStopping, Transfer
from explorer.training.control import Control
from explorer.training.loop import train
from tests.gui.opened import opened
from tests.gui.test_texts import CYRILLIC, LATIN, RECIPE_WORDS, allowed_in, english, show_everything, texts

TINY = Recipe().with_(
    data={"name": "fashion-mini", "per_class": 10}, batch_size=32, network=SmallCNN(width=4), device="cpu"
)
TEXT = re.compile("<text[^>]*>([^<]*)</text>")
QTS_OWN = "Tabs / QToolButton"
"""The arrows beside tabs that find no room: Qt names them when it makes them, and not again."""
CLASSES = ("Bag", "Sandal")
NAMES = ("1 diverged", "2 transfer", "3 cut")
"""Of folders; they begin with no letter, to be found in no language."""


def diverged(folder: Path) -> Iterator[Event]:
    """Changed live, refused a change, then diverged."""
    steep = Activation(kind="leaky_relu", slope=0.9)  # or else units die before the loss grows beyond all bounds
    control, recipe = Control(), TINY.without("normalization").with_(lr=0.01).switched(steep)
    for event in train(recipe, control=control, checkpoints=folder, instruments="default"):
        yield event
        if isinstance(event, StepDone) and event.step == 1:
            control.change(recipe.switched(Dropout(p=0.25)))
        elif isinstance(event, RecipeChanged) and event.step == 1:
            control.change(recipe.with_(frozen=("*",)))  # refused: nothing would learn
        elif isinstance(event, Note) and event.text.id.startswith("Every layer is frozen"):
            control.change(recipe.with_(lr=100.0))


def transferred(folder: Path) -> Iterator[Event]:
    """Weights that are not all used, features that are not reused, and an early stop."""
    weights = folder.parent.parent / NAMES[0] / CHECKPOINTS / "best.pt"  # of ten classes
    transfer, stop = Transfer(weights=str(weights)), EarlyStopping(patience=1, min_delta=10.0)
    data = {"name": "fashion-mini", "per_class": 10, "classes": CLASSES}
    recipe = TINY.with_(data=data, batch_size=8, epochs=9, lr=0.001).without("normalization")
    recipe = recipe.switched(transfer).switched(stop).switched(Augmentation())
    yield from train(recipe, checkpoints=folder, instruments="default")


def cut_off(folder: Path) -> Iterator[Event]:
    """Ended by a kill."""
    for event in train(TINY.with_(epochs=2), checkpoints=folder, instruments="default"):
        yield event
        if isinstance(event, StepDone) and event.step == 4:
            return


def make(folder: Path, events: Callable[[Path], Iterator[Event]]) -> None:
    with RunStore(folder, TINY) as store:
        for event in store.recorded(events(store.checkpoints)):
            assert event


@pytest.fixture(scope="module", params=["en", "ru"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The language in which the runs were made, and their folder."""
    folder = tmp_path_factory.mktemp("1")
    set_language(request.param)
    for name, events in zip(NAMES, (diverged, transferred, cut_off), strict=True):
        make(folder / name, events)
    set_language("en")
    return request.param, folder


def test_the_runs_hold_what_is_to_be_read(made: tuple[str, Path]) -> None:
    _language, folder = made
    one, two, three = (open_run(folder / name) for name in NAMES)
    assert one.ended
    assert one.ended.outcome == DIVERGED
    assert one.ended.remedy
    assert len(one.all(RecipeChanged)) == 2
    assert [note.text.id[:11] for note in one.all(Note)] == ["Each epoch ", "Every layer"]
    assert two.ended
    assert two.ended.outcome == FINISHED
    assert two.ended.epoch < 9
    loaded = two.latest(WeightsLoaded)
    assert loaded
    assert loaded.unused
    assert two.all(Note)
    assert three.ended is None


def seen(qtbot: QtBot, window: Window, folder: Path) -> list[str]:
    """What a person reads of the run in `folder`: below the progress, in its tool tip, and in the banner."""
    window.show_stored((folder,))
    shown = window.session.current
    assert shown
    qtbot.waitUntil(lambda: shown.rest is None and bool(window.transport.message.text()))
    show_everything(window)
    window.layers.refresh()
    banner = "" if window.banner.isHidden() else window.banner.text.text()
    return [window.transport.message.text(), window.transport.message.toolTip(), banner]


def of_runs(window: Window) -> tuple[QWidget, ...]:
    """What tells of runs: all but the recipe and the menus, which test_texts reads."""
    return window.grid, window.right, window.banner, window.transport


@pytest.mark.parametrize("name", NAMES)
def test_the_window_speaks_its_own_language(qtbot: QtBot, tmp_path: Path, made: tuple[str, Path], name: str) -> None:
    made_in, folder = made
    other = {"en": "ru", "ru": "en"}[made_in]
    with opened(qtbot, tmp_path, other, example=False) as window:
        for language in (other, made_in):  # and after a switch while it is on screen
            window.set_language(language)
            said = seen(qtbot, window, folder / name)
            if language == "ru":
                assert CYRILLIC.search(said[0])
                typed = " ".join(["drop_last nan", TINY.data.name, *CLASSES])
                allowed = allowed_in(window, folder) | frozenset(LATIN.findall(typed))
                found = [one for part in of_runs(window) for one in english(part, allowed)]
            else:
                assert LATIN.search(said[0])
                said_in = (one for part in of_runs(window) for one in texts(part))
                found = [f"{where}: {text}" for where, text in said_in if CYRILLIC.search(text)]
            found = [one for one in found if not one.startswith(QTS_OWN)]
            assert not found, "\n".join(found)
            assert bool(said[2]) is (name != NAMES[1]), said


def in_pictures(window: Window, folder: Path) -> dict[str, list[str]]:
    """What stands in the picture of each panel that has something to show, as it is exported."""
    found = {}
    for panel in window.grid.panels:
        panel.have_body()
        if not panel.why_empty():
            path = export_panel(panel, folder / f"{panel.name}.svg")
            found[panel.name] = [html.unescape(text) for text in TEXT.findall(path.read_text(encoding="utf-8"))]
    return found


def test_exported_pictures_speak_the_language_of_the_window(
    qtbot: QtBot, tmp_path: Path, made: tuple[str, Path]
) -> None:
    made_in, folder = made
    with opened(qtbot, tmp_path, {"en": "ru", "ru": "en"}[made_in], example=False) as window:
        seen(qtbot, window, folder / NAMES[0])
        for language in ("ru", "en"):
            window.set_language(language)
            pictures = in_pictures(window, tmp_path)
            assert {"loss", "gradients", "metrics", "samples"} <= set(pictures)
            assert all(pictures.values()), "texts are texts, not outlines"
            said = [text for texts in pictures.values() for text in texts]
            russian = [text for text in said if CYRILLIC.search(text)]
            assert bool(russian) is (language == "ru"), russian
            if language == "ru":
                allowed = allowed_in(window, folder) | RECIPE_WORDS
                left = {
                    name: [text for text in texts if set(LATIN.findall(text)) - allowed]
                    for name, texts in pictures.items()
                }
                assert not any(left.values()), left


def test_a_switch_of_language_turns_the_banner_and_the_line_below_the_progress(
    qtbot: QtBot, tmp_path: Path, made: tuple[str, Path]
) -> None:
    with opened(qtbot, tmp_path, "en", example=False) as window:
        before = seen(qtbot, window, made[1] / NAMES[0])
        window.set_language("ru")
        after = [window.transport.message.text(), window.transport.message.toolTip(), window.banner.text.text()]
        assert all(CYRILLIC.search(text) for text in after)
        window.set_language("en")
        assert [
            window.transport.message.text(),
            window.transport.message.toolTip(),
            window.banner.text.text(),
        ] == before


@pytest.mark.parametrize("name", NAMES)
def test_the_terminal_speaks_its_own_language(
    made: tuple[str, Path], name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    _made_in, folder = made
    words = {}
    for language in ("en", "ru"):
        set_language(language)
        show(stored_events(folder / name))
        words[language] = capsys.readouterr().out
    set_language("en")
    assert not CYRILLIC.search(words["en"])
    names = {word for layer in open_run(folder / name).layers for word in LATIN.findall(layer.name)}
    names |= set(
        LATIN.findall("drop_last num_batches_tracked running_mean running_var weight bias CNN Fashion MNIST nan")
    )
    names |= set(LATIN.findall(str(folder))) | set(LATIN.findall("diverged checkpoints best.pt"))
    names |= {"ECE"}
    left = set(LATIN.findall(words["ru"])) - names
    assert not left, words["ru"]


def test_a_run_wears_no_other_runs_result(qtbot: QtBot, tmp_path: Path, made: tuple[str, Path]) -> None:
    """It showed "Finished · test accuracy 88.7 %" of the run that was on screen before."""
    _language, folder = made
    with opened(qtbot, tmp_path, "en") as window:
        assert "test accuracy" in window.transport.message.text()
        line, tip, banner = seen(qtbot, window, folder / NAMES[2])
        assert line.startswith("Cut off at step 4 ")
        assert "accuracy" not in line + tip + banner
        assert "can go on from its last checkpoint" in banner
        assert window.banner.on.isVisible()
        line, tip, banner = seen(qtbot, window, folder / NAMES[1])
        assert "Cut off" not in line + tip + banner
        assert not banner


def test_a_run_that_goes_on_elsewhere_is_not_cut_off(qtbot: QtBot, tmp_path: Path, made: tuple[str, Path]) -> None:
    _language, folder = made
    store = RunStore(tmp_path / "runs" / "going on", TINY)
    for event in list(stored_events(folder / NAMES[2])):
        store.append(event)
    store._commit()
    with opened(qtbot, tmp_path, "en", example=False) as window:
        assert seen(qtbot, window, store.folder)[0] == "This run goes on in another window or terminal."
        store.close()
        _line, _tip, banner = seen(qtbot, window, store.folder)
        assert "It left no checkpoint to go on from" in banner


def test_pictures_of_panels_speak_the_language_of_the_window(
    qtbot: QtBot, tmp_path: Path, made: tuple[str, Path]
) -> None:
    """Marks of live changes, axes, legends and numbers: text stays text in SVG."""
    made_in, folder = made
    if made_in != "en":
        pytest.skip("the other way round there is nothing new to see")
    with opened(qtbot, tmp_path, "ru", example=False) as window:
        seen(qtbot, window, folder / NAMES[0])
        typed = frozenset(LATIN.findall(" ".join([TINY.data.name, *CLASSES, "nan"]))) | allowed_in(window, folder)
        for panel in window.grid.panels:
            said = re.findall(r"<text[^>]*>([^<]*)</text>", svg(panel, 900, 600).decode())
            assert any(CYRILLIC.search(text) for text in said), panel.name
            left = {word for text in said for word in LATIN.findall(html.unescape(text))} - typed
            assert not left, (panel.name, said)
