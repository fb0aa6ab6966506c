"""The language of the whole window: our own texts through gettext, and Qt's own dialogs through Qt's catalogue.

Numbers have a decimal point in both languages, also in the editors (see editors.Number): recipes, the command line, the
marks of live changes and the axes have it, and 0,1, 0,5 could not be told from a list. A comma that is typed counts as
one. The locale is for the rest: dates and kinds of files in Qt's dialogs.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from explorer.i18n import language, set_language

_installed: list[QTranslator] = []


def use_language(chosen: str) -> None:
    """Speak `chosen` (a key of LANGUAGES) from now on. Windows that are open are to be retranslated by their owner."""
    set_language(chosen)
    QLocale.setDefault(QLocale(language()))
    while _installed:
        QCoreApplication.removeTranslator(_installed.pop())
    if language() == "en":  # the language that Qt is written in
        return
    translator = QTranslator(QCoreApplication.instance())
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{language()}", folder) and QCoreApplication.installTranslator(translator):
        _installed.append(translator)
