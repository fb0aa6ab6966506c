"""Layers that stand still in the script: frozen by transfer learning, or by name."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, source
from explorer.networks import SmallCNN, ViT
from explorer.techniques import FrozenNorm, FrozenNormalization, LayerPlace, LayerRate, Transfer


def fragments(situation: Situation) -> Fragments | None:
    """None where every layer learns at the same rate."""
    recipe = situation.recipe
    transfer = recipe.technique(Transfer)
    stands = transfer and (transfer.train != "all" or transfer.depth_factor != 1)
    if not (stands or recipe.frozen):
        return None
    policy = recipe.technique(FrozenNormalization)
    norm = policy.layer_rate(LayerPlace("", 0, 1), 0, LayerRate()).norm if policy else FrozenNorm()
    settings, frozen, factor = [], [], "1.0"
    if transfer and stands:
        stages = _stages(situation)
        settings.append(f"STAGES = {stages}  # layers from the images to the head")
        below = {"head": len(stages), "top": transfer.frozen_stages, "all": 0}[transfer.train]
        thawed = f" - epoch // {transfer.thaw_every}" if transfer.thaw_every else ""
        if below:
            frozen.append(f"stage < {min(below, len(stages) - 1)}{thawed}")
        if transfer.depth_factor != 1:
            factor = f"{transfer.depth_factor} ** (len(STAGES) - 1 - stage)"
    if recipe.frozen:
        settings.append(f"FROZEN = {recipe.frozen}  # layers by name")
        frozen.append('any(name == p or name.startswith(p + ".") or fnmatchcase(name, p) for p in FROZEN)')
    stage = (
        "        stage = next((i for i, group in enumerate(STAGES) if any(f'{name}.'.startswith(f'{part}.') "
        "for part in group)), len(STAGES) - 1)\n"
        if any("stage" in part for part in (*frozen, factor))
        else ""
    )
    rates = f'''def rates_of(model, epoch):
    """For each layer with parameters whether it stands still in `epoch`, and its factor on the learning rate."""
    rates = {{}}
    for name, module in model.named_modules():
        if not list(module.parameters(recurse=False)):
            continue
{stage}        rates[name] = ({" or ".join(frozen) or "False"}, {factor})
    return rates'''
    return Fragments(
        settings="\n".join(settings),
        helpers=(rates, *_learn(norm)),
        epoch="optimizer = learn(model, epoch, optimizer)",
        rate='group["factor"]',
    )


def _learn(norm: FrozenNorm) -> tuple[str, ...]:
    learns = "not stands" + (" or isinstance(module, nn.BatchNorm2d)" if norm.affine_trains else "")
    modes = [f"layer.training = {not norm.uses_running}", f"layer.track_running_stats = {norm.statistics_update}"]
    helpers = []
    if norm.uses_running and norm.statistics_update:
        modes.append("layer.forward = partial(normalize_and_follow, model, layer)")
        helpers = [FOLLOW, source("explorer.training.freezing", "_follow", _BatchNorm="nn.BatchNorm2d")]
    learn = LEARN.replace("#: learns", learns).replace("#: modes", f"\n{' ' * 16}".join(modes))
    return (learn, *helpers)


LEARN = '''def learn(model, epoch, optimizer):
    """Freeze and thaw layers; an optimizer for those that learn, which remembers what `optimizer` did."""
    rates, groups = rates_of(model, epoch), {}
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        stands, factor = rates.get(name, (False, 1.0))
        learns = #: learns
        for parameter in own:
            parameter.requires_grad_(learns)
            if not learns:
                parameter.grad = None
        if own and learns:
            groups.setdefault(factor, []).extend(own)
    for name, layer in model.named_modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None:
            # One without γ and β stands still with the layers beside it.
            parent = name.rpartition(".")[0]
            beside = [stands for other, (stands, _factor) in rates.items() if other.rpartition(".")[0] == parent]
            layer.__dict__.pop("forward", None)
            layer.training = layer.track_running_stats = True
            if rates[name][0] if name in rates else beside and all(beside):
                #: modes
    new = optimizer_of(groups)
    for parameter in (parameter for own in groups.values() for parameter in own):
        if parameter in optimizer.state:
            new.state[parameter] = optimizer.state[parameter]
    return new'''
FOLLOW = '''def normalize_and_follow(model, layer, x):
    """Batch normalization with the running statistics, which follow the batches all the same."""
    mean, variance = layer.running_mean.clone(), layer.running_var.clone()
    if model.training and layer.track_running_stats:
        _follow(layer, x.detach())
    return functional.batch_norm(x, mean, variance, layer.weight, layer.bias, eps=layer.eps)'''


def _stages(situation: Situation) -> tuple[tuple[str, ...], ...]:
    """Groups of layer names from the images to the head, as the network has them."""
    network = situation.recipe.network
    depth = (network.depth - 2) // 6 * 3 if isinstance(network, SmallCNN) else int(getattr(network, "depth", 3))
    filled: list[tuple[str, ...]] = [
        (f"stage{i + 1}",) for i in range(3) if any(3 * k // depth == i for k in range(depth))
    ]
    stems: dict[type, tuple[str, ...]] = {SmallCNN: ("conv", "norm", "act"), ViT: ("patches",)}
    stem = [stems[type(network)]] if type(network) in stems else []
    if isinstance(network, ViT):
        filled[-1] = (*filled[-1], "pool")
    return (*stem, *filled, ("classifier",))
