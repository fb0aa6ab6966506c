"""Write the published JSON schema of recipes, resources/recipe.schema.json, from the declarations."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.recipe import Recipe  # noqa: E402 - the path must be set first


def schema() -> str:
    """The schema as JSON text."""
    header = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Training Explorer recipe"}
    whole = header | Recipe.model_json_schema() | {"title": header["title"]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    path = ROOT / "resources" / "recipe.schema.json"
    path.write_text(schema(), encoding="utf-8")
    print(path.relative_to(ROOT))
