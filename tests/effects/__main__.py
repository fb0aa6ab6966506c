"""python -m tests.effects [--only NAME ...] [--seeds 3] [--json FILE] [--markdown FILE] [--list]"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .claims import CLAIMS
from .runner import as_plain, markdown, run


def main() -> int:
    """Exit code 0 if every claim holds, 1 if one does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.effects", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[claim.name for claim in CLAIMS], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    parser.add_argument("--list", action="store_true", help="show the claims and train nothing")
    options = parser.parse_args()
    if options.list:
        for claim in CLAIMS:
            print(f"{claim.name}: {claim.text}")
        return 0
    results = []
    for claim in CLAIMS:
        if not options.only or claim.name in options.only:
            results.append(run(claim, options.seeds, say=lambda line: print(line, file=sys.stderr, flush=True)))
            # Written after every claim: what is done stays if the rest is interrupted.
            if options.json:
                options.json.write_text(json.dumps(as_plain(results), indent=2, ensure_ascii=False) + "\n")
            if options.markdown:
                options.markdown.write_text(markdown(results), encoding="utf-8")
    print(markdown(results))
    print(f"{sum(result.holds for result in results)} of {len(results)} claims hold.")
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
