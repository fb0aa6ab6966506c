"""What a run promises: one end, the same weights whoever watches, live changes that keep what fits, honest failures."""

from __future__ import annotations

import math
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.data import ImageData, Split
from explorer.errors import InputError
from explorer.events import (
    DIVERGED,
    FAILED,
    FINISHED,
    STOPPED,
    EpochDone,
    Event,
    GradientNorms,
    Note,
    Progress,
    RecipeChanged,
    RunEnded,
    RunStarted,
    StepDone,
)
from explorer.recipe import Recipe, in_words, parse
from explorer.techniques import (
    Activation,
    Augmentation,
    Clipping,
    Dropout,
    EarlyStopping,
    Initialization,
    LabelDistribution,
    LabelSmoothing,
    Mixing,
    Normalization,
    Schedule,
    Skip,
    Technique,
    WeightAveraging,
)
from explorer.training import checkpoint
from explorer.training import run as run_module
from explorer.training import step as step_module
from explorer.training.control import Control
from explorer.training.instruments import StepContext, Watch
from explorer.training.instruments.gradients import Gradients
from explorer.training.loop import one_step, train, whole_run
from explorer.training.metrics import measure
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
EVERYTHING: tuple[Technique, ...] = (
    Augmentation(rotation=10, noise=0.05, erasing=0.5),
    LabelSmoothing(),
    Mixing(),
    Dropout(p=0.5, places=("stage2", "classifier")),
    Normalization(),
    Initialization(),
    Skip(),
    Clipping(),
    Schedule(),
    WeightAveraging(decay=0.9),
)


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    values = {"depth": 8, "width": 4, "batch_size": 16, "epochs": 2, "lr": 0.05, "device": "cpu"}
    return Recipe(**{**values, **fields}, techniques=techniques)


def evaluated(run: Run, split: Split) -> dict[str, float]:
    with run.learner.evaluated():
        return measure(run.logits(split.images), split.labels, run.images.data.ordered)


def new_run(of: Recipe, data: ImageData, control: Control | None = None, checkpoints: Path | None = None) -> Run:
    return Run(of, data, Watch(()), control or Control(), checkpoints)


def weights_after(of: Recipe, data: ImageData, folder: Path, instruments: str = "none") -> dict[str, torch.Tensor]:
    folder.mkdir()
    events = list(train(of, data=data, checkpoints=folder, instruments=instruments))
    assert ending(events).outcome == FINISHED, ending(events).details
    content = checkpoint.read(folder / "last.pt")
    return {**content["model"], **{f"trained.{name}": t for name, t in content.get("trained", {}).items()}}


def assert_same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> None:
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, two[name]), name


def ending(events: list[Event]) -> RunEnded:
    """The end; there is one, and it is the last."""
    assert [type(event) for event in events].count(RunEnded) == 1
    assert isinstance(events[-1], RunEnded)
    return events[-1]


