"""The script put together: settings, the loop, and below it just what the loop calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from explorer.exports.script import freezing, loop, network, optimizer
from explorer.exports.script.base import Fragments, Situation
from explorer.exports.script.techniques import FRAGMENTS
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.techniques import Technique, without_place

IMPORTS = (
    ("", "copy", r"\bcopy\."),
    ("", "hashlib", r"\bhashlib\."),
    ("", "math", r"\bmath\."),
    ("", "sys", r"\bsys\."),
    ("collections.abc", "Callable", r"\bCallable\b"),
    ("collections.abc", "Iterator", r"\bIterator\b"),
    ("collections.abc", "Sequence", r"\bSequence\b"),
    ("contextlib", "contextmanager", r"@contextmanager"),
    ("fnmatch", "fnmatchcase", r"\bfnmatchcase\("),
    ("functools", "partial", r"\bpartial\("),
    ("pathlib", "Path", r"\bPath\("),
    ("typing", "Any", r"\bAny\b"),
    ("typing", "NamedTuple", r"\bNamedTuple\b"),
)
"""Of the standard library: module, name, and by what one sees that it is used."""
DEFAULTS = {
    "loss": "loss = divergence(logits, targets)",
    "forward": "logits = model(x)",
    "backward": "loss = loss_of(x, targets)\nloss.backward()",
    "start": loop.TORCH_START.strip(),
}
"""What stands in a place where no technique puts its own."""
EXCLUSIVE = ("loss", "backward", "start")
"""Places of which a technique takes the whole."""
BF16 = """with torch.autocast(DEVICE.type, torch.bfloat16):
    logits = model(x)"""


@dataclass(frozen=True)
class Facts:
    """Of the run and its images; what is not known is left to the machine."""

    threads: int = 0
    mirrors: bool = True
    notes: tuple[str, ...] = ()
    """What a reader must know."""


def script(recipe: Recipe, facts: Facts = Facts()) -> str:
    """Python that needs torch and numpy alone. Raises InputError for a network that it does not know."""
    situation = Situation(recipe, facts.mirrors)
    acting = [technique for technique in recipe.techniques if not without_place(technique, recipe.network)]
    found: list[tuple[Technique | None, Fragments]] = [(t, FRAGMENTS[t.name](t, situation)) for t in acting]
    if frozen := freezing.fragments(situation):
        found.append((next((t for t in acting if t.acts_in("layer_rate")), None), frozen))
    fragments = [fragment for _technique, fragment in found]
    body = [
        _filled(loop.TRAIN, _places(recipe, facts, found)),
        *network.code(recipe.network, network.Layers(fragments)),
        *dict.fromkeys(helper for fragment in fragments for helper in fragment.helpers),
        _filled(loop.START, _start(found)),
        *optimizer.code(recipe.optimizer, frozen is not None),
        loop.DIVERGENCE,
        _filled(loop.EVALUATE, {"predict": _predict(recipe)}),
        loop.IMAGES,
        loop.STREAMS,
        'if __name__ == "__main__":\n    train(*sys.argv[1:])',
    ]
    code = "\n\n\n".join(part.strip("\n") for part in body)
    settings = _settings(recipe, fragments)
    head = [_said(recipe, facts), "from __future__ import annotations", *_imports(code), settings]
    return "\n\n".join(head) + "\n\n\n" + code + "\n"


def _imports(code: str) -> tuple[str, str]:
    """Of the standard library, and of the two packages: what `code` uses."""
    used = [(module, name) for module, name, pattern in IMPORTS if re.search(pattern, code)]
    lines = [f"import {name}" for module, name in used if not module]
    for module in dict.fromkeys(module for module, _name in used if module):
        lines.append(f"from {module} import {', '.join(name for other, name in used if other == module)}")
    tensor = "Tensor, " if re.search(r"\bTensor\b", code) else ""
    others = f"import numpy as np\nimport torch\nfrom torch import {tensor}nn\nfrom torch.nn import functional"
    return "\n".join(lines), others


def _said(recipe: Recipe, facts: Facts) -> str:
    """The docstring: what is on, how to run it, and what it promises."""
    on = [f"- {technique.said}: {_(technique.summary)}" for technique in recipe.techniques] or [_("nothing")]
    text = [
        _("A training run of Training Explorer as a plain script. It needs torch and numpy:"),
        "",
        "    python script.py images.npz",
        "",
        _("What is switched on:"),
        *on,
        "",
        _("On the same images and machine it gives the losses of the run, bit for bit, or within what rounding does."),
        *facts.notes,
    ]
    return '"""' + "\n".join(text).replace('"""', "'''").replace("\\", "\\\\") + '\n"""'


