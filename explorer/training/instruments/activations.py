"""Mean, spread and dead units of every layer's output, by hooks that are there for the step that is due only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.hooks import RemovableHandle

from explorer.events import ActivationStats, Event
from explorer.training.instruments.base import Instrument, StepContext

IMAGES = 32
"""So many images of the batch are looked at: a unit that is 0 on all of them is called dead."""
MOST = 64
"""Of networks with more layers only what leaves each group of weights, normalization and activation is looked at."""


class Activations(Instrument):
    """Mean first, then the spread around it: two passes of plain sums. Over 32 × 16 × 14 × 14 values, on one thread,
    they take 55 µs where `torch.var_mean` takes 500 µs; amid training, with cold caches, a look takes 0.2 ms per layer.
    """

    name = "activations"
    default_every = 25

    def __init__(self, every: int | None = None) -> None:
        super().__init__(every)
        self._model: nn.Module | None = None
        self._names: list[str] = []
        self._ordered = False
        self._seen: dict[str, Tensor] = {}
        self._hooks: list[RemovableHandle] = []
        self._fault: Exception | None = None

    def before_forward(self, context: StepContext) -> None:
        if context.model is not self._model:
            self._model, self._names = context.model, [name for name, _module in watched(context.model)]
            self._ordered = False
        self._seen, self._fault = {}, None
        for name in self._names:
            hook = context.model.get_submodule(name).register_forward_hook(partial(self._look, name))
            self._hooks.append(hook)

    def after_forward(self, _context: StepContext) -> None:
        self.close()
        if self._fault:
            raise self._fault

    def close(self) -> None:
        while self._hooks:
            self._hooks.pop().remove()

    def after_step(self, context: StepContext) -> Iterable[Event]:
        if not self._ordered and self._names[0] in self._seen:
            self._names = list(self._seen)  # as they were called: an activation that serves twice, at its last place
        self._ordered = True
        looked = [name for name in self._names if name in self._seen]  # with cached features only the head runs
        values = np.full((3, len(self._names)), np.nan, np.float32)
        if looked:
            columns = [self._names.index(name) for name in looked]
            values[:, columns] = torch.stack([self._seen[name] for name in looked], dim=1).cpu().numpy()
        self._seen = {}
        mean, std, dead = values
        return [ActivationStats(step=context.step, names=tuple(self._names), mean=mean, std=std, dead=dead)]

    def _look(self, name: str, module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        if not torch.is_grad_enabled():  # a pass that fills the cache of features, not this step's
            return
        began = perf_counter()
        values = (output if isinstance(output, Tensor) else output[0]).detach()[:IMAGES].float()
        self._seen.pop(name, None)
        try:
            self._seen[name] = statistics(values, dies=isinstance(module, nn.ReLU | nn.ReLU6 | nn.Hardswish))
        except Exception as error:  # raised where the watch hears it, never inside the network
            self._fault = error
        self.hooked += perf_counter() - began


def statistics(values: Tensor, dies: bool) -> Tensor:
    """Mean, standard deviation and share of dead units of `values` (B, C), (B, C, H, W) or (B, places, C): (3,).

    Spread is summed in double precision where there is one: a signal that dies out, the very thing to see, has squares
    below the smallest float32.
    """
    mean = values.mean()
    precise = torch.float32 if values.device.type == "mps" else torch.float64
    std = torch.linalg.vector_norm(values - mean, dtype=precise).float() / values.numel() ** 0.5
    dead = torch.full_like(mean, torch.nan)
    if dies:
        channel = 1 if values.ndim in (2, 4) else values.ndim - 1
        total = values.abs().sum(dim=[i for i in range(values.ndim) if i != channel])  # 5 µs; `any` takes 210
        dead = (total == 0).float().mean()
    return torch.stack([mean, std, dead])


def watched(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Layers with weights and activations, in the order in which they are defined; at most MOST."""
    found = list(_candidates(model, ""))
    if len(found) > MOST:
        following = [*(module for _name, module in found[1:]), None]
        found = [pair for pair, after in zip(found, following, strict=True) if not _finishes(after)]
    if len(found) > MOST:
        found = [found[i] for i in np.linspace(0, len(found) - 1, MOST).round().astype(int).tolist()]
    yield from found


def _candidates(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        if isinstance(child, nn.MultiheadAttention):  # uses the weights of its parts without calling them
            yield path, child
        elif any(True for _part in child.children()):
            yield from _candidates(child, f"{path}.")
        elif _activates(child) or any(True for _parameter in child.parameters()):
            yield path, child


def _activates(module: nn.Module) -> bool:
    return type(module).__module__ == nn.ReLU.__module__ and not isinstance(module, nn.MultiheadAttention)


def _finishes(module: nn.Module | None) -> bool:
    """Whether it works on what the layer before it gave, so that this one's output says more."""
    return isinstance(module, _BatchNorm | nn.GroupNorm) or (module is not None and _activates(module))
