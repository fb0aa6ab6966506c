"""Augmentation in the script: just the operations that are on, each image with numbers of its own."""

from __future__ import annotations

import re

from explorer.exports.script.base import Fragments, Situation, source
from explorer.techniques import Augmentation
from explorer.techniques.augmentation import DRAWS
from explorer.techniques.image_ops.policies import LEVELS, OPERATIONS

IMAGING, POLICIES = "explorer.techniques.image_ops.imaging", "explorer.techniques.image_ops.policies"


def fragments(augmentation: Augmentation, situation: Situation) -> Fragments:
    a, helpers, body = augmentation, ["uniforms", "like"], list[str]()
    settings = f"DRAWS = {DRAWS}  # what every image draws, whatever is on: so nothing that is switched moves the rest"
    extra: list[str] = []
    mirror, over = (a.flip_horizontal, a.flip_vertical) if situation.mirrors else (0.0, 0.0)
    if a.crop or mirror or over:
        helpers += ["integers", "shift_and_flip"]
        far = "round({crop} * {side})" if a.crop < 1 else "{crop:.0f}"
        sides = [far.format(crop=a.crop, side=side) if a.crop else "0" for side in ("h", "w")]
        body.append(CROP.format(down=sides[0], right=sides[1], mirror=mirror, over=over))
    if a.policy != "custom":
        magnitude = None if a.policy == "trivial" else a.magnitude
        slots = 1 if a.policy == "trivial" else a.operations
        body.append(f"    images = apply_policy(images, rng, slots={slots}, magnitude={magnitude})")
        helpers += [
            "fork", "pose", "warp", "luma", "_blend", "_each", "brightness", "contrast", "saturation", "sharpness",
            "posterize", "solarize", "autocontrast", "equalize",
        ]  # fmt: skip
        extra.append(_policies())
    else:
        if a.rotation or a.translation or a.scale:
            helpers += ["symmetric", "pose", "warp"]
            body.append(WARP.format(rotation=a.rotation, translation=a.translation, scale=a.scale))
        for change, limit in (("brightness", a.brightness), ("contrast", a.contrast), ("saturation", a.saturation)):
            if limit:
                low = max(0.0, 1 - limit)
                helpers += ["_each", *(["luma", "_blend"] if change != "brightness" else []), change]
                only = "" if change != "saturation" else "if images.shape[1] == 3:\n        "
                line = f'images = {change}(images, {low} + (1 + {limit} - {low}) * u["{change}"])'
                body.append(f"    {only}{line}")
        if a.hue:
            helpers += ["symmetric", "hue"]
            body.append(f'    if images.shape[1] == 3:\n        images = hue(images, symmetric(u["hue"], {a.hue}))')
        if a.noise:
            helpers.append("fork")
            body.append(NOISE.format(noise=a.noise))
    if a.erasing:
        helpers += ["integers", "erase", *(["fork"] if a.erasing_fill == "noise" else [])]
        low, high = sorted((a.erasing_smallest, a.erasing_largest))
        body.append(ERASE.format(low=low, high=high, p=a.erasing) + FILLS[a.erasing_fill])
    function = "\n".join([HEAD, *body, "    return like(images.clamp(0, 1), original)"])
    constants = ("LUMA = (0.299, 0.587, 0.114)  # as Pillow converts to grey",) if "luma" in helpers else ()
    named = [source(IMAGING, name) for name in dict.fromkeys(helpers)]
    return Fragments(
        settings="\n".join((settings, *constants)),
        helpers=(function, *extra, *named),
        images='x = augment(x, stream(SEED, "augmentation", step, device=DEVICE))',
    )


HEAD = '''def augment(images, rng):
    """Another view of each image, with its label."""
    h, w = images.shape[2:]
    u = uniforms(rng, DRAWS, images)
    original, images = images, images.contiguous()'''
CROP = """    down, right = {down}, {right}  # pixels by which an image moves at most; zeros enter
    x, y = integers(u["crop_x"], 2 * right + 1) - right, integers(u["crop_y"], 2 * down + 1) - down
    mirror, over = u["flip"] < {mirror}, u["flip_vertical"] < {over}
    images = shift_and_flip(images, x, y, mirror, over, margin=max(down, right))"""
WARP = """    degrees, scale = symmetric(u["rotation"], {rotation}), 1 + symmetric(u["scale"], {scale})
    x = symmetric(u["translation_x"], {translation} * w)
    y = symmetric(u["translation_y"], {translation} * h)
    images = warp(images, pose(degrees, scale, x, y))"""
NOISE = """    noise = torch.randn(images.shape, generator=fork(rng, "noise", images.device), device=images.device)
    images = images + {noise} * noise"""
ERASE = """    share = {low} + ({high} - {low}) * u["erase_area"]
    ratio = (0.3 * 11 ** u["erase_ratio"]).clamp(min=share * h / w, max=h / w / share)  # height to width
    hit = u["erase"] < {p}
    height = (share * h * w * ratio).sqrt().round().clamp(1, h) * hit
    width = (share * h * w / ratio).sqrt().round().clamp(1, w) * hit
    x, y = integers(u["erase_x"], w - width + 1), integers(u["erase_y"], h - height + 1)
"""
FILLS = {
    "mean": "    images = erase(images, x, y, width, height, images.mean((2, 3), keepdim=True))",
    "noise": """    fill = torch.rand(images.shape, generator=fork(rng, "erasing", images.device), device=images.device)
    images = erase(images, x, y, width, height, fill)""",
}


def _policies() -> str:
    """TrivialAugment and RandAugment: the table of operations, and our own code for whole batches."""
    rows = "\n".join(f"    Operation({o.name!r}, {o.start}, {o.trivial}, {o.rand}, {o.signed})," for o in OPERATIONS)
    code = source(POLICIES, "apply_policy", "_spans", "apply_operations", "_matrices", imaging="")
    code = re.sub(r'        drawn\[f?"[^\n]*\n', "", code)  # what each image drew is told to nobody here
    code = code.replace("    return images, drawn", "    return images").replace(
        'stream, b, drawn = fork(rng, "policy", "cpu"), images.shape[0], {}',
        'stream, b = fork(rng, "policy", "cpu"), images.shape[0]',
    )
    code = re.sub(r'""".*?"""', '"""Pass each image through operations of its own."""', code, count=1, flags=re.DOTALL)
    code = code.replace(") -> tuple[Tensor, dict[str, Tensor]]:", ") -> Tensor:")
    return f"""class Operation(NamedTuple):
    \"\"\"Its parameter runs linearly from `start` at magnitude 0 to start ± span at 30.\"\"\"

    name: str
    start: float
    trivial: float
    rand: float
    signed: bool


LEVELS = {LEVELS}
OPERATIONS = (
{rows}
)
SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE = range(1, 6)
BRIGHTNESS, COLOUR, CONTRAST, SHARPNESS, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(6, 14)


{code}"""
