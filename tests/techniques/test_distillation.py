"""Learning from a teacher: the loss against one written by hand, what the teacher sees, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import RunEnded, StepDone
from explorer.recipe import Recipe
from explorer.techniques import Augmentation, Distillation, LabelSmoothing, Mixing, Normalization, Technique
from explorer.training import checkpoint
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import one_step
from explorer.training.run import Run
from explorer.training.teaching import network

MakeImages = Callable[..., ImageData]


def recipe(*techniques: Technique, **fields: object) -> Recipe:
    values = {"width": 4, "batch_size": 8, "epochs": 2, "lr": 0.05, "device": "cpu", "techniques": techniques, **fields}
    return Recipe.model_validate(values)


@pytest.fixture(scope="module")
def images(tiny: MakeImages) -> ImageData:
    return tiny(count=16, classes=3)


@pytest.fixture(scope="module")
def teacher(images: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, of another network than the pupil's."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "checkpoints").mkdir()
    last = list(train(recipe(Normalization(), width=8), data=images, checkpoints=folder / "checkpoints"))[-1]
    assert isinstance(last, RunEnded)
    assert last.outcome == "finished"
    return folder


def by_hand(logits: list[float], answers: list[float], right: int, temperature: float, weight: float) -> float:
    """Of one image, with nothing but math."""

    def softmax(values: list[float], t: float) -> list[float]:
        powers = [math.exp(value / t) for value in values]
        return [power / sum(powers) for power in powers]

    hard = -math.log(softmax(logits, 1)[right])
    pairs = zip(softmax(answers, temperature), softmax(logits, temperature), strict=True)
    soft = sum(p * math.log(p / q) for p, q in pairs)
    return (1 - weight) * hard + weight * temperature**2 * soft


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_is_that_of_the_paper(temperature: float, weight: float) -> None:
    logits, answers, labels = [[1.0, -0.5, 2.0], [0.1, 0.2, 0.3]], [[3.0, 0.0, -1.0], [0.5, 2.5, 0.5]], [2, 1]
    expected = [by_hand(z, v, k, temperature, weight) for z, v, k in zip(logits, answers, labels, strict=True)]
    z = torch.tensor(logits)
    loss = functional.cross_entropy(z, torch.tensor(labels))
    technique = Distillation(temperature=temperature, weight=weight)
    assert technique.objective(loss, z, torch.tensor(answers)).item() == pytest.approx(sum(expected) / 2, rel=1e-5)


def test_a_step_descends_that_loss_with_the_teacher_on_the_same_augmented_images(
    images: ImageData, teacher: Path
) -> None:
    mine = Distillation(teacher=str(teacher), temperature=3.0, weight=0.7)
    # Without momentum: torch's Nesterov step writes into the gradients.
    of = recipe(Augmentation(rotation=20), LabelSmoothing(), Mixing(), Normalization(), mine, momentum=0)
    run = Run(of, images, Watch(()), Control(), None)
    indices = next(run.batches())
    batch = run.next_context(indices).batch
    other = network(mine, images)
    assert not other.training
    with torch.no_grad():
        answers = other(batch.images)
    logits = run.learner.model(batch.images)
    pupil, target = logits.softmax(1), (answers / 3).softmax(1)
    hard = (batch.targets * (batch.targets.clamp(min=1e-30).log() - pupil.log())).sum(1).mean()
    soft = (target * (target.log() - (logits / 3).log_softmax(1))).sum(1).mean()
    loss = 0.3 * hard + 0.7 * 9 * soft
    expected = torch.autograd.grad(loss, list(run.learner.model.parameters()))

    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    list(one_step(run, indices))
    for parameter, gradient in zip(run.learner.model.parameters(), expected, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)
    held = run.learner.teachers.networks[str(teacher)].state_dict()
    assert all(torch.equal(before[name], tensor) for name, tensor in held.items()), "the teacher has learned"


@pytest.mark.parametrize("place", ["", "checkpoints", "checkpoints/best.pt", "checkpoints/last.pt"])
def test_a_run_its_checkpoints_or_one_of_them_can_teach(images: ImageData, teacher: Path, place: str) -> None:
    state = network(Distillation(teacher=str(teacher / place)), images).state_dict()
    name = "last.pt" if place.endswith("last.pt") else "best.pt"
    saved = checkpoint.read(teacher / "checkpoints" / name)["model"]
    assert all(torch.equal(state[key], tensor) for key, tensor in saved.items())


def test_it_can_be_switched_on_and_off_while_training(images: ImageData, teacher: Path) -> None:
    control, seen = Control(), []
    for event in train(recipe(epochs=3), data=images, control=control, instruments="none"):
        if isinstance(event, StepDone):
            seen.append(event.step)
            if event.step == 2:
                control.change(recipe(Distillation(teacher=str(teacher)), epochs=3))
            if event.step == 4:
                control.change(recipe(epochs=3))
    assert isinstance(event, RunEnded)
    assert (event.outcome, seen[-1]) == ("finished", 6)


def rewritten(teacher: Path, to: Path, **changes: object) -> Path:
    content = checkpoint.read(teacher / "checkpoints" / "last.pt") | changes
    torch.save({key: value for key, value in content.items() if value is not None}, to)
    return to


def test_what_cannot_teach_is_refused_with_a_remedy(images: ImageData, teacher: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.pt"
    torch.save({"model": {}, "evil": Hostile()}, hostile)
    model = checkpoint.read(teacher / "checkpoints" / "last.pt")["model"]
    missing = {name: tensor for name, tensor in model.items() if not name.startswith("stage2")}
    diverged = {name: tensor * math.nan if tensor.is_floating_point() else tensor for name, tensor in model.items()}
    for path, said in (
        ("", "needs a teacher"),
        (tmp_path / "nowhere", "no run and no checkpoint"),
        (tmp_path, "no run and no checkpoint"),
        (hostile, "cannot be read as a checkpoint"),
        (rewritten(teacher, tmp_path / "1.pt", classes=["other", "ones", "here"]), "other classes"),
        (rewritten(teacher, tmp_path / "2.pt", classes=None), "other classes"),
        (rewritten(teacher, tmp_path / "3.pt", size=99), "images of 99 pixels"),
        (rewritten(teacher, tmp_path / "4.pt", recipe=None), "does not say which network"),
        (rewritten(teacher, tmp_path / "5.pt", recipe="{"), "not valid JSON"),
        (rewritten(teacher, tmp_path / "6.pt", model=missing), "does not fit these images"),
        (rewritten(teacher, tmp_path / "7.pt", model=[1, 2]), "does not fit these images"),
        (rewritten(teacher, tmp_path / "8.pt", model=diverged), "has diverged"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            list(train(recipe(Distillation(teacher=str(path))), data=images))
        assert str(caught.value).rstrip(".") != said
    assert not Hostile.ran


class Hostile:
    """Code in a checkpoint that must not run."""

    ran = False

    def __reduce__(self) -> tuple[object, ...]:
        return setattr, (Hostile, "ran", True)
