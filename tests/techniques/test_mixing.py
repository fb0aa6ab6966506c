"""MixUp and CutMix against a naive version for one image, and what they have to keep."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from explorer.techniques.mixing import Mixing
from explorer.techniques.slots import Batch

KINDS = ("mixup", "cutmix", "both")


def random_batch(count: int = 7, channels: int = 1, size: int = 28) -> Batch:
    rng = torch.Generator().manual_seed(0)
    return Batch(torch.rand((count, channels, size, size), generator=rng), torch.eye(10)[torch.arange(count) % 10])


def mixed(batch: Batch, seed: int = 1, **fields: Any) -> Batch:
    return Mixing(**fields).augment(batch, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alpha", [0.05, 0.4, 10.0])
@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize(("channels", "size", "count"), [(1, 28, 7), (3, 32, 1), (3, 64, 4)])
def test_contract(kind: str, alpha: float, probability: float, channels: int, size: int, count: int) -> None:
    batch = random_batch(count, channels, size)
    images, targets, state = batch.images.clone(), batch.targets.clone(), torch.get_rng_state()
    first, again = (mixed(batch, kind=kind, alpha=alpha, probability=probability) for _ in range(2))
    assert first.images.shape == images.shape
    assert first.images.is_contiguous()
    assert first.images.min() >= 0
    assert first.images.max() <= 1
    torch.testing.assert_close(first.targets.sum(1), torch.ones(count))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.targets, again.targets)
    assert torch.equal(batch.images, images)
    assert torch.equal(batch.targets, targets)
    assert torch.equal(torch.get_rng_state(), state)
    assert set(first.drawn) == {"mix", "partner"}
    assert first.drawn["mix"].shape == first.drawn["partner"].shape == (count,)
    assert sorted(first.drawn["partner"].tolist()) == list(range(count))
    if probability == 0:
        assert torch.equal(first.images, images)
        assert torch.equal(first.targets, targets)
        assert (first.drawn["mix"] == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_each_image_draws_its_own(kind: str) -> None:
    assert len(mixed(random_batch(64), kind=kind, alpha=1.0).drawn["mix"].unique()) > 40


def test_mixup_of_one_image_at_a_time() -> None:
    batch = random_batch()
    result = mixed(batch, kind="mixup", alpha=1.0)
    for i, (mix, partner) in enumerate(
        zip(result.drawn["mix"].tolist(), result.drawn["partner"].tolist(), strict=True)
    ):
        for ours, source in ((result.images, batch.images), (result.targets, batch.targets)):
            torch.testing.assert_close(ours[i], mix * source[i] + (1 - mix) * source[int(partner)])


@pytest.mark.parametrize("channels", [1, 3])
def test_cutmix_pastes_one_rectangle_and_mixes_targets_by_its_area(channels: int) -> None:
    batch = random_batch(64, channels)
    result = mixed(batch, kind="cutmix", alpha=1.0)
    partner = result.drawn["partner"].long()
    cut = 0
    for i in range(64):
        pasted = (result.images[i] != batch.images[i]).any(0)
        assert result.drawn["mix"][i] == pytest.approx(1 - pasted.float().mean().item(), abs=1e-6)
        assert torch.equal(result.images[i][:, pasted], batch.images[partner[i]][:, pasted])
        rows, columns = pasted.any(1), pasted.any(0)
        assert pasted.sum() == rows.sum() * columns.sum()
        cut += bool(pasted.any())
        expected = torch.lerp(batch.targets[partner[i]], batch.targets[i], result.drawn["mix"][i])
        torch.testing.assert_close(result.targets[i], expected)
    assert cut > 40


def test_both_gives_each_image_one_of_the_two() -> None:
    """An image is either blended everywhere, or has pixels of its own left beside pixels of its partner."""
    batch = random_batch(200)
    result = mixed(batch, kind="both", alpha=2.0)
    kept = (result.images == batch.images).flatten(1).float().mean(1)
    blended = kept < 0.01
    assert 60 < blended.sum() < 140
    partner = batch.images[result.drawn["partner"].long()]
    from_one = (result.images == batch.images) | (result.images == partner)
    assert from_one.flatten(1).all(1)[~blended].all()


@pytest.mark.parametrize("count", [2, 3, 5, 64])
def test_the_partner_is_always_another_image(count: int) -> None:
    batch, met = random_batch(count, size=4), set()
    for seed in range(300):
        partner = mixed(batch, seed=seed).drawn["partner"].long()
        assert sorted(partner.tolist()) == list(range(count))
        assert (partner != torch.arange(count)).all()
        met |= set(enumerate(partner.tolist()))
    assert count == 64 or len(met) == count * (count - 1)  # and every other one comes


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_alone_in_its_batch_stays_as_it_is(kind: str) -> None:
    batch = random_batch(1)
    for seed in range(20):
        result = mixed(batch, seed=seed, kind=kind, alpha=1.0)
        assert torch.equal(result.images, batch.images)
        assert torch.equal(result.targets, batch.targets)
        assert result.drawn["mix"].tolist() == [1]


def test_shares_follow_the_beta_distribution() -> None:
    """Beta(α, α) has mean 1/2 and variance 1 / (4 (2α + 1)), on average over 20,000 draws."""
    batch = Batch(torch.zeros(20000, 1, 1, 1), torch.ones(20000, 1))
    for alpha in (0.05, 0.4, 1.0, 10.0):
        mix = mixed(batch, alpha=alpha).drawn["mix"]
        assert mix.isfinite().all()
        assert mix.mean() == pytest.approx(0.5, abs=0.015)
        assert mix.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)
    some = mixed(batch, alpha=1.0, probability=0.3).drawn["mix"]
    assert (some < 1).float().mean() == pytest.approx(0.3, abs=0.02)


def test_other_settings_draw_the_same_partners() -> None:
    """In this batch, and in the next one of the same stream."""
    batch, streams = random_batch(), [torch.Generator().manual_seed(5) for _ in range(3)]
    settings = (Mixing(), Mixing(kind="both", alpha=0.1), Mixing(kind="cutmix", probability=0.5))
    for _ in range(2):
        first, *others = (m.augment(batch, rng).drawn["partner"] for m, rng in zip(settings, streams, strict=True))
        assert all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_channels_last(kind: str) -> None:
    batch = random_batch(5, 3)
    last = batch.with_(batch.images.contiguous(memory_format=torch.channels_last))
    result = mixed(last, kind=kind).images
    assert result.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(result, mixed(batch, kind=kind).images)
