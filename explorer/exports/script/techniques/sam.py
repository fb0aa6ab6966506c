"""Sharpness-aware minimization in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines, source
from explorer.techniques import SAM


def fragments(sam: SAM, _situation: Situation) -> Fragments:
    return Fragments(
        helpers=(source("explorer.training.step", "still_statistics", _BatchNorm="nn.BatchNorm2d"),),
        backward=lines(f"""
            loss = loss_of(x, targets)
            loss.backward()
            weights = [weight for weight in model.parameters() if weight.grad is not None]
            gradients = [weight.grad for weight in weights]
            with torch.no_grad():  # climb to the worst place nearby
                here = [weight.clone() for weight in weights]
                norm = torch.stack(torch._foreach_norm(gradients)).norm()
                torch._foreach_add_(weights, torch._foreach_mul(gradients, {sam.rho} / (norm + 1e-12)))
            for weight in weights:
                weight.grad = None
            with still_statistics(model):
                loss_of(x, targets).backward()
            with torch.no_grad():  # come back, with the gradient from there
                torch._foreach_copy_(weights, here)
        """),
    )
