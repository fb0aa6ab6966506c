"""Text that people read. English is the source; a gettext catalogue in resources/locale gives the other languages.

`_` translates now; `N_` only marks a text declared at import time, to be translated when it is shown.
"""

from __future__ import annotations

import gettext as _gettext
import locale
import os

from explorer.resources import resource

LANGUAGES = {"en": "English", "ru": "Русский"}

_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def set_language(language: str) -> None:
    """Translate from now on into `language` (a key of LANGUAGES; anything else means English)."""
    global _catalogue, _language
    _language = language if language in LANGUAGES else "en"
    _catalogue = _gettext.translation("explorer", str(resource("locale")), languages=[_language], fallback=True)


def language() -> str:
    """The key in LANGUAGES of the language now in use."""
    return _language


def system_language() -> str:
    """The language that the environment asks for, if we have it, else English."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if code := os.environ.get(variable, "")[:2]:
            return code if code in LANGUAGES else "en"
    code = (locale.getlocale()[0] or "en")[:2].lower()
    return code if code in LANGUAGES else "en"


def _(text: str) -> str:
    """`text` in the language now in use."""
    return _catalogue.gettext(text) if text else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The plural form for `n` in the language now in use."""
    return _catalogue.ngettext(singular, plural, n)


def N_(text: str) -> str:
    """Mark `text` for the catalogue and return it as it is."""
    return text
