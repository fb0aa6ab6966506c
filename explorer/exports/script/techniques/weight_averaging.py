"""Weight averaging in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import EarlyStopping, WeightAveraging


def fragments(averaging: WeightAveraging, situation: Situation) -> Fragments:
    helper = lines('''
        @torch.no_grad()
        def exchange(numbers, others):
            """Put `others` in place of `numbers`; what was there."""
            before = [number.clone() for number in numbers]
            torch._foreach_copy_(numbers, others)
            return before
    ''')
    return Fragments(
        helpers=(helper,),
        before=lines("""
            numbers = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
            average = [tensor.clone() for tensor in numbers]
        """),
        after_step=lines(f"""
            with torch.no_grad():
                decay = min({averaging.decay}, (1 + len(losses)) / (10 + len(losses)))
                torch._foreach_lerp_(average, numbers, 1 - decay)
        """),
        before_measuring="trained = exchange(numbers, average)",
        after_measuring="exchange(numbers, trained)",
        end="" if situation.recipe.technique(EarlyStopping) else "exchange(numbers, average)",
    )
