"""Formulas in lessons, written between $$ and $$ in a little of TeX: read into a tree, and said in one line of text.

What is known: fractions, roots, indices and powers, words, hats and bars, sums, Greek letters and the usual signs. To
draw such a tree takes a hundred lines (explorer/gui/lessons/formula.py); a library for all of TeX is 30 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from explorer.i18n import Message, _
from explorer.nearest import did_you_mean

FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
"""Between which signs a formula stands in a text; it is drawn in a line of its own."""
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ",
    "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω",
    "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "Theta": "Θ",
}  # fmt: skip
SIGNS = {
    **GREEK,
    "cdot": "·", "times": "×", "pm": "±", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "sim": "∼", "infty": "∞",
    "partial": "∂", "nabla": "∇", "to": "→", "in": "∈", "dots": "…", "sum": "∑", "prod": "∏", "odot": "⊙",
    "propto": "∝",
}  # fmt: skip
WORDS = ("log", "exp", "max", "min", "cos", "sin", "tanh", "Var", "E")
"""Commands that stand for themselves, upright."""
SPACED = frozenset("=≤≥≠≈∼→∈+−·×±⊙∝<>")
"""Signs with a little room on both sides."""
DEEPEST, LONGEST = 12, 400
POWERS = str.maketrans("0123456789+-−nit", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿⁱᵗ")


@dataclass(frozen=True)
class Sign:
    """One letter or sign, or a word."""

    text: str
    slanted: bool = False


@dataclass(frozen=True)
class Row:
    """One after the other."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Fraction:
    """One above the other, a line between."""

    above: Formula
    below: Formula


@dataclass(frozen=True)
class Root:
    """Under a square root."""

    inside: Formula


@dataclass(frozen=True)
class Scripts:
    """With an index, a power, or both; those of a sum stand below and above it."""

    base: Formula
    below: Formula | None
    above: Formula | None


@dataclass(frozen=True)
class Accent:
    """Below a hat or a bar."""

    inside: Formula
    sign: str


Formula: TypeAlias = Sign | Row | Fraction | Root | Scripts | Accent
TOKEN = re.compile(r"\\([A-Za-z]+)|\\([{}$%#&_,; ])|([{}_^])|(\s+)|(.)", re.DOTALL)


def parse(text: str) -> Formula:
    """The formula that `text` says, without its $$. Raises ValueError with the remedy."""
    if len(text) > LONGEST:
        raise ValueError(_("A formula has {n} signs; {most} at most. Split it.").format(n=len(text), most=LONGEST))
    return _Reader(text).whole()


def plain(node: Formula) -> str:
    """In one line: "(x − μ) / √(σ² + ε)"."""
    match node:
        case Sign(text):
            return f" {text} " if text in SPACED else text
        case Row(parts):
            return "".join(map(plain, parts))
        case Fraction(above, below):
            return f"{_bracketed(above)} / {_bracketed(below)}"
        case Root(inside):
            return f"√{_bracketed(inside)}"
        case Accent(inside, sign):
            return plain(inside) + {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}[sign]
        case Scripts(base, below, above):
            said = plain(base) + (f"_{_bracketed(below)}" if below else "")
            power = plain(above) if above else ""
            raised = power.translate(POWERS)
            plainly = all(sign in POWERS for sign in map(ord, power)) if power else False
            return said + (raised if plainly else f"^{_bracketed(above)}" if above else "")


def said(text: str) -> str:
    """`text` with its formulas in one line each, for a terminal."""
    return FORMULA.sub(lambda found: plain(parse(found[1].strip())).strip(), text)


def _bracketed(node: Formula) -> str:
    text = plain(node).strip()
    return text if len(text) == 1 or isinstance(node, Sign) else f"({text})"


class _Reader:
    """Goes through the tokens once."""

    def __init__(self, text: str) -> None:
        self._tokens = [match for match in TOKEN.finditer(text) if match[4] is None or "\n" not in match[4]]
        self._next = 0

    def whole(self) -> Formula:
        node = self._row(0)
        if self._next < len(self._tokens):
            raise ValueError(_("There is a closing brace too many in the formula. Delete it."))
        return node

    def _row(self, depth: int) -> Formula:
        if depth > DEEPEST:
            raise ValueError(_("The formula is nested too deeply. Split it."))
        parts = list(self._parts(depth))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _parts(self, depth: int) -> Iterator[Formula]:
        before: Formula | None = None
        while (token := self._token()) is not None and token[0] != "}":
            if token[4]:
                self._next += 1
                continue
            part = self._with_scripts(depth)
            first = before is None or (isinstance(before, Sign) and before.text in (*SPACED, "(", "["))
            if isinstance(part, Sign) and part.text in "+−" and first:
                part = Sign(part.text + "\u200a")  # of a number, with no room around
            yield (before := part)

    def _with_scripts(self, depth: int) -> Formula:
        base = self._one(depth)
        scripts: dict[str, Formula] = {}
        while (token := self._token()) is not None and token[3] in ("_", "^"):
            self._next += 1
            if token[0] in scripts:
                raise ValueError(_("There are two {sign} after one thing. Put braces around it.").format(sign=token[0]))
            scripts[token[0]] = self._one(depth)
        return Scripts(base, scripts.get("_"), scripts.get("^")) if scripts else base

    def _one(self, depth: int) -> Formula:
        token = self._token()
        if token is None or token[0] in ("}", "_", "^"):
            raise ValueError(_("Something is missing in the formula: {what}. Add it, in braces.").format(
                what="…" if token is None else f"… {token[0]}"))  # fmt: skip
        self._next += 1
        if token[4]:
            return self._one(depth)
        if token[0] == "{":
            inside = self._row(depth + 1)
            self._close()
            return inside
        if token[1]:
            return self._command(token[1], depth)
        sign = token[2] or token[5]
        if token[2] in (",", ";", " "):
            return Sign("\u2009")
        return Sign({"-": "−", "*": "·"}.get(sign, sign), slanted=sign.isalpha())

    def _command(self, name: str, depth: int) -> Formula:
        match name:
            case "frac":
                return Fraction(self._one(depth + 1), self._one(depth + 1))
            case "sqrt":
                return Root(self._one(depth + 1))
            case "hat" | "bar" | "tilde":
                return Accent(self._one(depth + 1), name)
            case "text":
                return self._words()
        if name in WORDS:
            return Sign(name + "\u2009" * name.islower())
        if name in SIGNS:
            return Sign(SIGNS[name], slanted=SIGNS[name].islower())
        known = ["frac", "sqrt", "hat", "bar", "tilde", "text", *WORDS, *SIGNS]
        said = _("A formula has no \\{name}.").format(name=name)
        raise ValueError(Message.joined(said, did_you_mean(name, known)))

    def _words(self) -> Formula:
        if (token := self._token()) is None or token[0] != "{":
            raise ValueError(_("Write \\text{…} with braces."))
        self._next += 1
        words = ""
        while (token := self._token()) is not None and token[0] != "}":
            words += token[0]
            self._next += 1
        self._close()
        return Sign(words)

    def _close(self) -> None:
        if self._token() is None:
            raise ValueError(_("A brace is not closed in the formula. Close it."))
        self._next += 1

    def _token(self) -> re.Match[str] | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None
