"""What an action needs of the window around it, so that it need not know the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtWidgets import QWidget


class Shell(Protocol):
    """Asks, attempts and says; and shows what has become of the session."""

    @property
    def parent_of_dialogs(self) -> QWidget:
        """Over which dialogs open."""

    @property
    def seeds(self) -> int:
        """How many are asked for."""

    def ask(self, question: str) -> bool:
        """Whether somebody answers yes."""

    def attempt(self, act: Callable[..., Any], *arguments: object) -> Any:
        """Call `act`; what a person can mend is shown, and the answer is then None."""

    def say(self, text: str) -> None:
        """A short message, until the next one."""

    def warn(self, reason: str, remedy: str = "") -> None:
        """A message that stays until somebody closes it."""

    def show_all(self) -> None:
        """Bring everything that is seen up to date."""

    def list_runs(self) -> None:
        """List the stored runs anew."""

    def reset_cards(self) -> None:
        """Give the cards of techniques that are off their defaults, too."""
