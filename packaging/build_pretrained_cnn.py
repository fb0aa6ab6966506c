"""Pretrains the default small CNN on the six kinds of clothes of full Fashion-MNIST, for transfer to the other four.

    OMP_NUM_THREADS=1 python packaging/build_pretrained_cnn.py     (2 minutes; rewrites resources/weights/small-cnn.*)

Needs the full set (Debian: dataset-fashion-mnist). The network and its training are the app's own: the default recipe
but for its images. Another processor or torch may round differently and give other bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from explorer import Recipe, train  # noqa: E402 - the path must be set first
from explorer.data import DataChoice  # noqa: E402
from explorer.events import FINISHED, EpochDone, RunEnded  # noqa: E402
from explorer.training import checkpoint  # noqa: E402

CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt")
"""Shoes and bags are left: classes that these weights have never seen, and that look unlike them."""
RECIPE = Recipe(data=DataChoice(name="fashion-mnist", classes=CLOTHES), device="cpu")
TARGET = ROOT / "resources" / "weights" / "small-cnn.safetensors"

ABOUT = """\
# small-cnn.safetensors

Weights of the app's own small CNN (`explorer/training/model.py`; {parameters:,} parameters), trained by
`packaging/build_pretrained_cnn.py` on {images:,} images of six classes of
[Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) (Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747):
{classes}.
Sandal, Sneaker, Bag and Ankle boot were left out, so that a network can be carried over to classes it has never seen.

Test accuracy on these six classes: {accuracy:.4f} (6,000 official test images), after {epochs} epochs of the default
recipe with seed {seed}. The recipe, torch's version and all metrics are in small-cnn.json.

    SHA-256 of the file    {sha256}

## Licence

The weights are part of Training Explorer and under its MIT licence. The images they were trained on are © 2017 Zalando
SE, https://tech.zalando.com, under the MIT licence whose text is in ../data/fashion-mini.md; none is in the file.
"""


def main() -> None:
    """Train, and write the three files."""
    with tempfile.TemporaryDirectory() as folder:
        for event in train(RECIPE, instruments="none", checkpoints=Path(folder)):
            if isinstance(event, EpochDone):
                print(f"epoch {event.epoch}: accuracy {event.validation['accuracy']:.4f}, {event.seconds:.0f} s")
            if isinstance(event, RunEnded):
                ended = event
        if ended.outcome != FINISHED:
            sys.exit(f"{ended.outcome}: {ended.reason}\n{ended.details}")
        weights = checkpoint.read(Path(folder) / "last.pt")["model"]
    # safetensors stores rows one after the other; convolutions were trained in the channels-last order.
    content = save({name: tensor.contiguous() for name, tensor in weights.items()}, {"format": "pt"})
    about = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "recipe": RECIPE.model_dump(mode="json"),
        "seed": RECIPE.seed,
        "classes": list(CLOTHES),
        "accuracy": ended.test["accuracy"],
        "test": ended.test,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(content)
    text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    TARGET.with_suffix(".json").write_text(text, encoding="utf-8", newline="\n")
    page = ABOUT.format(
        parameters=sum(t.numel() for name, t in weights.items() if name.endswith(("weight", "bias"))),
        images=33_000,
        classes=", ".join(CLOTHES),
        accuracy=ended.test["accuracy"],
        epochs=RECIPE.epochs,
        seed=RECIPE.seed,
        sha256=about["sha256"],
    )
    TARGET.with_suffix(".md").write_text(page, encoding="utf-8", newline="\n")
    print(f"{TARGET}: {len(content):,} bytes, test accuracy {ended.test['accuracy']:.4f}, {ended.seconds:.0f} s")


if __name__ == "__main__":
    main()
