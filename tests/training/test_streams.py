"""Random streams that follow from their key alone."""

from __future__ import annotations

import subprocess
import sys

import torch

from explorer.training.streams import number, stream

KEYS = [(seed, purpose, step) for seed in range(4) for purpose in ("order", "augment", "dropout") for step in range(50)]


def test_a_number_follows_from_its_key_alone_in_every_process() -> None:
    """Written down: a run of an earlier version is trained again with the same order, crops and masks."""
    assert number(0, "order", 3) == number(0, "order", 3) == 228291028133782092
    code = "from explorer.training.streams import number; print(number(0, 'order', 3))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) == number(0, "order", 3)


def test_numbers_are_63_bits_and_differ() -> None:
    found = [number(*key) for key in KEYS]
    assert all(0 <= one < 2**63 for one in found)
    assert len(set(found)) == len(KEYS)
    assert max(found) > 2**62


def test_streams_of_other_keys_have_nothing_in_common() -> None:
    draws = torch.stack([torch.randn(200, generator=stream(*key)) for key in KEYS[:100]])
    correlation = torch.corrcoef(draws) - torch.eye(100)
    assert correlation.abs().max() < 0.4  # of 4,950 pairs of 200 independent numbers the largest is near 0.28
    assert draws.mean().abs() < 0.03


def test_a_stream_begins_anew_each_time_and_leaves_the_global_one_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    one, two = stream(1, "order"), stream(1, "order")
    assert torch.equal(torch.rand(5, generator=one), torch.rand(5, generator=two))
    assert torch.equal(torch.rand(3), expected)
