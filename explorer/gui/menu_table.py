"""What stands in the menu bar, and what each entry does."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from PySide6.QtWidgets import QMainWindow, QMessageBox

from explorer.gui.actions import Commands
from explorer.gui.layout.arrangement import Arrangement
from explorer.gui.layout.grid import PanelGrid
from explorer.gui.lessons.desk import Desk
from explorer.gui.menus import Item, Menus, about, band_items, language_items, scheme_items, shortcuts
from explorer.i18n import N_, _

DIGITS = "1234567890"
"""Keys that enlarge a panel, with Ctrl; those after the tenth are in the menu alone."""


class WindowActions(Protocol):
    """What the menus change in the window itself."""

    def close(self) -> bool:
        """Leave."""

    def set_scheme(self, scheme: str) -> None:
        """Light, dark, or as the system says."""

    def set_band(self, kind: str) -> None:
        """Of runs that differ in the seed alone."""

    def set_language(self, language: str) -> None:
        """Of all text."""


def table(
    commands: Commands, view: WindowActions, where: Arrangement, grid: PanelGrid, desk: Desk
) -> list[tuple[str, list[Any]]]:
    """Menus and their entries."""
    keys = [*(f"Ctrl+{digit}" for digit in DIGITS), *[""] * len(grid.panels)]
    panels = [
        Item(panel.title, partial(_enlarge, grid, panel), key, f"enlarge-{panel.name}")
        for panel, key in zip(grid.panels, keys, strict=False)
    ]
    return [
        (N_("&File"), [
            Item(N_("Open recipe…"), commands.open_recipe, "Ctrl+O"),
            Item(N_("Save recipe…"), commands.save_recipe, "Ctrl+S"),
            None,
            Item(N_("Export all of run…"), commands.export, "Ctrl+E", "export"),
            Item(N_("Save checkpoint as…"), commands.save_checkpoint, name="checkpoint"),
            None,
            Item(N_("Quit"), view.close, "Ctrl+Q"),
        ]),
        (N_("&Edit"), [
            Item(N_("Undo"), commands.undo, "Ctrl+Z", "undo"),
            Item(N_("Redo"), commands.redo, "Ctrl+Shift+Z", "redo"),
            None,
            Item(N_("Reset to the default recipe"), commands.reset_recipe),
        ]),
        (N_("&Run"), [
            Item(N_("Go on with this run"), commands.go_on, "Ctrl+G", "go-on"),
        ]),
        (N_("&View"), [
            (N_("Enlarge"), [*panels, None, Item(N_("All in their places"), grid.give_back, "Esc")]),
            (N_("Layout"), [
                Item(N_("Four panels"), partial(_arrange, grid, 2)),
                Item(N_("Six panels"), partial(_arrange, grid, 3)),
                Item(N_("All panels"), grid.arrange_all),
            ]),
            Item(N_("Recipe"), where.toggle_recipe, "Shift+F9", "recipe", tick=True),
            Item(N_("Layers and runs"), where.toggle_right, "F9", "runs", tick=True),
            None,
            Item(N_("Take the other runs off the plots"), commands.clear_overlays, "Ctrl+Backspace", "clear"),
            Item(N_("Keep them for the next run"), commands.keep_overlays, name="keep", tick=True),
            (N_("Runs that differ in the seed alone"), band_items(view.set_band)),
            None,
            (N_("Colours"), scheme_items(view.set_scheme)),
            (N_("Language"), language_items(view.set_language)),
            None,
            Item(N_("Reset layout"), where.reset),
        ]),
        (N_("Le&ssons"), [
            Item(N_("Choose a lesson…"), desk.choose, "Ctrl+L"),
            Item(N_("Open a lesson file…"), desk.open_file),
            None,
            Item(N_("Next step"), desk.next, "PgDown", "lesson-next"),
            Item(N_("Step before"), desk.previous, "PgUp", "lesson-back"),
            Item(N_("Leave the lesson"), desk.leave, name="lesson-leave"),
        ]),
    ]  # fmt: skip


def build(
    window: QMainWindow, commands: Commands, view: WindowActions, where: Arrangement, grid: PanelGrid, desk: Desk
) -> Menus:
    """The menu bar of `window`."""
    menus = Menus(window, table(commands, view, where, grid, desk))
    menus.add(N_("&Help"), [
        Item(N_("Shortcuts"), partial(tell_shortcuts, window, menus), "F1"),
        Item(N_("About"), partial(tell_about, window)),
    ])  # fmt: skip
    return menus


def tell_shortcuts(window: QMainWindow, menus: Menus, *_checked: bool) -> None:
    """Show every key."""
    QMessageBox.information(window, _("Shortcuts"), shortcuts(menus))


def tell_about(window: QMainWindow, *_checked: bool) -> None:
    """Show version and licence."""
    QMessageBox.about(window, _("About"), about())


def _enlarge(grid: PanelGrid, panel: Any, *_checked: bool) -> None:
    grid.enlarge(panel)


def _arrange(grid: PanelGrid, columns: int, *_checked: bool) -> None:
    grid.arrange(columns)
