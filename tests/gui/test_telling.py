"""What the window says of a run in one line."""

from __future__ import annotations

from explorer.events import Progress
from explorer.gui.runs.telling import how_far
from explorer.i18n import Message


def test_how_far_it_is_and_how_long_it_takes_where_that_is_known() -> None:
    what = Message("Decoding pictures")
    assert how_far(Progress(what=what)) == "Decoding pictures"
    assert how_far(Progress(what=what, done=1, total=4)) == "Decoding pictures · 25 %"
    assert how_far(Progress(what=what, done=1, total=4, left=90.0)) == "Decoding pictures · 25 % · 1 min 30 s left"
