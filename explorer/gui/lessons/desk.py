"""Plays lessons in the window: what a step needs is there, all else out of the way, and put back at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from explorer.gui.actions import Commands
from explorer.gui.layout.columns import Columns
from explorer.gui.layout.grid import PanelGrid
from explorer.gui.lessons.left import LeftColumn
from explorer.gui.panels import Panel
from explorer.gui.runs.transport import Transport
from explorer.gui.shell import Shell
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import _
from explorer.session.session import Session, State

if TYPE_CHECKING:
    from explorer.gui.lessons.outcome import OutcomePanel
    from explorer.gui.lessons.page import LessonPage
    from explorer.lessons import Lesson
    from explorer.lessons.playing import Given
    from explorer.session.lesson import LessonSession

WITHHELD = ("batch", "epoch")
"""Buttons of the transport that a step with a claim does not offer: its runs are whole ones."""


class Room(Protocol):
    """The parts of the window that a lesson arranges."""

    left: LeftColumn
    columns: Columns
    grid: PanelGrid
    transport: Transport
    panels: list[Panel]
    session: Session
    commands: Commands


class Desk:
    """One lesson at a time, or none; what is played is `lesson`. Nothing of it is built before the first one."""

    def __init__(self, shell: Shell, room: Room) -> None:
        self._shell, self._room = shell, room
        self.lesson: LessonSession | None = None
        self._parts: tuple[LessonPage, OutcomePanel] | None = None
        self._palette: Palette = LIGHT

    # What menus and drops ask for.

    def choose(self) -> None:
        """Ask which lesson, and begin it."""
        from explorer.gui.lessons.choosing import choose

        if (chosen := choose(self._shell.parent_of_dialogs)) is not None:
            self.begin(chosen)

    def open_file(self) -> None:
        """Ask for the file of a lesson, and begin it."""
        from explorer.gui.lessons.choosing import ask_file

        if path := ask_file(self._shell.parent_of_dialogs):
            self.begin(path)

    def begin(self, lesson: Lesson | Path | str) -> bool:
        """Play a lesson, given as it is, by its file or by its name; whether it could begin."""
        return bool(self._shell.attempt(self._begin, lesson))

    def _begin(self, lesson: Lesson | Path | str) -> bool:
        from explorer.lessons import named, read
        from explorer.session.lesson import LessonSession

        folder = lesson.parent if isinstance(lesson, Path) else None
        if isinstance(lesson, Path):
            lesson = read(lesson)
        elif isinstance(lesson, str):
            lesson = named(lesson)
        self.leave()
        self.lesson = LessonSession(self._room.session, lesson)
        page, _outcome = self._built()
        for view in (page.text, page.why, page.explanation):
            view.folder = folder
        self._room.columns.make_room()
        self._open()
        return True

    def leave(self) -> None:
        """Put recipe, panels and columns back as they were before the lesson."""
        lesson, room = self.lesson, self._room
        if lesson is None:
            return
        if room.session.live is not None:
            self._shell.warn(_("This run is going on."), _("Stop it first."))
            return
        self.lesson = None
        lesson.leave()
        room.transport.withheld = ()
        room.left.show_recipe()
        room.columns.give_back()
        room.grid.show_every()
        self._shell.show_all()

    def next(self) -> None:
        """Turn to the next page."""
        self.turn(1)

    def previous(self) -> None:
        """Turn back a page."""
        self.turn(-1)

    def turn(self, by: int) -> None:
        """Turn so many pages."""
        if self.lesson and self.lesson.go(by):
            self._open()

    # What the page asks for.

    def start(self) -> None:
        """Make the runs of the step's claim."""
        if self.lesson and (comparison := self._shell.attempt(self.lesson.start)):
            self._room.commands.follow(comparison)
            self._show()

    def _predict(self, given: Given) -> None:
        if self.lesson:
            self._shell.attempt(self.lesson.predict, given)
            self._show()

    def _again(self) -> None:
        if self.lesson:
            self.lesson.again()
            self._open()

    def _own_images(self) -> None:
        from explorer.gui.lessons.choosing import ask_images

        if self.lesson and (folder := ask_images(self._shell.parent_of_dialogs)):
            self.lesson.again(folder)
            self._open()

    # What the window tells.

    def takes_train(self) -> bool:
        """Whether Train means the runs of a step; they are begun then."""
        if self.lesson is None or self.lesson.free:
            return False
        self.start()
        return True

    @property
    def expects_failure(self) -> bool:
        """Whether a run that diverges is what the step wants to show."""
        return self.lesson is not None and self.lesson.comparison is not None

    def run_ended(self) -> None:
        """A run has ended; no other was begun after it, unless the commands say that they go on."""
        if self.lesson and self.lesson.comparison and not self._room.commands.comparing:
            self.lesson.run_ended()
            self._show()

    def tick(self) -> None:
        """Say how far the runs are."""
        if self.lesson and self._parts:
            self._withhold()
            self._parts[0].show_state()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        if self._parts:
            self._parts[0].retranslate()

    def restyle(self, palette: Palette) -> None:
        """Take these colours."""
        self._palette = palette
        if self._parts:
            self._parts[0].restyle(palette)

    # Showing a step.

    def _built(self) -> tuple[LessonPage, OutcomePanel]:
        if self._parts is None:
            from explorer.gui.export.panel_files import serve
            from explorer.gui.lessons.outcome import OutcomePanel
            from explorer.gui.lessons.page import LessonPage

            page, outcome = LessonPage(), OutcomePanel(later=True)
            page.turned.connect(self.turn)
            page.left.connect(self.leave)
            page.started.connect(self.start)
            page.cancelled.connect(self._room.session.stop)
            page.predicted.connect(self._predict)
            page.again.connect(self._again)
            page.own_images.connect(self._own_images)
            outcome.setParent(self._room.grid)  # until a step puts it into a cell
            outcome.have_body()
            outcome.predicted.connect(self._predict)
            outcome.export.connect(serve)
            outcome.dress(self._palette)
            self._room.panels.append(outcome)
            self._parts = page, outcome
            page.retranslate()
            page.restyle(self._palette)
        return self._parts

    def _open(self) -> None:
        """Another step is open."""
        assert self.lesson
        step, room = self.lesson.playing.step, self._room
        page, outcome = self._built()
        room.left.show_page(page, step.fields, step.cards)
        room.grid.show_only(self._panels_of(step.panels, outcome))
        page.show_step(self.lesson, top=True)
        self._show()

    def _panels_of(self, names: Sequence[str], outcome: OutcomePanel) -> list[Panel]:
        assert self.lesson
        named = {panel.name: panel for panel in self._room.panels}
        shown = [named[name] for name in names if name in named]
        return [outcome, *shown] if self.lesson.playing.claim else shown or [named["samples"]]

    def _withhold(self) -> None:
        assert self.lesson
        lesson = self.lesson
        withheld = () if lesson.free else WITHHELD if lesson.can_start else ("train", *WITHHELD)
        if withheld != self._room.transport.withheld:
            self._room.transport.withheld = withheld
            self._room.transport.show_state(self._room.session.state)

    def _show(self) -> None:
        assert self.lesson
        lesson = self.lesson
        page, outcome = self._built()
        self._withhold()
        outcome.play(lesson.playing, locked=lesson.comparison is not None or lesson.playing.now.verdict is not None)
        page.show_step(lesson)
        if self._room.session.state is State.IDLE:
            self._shell.show_all()
