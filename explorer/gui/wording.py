"""How units are written in the window, and help; here, too, for all its forms, how fields and choices are called."""

from __future__ import annotations

from explorer.i18n import _, ngettext
from explorer.titles import choice_label as choice_label
from explorer.titles import field_label as field_label


def suffix(unit: str, n: float) -> str:
    """What stands behind the number `n` of `unit`, with its space: " epoch", " epochs"; empty if there is no unit.

    Languages bend a unit in their own ways: 1 эпоха, 2 эпохи, 5 эпох, and 0.5 эпохи as 2.
    """
    whole = int(n) if float(n).is_integer() else 2
    match unit:
        case "":
            return ""
        case "epochs":
            text = ngettext("{n} epoch", "{n} epochs", whole)
        case "images":
            text = ngettext("{n} image", "{n} images", whole)
        case "layers":
            text = ngettext("{n} layer", "{n} layers", whole)
        case "channels":
            text = ngettext("{n} channel", "{n} channels", whole)
        case "classes":
            text = ngettext("{n} class", "{n} classes", whole)
        case "stages":
            text = ngettext("{n} stage", "{n} stages", whole)
        case "pixels":
            text = ngettext("{n} pixel", "{n} pixels", whole)
        case "features":
            text = ngettext("{n} feature", "{n} features", whole)
        case "blocks":
            text = ngettext("{n} block", "{n} blocks", whole)
        case "heads":
            text = ngettext("{n} head", "{n} heads", whole)
        case "°":
            return unit
        case _:
            return f" {_(unit)}"
    return text.partition("{n}")[2]


def rich(text: str) -> str:
    """`text` as a tool tip that wraps: Qt breaks lines in rich text alone."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{escaped.replace(chr(10), '<br>')}</p>" if text else ""
