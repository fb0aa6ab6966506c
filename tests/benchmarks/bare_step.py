"""Imports torch and takes one step of a network as small as the default one: the least that a first point costs."""

from __future__ import annotations

import itertools

import torch
from torch import nn

if __name__ == "__main__":
    widths = (1, 16, 16, 16, 32, 32, 64, 64)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, 1 + (after > before > 1), 1), nn.BatchNorm2d(after), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    nn.functional.cross_entropy(model(torch.rand(128, 1, 28, 28)), torch.randint(10, (128,))).backward()
    optimizer.step()
    print("stepped", flush=True)
