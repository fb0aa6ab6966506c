"""The menu bar: built from one table, so that a change of language can name everything anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from explorer.gui.transport import BUTTONS
from explorer.i18n import LANGUAGES, N_, _

SCHEMES = {"auto": N_("As the system"), "light": N_("Light"), "dark": N_("Dark")}


@dataclass(frozen=True)
class Item:
    """One entry: its text, what it does, its shortcut; `group` makes it one of several of which one is ticked."""

    text: str
    act: Callable[[], Any]
    shortcut: str = ""
    name: str = ""
    group: str = ""
    tick: bool = False
    translate: bool = True


Entry = Item | None | tuple[str, Sequence["Item | None"]]


class Menus:
    """All menus of `window`. `actions` finds an action by its name."""

    def __init__(self, window: QMainWindow, menus: Sequence[tuple[str, Sequence[Entry]]]) -> None:
        self.actions: dict[str, QAction] = {}
        self._texts: list[tuple[QAction | QMenu, str]] = []
        self._groups: dict[str, QActionGroup] = {}
        self._window = window
        for text, entries in menus:
            self._fill(self._menu(window.menuBar().addMenu(""), text), entries)
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language now in use."""
        for thing, text in self._texts:
            if isinstance(thing, QMenu):
                thing.setTitle(_(text))
            else:
                thing.setText(_(text))

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
    """The text of Help → Shortcuts."""
    rows = [(_(text), key) for text, key, _help in BUTTONS.values()]
    rows += [
        (action.text().replace("&", ""), action.shortcut().toString())
        for action in menus.actions.values()
        if not action.shortcut().isEmpty()
    ]
    rows.append((_("Enlarge a panel, or give the others their places back"), _("double click on its title")))
    cells = "".join(f"<tr><td>{text}</td><td><b>{key}</b></td></tr>" for text, key in rows)
    return f"<table cellpadding='3'>{cells}</table>"


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


def _call(choose: Callable[[str], Any], value: str, *_checked: bool) -> None:
    choose(value)