def of_kind(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def steps(events: Iterator[Event], count: int) -> list[StepDone]:
    """Pull until `count` steps are done."""
    done: list[StepDone] = []
    while len(done) < count:
        if isinstance(event := next(events), StepDone):
            done.append(event)
    return done


# Order and count of events.


def test_a_run_from_start_to_end(tiny: MakeImages) -> None:
    data = tiny(count=70)  # 4 whole batches of 16; 6 images are left for another epoch
    events = list(train(recipe(*EVERYTHING, epochs=3), data=data))
    end = ending(events)
    assert isinstance(events[0], Progress)
    started = events[1]
    assert isinstance(started, RunStarted)
    assert (started.steps_per_epoch, started.images["train"]) == (4, 70)
    assert [event.step for event in of_kind(events, StepDone)] == list(range(1, 13))
    assert [event.epoch for event in of_kind(events, StepDone)] == [0] * 4 + [1] * 4 + [2] * 4
    epochs = of_kind(events, EpochDone)
    assert [(event.epoch, event.step) for event in epochs] == [(1, 4), (2, 8), (3, 12)]
    assert (end.outcome, end.step, end.epoch, end.details) == (FINISHED, 12, 3, "")
    assert end.best_epoch == min(epochs, key=lambda event: event.validation["loss"]).epoch
    assert [event.epoch for event in epochs if event.best][-1] == end.best_epoch
    assert 0 <= end.test["accuracy"] <= 1
    assert "mae" not in end.test


@pytest.mark.parametrize("ordered", [True, False])
def test_order_of_classes_is_measured_only_where_there_is_one(tiny: MakeImages, ordered: bool) -> None:
    end = ending(list(train(recipe(), data=tiny(ordered=ordered))))
    assert ("mae" in end.test) is ordered


# Same weights.


def test_same_seed_same_weights(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(), recipe(*EVERYTHING)
    one = weights_after(of, data, tmp_path / "one")
    torch.manual_seed(999)  # the global stream must not matter
    two = weights_after(of, data, tmp_path / "two")
    other = weights_after(of.with_(seed=1), data, tmp_path / "other")
    assert_same(one, two)
    assert not torch.equal(one["conv.weight"], other["conv.weight"])


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_instruments_do_not_change_the_run(tiny: MakeImages, tmp_path: Path, optimizer: str) -> None:
    data, of = tiny(), recipe(*EVERYTHING, optimizer=optimizer)
    runs = [weights_after(of, data, tmp_path / which, which) for which in ("none", "default", "all")]
    assert_same(runs[0], runs[1])
    assert_same(runs[0], runs[2])


def test_the_global_stream_is_left_alone(tiny: MakeImages) -> None:
    before = torch.get_rng_state()
    list(train(recipe(*EVERYTHING), data=tiny(), instruments="all"))
    assert torch.equal(before, torch.get_rng_state())


def test_techniques_change_neither_batches_nor_start_weights(tiny: MakeImages) -> None:
    data = tiny()
    plain, full = new_run(recipe(), data), new_run(recipe(*EVERYTHING), data)
    start, other = plain.learner.model.state_dict(), full.learner.model.state_dict()
    he = new_run(recipe(Initialization()), data).learner.model.state_dict()
    for name in start:
        assert name in other
        if "norm" not in name:
            assert torch.equal(he[name], other[name]), name
    for _ in range(2):
        assert [b.tolist() for b in plain.batches()] == [b.tolist() for b in full.batches()]
        plain.at.epoch += 1
        full.at.epoch += 1
    orders = [[b.tolist() for b in plain.batches()], [b.tolist() for b in new_run(recipe(), data).batches()]]
    assert orders[0] != orders[1], "each epoch has an order of its own"


def test_augmentation_draws_the_same_with_and_without_dropout(tiny: MakeImages) -> None:
    data = tiny()
    seen = []
    for techniques in ((Augmentation(),), (Augmentation(), Dropout(), Normalization())):
        run = new_run(recipe(*techniques), data)
        scenes = []
        for indices in run.batches():
            list(one_step(run, indices))
            assert run.context is not None
            scenes.append(run.context.batch.images)
        seen.append(torch.stack(scenes))
    assert torch.equal(seen[0], seen[1])


def test_dropout_has_a_stream_of_its_own_for_each_seed_and_step(tiny: MakeImages) -> None:
    data, dropout = tiny(), Dropout(places=("stage1", "classifier"))

    def streams(of: Recipe) -> list[int]:
        run = new_run(of, data)
        found = []
        for indices in run.batches():
            list(one_step(run, indices))
            found.append(run.learner.dropout_rng.initial_seed())
        return found

    alone = streams(recipe(dropout))
    assert len(set(alone)) == 4
    assert streams(recipe(dropout, Augmentation(), Mixing(), Normalization())) == alone
    assert not set(streams(recipe(dropout, seed=1))) & set(alone)


# Live changes.


def test_a_per_step_technique_acts_from_the_next_batch_and_keeps_all_weights(tiny: MakeImages) -> None:
    control = Control()
    of = recipe(Normalization(), epochs=4)
    run = Run(of, tiny(), Watch((Gradients(every=1),)), control, None)
    events = whole_run(run)
    steps(events, 3)
    next(events)  # the gradient norms of step 3
    model, before = run.learner.model, {n: t.clone() for n, t in run.learner.model.state_dict().items()}
    momenta = [run.learner.optimizer.state[p]["momentum_buffer"].clone() for p in model.parameters()]
    control.change(of.switched(Schedule(kind="exponential", gamma=0.5)).switched(Clipping(threshold=1e-6)))
    changed = next(events)
    assert isinstance(changed, RecipeChanged)
    assert (changed.step, changed.kept, changed.fresh) == (3, (), ())
    assert in_words(of, parse(changed.recipe)) == ("with clip 1e-06", "with exponential")
    assert Recipe.model_validate(changed.recipe) == run.recipe
    assert run.learner.model is model
    assert_same(before, model.state_dict())
    for parameter, momentum in zip(model.parameters(), momenta, strict=True):
        assert torch.equal(run.learner.optimizer.state[parameter]["momentum_buffer"], momentum)
    (step,) = steps(events, 1)
    assert step.lr[0] == pytest.approx(0.05 * 0.5 ** (3 / 4))
    norms = next(events)
    assert isinstance(norms, GradientNorms)
    assert norms.before.max() > 1e-3
    assert math.hypot(*norms.after) == pytest.approx(1e-6, rel=1e-3)
    assert ending(list(events)).outcome == FINISHED


def test_a_change_of_the_network_keeps_what_fits(tiny: MakeImages) -> None:
    control = Control()
    of = recipe(Initialization(), Skip(), Activation(kind="prelu", slope=0.25), epochs=4)
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 3)
    old = dict(run.learner.model.named_parameters())
    before = {name: parameter.detach().clone() for name, parameter in old.items()}
    momenta = {n: run.learner.optimizer.state[p]["momentum_buffer"].clone() for n, p in old.items()}

    control.change(of.switched(Normalization()).switched(Dropout()).without("activation"))
    changed = next(events)
    assert isinstance(changed, RecipeChanged)
    assert in_words(of, parse(changed.recipe)) == ("with dropout 0.2", "with batch norm", "without activation")
    new = dict(run.learner.model.named_parameters())
    assert set(changed.fresh) >= {name for name in new if "norm" in name}
    assert all("norm" in name for name in changed.fresh)
    assert set(changed.kept) >= {name for name in old if "act" not in name}
    assert not set(changed.kept) & set(changed.fresh)
    assert set(changed.kept) | set(changed.fresh) == set(run.learner.model.state_dict())
    for name, parameter in new.items():
        if name in changed.kept:
            assert torch.equal(parameter, before[name]), name
            assert torch.equal(run.learner.optimizer.state[parameter]["momentum_buffer"], momenta[name]), name
        else:
            assert "momentum_buffer" not in run.learner.optimizer.state[parameter], name
    assert run.learner.model.training
    end = ending(list(events))
    assert end.outcome == FINISHED, end.details


def test_a_change_of_the_optimizer_starts_its_state_afresh(tiny: MakeImages) -> None:
    control, of = Control(), recipe(Normalization(), epochs=3)
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 2)
    for optimizer in ("adamw", "sgd"):
        control.change(of.with_(optimizer=optimizer, lr=1e-3))
        steps(events, 1)
        state = next(iter(run.learner.optimizer.state.values()))
        assert ("exp_avg" in state) is (optimizer == "adamw")
    assert ending(list(events)).outcome == FINISHED


