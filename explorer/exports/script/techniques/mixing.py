"""MixUp and CutMix in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines, source
from explorer.techniques import Mixing

IMAGING = "explorer.techniques.image_ops.imaging"


def fragments(mixing: Mixing, _situation: Situation) -> Fragments:
    parts = [
        lines(f'''
            def mix_images(images, targets, rng):
                """Each image with another one of the batch, and their targets in the same proportion."""
                b, _c, h, w = images.shape
                u = uniforms(rng, ("mixed", "cut", "x", "y", "partner"), images)
                # Two gamma draws make a Beta draw; in double precision, where a small α does not give 0/0.
                shape = torch.full((2, b), {mixing.alpha}, dtype=torch.float64)
                gamma = torch._standard_gamma(shape, generator=fork(rng, "mixing", "cpu"))
                mix = (gamma[0] / gamma.sum(0)).float().to(images.device)
                mix = torch.where((u["mixed"] < {mixing.probability}) & (b > 1), mix, 1.0)
                # In a random circle of all images each takes its neighbour: never itself.
                circle = u["partner"].argsort()
                partner = torch.empty_like(circle).scatter_(0, circle, circle.roll(-1))
        '''),
        {
            "mixup": "    cut = torch.zeros_like(mix, dtype=torch.bool)",
            "cutmix": "    cut = torch.ones_like(mix, dtype=torch.bool)",
            "both": '    cut = u["cut"] < 0.5',
        }[mixing.kind],
        "    mixed = images",
    ]
    helpers = ["uniforms", "fork", "like"]
    if mixing.kind != "cutmix":
        parts.append(MIXUP)
    if mixing.kind != "mixup":
        parts.append(CUTMIX)
        helpers += ["integers", "erase"]
    parts.append("    targets = torch.lerp(targets[partner], targets, mix[:, None])")
    parts.append("    return like(mixed.clamp(0, 1), images), targets")
    rng = 'stream(SEED, "mixing", step, device=DEVICE)'
    return Fragments(
        helpers=("\n".join(parts), *(source(IMAGING, name) for name in helpers)),
        images=f"x, targets = mix_images(x, targets, {rng})",
    )


MIXUP = """    share = torch.where(cut, 1.0, mix).view(-1, 1, 1, 1)
    mixed = torch.lerp(images[partner], images, share)"""
CUTMIX = """    side = torch.where(cut, (1 - mix).sqrt(), 0.0)
    height, width = (side * h).round(), (side * w).round()
    # The centre is drawn evenly over the image, and the rectangle cut off at the edge, as in the paper.
    top, left = integers(u["y"], h) - height // 2, integers(u["x"], w) - width // 2
    bottom, right = (top + height).clamp(max=h), (left + width).clamp(max=w)
    top, left = top.clamp(min=0), left.clamp(min=0)
    mixed = erase(mixed, left, top, right - left, bottom - top, images[partner])
    mix = torch.where(cut, 1 - (bottom - top) * (right - left) / (h * w), mix)"""
