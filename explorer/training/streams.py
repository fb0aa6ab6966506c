"""Separate random streams, so that switching one technique on changes nothing else.

Every stream follows from (seed, purpose, …) alone and is restarted at each step or epoch: the order of images, what
augmentation draws and what dropout zeroes at step n depend neither on each other nor on what happened before.
"""

from __future__ import annotations

import hashlib

import torch


def number(*key: object) -> int:
    """A 63-bit number that follows from `key` alone."""
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def stream(*key: object, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator that follows from `key` alone."""
    return torch.Generator(device).manual_seed(number(*key))
