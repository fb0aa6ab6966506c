"""`training-explorer lesson`: the lessons that there are, what is wrong in one of one's own, and one played here."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markdown import Markdown
from rich.table import Table

from explorer.cli.commands.base import Command
from explorer.cli.running import number_of_seeds
from explorer.cli.terminal import console, print_json
from explorer.errors import InputError
from explorer.i18n import _, ngettext

if TYPE_CHECKING:
    from explorer.lessons import Question
    from explorer.lessons.playing import Given, Playing
    from explorer.lessons.verdict import ClaimVerdict


def _flags(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", required=True, metavar=_("WHAT"))
    listing = words.add_parser("list", help=_("the lessons that come with the program"))
    listing.add_argument("--json", action="store_true", help=_("for programs"))
    check = words.add_parser("check", help=_("say what is wrong in lesson files, with the line and the remedy"))
    check.add_argument("files", nargs="+", metavar="FILE", type=Path)
    run = words.add_parser("run", help=_("play a lesson here: its texts, predictions, trainings and verdicts"))
    run.add_argument("name", help=_("of a lesson, or its file"))
    run.add_argument("--seeds", type=number_of_seeds, default=0, metavar="N", help=_("runs of each arm"))
    run.add_argument("--ask", action="store_true", help=_("ask for predictions, even if nobody sits here"))


def _run(options: argparse.Namespace) -> int:
    return {"list": _list, "check": _check, "run": _play}[options.what](options)


def _list(options: argparse.Namespace) -> int:
    from explorer.lessons import shipped

    rows = [
        {
            "name": lesson.name,
            "title": str(lesson.title),
            "goal": str(lesson.goal),
            "minutes": lesson.minutes,
            "steps": len(lesson.step),
            "claims": [claim.name for claim in lesson.claim],
        }
        for lesson in shipped()
    ]
    if options.json:
        print_json(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    table = Table()
    for column in (_("name"), _("title"), _("minutes"), _("steps")):
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("name", "title", "minutes", "steps")))
    console().print(table)
    return 0


def _check(options: argparse.Namespace) -> int:
    """2 if something is wrong in one of the files, else 0; all of them are looked at."""
    from explorer.lessons import read

    code = 0
    for path in options.files:
        try:
            lesson = read(path)
        except InputError as error:
            print(_("Error: {error}").format(error=error), file=sys.stderr)
            code = 2
            continue
        steps = ngettext("{n} step", "{n} steps", len(lesson.step)).format(n=len(lesson.step))
        claims = ngettext("{n} claim", "{n} claims", len(lesson.claim)).format(n=len(lesson.claim))
        print(_("{file} is a good lesson: {steps}, {claims}.").format(file=path.name, steps=steps, claims=claims))
    return code


def _play(options: argparse.Namespace) -> int:
    """0 if every training came to an end, whatever the verdicts; 1 if it was stopped."""
    from explorer.lessons import named
    from explorer.lessons.playing import Playing

    playing = Playing(named(options.name))
    print(f"{playing.lesson.title}\n{playing.lesson.goal}\n")
    asks = options.ask or sys.stdin.isatty()
    try:
        while True:
            _step(playing, options.seeds, asks)
            if not playing.go(1):
                return 0
    except (KeyboardInterrupt, EOFError):
        print(f"\n{_('Stopped.')}")
        return 1


def _step(playing: Playing, seeds: int, asks: bool) -> None:
    from explorer.lessons.formula import said
    from explorer.lessons.playing import compared
    from explorer.lessons.running import train_all

    step, now = playing.step, playing.now
    number = _("Step {n} of {total}").format(n=playing.index + 1, total=len(playing.lesson.step))
    print(f"── {number}: {step.title}\n")
    console().print(Markdown(said(str(step.text))))
    print()
    if (claim := playing.claim) is None:
        return
    if step.prediction and asks:
        _ask(playing, step.prediction)
    runs = train_all(playing.lesson, claim, seeds, say=lambda line: print(line, flush=True))
    _tell(playing.ran(runs))
    if step.prediction and (words := compared(step.prediction, now)):
        print(words)
    for text in (step.why, step.explanation):
        if text:
            print()
            console().print(Markdown(said(str(text))))
    print()


def _ask(playing: Playing, prediction: Question) -> None:
    """Until what was typed is a prediction."""
    print(prediction.question)
    for i, option in enumerate(prediction.options, 1):
        print(f"  {i}  {option.label}")
    hints = {
        "choice": _("Number of the outcome: "),
        "point": _("A number from {low:g} to {high:g}: ").format(low=prediction.low, high=prediction.high),
        "sketch": _("Values at the first, middle and last epoch, with blanks between: "),
    }
    while playing.now.given is None:
        try:
            playing.predict(_given(playing, prediction, input(hints[prediction.kind])))
        except (InputError, ValueError, IndexError) as error:
            print(str(error) if isinstance(error, InputError) else _("That is no such number. Try again."))
    print()


def _given(playing: Playing, prediction: Question, typed: str) -> Given:
    """Raises ValueError, IndexError."""
    from explorer.lessons.playing import Given

    numbers = [float(word.replace(",", ".")) for word in typed.split()]
    if prediction.kind == "choice":
        return Given(choice=prediction.options[int(numbers[0]) - 1].name if numbers[0] >= 1 else "")
    if prediction.kind == "point":
        return Given(point=numbers[0])
    assert playing.claim
    epochs = playing.lesson.arms(playing.claim)[str(prediction.arm)].epochs
    last = len(numbers) - 1
    return Given(sketch=tuple((1 + i * (epochs - 1) / max(1, last), y) for i, y in enumerate(numbers)))


def _tell(verdict: ClaimVerdict) -> None:
    table = Table(title=str(verdict.claim.text))
    for column in (str(verdict.claim.quantity), _("mean ± standard deviation")):
        table.add_column(column)
    for shown in verdict.shown:
        table.add_row(str(shown.value.label), str(shown))
    console().print(table)
    print(verdict)


COMMAND = Command("lesson", lambda: _("list, check and play lessons"), _flags, _run)
