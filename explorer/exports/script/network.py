"""The network of the script: plain classes with just the layers that are there, under the names of our own."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.errors import InputError
from explorer.exports.script.base import Fragments, source
from explorer.i18n import N_, Message
from explorer.networks import MLP, Network, SmallCNN, ViT

BLOCKS, STAGES = "explorer.networks.blocks", ("stage1", "stage2", "stage3")


class Layers:
    """What the techniques put into the blanks of a network, as expressions; empty where nothing is put."""

    def __init__(self, fragments: Sequence[Fragments]) -> None:
        def last(name: str) -> str:
            return next((text for f in reversed(fragments) if (text := getattr(f, name))), "")

        self.act = last("activation") or "nn.ReLU()"
        self._norm, self._drop, self._branch, self.shortcut = map(last, ("norm", "drop", "branch", "shortcut"))
        self.drops = {place: p for f in fragments for place, p in f.drops}
        self.branches = max((f.branches for f in fragments), default=0.0)

    def norm(self, channels: object) -> str:
        return self._norm.format(c=channels) if self._norm else ""

    @property
    def in_blocks(self) -> bool:
        """Whether blocks have dropout."""
        return any(place in self.drops for place in STAGES)

    def drop(self, p: object) -> str:
        return self._drop.format(p=p)

    def branch(self, p: object) -> str:
        return self._branch.format(p=p) if self.shortcut and self._branch else ""

    def block(self, name: str, arguments: str, stage: str, first: int, count: int, of: int) -> str:
        """`count` blocks in a row, numbered from `first`, of `of` in the network."""
        p = f", p={self.drops.get(stage, 0.0)}" if self.in_blocks else ""
        if self.branch("p"):
            skip = f", skip={self.branches} * (k + 1) / {of}" if name != "TokenBlock" else f", k=k, of={of}"
        else:
            skip = ""
        one = f"{name}({arguments}{p}{skip})"
        if skip:
            return f"*({one} for k in range({first}, {first + count}))"
        return one if count == 1 else f"*({one} for _ in range({count}))"


def code(network: Network, layers: Layers) -> tuple[str, ...]:
    """Classes, the last of them `Network`. Raises InputError for a network that the script does not know."""
    match network:
        case SmallCNN():
            return _small_cnn(network, layers)
        case MLP():
            return _mlp(network, layers)
        case ViT():
            return _vit(network, layers)
    text = N_("A script of {network} cannot be written yet. Export its weights, or choose another network.")
    raise InputError(Message(text, network=network.proper_name))


def _class(head: str, signature: str, made: Sequence[tuple[str, str]], forward: Sequence[str]) -> str:
    """A module: its layers by name, those that are empty left out, and the lines of `forward`."""
    name, said = head.split(": ", 1)
    body = "\n".join(f"        self.{layer} = {made_of}" for layer, made_of in made if made_of)
    return (
        f'class {name}(nn.Module):\n    """{said}"""\n\n'
        f"    def __init__(self, {signature}):\n        super().__init__()\n"
        + body
        + "\n\n    def forward(self, x):\n"
        + "\n".join(f"        {line}" for line in forward)
    )


def _chain(inner: str, *layers: tuple[str, str]) -> str:
    """Calls of the layers that are there, one within the other."""
    for name, made_of in layers:
        inner = f"self.{name}({inner})" if made_of else inner
    return inner


def _signature(base: str, layers: Layers, skip: str = ", skip=0.0") -> str:
    return base + (", p=0.0" if layers.in_blocks else "") + (skip if layers.branch("p") else "")


def _stages(network: Network, layers: Layers, blocks: Sequence[str]) -> list[tuple[str, str]]:
    return [(stage, f"nn.Sequential({text})") for stage, text in zip(STAGES, blocks, strict=True)]


def _head(layers: Layers, width: int) -> list[tuple[str, str]]:
    classifier = layers.drops.get("classifier")
    return [
        ("drop", layers.drop(classifier) if classifier is not None else ""),
        ("classifier", f"nn.Linear({width}, classes)"),
    ]


def _small_cnn(net: SmallCNN, layers: Layers) -> tuple[str, ...]:
    n, widths = (net.depth - 2) // 6, (net.width, 2 * net.width, 4 * net.width)
    norm, branch = layers.norm("c_out"), layers.branch("skip")
    drop = layers.drop("p") if layers.in_blocks else ""
    shortcut = layers.shortcut.format(c_in="c_in", c_out="c_out", stride="stride")
    made = [
        ("conv1", "nn.Conv2d(c_in, c_out, 3, stride, padding=1)"),
        ("norm1", norm),
        ("act1", layers.act),
        ("conv2", "nn.Conv2d(c_out, c_out, 3, padding=1)"),
        ("norm2", norm),
        ("shortcut", shortcut and f"nn.Identity() if c_in == c_out and stride == 1 else {shortcut}"),
        ("branch", branch),
        ("act2", layers.act),
        ("drop", drop),
    ]
    act2 = [("act2", layers.act), ("drop", drop)]
    forward = [f"y = {_chain('x', ('conv1', 'x'), ('norm1', norm), ('act1', 'x'))}"]
    forward.append(f"y = {_chain('y', ('conv2', 'x'), ('norm2', norm), ('branch', branch))}")
    forward.append(f"return {_chain('y + self.shortcut(x)' if shortcut else 'y', *act2)}")
    said = "Two convolutions" + (", and a shortcut around both." if shortcut else ".")
    block = _class(f"Block: {said}", _signature("c_in, c_out, stride", layers), made, forward)

    rows, c_in = [], net.width
    for number, (stage, c_out) in enumerate(zip(STAGES, widths, strict=True)):
        first = layers.block("Block", f"{c_in}, {c_out}, {2 if number else 1}", stage, number * n, 1, 3 * n)
        rest = layers.block("Block", f"{c_out}, {c_out}, 1", stage, number * n + 1, n - 1, 3 * n) if n > 1 else ""
        rows.append(", ".join(filter(None, (first, rest))))
        c_in = c_out
    head, norm = _head(layers, widths[-1]), layers.norm(net.width)
    whole = _class(
        f"Network: {net}: a stem, three stages of {n} block{'s' * (n > 1)}, the mean over all pixels, a classifier.",
        "images, classes",
        [
            ("input", "Standardize(images)"),
            ("conv", f"nn.Conv2d(images.shape[1], {net.width}, 3, stride=2, padding=1)"),
            ("norm", norm),
            ("act", layers.act),
            *_stages(net, layers, rows),
            ("pool", "nn.AdaptiveAvgPool2d(1)"),
            *head,
        ],
        [
            f"x = {_chain('self.input(x)', ('conv', 'x'), ('norm', norm), ('act', 'x'))}",
            "x = self.stage3(self.stage2(self.stage1(x)))",
            f"return {_chain('self.pool(x).flatten(1)', *head)}",
        ],
    )
    return block, whole


def _in_stages(count: int) -> list[list[int]]:
    return [[k for k in range(count) if 3 * k // count == stage] for stage in range(3)]


def _mlp(net: MLP, layers: Layers) -> tuple[str, ...]:
    norm, branch = layers.norm("c_out"), layers.branch("skip")
    drop = layers.drop("p") if layers.in_blocks else ""
    helpers = (source(BLOCKS, "_normalized"),) if norm else ()
    made = [
        ("linear", "nn.Linear(c_in, c_out)"),
        ("norm", norm),
        ("act", layers.act),
        ("branch", branch),
        ("drop", drop),
    ]
    inner = "_normalized(self.norm, self.linear(x))" if norm else "self.linear(x)"
    forward = [f"y = {_chain(inner, ('act', 'x'))}"]
    if layers.shortcut:
        forward += ["if x.shape == y.shape:", f"    y = {_chain('y', ('branch', branch))} + x"]
    forward.append(f"return {_chain('y', ('drop', drop))}")
    block = _class("Layer: A linear layer and its activation.", _signature("c_in, c_out", layers), made, forward)
    rows = []
    for stage, numbers in zip(STAGES, _in_stages(net.depth), strict=True):
        parts = []
        if numbers and numbers[0] == 0:
            parts.append(layers.block("Layer", f"images[0].numel(), {net.width}", stage, 0, 1, net.depth))
            numbers = numbers[1:]
        if numbers:
            parts.append(layers.block("Layer", f"{net.width}, {net.width}", stage, numbers[0], len(numbers), net.depth))
        rows.append(", ".join(parts))
    head = _head(layers, net.width)
    whole = _class(
        f"Network: {net}: linear layers one after the other.",
        "images, classes",
        [("input", "Standardize(images)"), *_stages(net, layers, rows), *head],
        [
            "x = self.input(x).flatten(1)",
            "x = self.stage3(self.stage2(self.stage1(x)))",
            f"return {_chain('x', *head)}",
        ],
    )
    return (*helpers, block, whole)


def _vit(net: ViT, layers: Layers) -> tuple[str, ...]:
    norm = layers.norm(net.width)
    p = f"{layers.branches} * (2 * k + {{}}) / (2 * of)"
    branches = [layers.branch(p.format(one)) for one in (1, 2)]
    drop = layers.drop("p") if layers.in_blocks else ""
    helpers = [source(BLOCKS, "PatchEmbedding", "places", "Attention", LONGEST="10_000.0")]
    if norm:
        helpers.append(source(BLOCKS, "_normalized"))
    w = net.width
    made = [
        ("norm1", norm),
        ("attention", f"Attention({w}, {net.heads})"),
        ("norm2", norm),
        ("linear1", f"nn.Linear({w}, {4 * w})"),
        ("act", layers.act),
        ("linear2", f"nn.Linear({4 * w}, {w})"),
        ("branch1", branches[0]),
        ("branch2", branches[1]),
        ("drop", drop),
    ]

    def add(y: str, number: int) -> str:
        return f"x = {_chain(y, (f'branch{number}', branches[number - 1]))} + x" if layers.shortcut else f"x = {y}"

    before = ["_normalized(self.norm1, x)", "_normalized(self.norm2, x)"] if norm else ["x", "x"]
    forward = [
        add(f"self.attention({before[0]})", 1),
        add(f"self.linear2(self.act(self.linear1({before[1]})))", 2),
        "return self.drop(x.transpose(1, 2)).transpose(1, 2)" if drop else "return x",
    ]
    said = "TokenBlock: Attention, then two linear layers on each token."
    signature = _signature("", layers, ", k=0, of=1").removeprefix(", ")
    block = _class(said, signature, made, forward).replace("(self, )", "(self)")
    rows = [
        layers.block("TokenBlock", "", stage, numbers[0], len(numbers), net.depth).replace("(, ", "(")
        if numbers
        else ""
        for stage, numbers in zip(STAGES, _in_stages(net.depth), strict=True)
    ]
    pool = _class("TokenPool: The mean of all tokens.", "", [("norm", norm or "nn.Identity()")], [
        "return _normalized(self.norm, x).mean(1)" if norm else "return x.mean(1)"
    ]).replace("(self, )", "(self)")  # fmt: skip
    head = _head(layers, w)
    whole = _class(
        f"Network: {net}: patches of {net.patch} × {net.patch} pixels that attend to each other.",
        "images, classes",
        [
            ("input", "Standardize(images)"),
            ("patches", f"PatchEmbedding(images.shape[1], {w}, {net.patch})"),
            *_stages(net, layers, rows),
            ("pool", "TokenPool()"),
            *head,
        ],
        [
            "x = self.patches(self.input(x))",
            "x = self.stage3(self.stage2(self.stage1(x)))",
            f"return {_chain('self.pool(x)', *head)}",
        ],
    )
    return (*helpers, block, pool, whole)
