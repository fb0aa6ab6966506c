"""What happens in a run, as frozen values: all that the trainer says, and all that panels, store and terminal hear.

Values are plain Python or NumPy, never tensors; what a person reads is a Message, translated where it is shown. Each
class says what is kept of its events. `encode` and `decode` carry any event through a file or a pipe; the class name is
the tag, and fields that a later version has added are passed over.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from explorer.i18n import NOTHING, Message

Floats: TypeAlias = npt.NDArray[np.float32]
Doubles: TypeAlias = npt.NDArray[np.float64]
Bytes: TypeAlias = npt.NDArray[np.uint8]


class _Event(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    keep: ClassVar[Literal["all", "latest"]] = "all"
    """What mailbox, store and record keep of the events of this class."""


class Layer(msgspec.Struct, frozen=True):
    """One module that owns parameters, in forward order."""

    name: str
    kind: str
    parameters: int


class RunStarted(_Event, frozen=True):
    """The network stands and the data are in memory. `time` is seconds since the Unix epoch (UTC)."""

    recipe: dict[str, Any]
    layers: tuple[Layer, ...]
    classes: tuple[str, ...]
    ordered: bool
    images: dict[str, int]
    steps_per_epoch: int
    device: str
    time: float
    threads: int = 0
    """Of the processor; 0 in runs that do not say."""
    others: float | None = None
    """How many threads of other programs wanted a core when `threads` was chosen; None where nobody looked."""
    step: int = 0
    """Steps that another run had done, where this one begins from its checkpoint; and its whole epochs."""
    epoch: int = 0


class RunResumed(_Event, frozen=True):
    """The run went on from its own checkpoint after `step` steps and `epoch` whole epochs; what it had done since is
    told again by the events that follow. `time` is seconds since the Unix epoch (UTC).
    """

    step: int
    epoch: int
    device: str
    time: float
    threads: int = 0


class StepDone(_Event, frozen=True):
    """One optimizer step. `loss` is the mean over the batch of what was optimised; `seconds` the step's wall time;
    `lr` one per group of layers that learn at the same rate, from the input to the head.

    `cross_entropy`: with the true labels, in nats, the mean over the images that show one class alone; None if all are
    mixed, and in runs of earlier versions.
    """

    step: int
    epoch: int
    loss: float
    lr: tuple[float, ...]
    seconds: float
    images: int
    cross_entropy: float | None = None


class GradientNorms(_Event, frozen=True):
    """L2 norms per layer, shape (layers,), in the order of `names`.

    `before` and `after` clipping; `weights` before the step; `updates` of the step itself. `sizes` are parameter
    counts: norm / √size is the root mean square per weight.
    """

    step: int
    names: tuple[str, ...]
    sizes: npt.NDArray[np.int64]
    before: Floats
    after: Floats
    weights: Floats
    updates: Floats


class NormStats(_Event, frozen=True):
    """Statistics of one normalization layer, each of shape (channels,), or (0,) where the layer keeps none."""

    step: int
    layer: str
    batch_mean: Floats
    batch_var: Floats
    running_mean: Floats
    running_var: Floats
    gamma: Floats
    beta: Floats


class ActivationStats(_Event, frozen=True):
    """What each layer put out for one batch, shape (layers,), in the order of `names` (layers with weights and
    activations, in forward order).

    `mean` and `std` over all values; `dead` is the share of its units (channels) that gave 0 for every image at every
    place, NaN for layers that cannot die.
    """

    step: int
    names: tuple[str, ...]
    mean: Floats
    std: Floats
    dead: Floats


HISTOGRAM = (-20, 4, 4)
"""Powers of ten from and to which the cells of a histogram go, and cells for each; one more at either end takes what
lies beyond: at the lower one also 0."""


class Histograms(_Event, frozen=True):
    """How large the values of each layer with a kernel or matrix are: counts by log10 |value|, uint16 (layers, cells),
    in the order of `names`, cells as in HISTOGRAM. `gradients` before clipping, none of a layer that does not learn;
    `weights` before the step.
    """

    step: int
    names: tuple[str, ...]
    weights: npt.NDArray[np.uint16]
    gradients: npt.NDArray[np.uint16]


class Evaluation(_Event, frozen=True):
    """How the network answers on the validation images at the end of an epoch.

    `confusion` (classes, classes): images of the true class (row) that got this answer (column). `bins` (15, 3): for
    each range of confidence the images, their mean confidence, the share that is right (0 where there are none).
    `selective` (10,): the share that is right of the surest 10 %, 20 %, … 100 % of the images; empty in older runs.
    The worst mistakes, surest first: `images` uint8 (n, C, H, W), `labels`, `answers` (n,), `confidence` (n,).
    """

    keep = "latest"

    epoch: int
    confusion: npt.NDArray[np.int64]
    bins: Floats
    images: Bytes
    labels: npt.NDArray[np.int64]
    answers: npt.NDArray[np.int64]
    confidence: Floats
    selective: Floats = msgspec.field(default_factory=lambda: np.zeros(0, np.float32))


class LayerPlan(_Event, frozen=True):
    """How each layer learns from the batch after `step` on; said at the start and whenever it changes.

    `factors` (layers,) multiply the learning rate; 0 means frozen. Layers with the same factor share one entry of
    StepDone.lr, in the order of their first appearance. `cached`: whether features of the frozen part are reused, and
    `why_not` if they could have been.
    """

    step: int
    epoch: int
    names: tuple[str, ...]
    factors: Floats
    cached: bool = False
    why_not: Message = NOTHING


class FrozenCheck(_Event, frozen=True):
    """What really changed in the frozen layers during an epoch, compared byte by byte.

    `bytes_changed` (layers,) in the order of `names`; `tensors` are those that changed ("stage1.0.norm1.running_mean").
    """

    epoch: int
    names: tuple[str, ...]
    bytes_changed: npt.NDArray[np.int64]
    tensors: tuple[str, ...] = ()


class WeightsLoaded(_Event, frozen=True):
    """Start weights came from `source`: names of the tensors that fitted, that start fresh, and (name, why) unused."""

    source: Message
    kept: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[tuple[str, Message], ...] = ()


class ModeAccuracy(_Event, frozen=True):
    """Accuracy on the same training images with the network in training mode and in evaluation mode."""

    epoch: int
    train_mode: float
    eval_mode: float


class SampleGrid(_Event, frozen=True):
    """Some images of one batch, uint8 (n, C, H, W), before and after augmentation.

    `targets` (n, classes) is what the loss compares with; `drawn` holds, by name, what each image drew, shape (n,);
    `mixed` (n,) whether its targets are blended with those of another image, None where none is.
    """

    keep = "latest"

    step: int
    before: Bytes
    after: Bytes
    labels: npt.NDArray[np.int64]
    targets: Floats
    drawn: dict[str, Floats]
    mixed: npt.NDArray[np.bool_] | None = None


class EpochDone(_Event, frozen=True):
    """An epoch ended. `train` and `validation` hold loss, accuracy, f1, ece, confidence and, if ordered, mae.

    Both are measured in evaluation mode without augmentation; `train` on a fixed sample of the training images that is
    no larger than the validation set, so that the gap between the two compares like with like.
    """

    epoch: int
    step: int
    train: dict[str, float]
    validation: dict[str, float]
    best: bool
    seconds: float
    """Of its steps."""
    images_per_second: float
    measuring_seconds: float = 0.0
    """What measuring at its end took, with instruments; 0 in runs of older versions."""


class CheckpointDue(_Event, frozen=True):
    """A checkpoint of the run as it stands is about to be written: whoever keeps events writes down all so far first.

    So a checkpoint is never ahead of what is told of its run, and where to cut is known when it goes on from there.
    """

    step: int
    epoch: int


class RecipeChanged(_Event, frozen=True):
    """A new recipe acts from the batch after `step`. `kept` and `fresh` name weights where the network was rebuilt.

    What it changes is worded where it is shown, from the recipes before and after it: see RunRecord.changes.

    `anew`: from here it is another network, which answers otherwise even with the same weights: its best epoch is
    looked for anew, and the average and the counting of early stopping and plateau begin again.
    """

    step: int
    recipe: dict[str, Any]
    kept: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    anew: bool = False


class Progress(_Event, frozen=True):
    """Something other than training goes on: `what`, `done` of `total` (total 0: unknown), for `left` seconds more."""

    keep = "latest"
    what: Message
    done: int = 0
    total: int = 0
    left: float | None = None


class Note(_Event, frozen=True):
    """Something that whoever looks at the run should know, said once: pictures left out, a switch without effect."""

    text: Message


class InstrumentCost(_Event, frozen=True):
    """Seconds that each instrument took since the run began, and the seconds of training it watched."""

    keep = "latest"
    step: int
    seconds: dict[str, float]
    calls: dict[str, int]
    training_seconds: float


class InstrumentFault(_Event, frozen=True):
    """`instrument` failed at `step` and looks no more in this run, which goes on; `reason` as Python says it."""

    step: int
    instrument: str
    reason: str


class RunEnded(_Event, frozen=True):
    """Exactly one, and last. `outcome`: finished, stopped, diverged or failed, with its `reason` and a `remedy`."""

    outcome: str
    reason: Message
    remedy: Message = NOTHING
    step: int = 0
    epoch: int = 0
    best_epoch: int = 0
    test: dict[str, float] = {}
    seconds: float = 0.0
    details: str = ""


Event: TypeAlias = (
    RunStarted
    | RunResumed
    | CheckpointDue
    | StepDone
    | GradientNorms
    | NormStats
    | ActivationStats
    | Histograms
    | Evaluation
    | LayerPlan
    | FrozenCheck
    | WeightsLoaded
    | ModeAccuracy
    | SampleGrid
    | EpochDone
    | RecipeChanged
    | Progress
    | Note
    | InstrumentCost
    | InstrumentFault
    | RunEnded
)

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
"""By the tag under which they are written."""

FINISHED, STOPPED, DIVERGED, FAILED = "finished", "stopped", "diverged", "failed"


def _to_plain(value: object) -> Any:
    if isinstance(value, Message):
        return value.to_plain()
    if isinstance(value, np.ndarray):
        contiguous = np.ascontiguousarray(value)
        return (contiguous.dtype.str, contiguous.shape, contiguous.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an event holds messages, plain values and arrays, not {type(value).__name__}")


def _from_plain(wanted: type, value: Any) -> Message | npt.NDArray[Any]:
    if wanted is Message:
        return Message.from_plain(value)
    dtype, shape, data = value
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape)


def _to_readable(value: object) -> Any:
    if isinstance(value, Message):
        return {"id": value.id, "arguments": value.arguments, "text": value.english}
    return value.tolist() if isinstance(value, np.ndarray) else _to_plain(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event, dec_hook=_from_plain)
_json = msgspec.json.Encoder(enc_hook=_to_readable)


def encode(event: Event) -> bytes:
    """`event` as MessagePack; arrays keep dtype and shape."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """The event that `encode` wrote. Raises msgspec.MsgspecError (a ValueError) for anything else."""
    return _decoder.decode(data)


def to_json(event: Event) -> str:
    """`event` as one line of JSON; the key `type` is the class name, NaN and infinity become null.

    A message has its `id` and `arguments`, and as `text` what they say in English.
    """
    return _json.encode(event).decode()
