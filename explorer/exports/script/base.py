"""What a technique adds to the script, by the place of its lines; and code of ours that is taken over whole."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from textwrap import dedent

from explorer.recipe import Recipe


@dataclass(frozen=True)
class Fragments:
    """Lines of Python for the places of the script; empty where nothing is added.

    What stands in `train` (see loop.py) gets a comment with the technique's title above it.
    """

    settings: str = ""
    """Constants at the top."""
    helpers: tuple[str, ...] = ()
    """Functions and classes, each whole."""

    # Expressions within the network; {c}: channels, {p}: of stage or block.
    norm: str = ""
    activation: str = ""
    drop: str = ""
    drops: tuple[tuple[str, float], ...] = ()
    """(place, p): after the blocks of which stages, and before the classifier."""
    shortcut: str = ""
    """{c_in}, {c_out}, {stride}: where the shape changes."""
    branch: str = ""
    branches: float = 0.0
    """p of the last block."""

    # Lines of `start`, which draws the weights of each `layer` from `rng`.
    start: str = ""

    # Lines of `train`.
    model: str = ""
    """The network stands."""
    before: str = ""
    """Once, before the first epoch."""
    epoch: str = ""
    """An epoch begins, the network is in training mode."""
    order: str = ""
    """`order` (N,) is drawn."""
    targets: str = ""
    """`targets` (B, classes) are one-hot."""
    images: str = ""
    """`x` (B, C, H, W) is what the network will see."""
    loss: str = ""
    """Takes the place of the loss of `logits` against `targets`."""
    objective: str = ""
    """Makes another `loss` of it."""
    backward: str = ""
    """Takes the place of one pass forward and back."""
    gradients: str = ""
    """Gradients are there, the step is not yet taken."""
    rate: str = ""
    """A factor on the learning rate."""
    after_step: str = ""
    before_measuring: str = ""
    measured: str = ""
    """`validation_loss` is known, the network is as it was measured."""
    after_measuring: str = ""
    epoch_ends: str = ""
    end: str = ""
    """Before the test images are measured."""
    draws: bool = False
    """Whether layers draw from DROPS."""


@dataclass(frozen=True)
class Situation:
    """What there is to know beside the technique itself."""

    recipe: Recipe
    mirrors: bool = True
    """Whether a mirror image shows the same class."""


@cache
def source(module: str, *names: str, **changes: str) -> str:
    """The definitions `names` of our own `module` as they are, without its imports: the script does the very same.

    The module is read, not imported: it may need torch, and the window shows the script before torch is there.
    """
    spec = find_spec(module)
    text = spec.loader.get_source(module) if spec and spec.loader else None  # type: ignore[attr-defined]
    if text is None:
        return f"# The source of {module} is not part of this installation."
    lines, found = text.splitlines(), {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    code = "\n\n\n".join(found[name] for name in names)
    imports = r"(?m)^ +(?:import torch|from explorer\.\S+ import .*|import explorer.*)\n\n?"
    code = re.sub(imports, "", code)
    for old, new in changes.items():
        code = re.sub(rf"\b{old}\b\.?", new, code)
    return code


def dropping(name: str, said: str, shape: str) -> str:
    """A layer that zeroes what it draws from DROPS, with probability p: one draw for each element of `shape`."""
    return lines(f'''
        class {name}(nn.Module):
            """{said}"""

            def __init__(self, p):
                super().__init__()
                self.p = p

            def forward(self, x):
                if not self.training or self.p == 0:
                    return x
                keep = torch.empty({shape}, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=DROPS)
                return x * keep.div_(1 - self.p)
    ''')


def lines(text: str) -> str:
    """A block of code as it is written in a fragment, indented with the Python around it."""
    return dedent(text).strip("\n")
