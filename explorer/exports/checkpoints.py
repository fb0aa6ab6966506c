"""The checkpoints of a run as they are, for torch.load(…, weights_only=True) and for going on."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, no_checkpoint
from explorer.i18n import N_
from explorer.runs.store import CHECKPOINTS


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """best.pt and last.pt, those that are there. Raises InputError if none is."""
    found = sorted((run.folder / CHECKPOINTS).glob("*.pt"))
    if not found:
        raise no_checkpoint(run, "pt")
    for path in found:
        yield path.name, path.read_bytes()


EXPORT = Export("pt", N_("Checkpoints, to load with torch and to go on from"), files)
