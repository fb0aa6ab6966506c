"""Train the run that the window shows at its first start, resources/examples/default, with the default experiment."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer import Recipe, train  # noqa: E402 - the path must be set first
from explorer.events import RunEnded  # noqa: E402
from explorer.runs import RunStore  # noqa: E402

FOLDER = ROOT / "resources" / "examples" / "default"

if __name__ == "__main__":
    recipe = Recipe()
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "run"
        with RunStore(run, recipe) as store:
            *_events, last = store.recorded(train(recipe))
        assert isinstance(last, RunEnded)
        print(last.outcome, last.test)
        with sqlite3.connect(run / "run.sqlite") as database:
            database.execute("VACUUM")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("run.sqlite", "recipe.json"):
            shutil.copy(run / name, FOLDER / name)
        print(f"{(FOLDER / 'run.sqlite').stat().st_size / 1e6:.1f} MB")
