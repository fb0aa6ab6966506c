"""Names that tell the class, the group or the part of a picture: {label}_#.*, {label}/{group}/*, (?P<label>…)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.data.columns import GROUP, LABEL, SPLIT
from explorer.data.source import listed
from explorer.errors import InputError
from explorer.i18n import N_, NOTHING, Message

FIELDS = (LABEL, GROUP, SPLIT)
_PIECES = re.compile(r"\{(\w*)\}|([*?#])|([^{*?#]+|.)", re.DOTALL)
_WILD = {"*": r"[^/]*?", "?": r"[^/]", "#": r"\d+"}
_SHAPES = ("{label}.#.*", "{label}_#.*", "{label}-#.*", "{label} (#).*", "{label}#.*", "{label} #.*", "#_{label}.*",
           "#-{label}.*", "{label}_*", "{label}-*", "*_{label}.*", "*-{label}.*")  # fmt: skip
"""As cameras, scripts and Windows number pictures; the first that fits gives the suggestion."""
LOOKED_AT = 2000
FITS = 0.95
SHARE = 20
"""Pictures a class on average, from which on a suggestion is one."""


@dataclass(frozen=True)
class Pattern:
    """What the path of a picture below its folder tells; compared from its end, as far as the pattern goes."""

    text: str
    expression: re.Pattern[str]
    levels: int
    """Names that it is compared with: the file's, and those of folders around it. 0: anywhere in the path."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Of FIELDS those that it tells."""
        return tuple(name for name in FIELDS if name in self.expression.groupindex)

    def told(self, path: str) -> dict[str, str] | None:
        """What `path`, with slashes, says of each field; None if it does not fit."""
        if not self.levels:
            found = self.expression.search(path)
        else:
            found = self.expression.fullmatch("/".join(path.split("/")[-self.levels :]))
        return None if found is None else {name: found[name] or "" for name in self.fields}


def compiled(text: str) -> Pattern:
    """The pattern that was written, or a regular expression with groups called as FIELDS are. Raises InputError.

    In a pattern {label}, {group} and {split} and * stand for as little as fits within a name, # for digits, ? for one
    character; what is in braces twice must be the same.
    """
    if "(?P<" in text:
        try:
            pattern = Pattern(text, re.compile(text), 0)
        except re.error as error:
            said = N_("The pattern {pattern} is no regular expression: {reason}.")
            raise InputError(Message(said, pattern=text, reason=str(error))) from None
    else:
        pieces: list[str] = []
        for field, wild, plain in _PIECES.findall(text.replace("\\", "/").strip("/")):
            if plain == "{" or (not field and not wild and not plain) or (field and field not in FIELDS):
                raise InputError(_misspelt(text, field))
            repeated = field and f"(?P<{field}>" in "".join(pieces)
            pieces.append(
                f"(?P={field})"
                if repeated
                else f"(?P<{field}>[^/]+?)"
                if field
                else _WILD.get(wild) or re.escape(plain)
            )
        pattern = Pattern(text, re.compile("".join(pieces)), text.strip("/").replace("\\", "/").count("/") + 1)
    if not pattern.fields:
        raise InputError(_misspelt(text, ""))
    return pattern


def _misspelt(text: str, field: str) -> Message:
    said = N_(
        "The pattern {pattern} must have {fields}, or some of them, in braces, such as {example}; * stands for "
        "anything, # for digits."
    )
    return Message(said, pattern=text, fields=FIELDS, example="{label}_#.*")


def suggested(names: Sequence[str]) -> tuple[str, Counter[str]] | None:
    """A pattern by which the `names` of files tell two classes or more, and how many pictures of each; None if none."""
    some = names[:: max(1, len(names) // LOOKED_AT)]
    for shape in _SHAPES:
        pattern = compiled(shape)
        told = [pattern.told(name) for name in some]
        labels = {one[LABEL] for one in told if one}
        if sum(one is not None for one in told) < FITS * len(some) or len(labels) < 2:
            continue
        if len(labels) <= len(some) / min(SHARE, max(2, len(some) // 4)):
            every = (pattern.told(name) for name in names)
            return shape, Counter(one[LABEL] for one in every if one)
    return None


def names_hint(names: Sequence[str]) -> Message:
    """What to do where the `names` of files show their classes; else nothing."""
    if (found := suggested(names)) is None:
        return NOTHING
    pattern, counts = found
    text = N_("Names seem to tell the class. With the pattern {pattern} there are: {classes}.")
    classes = listed([f"{name} ({n})" for name, n in counts.most_common()])
    return Message(text, pattern=pattern, classes=classes)
