"""The check of frozen layers finds what moved, to the byte, and only that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from explorer import Recipe
from explorer.data import ImageData
from explorer.events import FrozenCheck, RecipeChanged, StepDone
from explorer.techniques import (
    Clipping,
    FrozenNorm,
    LayerPlace,
    LayerRate,
    Normalization,
    Skip,
    Technique,
    WeightAveraging,
)
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.instruments.frozen import FrozenLayers, bytes_changed
from explorer.training.loop import whole_run
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
SMALL = Recipe(depth=8, width=4, batch_size=8, epochs=3, lr=0.05, techniques=(Normalization(), Skip()))
PER_EPOCH = 8  # steps, with the 64 images of tiny()
STAGE1 = tuple(f"stage1.0.{name}" for name in ("conv1", "norm1", "conv2", "norm2"))


def run_of(data: ImageData, recipe: Recipe, *instruments: FrozenLayers) -> Run:
    return Run(recipe, data, Watch(instruments), Control(), None)


def checks(data: ImageData, recipe: Recipe, changes: dict[int, Recipe] | None = None) -> list[FrozenCheck]:
    """What the instrument says in a run that takes another recipe after some steps."""
    run, said = run_of(data, recipe, FrozenLayers()), []
    for event in whole_run(run):
        if isinstance(event, StepDone) and event.step in (changes or {}):
            run.control.change((changes or {})[event.step])
        if isinstance(event, FrozenCheck):
            said.append(event)
    return said


def trap(monkeypatch: pytest.MonkeyPatch, policy: FrozenNorm) -> Recipe:
    def layer_rate(_self: Technique, place: LayerPlace, _epoch: int, _so_far: LayerRate) -> LayerRate:
        return LayerRate(frozen=place.stage == 1, norm=policy)

    monkeypatch.setattr(Clipping, "layer_rate", layer_rate)
    return SMALL.switched(Clipping())


def test_with_nothing_frozen_it_says_nothing(tiny: MakeImages) -> None:
    assert checks(tiny(), SMALL) == []


def test_frozen_layers_change_by_no_byte(tiny: MakeImages) -> None:
    said = checks(tiny(), SMALL.with_(frozen=("stage1",)))
    assert [check.epoch for check in said] == [1, 2, 3]
    for check in said:
        assert check.names == STAGE1
        assert check.bytes_changed.tolist() == [0, 0, 0, 0]
        assert check.tensors == ()


def test_running_statistics_that_go_on_learning_are_named(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    for check in checks(tiny(), trap(monkeypatch, FrozenNorm(statistics_update=True, uses_running=False))):
        assert check.names == STAGE1
        assert [count > 0 for count in check.bytes_changed] == [False, True, False, True]
        buffers = ("running_mean", "running_var", "num_batches_tracked")
        assert check.tensors == tuple(f"stage1.0.norm{k}.{name}" for k in (1, 2) for name in buffers)


def test_statistics_without_gamma_and_beta_are_watched_too(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = trap(monkeypatch, FrozenNorm(statistics_update=True)).switched(Normalization(affine=False))
    (check, *_rest) = checks(tiny(), recipe)
    assert set(check.names) == set(STAGE1)
    assert "stage1.0.norm2.running_var" in check.tensors


def test_a_layer_is_compared_from_the_batch_on_at_which_it_was_frozen(tiny: MakeImages) -> None:
    frozen = SMALL.with_(frozen=("stage1",))
    said = checks(tiny(), SMALL, {PER_EPOCH + 2: frozen, 2 * PER_EPOCH + 3: SMALL})
    assert [(check.epoch, check.bytes_changed.sum(), check.tensors) for check in said] == [(2, 0, ())]


def test_averaged_weights_do_not_hide_what_the_trained_ones_do(
    tiny: MakeImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was frozen in mid-run stands still, though its average still moves towards it."""
    averaged = SMALL.switched(WeightAveraging())
    said = checks(tiny(), averaged, {PER_EPOCH + 2: averaged.with_(frozen=("stage1",))})
    assert [(check.epoch, check.bytes_changed.sum()) for check in said] == [(2, 0)]
    assert [c.bytes_changed.sum() for c in checks(tiny(), averaged.with_(frozen=("stage1",)))] == [0, 0, 0]
    caught = checks(tiny(), trap(monkeypatch, FrozenNorm(statistics_update=True)).switched(WeightAveraging()))
    assert [check.epoch for check in caught] == [1, 2]
    assert all("stage1.0.norm1.running_mean" in check.tensors for check in caught)


def test_a_rebuilt_network_is_compared_with_itself(tiny: MakeImages) -> None:
    frozen = SMALL.with_(frozen=("stage1",))
    run, said = run_of(tiny(), frozen, FrozenLayers()), []
    for event in whole_run(run):
        if isinstance(event, StepDone) and event.step == 3:
            run.control.change(frozen.without("normalization"))
        if isinstance(event, RecipeChanged):
            assert event.kept
        if isinstance(event, FrozenCheck):
            said.append(event)
    assert [check.names for check in said] == [("stage1.0.conv1", "stage1.0.conv2")] * 3
    assert all(check.bytes_changed.sum() == 0 for check in said)


def test_it_does_not_change_the_run(tiny: MakeImages) -> None:
    recipe = SMALL.with_(frozen=("stage1",))
    watched, alone = run_of(tiny(), recipe, FrozenLayers()), run_of(tiny(), recipe)
    for run in (watched, alone):
        list(whole_run(run))
    others = alone.learner.model.state_dict()
    assert all(torch.equal(tensor, others[name]) for name, tensor in watched.learner.model.state_dict().items())


def test_bytes_are_counted_as_they_lie_in_memory() -> None:
    before = torch.tensor([0.0, float("nan"), 1.0])
    assert bytes_changed(before, before.clone()) == 0
    assert bytes_changed(before, torch.tensor([-0.0, float("nan"), 1.0])) == 1
    assert bytes_changed(torch.tensor(3), torch.tensor(3 + 256)) == 1
    image = torch.rand(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    assert bytes_changed(image, image.clone()) == 0
    assert bytes_changed(image, -image) == image.numel()
