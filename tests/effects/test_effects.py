"""Each claim of the course as a test, with three seeds."""

from __future__ import annotations

import pytest

from .claims import CLAIMS
from .runner import Claim, markdown, run


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claim(claim: Claim) -> None:
    result = run(claim)
    assert result.holds, f"{claim.rule}\n{markdown([result])}"
