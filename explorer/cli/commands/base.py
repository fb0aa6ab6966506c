"""What a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One word of the command line. `explain` is called when the language is known."""

    name: str
    explain: Callable[[], str]
    """One line for `--help`."""
    flags: Callable[[argparse.ArgumentParser], None]
    """Add what can be said after the word."""
    run: Callable[[argparse.Namespace], int]
    """Do it; the exit code. Raises InputError."""
