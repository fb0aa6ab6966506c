"""A checkpoint gives back the network that was measured, for images in [0, 1], with all that it must be shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explorer import load_network, open_run
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import EpochDone
from explorer.exports import StoredRun, export
from explorer.networks import MLP, Network, Pretrained, SmallCNN, ViT
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.training import checkpoint
from explorer.training.loop import train
from explorer.training.metrics import to_float
from explorer.training.trained import load_trained

V1 = Path(__file__).parent.parent / "files" / "v1" / "run"


@pytest.mark.parametrize(
    ("network", "channels"),
    [
        (SmallCNN(width=4), 3),
        (MLP(depth=1, width=8), 1),
        (ViT(width=16, depth=3, heads=2), 1),
        (Pretrained(name="mobilenet_v3_small", size=32), 3),
    ],
)
def test_it_answers_as_it_was_measured(
    network: Network, channels: int, tiny: Callable[..., ImageData], tmp_path: Path
) -> None:
    data = tiny(count=32, channels=channels, noise=0.5)
    recipe = Recipe(network=network, epochs=2, batch_size=16)
    best = [e for e in train(recipe, data=data, checkpoints=tmp_path) if isinstance(e, EpochDone) and e.best][-1]

    model = load_network(tmp_path)
    answers = model(to_float(data.validation.images))
    loss = torch.nn.functional.cross_entropy(answers, data.validation.labels)
    assert loss.item() == pytest.approx(best.validation["loss"], rel=1e-5)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())

    trained = load_trained(tmp_path)
    assert trained.path == tmp_path / "best.pt"
    assert trained.classes == data.classes
    assert trained.facts == data.spec
    assert trained.view.shape == (channels, 16, 16)


def test_one_of_format_1_tells_its_channels_by_its_weights() -> None:
    trained = load_trained(V1)
    assert trained.facts.channels == 1
    assert trained.model(torch.rand(2, 1, 28, 28)).shape == (2, len(trained.classes))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"recipe": None}, "does not say which network"),
        ({"classes": "abc"}, "which classes"),
        ({"classes": [1, 2]}, "which classes"),
        ({"size": 10**9}, "which images"),
        ({"channels": 7}, "which images"),
        ({"model": {"input.mean": torch.zeros(1, 1, 1, 1)}}, "does not fit"),
    ],
)
def test_what_is_damaged_is_named(damage: dict[str, object], said: str, tmp_path: Path) -> None:
    content = checkpoint.read(V1 / "checkpoints" / "best.pt")
    torch.save(content | damage, tmp_path / "bad.pt")
    with pytest.raises(InputError, match=said) as error:
        load_network(tmp_path / "bad.pt")
    assert "bad.pt" in str(error.value)


def test_where_there_is_none_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        load_network(tmp_path / "nowhere")


def test_exported_weights_describe_themselves(tiny: Callable[..., ImageData], tmp_path: Path) -> None:
    data = tiny(count=16, channels=3, ordered=True)
    recipe = Recipe(network=SmallCNN(width=4), epochs=1, batch_size=16)
    with RunStore(tmp_path, recipe) as store:
        list(store.recorded(train(recipe, data=data, checkpoints=store.checkpoints)))
    export(StoredRun(tmp_path, open_run(tmp_path)), tmp_path / "to", ["safetensors"])
    images = to_float(data.test.images)
    model = load_network(tmp_path / "to" / "weights.safetensors")
    assert torch.equal(model(images), load_network(tmp_path)(images))
    assert (model.classes, model.facts) == (data.classes, data.spec)


def test_foreign_safetensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    save_file({"weight": torch.zeros(2)}, tmp_path / "bare.safetensors")
    for name, said in (("torn", "damaged"), ("bare", "does not say which network")):
        with pytest.raises(InputError, match=said):
            load_network(tmp_path / f"{name}.safetensors")
