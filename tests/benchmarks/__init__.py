"""Measured claims: each figure compares two sides in alternation and says its median, its spread and its goal.

`python -m tests.benchmarks` from the root of a checkout, on a quiet machine. A figure is never a unit test: a busy
machine would fail it. What each figure compares stands in the docstring of the function that measures it.
"""
