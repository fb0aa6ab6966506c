"""What the window remembers from one start to the next. Whatever is broken in it is left out, never an error."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from explorer.errors import InputError
from explorer.i18n import LANGUAGES, _, system_language
from explorer.recipe import Recipe
from explorer.runs.bands import BANDS, RANGE

NAME = "training-explorer"


def user_settings() -> QSettings:
    """The file of this user, as text on every system."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, NAME, NAME)


class Memory:
    """Settings by name, with a type and a default for each."""

    def __init__(self, settings: QSettings) -> None:
        self.settings = settings

    @property
    def language(self) -> str:
        """The language chosen, or else the system's."""
        chosen = self.text("language")
        return chosen if chosen in LANGUAGES else system_language()

    @property
    def scheme(self) -> str:
        """auto, light or dark."""
        chosen = self.text("scheme")
        return chosen if chosen in ("light", "dark") else "auto"

    @property
    def band(self) -> str:
        """What is drawn of runs that differ in the seed alone."""
        chosen = self.text("band")
        return chosen if chosen in BANDS else RANGE

    def recipe(self) -> tuple[Recipe, str]:
        """The last recipe, or the default one and why the last cannot be used."""
        text = self.text("recipe")
        try:
            return (Recipe.from_json(text, _("the remembered recipe")) if text else Recipe()), ""
        except InputError as error:
            return Recipe(), str(error)

    def text(self, name: str) -> str:
        """A text, empty if there is none."""
        value = self.settings.value(name, "")
        return value if isinstance(value, str) else ""

    def data(self, name: str) -> QByteArray:
        """Bytes of Qt's own, empty if there are none."""
        value = self.settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep(self, **values: object) -> None:
        """Remember `values`."""
        for name, value in values.items():
            self.settings.setValue(name, value)
        self.settings.sync()
