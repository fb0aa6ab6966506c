"""The commands, a file each; one more is its file and one line in COMMANDS. Flags follow from the declarations."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from explorer.cli.commands import ablate, compare, describe, doctor, export, inspect, lesson, listing, predict, train
from explorer.cli.flags import Parser
from explorer.errors import InputError
from explorer.i18n import _

COMMANDS = (
    train.COMMAND,
    compare.COMMAND,
    ablate.COMMAND,
    predict.COMMAND,
    lesson.COMMAND,
    inspect.COMMAND,
    listing.COMMAND,
    describe.COMMAND,
    doctor.COMMAND,
    export.COMMAND,
)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failure, 2 bad input."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except InputError as error:
        print(_("Error: {error}").format(error=error), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as in `… | head`
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="training-explorer",
        description=_("See the techniques that make deep learning train. Without a command: the window."),
        allow_abbrev=False,
    )
    words = parser.add_subparsers(required=True, metavar=_("COMMAND"))
    for command in COMMANDS:
        own = words.add_parser(command.name, help=command.explain(), allow_abbrev=False)
        own.set_defaults(run=command.run)
        command.flags(own)
    return parser
