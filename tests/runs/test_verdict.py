"""A difference is told where there is one, and hardly ever where there is none: on made-up runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from explorer.i18n import Message
from explorer.runs.verdict import ALPHA, HIGHER, LOWER, POWER, quantile, seeds_needed, verdict

EXPERIMENTS = 4000
SLACK = 4 * math.sqrt(ALPHA * (1 - ALPHA) / EXPERIMENTS)
"""Four standard errors of a share of 5 %."""


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 10, 29, 99, 998])
@pytest.mark.parametrize("share", [0.6, 0.8, 0.975, 0.995, 0.9999])
def test_quantiles_are_those_of_scipy(share: float, freedom: int) -> None:
    assert quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-9)


def test_the_interval_is_that_of_a_paired_t_test() -> None:
    one, other = np.array([0.81, 0.84, 0.79, 0.86]), np.array([0.78, 0.80, 0.78, 0.79])
    found, known = verdict(one - other), stats.ttest_rel(one, other).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(known))
    assert found.difference == pytest.approx(0.0375)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("images", [0, 1000])
def test_false_alarms_are_rare_for_arms_that_are_the_same(seeds: int, images: int) -> None:
    """With accuracies as they come (images = 0), and counted on so many images."""
    rng = np.random.default_rng(seeds)
    found = 0.8 + 0.02 * rng.standard_normal((EXPERIMENTS, 2, seeds))
    found = np.round(found * images) / images if images else found
    alarms = sum(verdict(one - other).sign != 0 for one, other in found)
    assert alarms / EXPERIMENTS <= ALPHA + SLACK


@pytest.mark.parametrize("arms", [2, 4, 16])
def test_many_arms_give_no_more_false_alarms(arms: int) -> None:
    rng = np.random.default_rng(arms)
    experiments = EXPERIMENTS // 4
    found = 0.8 + 0.02 * rng.standard_normal((experiments, arms, 3))
    alarms = sum(any(verdict(arm - runs[0], arms - 1).sign for arm in runs[1:]) for runs in found)
    assert alarms / experiments <= ALPHA + 2 * SLACK
    if arms == 16:  # without the correction there would be many: the test can fail
        careless = sum(any(verdict(arm - runs[0]).sign for arm in runs[1:]) for runs in found)
        assert careless / experiments > 3 * ALPHA


@pytest.mark.parametrize("effect", [0.6, 1.0, 2.0, -1.0])
def test_so_many_seeds_as_are_named_do_tell(effect: float) -> None:
    needed = seeds_needed(abs(effect))
    assert needed is not None
    rng = np.random.default_rng(7)
    told = [verdict(effect + rng.standard_normal(needed)).sign for _experiment in range(2000)]
    assert POWER - 0.04 <= told.count(HIGHER if effect > 0 else LOWER) / 2000 <= POWER + 0.12
    assert told.count(LOWER if effect > 0 else HIGHER) <= 2


def test_what_cannot_be_known_is_not_told() -> None:
    assert verdict([]).sign == verdict([0.4]).sign == verdict([0.0, 0.0, 0.0]).sign == 0
    assert verdict([0.001, 0.001]).sign == 0  # counted on 1,000 images, that is chance
    assert verdict([0.001] * 20).sign == HIGHER
    assert seeds_needed(0.0) is None
    assert verdict([0.1, -0.1]).needed is None


def test_the_sentence_says_what_n_and_how_many_more() -> None:
    def said(differences: list[float]) -> str:
        return str(verdict(differences).sentence(Message("test accuracy"), Message("dropout"), Message("without")))

    assert "is higher" in said([0.03, 0.031, 0.032])
    assert "is lower" in said([-0.03, -0.031, -0.032])
    unclear = said([0.03, -0.01, 0.02])
    assert "not distinguishable with n = 3" in unclear
    assert "takes about 22 seeds" in unclear
    assert "more than 1000 seeds" in said([0.03, -0.03, 0.0001])
    assert "several seeds" in said([0.03])
    assert "with no seed" in said([])
    assert not any("better" in said(values) for values in ([0.03, 0.031], [0.1], [-0.1, -0.1, -0.1]))