@pytest.mark.parametrize("after", ["normalization", "activation", "skip", "weight_averaging"])
def test_early_stopping_still_works_after_the_network_lost_layers(tiny: MakeImages, after: str) -> None:
    """The best weights so far belong to a network that is gone; the end must not try to put them back."""
    control = Control()
    of = recipe(
        Normalization(), Activation(kind="prelu"), Skip(), WeightAveraging(), EarlyStopping(patience=2, min_delta=0.5),
        lr=1e-6, epochs=30,
    )  # fmt: skip
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 9)
    control.change(of.without(after).with_(lr=0.02))
    end = ending(list(events))
    assert end.outcome == FINISHED, end.details
    assert end.epoch < 30


def test_the_average_survives_a_change_that_has_nothing_to_do_with_it(tiny: MakeImages) -> None:
    control, of = Control(), recipe(WeightAveraging(decay=0.9), epochs=3)
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 3)
    shadow = [tensor.clone() for tensor in run.learner.shadow]
    control.change(of.switched(Clipping()))
    assert isinstance(next(events), RecipeChanged)
    assert all(torch.equal(one, two) for one, two in zip(shadow, run.learner.shadow, strict=True))


def test_fields_that_are_fixed_stay_as_they_are(tiny: MakeImages) -> None:
    control, of = Control(), recipe(epochs=2)
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 1)
    control.change(of.with_(width=8, batch_size=8, seed=3, lr=0.01, epochs=3))
    changed = next(event for event in events if isinstance(event, RecipeChanged))
    assert set(in_words(of, parse(changed.recipe))) == {"epochs 3 instead of 2", "rate 0.01 instead of 0.05"}
    assert (run.recipe.network, run.recipe.batch_size, run.recipe.seed) == (of.network, 16, 0)
    assert ending(list(events)).epoch == 3


