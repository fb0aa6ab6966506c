"""The optimizer of the script."""

from __future__ import annotations

from explorer.errors import InputError
from explorer.exports.script.base import source
from explorer.i18n import N_, Message
from explorer.optimizers import SGD, AdamW, Muon, Optimizer

DECAY = '''def optimizer_of(parameters):
    """Weight decay pulls at weights of two and more dimensions; not at biases, γ and β."""
    parameters = list(parameters)
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return #: build'''
BY_FACTOR = '''def optimizer_of(groups):
    """For each factor on the learning rate its parameters; weight decay pulls at weights of two and more dimensions."""
    groups = [
        {"params": those, "factor": factor, "weight_decay": decay}
        for factor, own in groups.items()
        for those, decay in (([p for p in own if p.ndim > 1], WEIGHT_DECAY), ([p for p in own if p.ndim <= 1], 0.0))
        if those
    ]
    return #: build'''


def code(optimizer: Optimizer, by_factor: bool) -> tuple[str, ...]:
    """`optimizer_of`, and what it needs."""
    helpers: tuple[str, ...] = ()
    match optimizer:
        case SGD():
            nesterov = optimizer.nesterov and optimizer.momentum > 0
            arguments = f"momentum={optimizer.momentum}, nesterov={nesterov}, foreach=True"
            build = f"torch.optim.SGD(groups, lr=LEARNING_RATE, {arguments})"
        case AdamW():
            arguments = f"betas={optimizer.betas}, eps={optimizer.eps}, foreach=True"
            build = f"torch.optim.AdamW(groups, lr=LEARNING_RATE, {arguments})"
        case Muon():
            arguments = f"momentum={optimizer.momentum}, nesterov={optimizer.nesterov}"
            build = f"MuonAndAdamW(groups, LEARNING_RATE, {arguments}, iterations={optimizer.iterations})"
            helpers = (source("explorer.optimizers.matrices", "MuonAndAdamW", "_matrix"),)
        case _:
            text = N_("A script with {optimizer} cannot be written yet. Choose another optimizer.")
            raise InputError(Message(text, optimizer=Message(optimizer.title)))
    return ((BY_FACTOR if by_factor else DECAY).replace("#: build", build), *helpers)
