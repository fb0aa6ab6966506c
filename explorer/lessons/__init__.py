"""Lessons: predict, run, see, judge. A lesson is a file of text; what it claims, a machine checks. Without Qt.

`Lesson` and `Claim` are declarations; `read` makes them from a file, or says which line is wrong and what to do.
"""

from __future__ import annotations

from explorer.lessons.claims import Claim
from explorer.lessons.lesson import Lesson, Question, Step
from explorer.lessons.library import all_claims, named, shipped
from explorer.lessons.reading import read

__all__ = ["Claim", "Lesson", "Question", "Step", "all_claims", "named", "read", "shipped"]
