"""Class balance in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import ClassBalance


def fragments(balance: ClassBalance, _situation: Situation) -> Fragments:
    raw = "1 / n" if balance.by == "inverse" else f"(1 - {balance.beta}) / (1 - {balance.beta}**n)"
    weights = lines(f'''
        def class_weights(labels, classes):
            """(classes,): how much each counts, by its number of training images; mean 1 over all of these."""
            n = torch.bincount(labels.cpu(), minlength=classes).double()
            raw = torch.where(n > 0, {raw}, 0.0)
            return raw * n.sum() / (raw * n).nan_to_num().sum()
    ''')
    if balance.where == "loss":
        weighed = lines('''
            def weighed_divergence(logits, targets, weights):
                """The same as `divergence`, where each image has a weight."""
                likely = functional.log_softmax(logits.float(), dim=1)
                return (functional.kl_div(likely, targets, reduction="none").sum(dim=1) * weights).mean()
        ''')
        weighing = "weighed_divergence(logits, targets, targets @ balance)"
        return Fragments(
            helpers=(weights, EQUAL, weighed),
            before="balance = class_weights(labels, classes).float().to(DEVICE)\nequal = all_alike(labels)",
            loss=f"loss = divergence(logits, targets) if equal else {weighing}",
        )
    draw = lines('''
        def balanced(order, labels, weights, rng):
            """As many images as in `order`, of each class in proportion to its weight times its number."""
            wanted = weights * torch.bincount(labels)
            taken = wanted.floor().long()  # whole numbers that add up: by the largest remainder
            missing = len(order) - int(taken.sum())
            taken[(wanted - taken).argsort(descending=True, stable=True)[:missing]] += 1
            drawn = []
            for label, count in enumerate(taken.tolist()):
                members = order[labels[order] == label]
                if count:
                    drawn.append(members.repeat(-(-count // len(members)))[:count])
            indices = torch.cat(drawn)
            return indices[torch.randperm(len(indices), generator=rng)]
    ''')
    return Fragments(
        helpers=(weights, EQUAL, draw),
        order=lines("""
            if not all_alike(labels):
                weights, rng = class_weights(labels, classes), stream(SEED, "class_balance", epoch)
                order = balanced(order.cpu(), labels.cpu(), weights, rng).to(DEVICE)
        """),
    )


EQUAL = '''def all_alike(labels):
    """Whether every class has as many images: then there is nothing to balance."""
    n = torch.bincount(labels.cpu())
    return bool((n[n > 0] == n[n > 0][0]).all())'''
