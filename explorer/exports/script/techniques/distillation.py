"""Knowledge distillation in the script; the teacher is a file beside it, an exported program."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import Distillation


def fragments(distillation: Distillation, _situation: Situation) -> Fragments:
    t, weight = distillation.temperature, distillation.weight
    return Fragments(
        before='teacher = torch.export.load(Path(path).with_name("teacher.pt2")).module()',
        objective=lines(f"""
            with torch.no_grad():
                answers = teacher(x)
            pupil, guide = ((values.float() / {t}).log_softmax(dim=1) for values in (logits, answers))
            apart = functional.kl_div(pupil, guide, log_target=True, reduction="batchmean")
            loss = (1 - {weight}) * loss + {weight} * {t}**2 * apart
        """),
    )
