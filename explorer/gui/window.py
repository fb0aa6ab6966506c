"""The window: recipe on the left, panels in the centre, layers and runs on the right, transport below."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QVBoxLayout, QWidget

from explorer.errors import InputError, said
from explorer.events import DIVERGED, FAILED, Event, Progress, RecipeChanged, RunEnded, RunStarted
from explorer.gui import theme
from explorer.gui.actions import Commands
from explorer.gui.charts.groups import Group, groups_of
from explorer.gui.export.panel_files import serve
from explorer.gui.layout.arrangement import Arrangement
from explorer.gui.layout.columns import Columns, RightColumn
from explorer.gui.layout.grid import PanelGrid
from explorer.gui.layout.painter import Painter
from explorer.gui.lessons.desk import Desk
from explorer.gui.lessons.left import LeftColumn
from explorer.gui.menu_table import build
from explorer.gui.panels import PANELS, Shown
from explorer.gui.previewer import Previews
from explorer.gui.recipe.manual import Manual
from explorer.gui.recipe.sidebar import Sidebar
from explorer.gui.runs.banner import Banner
from explorer.gui.runs.telling import Teller, how_far
from explorer.gui.runs.transport import Transport
from explorer.gui.settings import Memory
from explorer.gui.style import outline_boxes, style_sheet
from explorer.gui.translation import use_language
from explorer.gui.worker import Events, Worker, stored_run
from explorer.i18n import N_, _
from explorer.recipe import Recipe
from explorer.resources import resource
from explorer.runs import Mailbox, new_folder
from explorer.runs.store import DATABASE
from explorer.session.session import Session, State
from explorer.training.control import Control

TICK = 100
"""Milliseconds between two looks into the mailbox; at each, one panel at most is painted."""
SOON = 20
"""While a preview of the next run is on its way."""
BETWEEN_NUMBERS = 0.5
"""Seconds between two looks of the transport at a run that goes on."""
TITLE = "Training Explorer"


class Window(QMainWindow):
    """Everything a person sees. `events` makes a run's events in the worker; `runs` is the folder that keeps runs."""

    painted = Signal()
    """The window is on the screen for the first time."""

    def __init__(self, memory: Memory, events: Events = stored_run, runs: Path | None = None) -> None:
        super().__init__()
        self._memory, self._events, self._runs = memory, events, runs
        self._worker: Worker | None = None
        self._closing = self._was_painted = False
        self._state, self._shown_folders = State.IDLE, []  # type: tuple[State, list[Path]]
        self._numbers_are_old, self._numbers_at = False, 0.0
        self._groups: list[Group] = []
        """Of the runs on screen."""
        self._list_is_old = False
        self._reads = False
        """Whether the run on screen is still being read."""
        recipe, complaint = memory.recipe()
        self._saved = recipe
        self.session = Session(recipe, self._begin, partial(new_folder, parent=runs))

        self.manual = Manual(self)
        self.sidebar = Sidebar(recipe, self.manual.explain)
        self.panels = [kind(later=True) for kind in PANELS]
        self.grid, self.painter = PanelGrid(self.panels), Painter(self.panels)
        self.previews = Previews(self.session, self.panels, self.sidebar.images.loaded)
        self.right = RightColumn(runs)
        self.layers, self.runs_list = self.right.layers, self.right.runs
        self.banner, self.transport = Banner(), Transport()
        self._teller = Teller(self.transport, self.banner)
        self.left = LeftColumn(self.sidebar)
        self.columns = Columns(self.left, self.grid, self.right)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.columns, 1)
        layout.addWidget(self.transport)
        self.setCentralWidget(centre)
        self.banner.lie_over(self.columns, self.sidebar)
        self.commands = Commands(self, self.session)
        self.arrangement = Arrangement(self, memory, self.columns, self.grid, self.right)
        self.desk = Desk(self, self)
        self.menus = build(self, self.commands, self, self.arrangement, self.grid, self.desk)
        for panel in self.panels:
            panel.export.connect(serve)
        self.sidebar.changed.connect(self.change)
        self.sidebar.images.load.connect(self._load)
        self.sidebar.compare.connect(self.commands.compare)
        self.banner.tried.connect(self.change)
        self.banner.go_on.connect(self.commands.go_on)
        self.transport.pressed.connect(self.press)
        self.transport.column.connect(self.arrangement.toggle)
        self.columns.folded.connect(self._folded)
        self.grid.filling.connect(self.columns.leave_alone)
        self.runs_list.chosen.connect(self.show_stored)
        self.runs_list.clear.connect(self.commands.clear_overlays)
        self.runs_list.ticked.connect(self.commands.overlay)
        self.runs_list.go_on.connect(self.commands.go_on)
        self.runs_list.delete.connect(self.commands.delete_run)
        self.runs_list.rename.connect(self.commands.rename_run)
        self.layers.frozen.connect(self._freeze)
        self._restyle()
        self.menus.actions[f"scheme-{memory.scheme}"].setChecked(True)
        self.menus.actions[f"language-{memory.language}"].setChecked(True)
        self.menus.actions[f"band-{memory.band}"].setChecked(True)
        for panel in self.panels:
            panel.show_band(memory.band)
        self.arrangement.restore()
        if complaint:
            self.banner.say(complaint, _("The default recipe is used instead."))
        # Collected in the training thread, a widget in a cycle would be destroyed there, and Qt would crash.
        self._garbage = GarbageCollector()
        self._garbage.timer.stop()  # our tick calls it
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self.tick)
        self._timer.start()
        self.show_all()
        self.transport.buttons["train"].setFocus()

    # What people do.

    def change(self, recipe: Recipe) -> None:
        """Take `recipe`; a run that goes on takes it too, at its next batch."""
        self.session.change(recipe)
        self.show_recipe()

    def press(self, key: str) -> None:
        """What the button `key` of the transport does."""
        self.sidebar.commit()
        if key == "train" and self.desk.takes_train():
            return
        if key == "train":
            act: Callable[[], None] = self.commands.train
        elif key == "pause" and (live := self.session.live):
            act = live.resume if live.state is State.PAUSED else live.pause
        else:
            act = {"batch": self.session.step, "epoch": self.session.epoch}.get(key, self.session.stop)
        if self.session.state is State.IDLE:
            self.banner.hide()
        self.attempt(act)
        self.show_all()

    def show_stored(self, folders: tuple[Path, ...], known_as: str = "") -> None:
        """Put a stored run on screen, or the runs of a comparison."""
        self.banner.leave_run()
        self.attempt(partial(self.session.show, *folders, known_as=known_as))
        self.show_all()

    def show_example(self) -> None:
        """Put the bundled run on screen, if there is one and no other is shown."""
        found = sorted(resource("examples").glob(f"*/{DATABASE}"))
        if found and self.session.current is None:
            self.show_stored((found[0].parent,), N_("Example"))

    def set_language(self, language: str) -> None:
        """Show all text in `language`."""
        use_language(language)
        self._memory.keep(language=language)
        self._retranslate()

    def set_scheme(self, scheme: str) -> None:
        """Show everything light, dark, or as the system says."""
        self._memory.keep(scheme=scheme)
        self._restyle()

    def set_band(self, kind: str) -> None:
        """What is drawn of runs that differ in the seed alone."""
        self._memory.keep(band=kind)
        for panel in self.panels:
            panel.show_band(kind)
        self.show_runs()
        self.list_runs()

    def follow_system(self) -> None:
        """The system has become light or dark."""
        if self._memory.scheme == "auto":
            self._restyle()

    def refresh_all(self) -> None:
        """Draw everything now, for a picture."""
        self.show_all()
        self.list_runs()
        self.layers.refresh()
        for panel in self.grid.visible_panels():
            panel.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self._worker is not None:
            event.ignore()
            if self._closing or self.ask(_("A run is going on. Stop it and close? What it has learned is kept.")):
                self._closing = True  # closes when the thread has ended; see _worker_finished
                self.session.stop()
                self.show_all()
            return
        self.desk.leave()
        self.sidebar.commit()
        self._timer.stop()
        gc.enable()
        self.arrangement.keep()
        self._memory.keep(recipe=self.session.recipe.to_json())
        self.manual.close()
        self.previews.end()
        self.sidebar.images.leave()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.arrangement.framed()
            self.previews.begin()
            QTimer.singleShot(0, self.painted.emit)  # after the children have been painted, too

    # What comes from the run.

    def _begin(self, recipe: Recipe, control: Control, mailbox: Mailbox, folder: Path) -> None:
        self._worker = Worker(recipe, control, mailbox, folder, self._events, self)
        self._worker.finished.connect(self._worker_finished)
        self._worker.start()

    @Slot()
    def _worker_finished(self) -> None:
        if self._worker is None:
            return
        self._worker.wait()
        self._worker.deleteLater()
        self._worker = None
        self.session.worker_gone()
        self.tick()
        self.list_runs()
        if self._closing:
            self.close()
        else:
            self.commands.compare_on()
            self.desk.run_ended()

    @Slot()
    def tick(self) -> None:
        """Take in what has come, and paint one panel."""
        live = self.session.state is not State.IDLE
        reading = any(shown.rest is not None for shown in self.session.screen.overlays)
        try:
            events = self.session.tick()
        except InputError as error:
            self.banner.say(said(error))
            events = []
        for event in events:
            for panel in self.panels:
                panel.mark(event)
            self._notice(event, live)
        if any(isinstance(event, RunStarted | RecipeChanged | RunEnded) for event in events):
            self.show_all()
            self._list_is_old = True  # the others differ from another recipe now
        if reading:
            self.show_runs()
        if self._reads and (current := self.session.current) and current.rest is None:
            self._show_state()  # the whole of it is known now
        self._reads = self.session.current is not None and self.session.current.rest is not None
        if self._list_is_old:
            self.list_runs()
        self._save_recipe()
        self._garbage.check()
        self._numbers_are_old = self._numbers_are_old or bool(events)
        overdue = time.monotonic() - self._numbers_at > BETWEEN_NUMBERS
        if self.session.state is not self._state or (self._numbers_are_old and overdue):
            self._show_state()
        self._show_loading()
        wait = SOON if self.previews.tick() else TICK
        if wait != self._timer.interval():
            self._timer.setInterval(wait)
        self.runs_list.read_on()
        if not self.isMinimized():
            self.layers.tick()
            self.painter.paint_one(training=self.session.state is State.RUNNING)

    def _show_loading(self) -> None:
        """How far the images are that a run or a preview waits for."""
        current, starting = self.session.current, self.session.state is State.STARTING
        progress = current.record.latest(Progress) if starting and current else self.previews.progress
        far = how_far(progress) if progress and progress.total else ""
        self.sidebar.images.show_loading(far, self.previews.refused and self.session.state is State.IDLE)

    @Slot(bool)
    def _load(self, again: bool) -> None:
        if self.session.state is State.STARTING:
            self.press("stop")
        else:
            self.previews.load(again)

    def _save_recipe(self) -> None:
        """Remember the recipe as it is edited: a program that is killed loses nothing."""
        if self.session.recipe != self._saved and self.desk.lesson is None:
            self._saved = self.session.recipe
            self._memory.keep(recipe=self._saved.to_json())

    def _notice(self, event: Event, live: bool) -> None:
        match event:
            case RunStarted() if live:
                self.painter.begin()
            case RunEnded() if event.outcome == DIVERGED and self.desk.expects_failure:
                pass  # the step says what to think of it
            case RunEnded() if event.outcome in (DIVERGED, FAILED):
                self.banner.say_of_run(event, self.session.screen.recipe)

    # Bringing what is seen up to date.

    def show_all(self) -> None:
        """Bring everything that is seen up to date."""
        self.show_recipe()
        self.show_runs()
        self._show_state()

    def show_recipe(self) -> None:
        """Show the recipe as it is now, and what differs from the run on screen."""
        session, marks = self.session, self.session.differences()
        self.sidebar.show_recipe(session.recipe, marks)
        record = session.current.record if session.current else None
        self.layers.show_run(record, session.screen.recipe, session.recipe, marks.get("frozen"))
        actions = self.menus.actions
        actions["undo"].setEnabled(self.session.history.can_undo)
        actions["redo"].setEnabled(self.session.history.can_redo)
        self.banner.follow(self.session.recipe)
        self.previews.ask()

    def _show_state(self) -> None:
        self._numbers_are_old, self._numbers_at = False, time.monotonic()
        state, current = self.session.state, self.session.current
        if state is not self._state:
            self._state = state
            self.show_recipe()  # what acts at once depends on whether a run goes on
        self.transport.show_state(state)
        self.transport.show_run(current.record if current else None, state, self.commands.standing)
        self._teller.tell(current, live=state is not State.IDLE)
        self.desk.tick()
        for name in ("export", "checkpoint", "go-on"):
            self.menus.actions[name].setEnabled(current is not None)
        self.setWindowTitle(f"{current.name.title} – {TITLE}" if current else TITLE)

    def show_runs(self) -> None:
        """Tell the panels which runs are on screen."""
        screen = self.session.screen
        runs = []
        for shown, title in zip(screen.runs, screen.titles, strict=True):
            name = shown.name
            runs.append(Shown(shown.record, title, shown.index, name.place, name.without_seed))
        self._groups = groups_of(runs, self._memory.band)
        for panel in self.panels:
            panel.show_runs(runs)
        folders = [shown.folder for shown in screen.runs]
        if folders != self._shown_folders:
            self._shown_folders = folders
            self._list_is_old = True  # not at once: a click on an item of that list may have led here

    def list_runs(self) -> None:
        """List the stored runs anew."""
        self._list_is_old = False
        current, runs = self.session.current, self.session.screen.runs
        drawn = {shown.index: group.index for group in self._groups for shown in group.runs}
        on_screen = {shown.folder: drawn.get(shown.index, shown.index) for shown in runs}
        known = {shown.folder: shown.name for shown in runs if shown.rest is None}
        self.runs_list.refresh(current.folder if current else None, on_screen, known)

    def _retranslate(self) -> None:
        parts: tuple[Any, ...] = (self.menus, self.sidebar, self.layers, self.runs_list, self.banner, self.transport)
        for part in (*parts, self.manual, self.previews, self.grid):
            part.retranslate()
        for panel in self.panels:
            panel.translate()
        self.desk.retranslate()
        self.list_runs()
        self.show_all()

    @Slot()
    def _restyle(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        palette = theme.apply(app, self._memory.scheme)  # type: ignore[arg-type]
        outline_boxes(palette)
        self.setStyleSheet(style_sheet(palette))
        parts: tuple[Any, ...] = (self.transport, self.layers, self.runs_list)
        for part in parts:
            part.restyle(palette)
        for panel in self.panels:
            panel.dress(palette)
        self.desk.restyle(palette)
        self._list_is_old = True

    @Slot()
    def _folded(self) -> None:
        for name, action in (("left", "recipe"), ("right", "runs")):
            self.menus.actions[action].setChecked(self.columns.shows(name))
            self.transport.show_column(name, self.columns.shows(name))

    def _freeze(self, patterns: tuple[str, ...]) -> None:
        self.change(self.session.recipe.with_(frozen=patterns))

    # What actions need; see Shell.

    @property
    def parent_of_dialogs(self) -> QWidget:
        """This."""
        return self

    @property
    def seeds(self) -> int:
        """As many as stand beside Train."""
        return self.transport.seeds.value()

    def say(self, text: str) -> None:
        """Show a short message beside the progress of the run."""
        self.transport.say(text)

    def reset_cards(self) -> None:
        """Give cards that are off their defaults, too."""
        self.sidebar.reset_cards()

    def warn(self, reason: str, remedy: str = "") -> None:
        """Show a message in the banner."""
        self.banner.say(reason, remedy)

    def ask(self, question: str) -> bool:
        """Whether somebody answers yes."""
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return QMessageBox.question(self, TITLE, question, yes | no, no) == yes

    def attempt(self, act: Callable[..., Any], *arguments: object) -> Any:
        """Call `act`; what a person can mend is shown in the banner."""
        try:
            return act(*arguments)
        except (InputError, OSError) as error:
            self.banner.say(said(error))
            return None
