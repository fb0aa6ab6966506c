"""The menu bar: built from one table, so that a change of language can name everything anew."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from explorer.gui.runs.runs_list import ACTIONS
from explorer.gui.runs.transport import BUTTONS
from explorer.i18n import LANGUAGES, N_, _
from explorer.runs.bands import BANDS

SCHEMES = {"auto": N_("As the system"), "light": N_("Light"), "dark": N_("Dark")}

WAYS = (
    (N_("Next, previous control"), "Tab, Shift+Tab"),
    (N_("Press, tick, unfold"), N_("Space")),
    (N_("Change a value"), "↑, ↓"),
    (N_("Go to the menus"), "Alt"),
    (N_("Enlarge a panel, and back (its title)"), N_("double click")),
    (N_("Move a panel (its title)"), N_("drag")),
    (N_("Zoom a plot"), N_("wheel")),
)
"""What no menu names, and how it is done."""


@dataclass(frozen=True)
class Item:
    """One entry: its text, what it does, its shortcut; `group` makes it one of several of which one is ticked."""

    text: str
    act: Callable[..., Any]
    shortcut: str = ""
    name: str = ""
    group: str = ""
    tick: bool = False
    translate: bool = True


MenuEntry = Item | None | tuple[str, Sequence["Item | None"]]


class Menus:
    """All menus of `window`. `actions` finds an action by its name."""

    def __init__(self, window: QMainWindow, menus: Sequence[tuple[str, Sequence[MenuEntry]]]) -> None:
        self.actions: dict[str, QAction] = {}
        self._texts: list[tuple[QAction | QMenu, str]] = []
        self._groups: dict[str, QActionGroup] = {}
        self._window = window
        for text, entries in menus:
            self.add(text, entries)

    def add(self, text: str, entries: Sequence[MenuEntry]) -> None:
        """One more menu, at the right end."""
        self._fill(self._menu(self._window.menuBar().addMenu(""), text), entries)
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language now in use."""
        for thing, text in self._texts:
            if isinstance(thing, QMenu):
                thing.setTitle(_(text))
            else:
                thing.setText(_(text))

    def inside(self, start: str) -> list[QAction]:
        """The actions whose names begin so."""
        return [action for name, action in self.actions.items() if name.startswith(start)]

    def _menu(self, menu: QMenu, text: str) -> QMenu:
        self._texts.append((menu, text))
        return menu

    def _fill(self, menu: QMenu, entries: Sequence[Any]) -> None:
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, Item):
                self._add(menu, entry)
            else:
                self._fill(self._menu(menu.addMenu(""), entry[0]), entry[1])

    def _add(self, menu: QMenu, item: Item) -> None:
        action = menu.addAction(item.text)
        action.triggered.connect(item.act)
        if item.shortcut:
            action.setShortcut(item.shortcut)
        if item.group:
            group = self._groups.setdefault(item.group, QActionGroup(self._window))
            group.addAction(action)
        action.setCheckable(bool(item.group) or item.tick)
        if item.translate:
            self._texts.append((action, item.text))
        self.actions[item.name or item.text] = action


def about() -> str:
    """The text of Help → About."""
    import PySide6

    from explorer import __version__

    return "<h3>Training Explorer {version}</h3><p>{what}</p><p>{licence}</p><p>PySide6 {qt}</p>".format(
        version=__version__,
        what=_("See the techniques that make deep learning train: switch each on or off and watch live."),
        licence=_("Free software under the MIT licence."),
        qt=PySide6.__version__,
    )


def shortcuts(menus: Menus) -> str:
    """The text of Help → Shortcuts: two columns, so that it fits a small screen."""
    run = [(_(text), key) for text, key, _help in BUTTONS.values()]
    keyed = [action for action in menus.actions.values() if not action.shortcut().isEmpty()]
    enlarging = [action for action in keyed if action in menus.inside("enlarge-")]
    rest = [action for action in keyed if action not in enlarging]
    ways = [(_(text), _(way)) for text, way in WAYS]
    left = _rows(_("Training"), run) + _rows(_("Menus"), _keys(rest))
    right = _rows(_("Everywhere"), ways) + _rows(_("Enlarge"), _keys(enlarging))
    stored = [(_("Show"), _("Enter")), (_("Lay over the run on screen"), _("Space"))]
    stored += [(_(text).rstrip("…"), key) for text, key in ACTIONS.values() if key]
    left += _rows(_("Stored runs"), stored)
    return f"<table cellpadding='8'><tr><td>{_table(left)}</td><td>{_table(right)}</td></tr></table>"


def _keys(actions: Sequence[QAction]) -> list[tuple[str, str]]:
    return [(action.text().replace("&", ""), action.shortcut().toString()) for action in actions]


def _rows(title: str, rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{_unbroken(text)}</td><td><b>{_unbroken(key)}</b></td></tr>" for text, key in rows)
    return f"<tr><td colspan='2'><u>{html.escape(title)}</u></td></tr>{cells}"


def _unbroken(text: str) -> str:
    return html.escape(text).replace(" ", "\u00a0")  # else a message box makes the table narrow, and breaks every line


def _table(rows: str) -> str:
    return f"<table cellpadding='2'>{rows}</table>"


def language_items(choose: Callable[[str], Any]) -> list[Item]:
    """One entry per language, each in its own."""
    return [
        Item(text, partial(_call, choose, code), name=f"language-{code}", group="language", translate=False)
        for code, text in LANGUAGES.items()
    ]


def scheme_items(choose: Callable[[str], Any]) -> list[Item]:
    """One entry per colour scheme."""
    return [
        Item(text, partial(_call, choose, scheme), name=f"scheme-{scheme}", group="scheme")
        for scheme, text in SCHEMES.items()
    ]


def band_items(choose: Callable[[str], Any]) -> list[Item]:
    """One entry for each way to draw runs that differ in the seed alone."""
    return [Item(text, partial(_call, choose, kind), name=f"band-{kind}", group="band") for kind, text in BANDS.items()]


def _call(choose: Callable[[str], Any], value: str, *_checked: bool) -> None:
    choose(value)
