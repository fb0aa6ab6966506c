"""The nonlinearity after each convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import nn

ActivationKind = Literal["relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "sigmoid", "tanh"]


class Activation(Technique):
    """Replaces ReLU, max(0, x), whose gradient is 0 wherever x < 0: a neuron that is negative for every image never
    learns again ("dead").

    leaky: max(0, x) + slope · min(0, x). PReLU: the same with a slope that is learned, one for each layer. ELU:
    α(eˣ − 1) for x < 0. GELU: x · Φ(x). SiLU: x · σ(x). All let some gradient through on the negative side.

    sigmoid, 1/(1 + e⁻ˣ), and tanh are here to see gradients vanish: the derivative of a sigmoid is at most 1/4, and
    with each layer the gradient is multiplied by it again.

    Use ReLU or leaky ReLU first; GELU or SiLU often give a little more, and cost a little more. Look at: gradient
    norms, first against last layer.

    Papers: Maas et al. 2013 (leaky); He et al. 2015, arXiv 1502.01852 (PReLU); Clevert et al. 2016, arXiv 1511.07289;
    Hendrycks, Gimpel 2016, arXiv 1606.08415; Elfwing et al. 2018, arXiv 1702.03118.
    """

    name = "activation"
    title = N_("Activation")
    summary = N_("Replaces ReLU by a relative that lets gradients through, or by one that does not.")
    group = Category.STABILISE
    takes = ("activation",)
    label = "{kind}"

    kind: ActivationKind = parameter("leaky_relu", N_("Nonlinearity after each convolution."), title=N_("Kind"))
    slope: float = parameter(
        0.01,
        N_("Slope on the negative side (PReLU: its start)."),
        title=N_("Slope"),
        ge=0,
        le=1,
        when={"kind": ("leaky_relu", "prelu")},
        by={"kind": {"prelu": 0.25}},
    )
    alpha: float = parameter(
        1.0, N_("α: the value for large negative inputs is −α."), title=N_("α"), gt=0, le=10, when={"kind": ("elu",)}
    )

    def activation(self, made: nn.Module | None = None) -> nn.Module:
        from torch import nn

        match self.kind:
            case "relu":
                return nn.ReLU()
            case "leaky_relu":
                return nn.LeakyReLU(self.slope)
            case "prelu":
                return nn.PReLU(init=self.slope)
            case "elu":
                return nn.ELU(self.alpha)
            case "gelu":
                return nn.GELU()
            case "silu":
                return nn.SiLU()
            case "sigmoid":
                return nn.Sigmoid()
            case "tanh":
                return nn.Tanh()
