"""Measured claims: each figure compares two sides in short turns and says its median, its interval and its goal.

`python -m tests.benchmarks` from the root of a checkout, on a quiet machine: all figures in about a quarter of an
hour. `--only NAME …` takes some, `--json` prints one object per line, `--quick` only shows that they can be taken. Two
of them need `pip install -e '.[bench]' torchvision`; without it they say so and are skipped.

A figure is never a unit test: a busy machine would fail it. What each figure compares stands in the docstring of the
function that measures it; how sides are compared and when a goal counts as reached, in pairs.py.
"""
