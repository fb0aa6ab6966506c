"""A run as one plain PyTorch script: just what is switched on, the loop first; and as a notebook.

Each technique says in techniques/ which lines it adds. Knows no torch, so that the window can show the script at once.
"""

from __future__ import annotations

from explorer.exports.base import Export
from explorer.exports.script import beside
from explorer.exports.script.assemble import Facts, script
from explorer.i18n import N_

EXPORT = Export(
    "script", N_("A plain PyTorch script and a notebook that train the same, with the images"), beside.files
)

__all__ = ["EXPORT", "Facts", "script"]
