"""What techniques are to each other in one network: which of them build it, and which exclude each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from explorer.i18n import NOTHING, Message
from explorer.networks import BLANKS, Network
from explorer.techniques.base import Technique


def counted(
    since: Mapping[str, int], before: Iterable[Technique], after: Iterable[Technique], epochs: int
) -> dict[str, int]:
    """`Moment.since` where `after` takes the place of `before` when so many `epochs` are done."""
    counting = {technique.name for technique in before if technique.counts_epochs}
    return {
        technique.name: since.get(technique.name, 0) if technique.name in counting else epochs
        for technique in after
        if technique.counts_epochs
    }


def building(techniques: Iterable[Technique], network: Network) -> tuple[Technique, ...]:
    """Those that decide which layers `network` has: as long as they are the same, so is it."""
    return tuple(t for t in techniques if any(t.acts_in(blank) for blank in network.blanks))


def clash(technique: Technique, on: Collection[Technique], network: Network) -> Message:
    """Why `technique` cannot act in `network` beside those that are `on`, with the remedy; NOTHING if it can."""
    return without_place(technique, network) or conflict(technique, on, network)


def without_place(technique: Technique, network: Network) -> Message:
    """Why it is without effect in `network`; nothing breaks if it is on all the same."""
    blanks = {blank for blank in BLANKS if technique.acts_in(blank)}
    if blanks and not blanks & set(network.blanks):
        return Message(
            "{network} is built of its own layers, so this has no place in it. Choose another network.",
            network=network.proper_name,
        )
    return NOTHING


def conflict(technique: Technique, on: Collection[Technique], network: Network) -> Message:
    """Why it must not be on together with those that are, with the remedy; a run refuses to start like this."""
    if without_place(technique, network):
        return NOTHING
    if reason := technique.refuse_network(network):
        return reason
    for other in on:
        if other.name != technique.name and set(other.takes) & set(technique.takes):
            title = Message(other.title)
            if "backward" in technique.takes:
                return Message(
                    "{other} already decides how the gradient is computed. Switch it off first.", other=title
                )
            return Message("{other} already takes this place in the network. Switch it off first.", other=title)
    return technique.lacks(on)
