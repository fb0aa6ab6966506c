"""Write the published JSON schemas of recipes and lessons, in resources/, from the declarations."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.lessons import Lesson  # noqa: E402 - the path must be set first
from explorer.recipe import Recipe  # noqa: E402


def schema() -> str:
    """The schema as JSON text."""
    header = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Training Explorer recipe"}
    whole = header | Recipe.model_json_schema() | {"title": header["title"]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def lesson_schema() -> str:
    """That of lessons: TOML, which has the same values."""
    header = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Training Explorer lesson"}
    whole = header | Lesson.model_json_schema() | {"title": header["title"]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for name, text in (("recipe.schema.json", schema()), ("lessons/lesson.schema.json", lesson_schema())):
        path = ROOT / "resources" / name
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
