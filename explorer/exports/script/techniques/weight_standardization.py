"""Weight standardization in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines, source
from explorer.techniques import WeightStandardization


def fragments(standardization: WeightStandardization, situation: Situation) -> Fragments:
    if "convolution" not in situation.recipe.network.blanks:
        return Fragments()
    centre, divide = standardization.kind != "divide", standardization.kind != "centre"
    replace = lines(f'''
        def standardize_filters(model):
            """Put a convolution that standardizes its filters in the place of each, with the same parameters."""
            for module in list(model.modules()):
                for name, layer in list(module.named_children()):
                    if isinstance(layer, nn.Conv2d):
                        setattr(module, name, StandardizedConv2d(layer, centre={centre}, divide={divide}))
    ''')
    layer = source("explorer.techniques.layers", "StandardizedConv2d")
    return Fragments(helpers=(replace, layer), model="standardize_filters(model)")
