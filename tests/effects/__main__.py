"""python -m tests.effects [--only NAME ...] [--lesson NAME ...] [--seeds N] [--markdown FILE] [--list] [--keep]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from explorer.errors import InputError
from explorer.i18n import set_language
from explorer.lessons import all_claims
from explorer.lessons.measured import Measured, keep, measured, table
from explorer.lessons.running import run


def main() -> int:
    """Exit code 0 if every claim came out as the kept figures say, 1 if one did not."""
    set_language("en")
    names = [claim.name for _lesson, claim in all_claims()]
    lessons = sorted({lesson.name for lesson, _claim in all_claims()})
    parser = argparse.ArgumentParser(prog="python -m tests.effects", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME")
    parser.add_argument(
        "--lesson", nargs="+", choices=lessons, metavar="NAME", help="the claims of these lessons alone"
    )
    parser.add_argument("--seeds", type=int, default=0, help="default: as many as the claim says")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    parser.add_argument("--list", action="store_true", help="show the claims and train nothing")
    parser.add_argument("--keep", action="store_true", help="put the figures into resources/lessons/measured.json")
    options = parser.parse_args()
    if options.list:
        for lesson, claim in all_claims():
            print(f"{claim.name} ({lesson.name}): {claim.text}")
        return 0
    before, results, other = measured(), dict[str, Measured](), []
    for lesson, claim in all_claims():
        if (options.only and claim.name not in options.only) or (options.lesson and lesson.name not in options.lesson):
            continue
        try:
            verdict = run(lesson, claim, options.seeds, say=lambda line: print(line, file=sys.stderr, flush=True))
        except InputError as error:
            print(f"{claim.name}: {error}", file=sys.stderr)
            other.append(claim.name)
            continue
        results[claim.name] = Measured.of(verdict)
        print(f"{claim.name}: {verdict}", file=sys.stderr, flush=True)
        if claim.name in before and before[claim.name].outcome != verdict.outcome:
            other.append(claim.name)
        if options.keep:  # after every claim: what is done stays if the rest is interrupted
            keep({claim.name: results[claim.name]})
    print(table(results))
    if options.markdown:
        options.markdown.write_text(table(results), encoding="utf-8")
    if other:
        print(f"Came out otherwise than before, or not at all: {', '.join(other)}.")
    return int(bool(other))


if __name__ == "__main__":
    raise SystemExit(main())
