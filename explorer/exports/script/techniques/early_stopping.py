"""Early stopping in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import EarlyStopping


def fragments(stopping: EarlyStopping, _situation: Situation) -> Fragments:
    least = f" - {stopping.min_delta}" if stopping.min_delta else ""
    keep = "if validation_loss < best_loss:\n    best_loss, best = validation_loss, copy.deepcopy(model.state_dict())"
    count = f"lowest, waited = (validation_loss, 0) if validation_loss < lowest{least} else (lowest, waited + 1)"
    return Fragments(
        before="best, best_loss = {}, math.inf\nlowest, waited = math.inf, 0",
        measured=keep,
        epoch_ends=lines(f"""
            {count}
            if waited > {stopping.patience}:
                print("stopped early")
                break
        """),
        end="model.load_state_dict(best)  # of the best epoch",
    )
