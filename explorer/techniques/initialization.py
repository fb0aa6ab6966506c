"""Start weights, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    import torch
    from torch import nn

InitializationKind = Literal[
    "he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "orthogonal", "torch", "zeros", "small", "large"
]


class Initialization(Technique):
    """Chooses the spread of the start weights so that signals neither die out nor blow up on their way through many
    layers, forward (fan_in) or backward (fan_out).

    He: Var[w] = 2 / ((1 + a²) · fan), where a is the slope on the negative side: 0 for ReLU, which lets half of the
    signal through, that of leaky ReLU, or the one that PReLU starts with. Xavier: Var[w] = 2 / (fan_in + fan_out), for
    tanh. Orthogonal: rows or columns at right angles and of norm √2: the layer makes a signal √2 times as long, and the
    ReLU after it, which on average drops half of the square, brings it back. torch: uniform within ±1/√fan_in, the
    default of torch's layers when this technique is off. Biases start at 0 (torch: uniform).

    To see things go wrong: zeros (every neuron of a layer stays the same as its neighbour), small (σ = 0.001, signals
    die out), large (σ = 1, they blow up).

    Use He with ReLU and its variants. Normalization makes a network far less sensitive to all this: switch it off to
    see the effect. Look at: gradient norms (even from the first to the last layer?).

    Papers: He et al. 2015, arXiv 1502.01852; Glorot, Bengio 2010, AISTATS; Saxe et al. 2014, arXiv 1312.6120.
    """

    name = "initialization"
    title = N_("Initialization")
    summary = N_("Chooses the spread of the start weights.")
    group = Category.STABILISE
    label = N_("{kind} init")
    next_run = N_("Start weights are drawn when a run starts; in a running network only fresh layers get them.")

    kind: InitializationKind = parameter("he_normal", N_("Distribution of the start weights."), title=N_("Kind"))
    fan: Literal["fan_in", "fan_out"] = parameter(
        "fan_in",
        N_("Keep the variance of the forward signal (fan_in) or of the gradient (fan_out)."),
        title=N_("Fan"),
        when={"kind": ("he_normal", "he_uniform")},
    )

    def initialise(self, model: nn.Module, rng: Callable[[str], torch.Generator]) -> None:
        from torch import nn

        if self.kind == "torch":  # what the network starts from anyway
            return
        slope = _negative_slope(model)
        for name, layer in model.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                # A classifier has few outputs: by fan_out its weights, and so the first loss, would be far too large.
                fan = self.fan if isinstance(layer, nn.Conv2d) else "fan_in"
                self._fill(layer.weight, rng(name), fan, slope)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def _fill(
        self, weight: torch.Tensor, rng: torch.Generator, fan: Literal["fan_in", "fan_out"], slope: float
    ) -> None:
        from torch.nn import init

        match self.kind:
            case "he_normal":
                init.kaiming_normal_(weight, slope, fan, "leaky_relu", generator=rng)
            case "he_uniform":
                init.kaiming_uniform_(weight, slope, fan, "leaky_relu", generator=rng)
            case "xavier_normal":
                init.xavier_normal_(weight, generator=rng)
            case "xavier_uniform":
                init.xavier_uniform_(weight, generator=rng)
            case "orthogonal":
                init.orthogonal_(weight, gain=2**0.5, generator=rng)
            case "zeros":
                init.zeros_(weight)
            case "small":
                init.normal_(weight, std=1e-3, generator=rng)
            case "large":
                init.normal_(weight, std=1.0, generator=rng)


def _negative_slope(model: nn.Module) -> float:
    """Of the nonlinearity between the layers; 0 where it is none of the ReLUs."""
    from torch import nn

    for layer in model.modules():
        if isinstance(layer, nn.LeakyReLU):
            return layer.negative_slope
        if isinstance(layer, nn.PReLU):
            return layer.weight[0].item()
    return 0.0
