"""Skip connections in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines, source
from explorer.networks import MLP, SmallCNN, ViT
from explorer.techniques import Normalization, Skip
from explorer.techniques.skip import SAFE_CHANNELS

LAYERS = "explorer.techniques.layers"


def fragments(skip: Skip, situation: Situation) -> Fragments:
    network = situation.recipe.network
    shortcut, helpers = "nn.Conv2d({c_in}, {c_out}, 1, {stride})", []
    if skip.kind == "identity":
        shortcut = "PadChannels({c_out} - {c_in}, {stride})"
        helpers.append(source(LAYERS, "PadChannels"))
    elif getattr(network, "width", SAFE_CHANNELS) < SAFE_CHANNELS:
        kind = f"(nn.Conv2d if {{c_in}} >= {SAFE_CHANNELS} else StridedProjection)"
        shortcut = f"{kind}({{c_in}}, {{c_out}}, 1, {{stride}})"
        helpers.append(source(LAYERS, "StridedProjection"))
    if not isinstance(network, SmallCNN):
        helpers.clear()  # in the other networks no block that has one changes the shape
    ends = _ends(situation) if skip.zero_start else ""
    if ends:
        helpers.append(
            lines(f'''
                def start_as_identity(model):
                    """The last scale of each block starts at zero, so that every block does nothing at first."""
                    for block in model.modules():
                        if {ends}
                                nn.init.zeros_(weights)
            ''')
        )
    return Fragments(shortcut=shortcut, helpers=tuple(helpers), model="start_as_identity(model)" if ends else "")


def _ends(situation: Situation) -> str:
    """Which blocks have a shortcut, and the weights that scale what such a block adds."""
    norm = situation.recipe.technique(Normalization)
    learns = norm is not None and norm.affine
    each, below = "for weights in block.{}.parameters():", f":\n{' ' * 28}"
    match situation.recipe.network:
        case SmallCNN():
            return f"isinstance(block, Block){below}{each.format('norm2' if learns else 'conv2')}"
        case MLP():
            same = "isinstance(block, Layer) and block.linear.in_features == block.linear.out_features"
            return f"{same}{below}{each.format('norm' if learns else 'linear')}"
        case ViT():
            both = "for weights in (*block.attention.project.parameters(), *block.linear2.parameters()):"
            return f"isinstance(block, TokenBlock){below}{both}"
    return ""
