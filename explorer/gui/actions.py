"""What the menus do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QMessageBox

from explorer.gui import dialogs
from explorer.gui.menus import Item, Menus, about, language_items, scheme_items, shortcuts
from explorer.i18n import N_, _
from explorer.recipe import Recipe
from explorer.session.comparison import Comparison
from explorer.session.session import State
from explorer.techniques import Technique

if TYPE_CHECKING:
    from explorer.gui.window import Window

DIGITS = "1234567890"
"""Keys that enlarge a panel, with Ctrl; those after the tenth are in the menu alone."""


class Commands:
    """The menus of `window`, and what each entry does."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._comparison: Comparison | None = None
        self.menus = Menus(window, self._table())

    def _table(self) -> list[tuple[str, list[Any]]]:
        window = self._window
        keys = [*(f"Ctrl+{digit}" for digit in DIGITS), *[""] * len(window.panels)]
        pairs = zip(window.panels, keys, strict=False)
        panels = [
            Item(panel.title, partial(self._enlarge, panel), key, f"enlarge-{panel.name}") for panel, key in pairs
        ]
        return [
            (N_("&File"), [
                Item(N_("Open recipe…"), self._open_recipe, "Ctrl+O"),
                Item(N_("Save recipe…"), self._save_recipe, "Ctrl+S"),
                None,
                Item(N_("Export all of run…"), self._export, "Ctrl+E", "export"),
                Item(N_("Save checkpoint as…"), self._save_checkpoint, name="checkpoint"),
                None,
                Item(N_("Quit"), window.close, "Ctrl+Q"),
            ]),
            (N_("&Edit"), [
                Item(N_("Undo"), self._undo, "Ctrl+Z", "undo"),
                Item(N_("Redo"), self._redo, "Ctrl+Shift+Z", "redo"),
                None,
                Item(N_("Reset to the default recipe"), self._reset_recipe),
            ]),
            (N_("&View"), [
                (N_("Enlarge"), panels),
                (N_("Layout"), [
                    Item(N_("Four panels"), partial(self._arrange, 2)),
                    Item(N_("Six panels"), partial(self._arrange, 3)),
                    Item(N_("All panels"), window.grid.arrange_all),
                ]),
                Item(N_("Layers and runs"), self._toggle_right, "F9", "runs", tick=True),
                None,
                (N_("Colours"), scheme_items(window.set_scheme)),
                (N_("Language"), language_items(window.set_language)),
                None,
                Item(N_("Reset layout"), window.reset_layout),
            ]),
            (N_("&Help"), [
                Item(N_("Shortcuts"), self._tell_shortcuts, "F1"),
                Item(N_("About"), self._tell_about),
            ]),
        ]  # fmt: skip

    # File.

    def _open_recipe(self) -> None:
        if (recipe := self._window.attempt(dialogs.open_recipe, self._window)) is not None:
            self._window.change(recipe)

    def _save_recipe(self) -> None:
        self._written(dialogs.save_recipe, self._window.session.recipe)

    def _export(self) -> None:
        if current := self._window.session.current:
            self._written(dialogs.export_all, current.record, _(current.name))

    def _save_checkpoint(self) -> None:
        if current := self._window.session.current:
            self._written(dialogs.save_checkpoint, current.folder)

    def _written(self, act: Callable[..., Path | None], *given: object) -> None:
        if path := self._window.attempt(act, self._window, *given):
            self._window.transport.say(_("Written: {path}").format(path=path))

    # Edit.

    def _undo(self) -> None:
        self._window.session.undo()
        self._window.show_recipe()

    def _redo(self) -> None:
        self._window.session.redo()
        self._window.show_recipe()

    def _reset_recipe(self) -> None:
        self._window.change(Recipe())

    # View.

    def _enlarge(self, panel: Any, *_checked: bool) -> None:
        self._window.grid.enlarge(panel)

    def _arrange(self, columns: int, *_checked: bool) -> None:
        self._window.grid.arrange(columns)

    def _toggle_right(self) -> None:
        self._window.show_right(self.menus.actions["runs"].isChecked())

    # The list of runs.

    def overlay(self, folder: Path, wanted: bool) -> None:
        """Lay the run in `folder` over the current one, or take it off."""
        if wanted:
            self._window.attempt(self._window.session.overlay, folder, folder.name)
        else:
            self._window.session.remove(folder)
        self._window.show_runs()

    def rename_run(self, folder: Path, name: str) -> None:
        """Give the folder of a run another name."""
        self._window.attempt(self._window.session.rename, folder, name)
        self._window.show_all()
        self._window.list_runs()

    def delete_run(self, folder: Path) -> None:
        """Delete the run in `folder`, if that is really wanted."""
        window, current = self._window, self._window.session.current
        if window.session.state is not State.IDLE and current and current.folder == folder:
            window.banner.say(_("This run is going on."), _("Stop it first."))
        elif window.ask(_("Delete the run {run} with its checkpoints for ever?").format(run=folder.name)):
            window.session.forget(folder)
            window.attempt(dialogs.delete_run, folder)
            window.show_all()
            window.list_runs()

    # A comparison.

    def compare(self, technique: Technique) -> None:
        """Train the runs that show what `technique` does, one after the other."""
        window = self._window
        if window.session.state is not State.IDLE:
            window.banner.say(_("This run is going on."), _("Stop it first."))
            return
        self._comparison = Comparison(window.session, technique.comparison(window.session.recipe))
        self.compare_on()

    def compare_on(self) -> None:
        """A run has ended: begin the next one of the comparison, if there is one."""
        if comparison := self._comparison:
            if self._window.attempt(comparison.go_on):
                self._window.transport.say(str(comparison))
            else:
                self._comparison = None
            self._window.show_all()

    # Help.

    def _tell_shortcuts(self) -> None:
        QMessageBox.information(self._window, _("Shortcuts"), shortcuts(self.menus))

    def _tell_about(self) -> None:
        QMessageBox.about(self._window, _("About"), about())