# What recipe and data do not allow.


def test_label_distribution_needs_an_order(tiny: MakeImages) -> None:
    with pytest.raises(InputError, match="order"):
        list(train(recipe(LabelDistribution()), data=tiny()))
    control, of = Control(), recipe()
    run = new_run(of, tiny(), control)
    events = whole_run(run)
    steps(events, 1)
    control.change(of.switched(LabelDistribution()))
    said = next(events)
    assert isinstance(said, Note)
    assert "order" in str(said.text)
    rest = list(events)
    assert not of_kind(rest, RecipeChanged)
    assert ending(rest).outcome == FINISHED
    assert run.recipe == of


def test_a_batch_larger_than_the_data_is_refused_before_the_start(tiny: MakeImages) -> None:
    with pytest.raises(InputError, match=r"batch_size.*64"):
        list(train(recipe(batch_size=65), data=tiny(count=64)))
    assert ending(list(train(recipe(batch_size=64, epochs=1), data=tiny(count=64)))).step == 1


# Ends.


def test_divergence_is_said_and_never_saved(tiny: MakeImages, tmp_path: Path) -> None:
    events = list(train(recipe(lr=100.0, momentum=0.9, epochs=30), data=tiny(), checkpoints=tmp_path))
    end = ending(events)
    assert end.outcome == DIVERGED
    assert end.remedy
    for file in tmp_path.iterdir():
        for name, tensor in checkpoint.read(file)["model"].items():
            assert torch.isfinite(tensor).all(), (file.name, name)


