"""Some classes of an image set: relabelled, in the set's order, and otherwise the same images."""

from __future__ import annotations

import pytest
import torch

from explorer import data
from explorer.data import DataChoice, gauges
from explorer.errors import InputError

SHOES = ("Ankle boot", "Sandal", "Sneaker")


def test_empty_means_all_and_is_what_old_recipes_mean() -> None:
    assert DataChoice.model_validate({"name": "gauges"}) == DataChoice(name="gauges", classes=())
    assert data.load(DataChoice(per_class=1)).classes == data.sources()[0].classes


def test_each_split_holds_the_named_classes_in_the_sets_own_order() -> None:
    whole, shoes = data.load(DataChoice()), data.load(DataChoice(classes=SHOES))
    assert shoes.classes == ("Sandal", "Sneaker", "Ankle boot")
    old = torch.tensor([whole.classes.index(name) for name in shoes.classes])
    for part, all_of_it in ((shoes.training, whole.training), (shoes.test, whole.test)):
        inside = torch.isin(all_of_it.labels, old)
        assert torch.equal(part.images, all_of_it.images[inside])
        assert torch.equal(old[part.labels], all_of_it.labels[inside])
        assert part.labels.dtype == torch.int64
    assert len(shoes.validation.labels) == 600


def test_images_per_class_are_those_that_all_classes_together_would_have() -> None:
    whole, shoes = (data.load(DataChoice(per_class=5, classes=names), seed=3) for names in ((), SHOES))
    assert shoes.training.labels.bincount().tolist() == [5, 5, 5]
    sandals = whole.training.images[whole.training.labels == whole.classes.index("Sandal")]
    assert torch.equal(shoes.training.images[shoes.training.labels == 0], sandals)


def test_gauges_stay_ordered_and_go_by_their_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "VALIDATION_PER_CLASS", 5)
    monkeypatch.setattr(gauges, "TEST_PER_CLASS", 5)
    loaded = data.load(DataChoice(name="gauges", per_class=10, classes=("50", "0", "100")))
    assert (loaded.classes, loaded.ordered, loaded.mirrors) == (("0", "50", "100"), True, False)
    assert loaded.test.labels.bincount().tolist() == [5, 5, 5]
    assert loaded.training.labels.unique().tolist() == [0, 1, 2]


def test_wrong_names_and_too_few_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"no class “Sandals”\. Did you mean Sandal\? There are: T-shirt/top"):
        data.load(DataChoice(classes=("Sandals", "Bag")))
    with pytest.raises(InputError, match=r"Only the class “Bag” of “fashion-mini” was chosen"):
        data.load(DataChoice(classes=("Bag", "Bag")))
