"""All that can be made of a run: a page to hand in, animations, and a new folder that has all of it or nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from explorer.exports import StoredRun
from explorer.gui.export import animation, report
from explorer.gui.export.dialog import remembered
from explorer.gui.export.run_dialog import RunExport
from explorer.gui.panels import Shown
from explorer.gui.panels.loss import LossPanel
from explorer.runs import open_run
from explorer.runs.store import stored_events

RUN = Path(__file__).parents[1] / "files" / "v1" / "run"
TITLE = "<script>alert(1)</script> & more"


def loss_panel(qtbot: QtBot) -> LossPanel:
    panel = LossPanel()
    qtbot.addWidget(panel)
    panel.show_runs([Shown(open_run(RUN), TITLE, 0)])
    return panel


def test_the_report_is_one_page_that_needs_no_other_file(qtbot: QtBot) -> None:
    record = open_run(RUN)
    page = report.html(record, [loss_panel(qtbot)], TITLE)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert [source.partition(",")[0] for source in re.findall(r'src="([^"]*)', page)] == ["data:image/png;base64"]
    assert "http" not in page.replace("http-equiv", "")
    assert f"<td>{record.epochs[0].validation['loss']:.4g}</td>" in page
    assert record.started is not None
    assert all(f"<td>{name}</td>" in page for name in record.started.classes)
    document = PdfDocument(report.pdf(page, TITLE))
    text = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    assert TITLE in text
    assert record.started.classes[0] in text


def test_a_recipe_of_another_version_is_no_default_recipe(qtbot: QtBot) -> None:
    record = open_run(RUN)
    started = record.started
    assert started is not None
    record.apply(msgspec.structs.replace(started, recipe={"version": 999, "depth": "deep"}))
    page = report.html(record, [], TITLE)
    assert "a recipe of another version" in page
    assert "default recipe" not in page


def test_an_animation_has_a_picture_for_each_epoch(qtbot: QtBot) -> None:
    assert loss_panel(qtbot) is not None  # there is an application
    epochs = len(open_run(RUN).epochs)
    data = animation.gif(LossPanel, stored_events(RUN), epochs)
    assert data is not None
    with Image.open(io.BytesIO(data)) as moving:
        assert (moving.format, moving.n_frames, moving.size) == ("GIF", epochs, (animation.WIDTH, animation.HEIGHT))  # type: ignore[attr-defined]
        first = np.asarray(moving.convert("RGB"))
        moving.seek(epochs - 1)
        assert (np.asarray(moving.convert("RGB")) != first).mean() > 0.001
        assert moving.info["duration"] == animation.LAST
    assert animation.gif(LossPanel, [], epochs) is None


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[RunExport]:
    remembered.restore("")
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = RunExport(parent, StoredRun(RUN, open_run(RUN)), "A / run")
    for name, box in dialog.boxes.items():
        box.setChecked(name in ("csv", "tensorboard", "png"))
    yield dialog
    parent.close()


def test_what_is_ticked_is_in_a_new_folder(qtbot: QtBot, dialog: RunExport, tmp_path: Path) -> None:
    for folder in ("A-run", "A-run-2"):
        dialog.begin(tmp_path)
        qtbot.waitUntil(lambda: dialog._work is None, timeout=30_000)
        assert dialog.written is not None
        assert dialog.written.name == folder
        names = sorted(path.name for path in dialog.written.iterdir())
        assert {"loss.png", "metrics.csv", "steps.csv", "window.png"} < set(names)
        assert any(name.startswith("events.out.tfevents") for name in names)
    assert len(list(tmp_path.iterdir())) == 2  # nothing hidden is left


def test_cancel_and_a_fault_leave_nothing(
    qtbot: QtBot, dialog: RunExport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog.begin(tmp_path)
    dialog._go_on()
    dialog.reject()
    assert not list(tmp_path.iterdir())
    assert dialog.written is None

    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda _parent, _title, text: said.append(text))
    (tmp_path / "file").write_text("")
    dialog.begin(tmp_path / "file")
    qtbot.waitUntil(lambda: dialog._work is None)
    assert "cannot be written" in said[0]
    assert dialog.boxes["csv"].isEnabled()  # another try
