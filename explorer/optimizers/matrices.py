"""torch's Muon takes matrices alone: here it takes convolutions as matrices, and AdamW takes what is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explorer.optimizers.base import ParameterGroup


class MuonAndAdamW(torch.optim.Optimizer):
    """torch.optim.Muon for parameters of two and more dimensions, torch.optim.AdamW for the others.

    Outside, it is one optimizer: `param_groups` as given, each with its `lr`, and `state` by parameter.
    """

    def __init__(
        self, groups: Sequence[ParameterGroup], lr: float, *, momentum: float, nesterov: bool, iterations: int
    ) -> None:
        super().__init__([{**group} for group in groups], {"lr": lr})
        self._parts: list[tuple[dict[str, Any], torch.optim.Optimizer, list[tuple[nn.Parameter, nn.Parameter]]]] = []
        for group in self.param_groups:
            for matrices in (True, False):
                own = [p for p in group["params"] if (p.ndim > 1) is matrices]
                if not own:
                    continue
                views = [nn.Parameter(_matrix(p.detach(), p)) if matrices else p for p in own]
                decay = group["weight_decay"]
                inner: torch.optim.Optimizer = (
                    torch.optim.Muon(
                        views,
                        lr=lr,
                        weight_decay=decay,
                        momentum=momentum,
                        nesterov=nesterov,
                        ns_steps=iterations,
                        adjust_lr_fn="match_rms_adamw",
                    )
                    if matrices
                    else torch.optim.AdamW(views, lr=lr, weight_decay=decay, foreach=True)
                )
                self._parts.append((group, inner, list(zip(own, views, strict=True))))

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step of both."""
        for group, inner, pairs in self._parts:
            inner.param_groups[0]["lr"] = group["lr"]
            for parameter, view in pairs:
                inner.state[view] = self.state[parameter]
                if view is not parameter:
                    view.grad = None if parameter.grad is None else _matrix(parameter.grad, parameter)
            inner.step()


def _matrix(tensor: Tensor, like: Tensor) -> Tensor:
    """`tensor`, of the shape of `like`, as a matrix (outputs, all else) that shares its memory if it lies like `like`.

    In channels_last, the columns come in another order; orthogonality and the lengths of rows do not mind.
    """
    if like.ndim == 4 and not like.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.reshape(len(tensor), -1)
