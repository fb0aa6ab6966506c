"""Whether two checkouts train the same weights, bit for bit: python -m tests.bitwise OTHER_CHECKOUT.

Twenty recipes that between them use everything (tests/files/v1/recipes) are trained in both, each in a process of its
own with one torch thread, and the bytes of all weights compared. Run it before and after a change that moves code.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECIPES = sorted((HERE / "files" / "v1" / "recipes").glob("*.json"))


def digests(checkout: Path) -> dict[str, str]:
    """Of each recipe the hash of the weights that `checkout` trains."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "--here", *map(str, RECIPES)]
    lines = subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in lines.splitlines())  # type: ignore[misc]


def digest(path: Path) -> str:
    """The hash of the weights at the end of the recipe in `path`, and of the loss of every step."""
    import torch

    from explorer import Recipe, train

    with tempfile.TemporaryDirectory() as folder:
        events = list(train(Recipe.read(path), checkpoints=Path(folder)))
        found = hashlib.sha256()
        for event in events:
            if type(event).__name__ == "StepDone":
                found.update(repr(event.lr).encode())  # type: ignore[union-attr]
        weights = torch.load(Path(folder) / "last.pt", weights_only=True)["model"]
        for name, tensor in sorted(weights.items()):
            found.update(name.encode() + tensor.numpy().tobytes())
    return f"{type(events[-1]).__name__}-{events[-1].outcome}-{found.hexdigest()[:16]}"  # type: ignore[union-attr]


def main() -> int:
    """Compare this checkout with another one; 0 if all are equal."""
    if sys.argv[1:2] == ["--here"]:
        for path in sys.argv[2:]:
            print(Path(path).stem, digest(Path(path)), flush=True)
        return 0
    ours, theirs = digests(HERE.parent), digests(Path(sys.argv[1]).resolve())
    for name in ours:
        print(f"{name:24} {ours[name]} {'same' if ours[name] == theirs[name] else 'DIFFERS ' + theirs[name]}")
    return int(ours != theirs)


if __name__ == "__main__":
    sys.exit(main())
