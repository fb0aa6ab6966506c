"""Recipes of earlier versions, and short names of today, as recipes of this version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from explorer.data import DataChoice, known
from explorer.networks import BACKBONES

VERSION = 2
SHORT = {"depth": "network", "width": "network", "momentum": "optimizer", "nesterov": "optimizer"}
"""Settings that version 1 had in the recipe itself; they still stand for the parameter of that choice."""
DEFAULTS = {"network": "small_cnn", "optimizer": "sgd"}
OLD_RATE = 0.2
"""Of version 1, where nothing was said."""
OLD_PATIENCE = 5
OLD_BACKBONE = "efficientnet_lite0"
SMALL_CNN = "small_cnn"
OLD_SWITCHES = {"norm_affine_trains": False, "norm_statistics_update": False, "norm_uses_running": True}
"""Of transfer learning, with what they were if nothing was said."""


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` of a recipe of any version up to this one, as of this version. What is wrong in them stays wrong."""
    new, old = dict(values), values.get("version") == 1
    if old:
        new["version"] = VERSION
        new.setdefault("lr", OLD_RATE)
        _lower_patience(new)
    _move_backbone(new, old)
    if "version" in new:
        _divide_as_before(new)
    _move_frozen_norm(new)
    for name, choice in SHORT.items():
        if name in new:
            value, chosen = new.pop(name), _as_object(new.get(choice, DEFAULTS[choice]))
            pointless = old and (chosen.get("kind") != DEFAULTS[choice])  # it was there, and did not act
            if not pointless and isinstance(chosen, dict):
                chosen[name] = value
            new[choice] = chosen
    return new


def _move_backbone(new: dict[str, Any], old: bool) -> None:
    """Version 1 chose the network by way of transfer learning."""
    techniques = new.get("techniques")
    if not isinstance(techniques, Mapping) or not isinstance(techniques.get("transfer"), Mapping):
        return
    transfer = dict(techniques["transfer"])
    backbone, size = transfer.pop("backbone", OLD_BACKBONE if old else None), transfer.pop("size", None)
    if backbone is None and size is None:
        return
    new["techniques"] = {**techniques, "transfer": transfer}
    if backbone == SMALL_CNN:
        if not old:
            new["network"] = _as_object(new.get("network", SMALL_CNN))
        return
    chosen = {"kind": "pretrained", "name": backbone or OLD_BACKBONE}
    new["network"] = chosen if size is None else chosen | {"size": size}


def _move_frozen_norm(new: dict[str, Any]) -> None:
    """Transfer learning once had switches of its own for batch normalization, and for keeping features."""
    techniques = new.get("techniques")
    if not isinstance(techniques, Mapping) or not isinstance(techniques.get("transfer"), Mapping):
        return
    transfer = dict(techniques["transfer"])
    transfer.pop("cache_features", None)
    switches = {name: transfer.pop(name) for name in OLD_SWITCHES if name in transfer}
    new["techniques"] = {**techniques, "transfer": transfer}
    affine, follow, running = ({**OLD_SWITCHES, **switches}[name] for name in OLD_SWITCHES)
    if (affine, follow, running) != tuple(OLD_SWITCHES.values()):
        statistics = ("followed" if follow else "kept") if running else ("training" if follow else "batch")
        new["techniques"]["frozen_norm"] = {"statistics": statistics, "affine_trains": affine}


def named(name: str) -> dict[str, str]:
    """The choice that a name alone stands for: its kind, or for one of the pretrained networks, that one."""
    pretrained = any(backbone.name == name for backbone in BACKBONES)
    return {"kind": "pretrained", "name": name} if pretrained else {"kind": name}


def _divide_as_before(new: dict[str, Any]) -> None:
    """Until there were `near_copies` and `bits`, which the program always writes, only equal pictures of one's own were
    kept in one part, and all 16 bits of a pixel were taken for used: a run of before means other pictures with them."""
    data = _as_data(new.get("data"))
    if data is not None and not known(str(data.get("name", DataChoice().name))):
        new["data"] = {"near_copies": False, "bits": 16, **data}


def _as_data(value: Any) -> dict[str, Any] | None:
    """The choice of images as an object, where the recipe names any."""
    if isinstance(value, str):
        return {"name": value}
    return dict(value) if isinstance(value, Mapping) else None


def _lower_patience(new: dict[str, Any]) -> None:
    """Early stopping of version 1 ended the run in the epoch that patience counted; now it is the one after."""
    techniques = new.get("techniques")
    if not isinstance(techniques, Mapping) or not isinstance(techniques.get("early_stopping"), Mapping):
        return
    stopping = techniques["early_stopping"]
    patience = stopping.get("patience", OLD_PATIENCE)
    if isinstance(patience, int) and patience > 0:
        new["techniques"] = {**techniques, "early_stopping": {**stopping, "patience": patience - 1}}


def _as_object(value: Any) -> Any:
    """A choice as an object with its parameters, where that can be told."""
    if isinstance(value, str):
        return named(value)
    if isinstance(value, BaseModel):
        return value.model_dump()
    return dict(value) if isinstance(value, Mapping) else value
