"""The learning-rate schedule in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines, source
from explorer.techniques import Schedule

HOME = "explorer.techniques.schedule"


def fragments(schedule: Schedule, _situation: Situation) -> Fragments:
    shape, needs = _shape(schedule)
    begin = lines('''
        def schedule(step, steps_per_epoch, losses):
            """The factor on the learning rate after so many steps, and these validation losses."""
            steps = EPOCHS * steps_per_epoch
    ''')
    warmup = lines(f"""
            warm = round({schedule.warmup} * steps_per_epoch)
            if {schedule.warmup} < EPOCHS:
                warm = min(warm, steps - 1)
            if step < warm:  # up in a straight line to where the shape begins
                return (step + 1) / (warm + 1) * shape(0, steps, steps_per_epoch, losses, 0)
            known = warm // steps_per_epoch  # the losses of the warm-up do not count
            return shape(step - warm, max(1, steps - warm), steps_per_epoch, losses, known)
    """)
    body = warmup if schedule.warmup else "return shape(step, steps, steps_per_epoch, losses, 0)"
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    form = "\n".join(f"    {line}" for line in shape.splitlines())
    head = "def shape(step, steps, steps_per_epoch, losses, warm):\n"
    helpers = [f"{begin}\n{indented}", f"{head}{form}", *(source(HOME, name) for name in needs)]
    return Fragments(helpers=tuple(helpers), rate="schedule(step, steps_per_epoch, [loss for loss, _acc in measured])")


def _shape(schedule: Schedule) -> tuple[str, tuple[str, ...]]:
    """The body of `shape`, and the functions of ours that it calls."""
    s, t, epoch = schedule, "t = min(1.0, step / steps)\n", "epoch = step / steps_per_epoch\n"
    match schedule.kind:
        case "one_cycle":
            text = lines(f"""
                t = min(1.0, step / max(1, steps - 1))  # the last step is at its end
                if t < {s.rise}:
                    return _cosine({1 / s.div}, 1.0, t / {s.rise})
                return _cosine(1.0, {1 / (s.div * 1e4)}, (t - {s.rise}) / (1 - {s.rise}))
            """)
            return text, ("_cosine",)
        case "cosine":
            return f"{t}return _cosine(1.0, 0.0, t)", ("_cosine",)
        case "cosine_restarts":
            call = f"_position_in_cycle(epoch, {s.every}, {s.growth})"
            return f"{epoch}return _cosine(1.0, 0.0, {call})", ("_cosine", "_position_in_cycle")
        case "step":
            return f"{epoch}return {s.gamma} ** int(epoch / {s.every} + 1e-9)", ()
        case "multi_step":
            return f"{epoch}return {s.gamma} ** sum(epoch >= milestone for milestone in {s.milestones})", ()
        case "exponential":
            return f"{epoch}return {s.gamma}**epoch", ()
        case "polynomial":
            return f"{t}return (1 - t) ** {s.power}", ()
        case "plateau":
            return f"return {s.gamma} ** _plateaus(losses[warm:], {s.patience})", ("_plateaus",)
        case "cyclic":
            low = 1 / s.div
            return f"{epoch}return {low} + (1 - {low}) * (1 - abs(2 * (epoch / {s.every} % 1) - 1))", ()
