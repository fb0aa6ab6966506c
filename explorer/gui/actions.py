"""What people do with files, the recipe and stored runs, from menus and lists."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from explorer.gui import dialogs
from explorer.gui.runs.going_on import how_to_go_on
from explorer.gui.shell import Shell
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.runs.experiment import Experiment
from explorer.runs.names import stored_name
from explorer.session.comparison import Comparison
from explorer.session.session import Session, State
from explorer.techniques import Technique


class Commands:
    """Each acts on `session`, and says what came of it through `shell`."""

    def __init__(self, shell: Shell, session: Session) -> None:
        self._shell, self._session = shell, session
        self._comparison: Comparison | None = None

    # Files.

    def open_recipe(self) -> None:
        """Take a recipe from a file."""
        if (recipe := self._shell.attempt(dialogs.open_recipe, self._shell.parent_of_dialogs)) is not None:
            self._change(recipe)

    def save_recipe(self) -> None:
        """Write the recipe to a file."""
        self._written(dialogs.save_recipe, self._session.recipe)

    def export(self) -> None:
        """Write the run on screen as files for other programs."""
        from explorer.exports import StoredRun  # 20 modules that a start does not need

        if current := self._session.current:
            self._written(dialogs.export_all, StoredRun(current.folder, current.record), current.name.title)

    def save_checkpoint(self) -> None:
        """Copy the best weights of the run on screen."""
        if current := self._session.current:
            self._written(dialogs.save_checkpoint, current.folder, current.name.title)

    def _written(self, act: Callable[..., Path | None], *given: object) -> None:
        if path := self._shell.attempt(act, self._shell.parent_of_dialogs, *given):
            self._shell.say(_("Written: {path}").format(path=path))

    # The recipe.

    def undo(self) -> None:
        """Take the last edit back."""
        self._session.undo()
        self._shell.show_all()

    def redo(self) -> None:
        """Make it again."""
        self._session.redo()
        self._shell.show_all()

    def reset_recipe(self) -> None:
        """Take the default recipe; what is off has its defaults then, too."""
        self._shell.reset_cards()
        self._change(Recipe())

    def _change(self, recipe: Recipe) -> None:
        self._session.change(recipe)
        self._shell.show_all()

    # Stored runs.

    def overlay(self, folder: Path, wanted: bool) -> None:
        """Lay the run in `folder` over the current one, or take it off."""
        if wanted:
            self._shell.attempt(self._session.screen.overlay, folder)
        else:
            self._session.screen.remove(folder)
        self._shell.show_all()
        self._shell.list_runs()

    def clear_overlays(self) -> None:
        """Take all runs off the current one."""
        self._session.screen.clear()
        self._shell.show_all()

    def keep_overlays(self, kept: bool) -> None:
        """Whether they stay when the next run begins."""
        self._session.screen.keep_overlays = kept

    def rename_run(self, folder: Path, name: str) -> None:
        """Give the folder of a run another name."""
        self._shell.attempt(self._session.screen.rename, folder, name)
        self._shell.show_all()
        self._shell.list_runs()

    def delete_run(self, folder: Path) -> None:
        """Move the run in `folder` to the bin, or delete it where there is none, if that is really wanted."""
        current = self._session.current
        if self._session.state is not State.IDLE and current and current.folder == folder:
            self._shell.warn(_("This run is going on."), _("Stop it first."))
            return
        title = stored_name(folder).line
        if not self._shell.ask(_("Move the run “{run}” with its checkpoints to the bin?").format(run=title)):
            return
        self._session.screen.forget(folder)
        if not dialogs.to_bin(folder):
            question = _("“{run}” cannot be moved to a bin. Delete it with its checkpoints for ever?")
            if self._shell.ask(question.format(run=title)):
                self._shell.attempt(dialogs.delete_run, folder)
        self._shell.show_all()
        self._shell.list_runs()

    def go_on(self, folder: Path | bool | None = None) -> None:
        """Go on with the stored run in `folder`, or with the one on screen; where there is a choice, ask first."""
        if not isinstance(folder, Path):
            if (current := self._session.current) is None:
                return
            folder = current.folder
        if self._session.state is not State.IDLE:
            self._shell.warn(_("This run is going on."), _("Stop it first."))
        elif (recipe := self._shell.attempt(how_to_go_on, self._shell.parent_of_dialogs, folder)) is not None:
            self._shell.attempt(self._session.go_on, folder, recipe)
            self._shell.show_all()

    # Experiments.

    @property
    def standing(self) -> str:
        """Where the experiment that goes on stands; empty if none does."""
        return self._comparison.standing if self._comparison else ""

    def train(self) -> None:
        """Train with the recipe; with several seeds, one run after the other."""
        if (seeds := self._shell.seeds) == 1:
            self._session.start()
        else:
            self.begin(Experiment.of_recipe(self._session.recipe, seeds))

    def compare(self, technique: Technique) -> None:
        """Train the runs that show what `technique` does, one after the other."""
        made = partial(Experiment.of_technique, technique, self._session.recipe, self._shell.seeds)
        if experiment := self._shell.attempt(made):
            self.begin(experiment)

    def begin(self, experiment: Experiment) -> None:
        """Make the runs of `experiment`, one after the other, unless one goes on."""
        if self._session.state is not State.IDLE:
            self._shell.warn(_("This run is going on."), _("Stop it first."))
            return
        self.follow(Comparison(self._session, experiment))

    def follow(self, comparison: Comparison) -> None:
        """Make the runs of `comparison`, one after the other."""
        self._comparison = comparison
        self.compare_on()

    @property
    def comparing(self) -> bool:
        """Whether more runs of a comparison are made, or to be made."""
        return self._comparison is not None

    def compare_on(self) -> None:
        """A run has ended: begin the next one of the experiment, if there is one."""
        if comparison := self._comparison:
            if self._shell.attempt(comparison.go_on):
                self._shell.say(str(comparison))
            else:
                self._comparison = None
            self._shell.show_all()
