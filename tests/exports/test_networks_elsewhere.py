"""The best network of a run answers in onnxruntime and as an exported program as it does in torch, on real images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from explorer import Recipe, load_network, train
from explorer.data import DataChoice, load
from explorer.exports import StoredRun, export
from explorer.networks import BACKBONES, MLP, Pretrained, SmallCNN, ViT
from explorer.runs import RunStore, open_run
from explorer.techniques import (
    TECHNIQUES,
    Activation,
    Dropout,
    Normalization,
    Skip,
    StochasticDepth,
    WeightStandardization,
    clash,
)
from explorer.training.metrics import to_float

SMALL = (SmallCNN(width=4), MLP(depth=2, width=8), ViT(depth=2, width=16, heads=2, patch=7))
LAYERS = (
    *(Normalization(kind=kind) for kind in ("batch", "layer", "group", "instance")),
    Normalization(track_running_stats=False),
    *(Activation(kind=kind) for kind in ("leaky_relu", "prelu", "elu", "gelu", "silu", "sigmoid", "tanh")),
    Skip(kind="identity"),
    WeightStandardization(),
    Dropout(places=("stage1", "classifier")),
    StochasticDepth(),
)
EVERY: list[Recipe] = [
    Recipe(network=network, techniques=(*([Skip()] if isinstance(one, StochasticDepth) else []), one))
    for network in SMALL
    for one in LAYERS
    if not clash(one, (Skip(),), network)
]
EVERY += [Recipe(network=Pretrained(name=backbone.name, size=64), techniques=()) for backbone in BACKBONES]


def name_of(recipe: Recipe) -> str:
    return f"{recipe.network} {' '.join(map(str, recipe.techniques))}"


def test_every_technique_that_changes_layers_is_among_them() -> None:
    there = {type(technique) for recipe in EVERY for technique in recipe.techniques}
    slots = ("norm", "activation", "drop", "shortcut", "branch", "convolution")
    assert {kind for kind in TECHNIQUES if any(kind.acts_in(slot) for slot in slots)} <= there


def test_the_default_network_answers_alike(tmp_path: Path) -> None:
    assert_alike(Recipe(network=SmallCNN(width=4)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", EVERY, ids=name_of)
def test_every_network_with_every_layer_answers_alike(recipe: Recipe, tmp_path: Path) -> None:
    assert_alike(recipe, tmp_path)


def assert_alike(recipe: Recipe, folder: Path) -> None:
    """Train two steps on real images, export, and ask all three for the test images."""
    recipe = recipe.with_(data=DataChoice(per_class=2), batch_size=10, epochs=1, lr=0.01)
    data = load(recipe.data, recipe.seed)
    with RunStore(folder, recipe) as store:
        list(store.recorded(train(recipe, data=data, checkpoints=store.checkpoints, instruments="none")))
    onnx, program = export(StoredRun(folder, open_run(folder)), folder / "to", ["onnx", "pt2"])
    few = 20 if isinstance(recipe.network, Pretrained) else 200
    images = to_float(data.test.images[:few])
    with torch.no_grad():
        wanted = load_network(folder)(images)

    about: dict[str, str] = {"about.json": ""}
    loaded = torch.export.load(io.BytesIO(program.read_bytes()), extra_files=about)
    with torch.no_grad():
        assert torch.equal(loaded.module()(images), wanted)
    assert json.loads(about["about.json"])["classes"] == list(data.classes)

    session = onnxruntime.InferenceSession(onnx)
    (answers,) = session.run(["logits"], {"images": images.numpy()})
    scale = float(wanted.abs().max())  # of networks that have not learned, logits can be in the thousands
    np.testing.assert_allclose(answers / scale, wanted.numpy() / scale, atol=1e-4)
    assert json.loads(session.get_modelmeta().custom_metadata_map["classes"]) == list(data.classes)