def test_divergence_at_once_leaves_the_last_good_checkpoint(
    tiny: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(recipe(epochs=5), tiny(), checkpoints=tmp_path)
    real = step_module.soft_cross_entropy

    def explode(logits: torch.Tensor, targets: torch.Tensor, weights: None = None) -> torch.Tensor:
        return real(logits, targets) * (math.inf if run.at.step == 6 else 1)

    monkeypatch.setattr(step_module, "soft_cross_entropy", explode)
    events = list(whole_run(run))
    assert ending(events).outcome == DIVERGED
    assert ending(events).step == 7
    assert not math.isfinite(of_kind(events, StepDone)[-1].loss)
    assert {file.name for file in tmp_path.iterdir()} == {"last.pt", "best.pt"}
    assert all(torch.isfinite(tensor).all() for tensor in checkpoint.read(tmp_path / "last.pt")["model"].values())


def test_stop_acts_within_one_batch(tiny: MakeImages, tmp_path: Path) -> None:
    control = Control()
    events = train(recipe(epochs=100), data=tiny(), control=control, checkpoints=tmp_path)
    steps(events, 2)
    control.stop()
    rest = list(events)
    assert not of_kind(rest, StepDone)
    assert (ending(rest).outcome, ending(rest).step) == (STOPPED, 2)
    assert checkpoint.read(tmp_path / "last.pt")["step"] == 2


def test_stop_while_diverging_leaves_the_last_good_checkpoint(tiny: MakeImages, tmp_path: Path) -> None:
    """The loss of the last step can be finite while its update has already ruined the weights."""
    control = Control()
    run = new_run(recipe(epochs=5), tiny(), control, tmp_path)
    events = whole_run(run)
    steps(events, 6)
    with torch.no_grad():
        next(run.learner.model.parameters()).fill_(math.inf)
    control.stop()
    assert ending(list(events)).outcome == STOPPED
    content = checkpoint.read(tmp_path / "last.pt")
    assert content["step"] == 4
    assert all(torch.isfinite(tensor).all() for tensor in content["model"].values())


def test_pause_step_and_stop_from_another_thread(tiny: MakeImages) -> None:
    control, seen, data = Control(), [], tiny()
    control.pause()

    def work() -> None:
        seen.extend(train(recipe(epochs=1000), data=data, control=control, instruments="none"))

    # list.extend on a generator adds one by one, so the other thread sees them come.
    thread = threading.Thread(target=work)
    thread.start()
    try:
        time.sleep(0.3)
        assert not of_kind(seen, StepDone)
        assert control.paused
        for asked, total in ((1, 1), (3, 4), (2, 6)):
            control.step(asked)
            wait_for(lambda total=total: len(of_kind(seen, StepDone)) >= total)
            time.sleep(0.1)
            assert len(of_kind(seen, StepDone)) == total
        control.resume()
        wait_for(lambda: len(of_kind(seen, StepDone)) > 10)
        control.pause()
        time.sleep(0.2)
        count = len(of_kind(seen, StepDone))
        time.sleep(0.2)
        assert len(of_kind(seen, StepDone)) == count
    finally:
        control.stop()  # also while it waits
        thread.join(10)
    assert not thread.is_alive()
    assert ending(seen).outcome == STOPPED


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("averaged", [False, True])
def test_early_stopping_takes_the_best_weights_back(tiny: MakeImages, tmp_path: Path, averaged: bool) -> None:
    data = tiny(count=48, noise=1.0)  # labels say nothing: validation soon gets worse
    techniques: tuple[Technique, ...] = (Normalization(), EarlyStopping(patience=3))
    of = recipe(*techniques, *((WeightAveraging(decay=0.5),) if averaged else ()), epochs=60)
    events = list(train(of, data=data, checkpoints=tmp_path, instruments="none"))
    end = ending(events)
    assert end.outcome == FINISHED
    assert end.epoch == end.best_epoch + 4 < 60
    last, best = (checkpoint.read(tmp_path / name)["model"] for name in ("last.pt", "best.pt"))
    assert_same(last, best)
    epochs = of_kind(events, EpochDone)
    assert epochs[-1].validation["loss"] > epochs[end.best_epoch - 1].validation["loss"]
    run = new_run(of, data)
    run.learner.restore(best)
    assert evaluated(run, run.images.test) == pytest.approx(end.test)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("something odd"), "something odd"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), "Out of memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
            "Out of memory",
        ),
        (
            RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
            "Out of memory",
        ),
        (MemoryError(), "Out of memory"),
        (OSError(28, "No space left on device"), "No space left"),
    ],
    ids=["bug", "gpu memory", "cpu memory linux", "cpu memory windows", "host memory", "disk"],
)
def test_a_failure_in_the_middle_is_an_event(
    tiny: MakeImages, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    calls = 0
    real = step_module.soft_cross_entropy

    def fail(logits: torch.Tensor, targets: torch.Tensor, weights: None = None) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise error
        return real(logits, targets)

    monkeypatch.setattr(step_module, "soft_cross_entropy", fail)
    events = list(train(recipe(), data=tiny()))
    end = ending(events)
    assert (end.outcome, end.step, end.epoch) == (FAILED, 5, 1)
    assert words in str(end.reason)
    assert end.remedy
    assert type(error).__name__ in end.details
    assert "test_loop.py" in end.details


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("boom")])
def test_a_failure_while_the_network_is_built_is_an_event_too(
    tiny: MakeImages, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(run_module, "Learner", fail)
    events = list(train(recipe(), data=tiny()))
    assert ending(events).outcome == FAILED
    assert ending(events).details


# Checkpoints.


@pytest.mark.parametrize("averaged", [False, True])
def test_checkpoints_reproduce_the_validation_of_their_epoch(tiny: MakeImages, tmp_path: Path, averaged: bool) -> None:
    data = tiny(noise=0.7)
    of = recipe(Normalization(), Skip(), *((WeightAveraging(decay=0.8),) if averaged else ()), epochs=3)
    epochs = of_kind(list(train(of, data=data, checkpoints=tmp_path)), EpochDone)
    for name, epoch in (("last.pt", epochs[-1]), ("best.pt", [event for event in epochs if event.best][-1])):
        content = torch.load(tmp_path / name, weights_only=True)
        assert (content["step"], content["epoch"]) == (epoch.step, epoch.epoch)
        assert content["classes"] == list(data.classes)
        run = new_run(Recipe.from_json(content["recipe"]), data)
        run.learner.model.load_state_dict(content["model"])
        run.learner.shadow = []
        assert evaluated(run, run.images.validation) == pytest.approx(epoch.validation)
        assert not torch.cuda.is_available() or all(t.device.type == "cpu" for t in content["model"].values())


def test_damaged_and_foreign_checkpoints_are_refused(tiny: MakeImages, tmp_path: Path) -> None:
    list(train(recipe(epochs=1), data=tiny(), checkpoints=tmp_path))
    whole = (tmp_path / "last.pt").read_bytes()
    for name, content in {
        "half": whole[: len(whole) // 2],
        "short": whole[:-1],
        "empty": b"",
        "text": b"no checkpoint at all",
        "pickle": pickle.dumps({"model": {}, "x": object()}),
    }.items():
        path = tmp_path / f"{name}.pt"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{name}.pt"):
            checkpoint.read(path)
    torch.save({"weights": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(InputError, match="model"):
        checkpoint.read(tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"absent\.pt"):
        checkpoint.read(tmp_path / "absent.pt")


class Hostile:
    """Unpickled without care, it runs a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, (self.command,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_hostile_checkpoint_is_refused_and_not_executed(tmp_path: Path, zipped: bool) -> None:
    trace, path = tmp_path / "executed", tmp_path / "hostile.pt"
    content = {"model": {"weight": torch.zeros(2)}, "evil": Hostile(f"echo > '{trace}'")}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match="hostile"):
        checkpoint.read(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists(), "the test itself would have shown an execution"


def test_a_checkpoint_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    checkpoint.write([path], {"model": {"weight": torch.ones(3)}})

    def half(content: object, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write([path], {"model": {}})
    monkeypatch.undo()
    assert checkpoint.read(path)["model"]["weight"].tolist() == [1, 1, 1]
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_stop_does_not_wait_for_the_evaluation(tiny: MakeImages, tmp_path: Path) -> None:
    data, of, control = tiny(), recipe(Normalization(), epochs=3), Control()
    last = len(data.training.labels) // of.batch_size

    class AtTheLastBatch(Gradients):
        def after_step(self, context: StepContext) -> list[Event]:
            if context.step == last:
                control.stop()
            return []

    *events, ended = train(of, control=control, data=data, checkpoints=tmp_path, instruments=(AtTheLastBatch(every=1),))
    assert isinstance(ended, RunEnded)
    assert (ended.outcome, ended.step, ended.epoch) == (STOPPED, last, 0)
    assert not any(isinstance(event, EpochDone) for event in events)
    (tmp_path / "whole").mkdir()
    list(train(of, data=data, checkpoints=tmp_path / "whole"))
    list(train(of, data=data, checkpoints=tmp_path, resume=tmp_path / "last.pt"))
    whole, parts = (checkpoint.read(path / "last.pt") for path in (tmp_path / "whole", tmp_path))
    assert all(torch.equal(tensor, parts["model"][name]) for name, tensor in whole["model"].items())
