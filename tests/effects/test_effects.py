"""Each claim of the course as a test: it comes out as the figures say that the lessons and the README show."""

from __future__ import annotations

import pytest

from explorer.lessons import Claim, Lesson, all_claims
from explorer.lessons.measured import measured
from explorer.lessons.running import run


@pytest.mark.slow
@pytest.mark.parametrize("told", all_claims(), ids=lambda told: told[1].name)
def test_claim(told: tuple[Lesson, Claim]) -> None:
    _lesson, claim = told
    kept = measured().get(claim.name)
    if kept is None:
        pytest.skip("not measured yet: python -m tests.effects --keep")
    verdict = run(*told)
    assert verdict.outcome == kept.outcome, f"{verdict}\n" + "\n".join(f"{s.value.name}: {s}" for s in verdict.shown)