def _settings(recipe: Recipe, fragments: Sequence[Fragments]) -> str:
    device = '"cuda" if torch.cuda.is_available() else "cpu"' if recipe.device == "auto" else repr(recipe.device)
    lines = [
        f"DEVICE = torch.device({device})",
        f"SEED = {recipe.seed}",
        f"EPOCHS = {recipe.epochs}",
        f"BATCH_SIZE = {recipe.batch_size}",
        f"LEARNING_RATE = {recipe.rate}",
        f"WEIGHT_DECAY = {recipe.weight_decay}",
    ]
    if any(fragment.draws for fragment in fragments):
        lines.append("DROPS = torch.Generator(DEVICE)  # what falls out is drawn from it")
    return "\n".join([*lines, *(fragment.settings for fragment in fragments if fragment.settings)])


def _places(recipe: Recipe, facts: Facts, found: Sequence[tuple[Technique | None, Fragments]]) -> dict[str, str]:
    """The lines of each place of `train`."""
    places = {field.name: "" for field in fields(Fragments)} | DEFAULTS
    for technique, fragment in found:
        for name in places:
            text = getattr(fragment, name, "")
            if isinstance(text, str) and text:
                block = f"{_comment(technique)}{text}"
                taken = places[name] if name not in EXCLUSIVE else ""
                places[name] = f"{taken}\n{block}" if taken else block
    rates = [f.rate for _technique, f in found if f.rate]
    frozen = any("group[" in rate for rate in rates)
    whole = "len(labels) // BATCH_SIZE"
    return places | {
        "threads": f"torch.set_num_threads({facts.threads})  # sums over threads are rounded by their number"
        if facts.threads
        else "",
        "steps": whole if recipe.drop_last else "-(-len(labels) // BATCH_SIZE)",
        "optimizer": "optimizer_of({1.0: list(model.parameters())})" if frozen else "optimizer_of(model.parameters())",
        "rate": " * ".join(["LEARNING_RATE", *rates]),
        "reseed": 'DROPS.manual_seed(number(SEED, "dropout", step, *piece))' if any(f.draws for _t, f in found) else "",
        "forward": BF16 if recipe.precision == "bf16" else DEFAULTS["forward"],
    }


def _start(found: Sequence[tuple[Technique | None, Fragments]]) -> dict[str, str]:
    own = [f"{_comment(technique)}{f.start}" for technique, f in found if f.start]
    return {"start": own[-1] if own else DEFAULTS["start"]}


def _predict(recipe: Recipe) -> str:
    answers = "logits = torch.cat([model(to_float(part)).float() for part in parts])"
    if recipe.precision != "bf16":
        return answers
    return f"with torch.autocast(DEVICE.type, torch.bfloat16):\n    {answers}"


def _comment(technique: Technique | None) -> str:
    return f"# {_(technique.title)}: {_(technique.summary)}\n" if technique else ""


def _filled(template: str, places: dict[str, str]) -> str:
    """`template` with the lines of each place where it says `#: name`, indented as that; nothing where there are none.

    `#= name` within a line is an expression.
    """
    return "\n".join(_lines(template.strip("\n"), places))


def _lines(template: str, places: dict[str, str]) -> Iterator[str]:
    for line in template.splitlines():
        if match := re.fullmatch(r"( *)#: (\w+)", line):
            for own in places.get(match[2], "").splitlines():
                yield (match[1] + own).rstrip()
        else:
            yield re.sub(r"#= (\w+)", lambda found: places[found[1]], line)
