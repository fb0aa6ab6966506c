"""Lessons: files, claims, verdicts, hand-ins."""

from __future__ import annotations

from pathlib import Path

SMALL = Path(__file__).with_name("small.toml")
"""A lesson with one step, two arms, two seeds and seconds of training."""
