"""Which layers a recipe freezes, as ticks, without Qt and without torch: from patterns to layers and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from explorer.networks import WITH_WEIGHTS
from explorer.recipe import Recipe, matches

Patterns = tuple[str, ...]


@dataclass(frozen=True)
class LayerGroup:
    """Layers that belong together, such as a stage; `name` is the part before a dot that they share.

    A layer that stands alone is a group of one, of its own name.
    """

    name: str
    layers: tuple[str, ...]
    label: str
    """The name as it is shown: without the container that holds nearly everything ("body.")."""

    @property
    def alone(self) -> bool:
        """Whether it is one layer and not a container."""
        return self.layers == (self.name,)


@lru_cache(maxsize=8)
def groups(names: Patterns) -> tuple[LayerGroup, ...]:
    """The stages of a network in forward order; what holds more than half of all layers is taken apart."""
    found = tuple(_groups(names, "", len(names)))
    first = found[0].name.partition(".")[0] + "." if found else ""
    nested = sum(group.name.startswith(first) for group in found) > 1
    return tuple(
        LayerGroup(group.name, group.layers, group.name.removeprefix(first) if nested else group.name)
        for group in found
    )


def _groups(names: Patterns, prefix: str, total: int) -> Iterator[LayerGroup]:
    parts: dict[str, list[str]] = {}
    for name in names:
        part = name[len(prefix) :].partition(".")[0]
        parts.setdefault(prefix + part if part else name, []).append(name)
    for part, own in parts.items():
        if 2 * len(own) > total and len(own) > 1:
            if part in own:  # a container with parameters of its own
                yield LayerGroup(part, (part,), part)
            yield from _groups(tuple(name for name in own if name != part), part + ".", total)
        else:
            yield LayerGroup(part, tuple(own), part)


@lru_cache(maxsize=64)
def frozen_layers(patterns: Patterns, names: Patterns) -> frozenset[str]:
    """Those of `names` that some pattern freezes."""
    return frozenset(name for name in names if any(matches(pattern, name) for pattern in patterns))


def unknown(patterns: Patterns, names: Patterns) -> Patterns:
    """Those of `patterns` that match no layer."""
    return tuple(pattern for pattern in patterns if not frozen_layers((pattern,), names))


def ticked(patterns: Patterns, names: Patterns, touched: Collection[str], learn: bool) -> Patterns:
    """The patterns after the layers `touched` were made to learn, or frozen.

    A group that is frozen altogether becomes the group's name, in place of whatever froze parts of it. Patterns that
    reach into several groups stay as they were written, unless they froze a layer that now learns: then names take
    their place. In forward order, with those that match nothing at the end.
    """
    frozen = frozen_layers(patterns, names)
    frozen = frozen - set(touched) if learn else frozen | set(touched)
    kept = []
    whole = [group for group in groups(names) if frozen.issuperset(group.layers)]
    for pattern in patterns:
        own = frozen_layers((pattern,), names)
        if own and own <= frozen and not any(own.issubset(group.layers) for group in whole):
            kept.append(pattern)
    for group in whole:
        if not frozen_layers(tuple(kept), names).issuperset(group.layers):
            kept.append(_exactly(group.name, names) if group.alone else group.name)
    covered = frozen_layers(tuple(kept), names)
    kept += [_exactly(name, names) for name in names if name in frozen - covered]
    places = {pattern: [matches(pattern, name) for name in names].index(True) for pattern in kept}
    return (*sorted(places, key=lambda pattern: places[pattern]), *unknown(patterns, names))


def _exactly(layer: str, names: Patterns) -> str:
    """A pattern for this layer alone, also where it contains others (as `body` with a class token of its own does)."""
    contains = any(name.startswith(layer + ".") for name in names)
    return f"{layer[:-1]}[{layer[-1]}]" if contains else layer


def same_network(one: Recipe, other: Recipe) -> bool:
    """Whether both recipes build networks with the same layers, as far as can be told without building them."""
    return _structure(one) == _structure(other)


def _structure(recipe: Recipe) -> tuple[object, ...]:
    built = [t for t in recipe.techniques if any(t.acts_in(slot) for slot in WITH_WEIGHTS)]
    return recipe.network, recipe.data.name, *built
