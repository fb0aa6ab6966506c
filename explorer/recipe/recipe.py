"""The recipe: everything that determines a run, frozen, validated, versioned, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

from explorer.data import DataChoice
from explorer.errors import InputError, said
from explorer.i18n import N_, Message
from explorer.nearest import did_you_mean
from explorer.networks import BACKBONES, NETWORKS, Network, SmallCNN
from explorer.networks.base import NEW_NETWORK
from explorer.optimizers import OPTIMIZERS, SGD, Optimizer
from explorer.recipe.messages import Kinds, explain
from explorer.recipe.migrate import VERSION, migrated, named
from explorer.techniques import (
    ASPECTS,
    TECHNIQUES,
    Aspect,
    Augmentation,
    Initialization,
    LabelSmoothing,
    Normalization,
    Schedule,
    Skip,
    Technique,
)

BY_NAME: dict[str, type[Technique]] = {technique.name: technique for technique in TECHNIQUES}
CHOICES: dict[str, dict[str, type[Any]]] = {
    "network": {kind.key(): kind for kind in NETWORKS},
    "optimizer": {kind.key(): kind for kind in OPTIMIZERS},
}
"""Fields of a recipe that are one of several kinds, each with parameters of its own."""
T = TypeVar("T", bound=Technique)
if TYPE_CHECKING:
    AnyNetwork = Network
    AnyOptimizer = Optimizer
else:
    AnyNetwork = Annotated[reduce(or_, NETWORKS), Field(discriminator="kind")]
    AnyOptimizer = Annotated[reduce(or_, OPTIMIZERS), Field(discriminator="kind")]

_NEW_ORDER = N_("It decides the order of the images and the length of the schedule.")
_NEW_DATA = N_("Curves on other images cannot be compared.")
_NEW_STREAMS = N_("All random streams start from it.")
_NEW_SUMS = N_("Rounding would change in mid-run.")
_NEW_DEVICE = N_("Everything is placed there when the run starts.")


class Techniques(tuple[Technique, ...]):
    """Techniques that are on: at most one of each, in TECHNIQUES order. In JSON an object from name to parameters."""

    def __new__(cls, techniques: Iterable[Technique] = ()) -> Self:
        given = list(techniques)
        if len({technique.name for technique in given}) < len(given):
            raise ValueError(Message("A technique can be on only once."))
        order = list(BY_NAME)
        return super().__new__(cls, sorted(given, key=lambda technique: order.index(technique.name)))

    @classmethod
    def _validate(cls, value: object) -> Techniques:
        if isinstance(value, Mapping):
            return cls(_build(name, parameters) for name, parameters in value.items())
        if isinstance(value, Iterable) and not isinstance(value, str):
            items = list(value)
            if all(isinstance(item, Technique) for item in items):
                return cls(items)
        raise ValueError(Message("Techniques are an object from name to parameters."))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        properties = {
            name: technique.model_json_schema() | {"description": technique.summary}
            for name, technique in BY_NAME.items()
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}


FIELDS_OF: dict[Aspect, tuple[str, ...]] = {
    Aspect.RATE: ("data", "batch_size", "drop_last", "epochs", "rate", "network", "frozen"),
    Aspect.TARGETS: ("data",),
    Aspect.IMAGES: ("data", "network", "batch_size", "drop_last", "seed"),
    Aspect.LAYERS: ("data", "network"),
    Aspect.SIGNAL: ("seed", "precision", "frozen"),
}
"""Fields of the recipe that decide an aspect beside the techniques; `rate` stands for `lr` and what it is left to."""


class Recipe(BaseModel):
    """A whole training run. `Recipe()` is the default experiment: fashion-mini, a small CNN, sensible techniques on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    version: Literal[2] = Field(2, title=N_("Version"), description=N_("Version of this format."))
    data: DataChoice = Field(
        DataChoice(), title=N_("Images"), description=N_("Which images."), json_schema_extra={"next_run": _NEW_DATA}
    )
    network: AnyNetwork = Field(
        SmallCNN(),
        title=N_("Network"),
        description=N_("What is trained: one of several networks, each with parameters of its own."),
        json_schema_extra={"next_run": NEW_NETWORK},
    )
    batch_size: int = Field(
        128,
        ge=1,
        le=4096,
        title=N_("Batch size"),
        description=N_("Images in a step."),
        json_schema_extra={"next_run": _NEW_ORDER, "unit": N_("images")},
    )
    drop_last: bool = Field(
        True,
        title=N_("Drop last batch"),
        description=N_(
            "Leave out of each epoch what fills no whole batch, others each time. Off: it makes a smaller one."
        ),
        json_schema_extra={"next_run": _NEW_ORDER},
    )
    epochs: int = Field(
        15,
        ge=1,
        le=10_000,
        title=N_("Epochs"),
        description=N_("How often the training images are gone through."),
        json_schema_extra={"unit": N_("epochs")},
    )
    optimizer: AnyOptimizer = Field(
        SGD(),
        title=N_("Optimizer"),
        description=N_("How weights follow their gradients: one of several optimizers, with parameters of its own."),
    )
    lr: float | None = Field(
        None,
        gt=0,
        le=100,
        title=N_("Learning rate"),
        description=N_(
            "Learning rate; with a schedule, its peak. Left open (auto), it is one that suits the optimizer, and a "
            "lower one with transfer learning."
        ),
    )
    weight_decay: float = Field(
        5e-4,
        ge=0,
        le=10,
        title=N_("Weight decay"),
        description=N_("Pulls weights of two and more dimensions towards zero; not biases, γ and β."),
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        title=N_("Seed"),
        description=N_("Start of every random stream."),
        json_schema_extra={"next_run": _NEW_STREAMS},
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto",
        title=N_("Device"),
        description=N_("Where to train; auto takes a GPU if there is one."),
        json_schema_extra={"next_run": _NEW_DEVICE},
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        title=N_("Precision"),
        description=N_("Of the activations: 32 bits, or bfloat16 (faster on some processors)."),
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        title=N_("Threads"),
        description=N_(
            "Of the processor; auto: as many as pay off beside other programs, also in mid-run. With another number of "
            "threads sums are rounded differently, so weights drift apart; a number makes a run repeatable beside them."
        ),
        json_schema_extra={"next_run": _NEW_SUMS, "empty": N_("auto")},
    )
    save_seconds: int = Field(
        30,
        ge=0,
        le=86_400,
        title=N_("Checkpoint every"),
        description=N_(
            "Seconds after which a checkpoint is written in the middle of an epoch: no more is lost if the program is "
            "killed or the power fails. 0: at the end of each epoch alone. What is learned does not depend on it."
        ),
        json_schema_extra={"unit": N_("s")},
    )
    frozen: tuple[str, ...] = Field(
        (),
        title=N_("Frozen layers"),
        description=N_(
            "Layers that do not learn, as names or patterns: stage1, stage2.0.conv1, *.norm1. In frozen layers batch "
            "normalization keeps its running statistics and normalises with them."
        ),
    )
    techniques: Techniques = Field(
        Techniques((Augmentation(), LabelSmoothing(), Normalization(), Initialization(), Skip(), Schedule())),
        title=N_("Techniques"),
        description=N_("The techniques that are on, with their parameters; absent means off."),
    )

    @model_validator(mode="before")
    @classmethod
    def _of_any_version(cls, values: Any) -> Any:
        return migrated(values) if isinstance(values, Mapping) else values

    @field_serializer("techniques")
    def _as_object(self, techniques: Techniques) -> dict[str, dict[str, Any]]:
        return {technique.name: technique.model_dump(mode="json") for technique in techniques}

    @field_validator("threads", mode="before")
    @classmethod
    def _auto(cls, value: object) -> object:
        return None if value == "auto" else value

    @field_validator("data", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("network", mode="before")
    @classmethod
    def _network_by_name(cls, value: object) -> object:
        """Its kind; or the name of a pretrained one."""
        if not isinstance(value, str):
            return {"kind": "small_cnn", **value} if isinstance(value, Mapping) else value
        chosen, known = named(value), CHOICES["network"]
        if chosen["kind"] not in known:
            text = Message("There is no network {name!r}.", name=value)
            named_too = [*known, *(backbone.name for backbone in BACKBONES)]
            raise ValueError(Message.joined(text, did_you_mean(value, named_too)))
        return chosen

    @field_validator("optimizer", mode="before")
    @classmethod
    def _optimizer_by_name(cls, value: object) -> object:
        if isinstance(value, Mapping):
            return {"kind": "sgd", **value}
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("lr", mode="before")
    @classmethod
    def _left_open(cls, value: object) -> object:
        return None if value == "auto" else value

    @property
    def rate(self) -> float:
        """The learning rate, with a schedule its peak: `lr`, or where that is left open one that suits the rest."""
        return self.open_rate if self.lr is None else self.lr

    @property
    def open_rate(self) -> float:
        """The learning rate where `lr` is left open: it suits the optimizer, and weights that were learned before."""
        learned = any(technique.starts_learned for technique in self.techniques)
        return self.optimizer.rate_of_transfer if learned else self.optimizer.rate

    def signature(self, *aspects: Aspect) -> tuple[object, ...]:
        """What decides these aspects: as long as it is the same, so is all that previews and panels show of them."""
        asked = set(aspects)
        if Aspect.SIGNAL in asked:
            asked |= {Aspect.LAYERS, Aspect.IMAGES, Aspect.TARGETS}
        fields = sorted({name for aspect in asked for name in FIELDS_OF[aspect]})
        slots = [slot for slot, aspect in ASPECTS.items() if aspect in asked]
        acting = (technique for technique in self.techniques if any(technique.acts_in(slot) for slot in slots))
        return (*(getattr(self, name) for name in fields), *acting)

    def technique(self, kind: type[T]) -> T | None:
        """The technique of this kind, or None if it is off."""
        return next((technique for technique in self.techniques if isinstance(technique, kind)), None)

    def with_(self, **changes: Any) -> Recipe:
        """This recipe with some fields changed, validated. Raises InputError."""
        return parse({**{name: getattr(self, name) for name in type(self).model_fields}, **changes})

    def switched(self, technique: Technique) -> Recipe:
        """This recipe with `technique` on, in place of the same one with other parameters."""
        return self.with_(techniques=(*self.without(technique.name).techniques, technique))

    def without(self, name: str) -> Recipe:
        """This recipe with the technique `name` off."""
        return self.with_(techniques=tuple(t for t in self.techniques if t.name != name))

    def to_json(self) -> str:
        """JSON text, two spaces deep, with a final newline."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "") -> Recipe:
        """Read what `to_json` wrote. Raises InputError that names `source`, the field and the remedy."""
        where = source or Message("the recipe")
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(
                Message(
                    "{where} is not valid JSON: {error}. Mend that place, or export the recipe anew.",
                    where=where,
                    error=error,
                )
            ) from None
        if not isinstance(values, dict):
            raise InputError(Message("{where} holds no recipe: it must be a JSON object.", where=where))
        version = values.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            raise InputError(
                Message(
                    "{where} has version {version}; this program reads up to {ours}. Update Training Explorer.",
                    where=where,
                    version=version,
                    ours=VERSION,
                )
            )
        try:
            return parse(values)
        except InputError as error:
            raise InputError(Message.joined(where, said(error), by=": ")) from None

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read a recipe file. Raises InputError."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                Message("The recipe {path} cannot be read: {error}. Check the path.", path=path, error=error)
            ) from None


def parse(values: Mapping[str, Any]) -> Recipe:
    """A validated recipe from plain values. Raises InputError with every problem, one per line."""
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(_problems(error, Recipe, kinds=CHOICES)) from None


def _problems(error: ValidationError, model: type[BaseModel], prefix: str = "", kinds: Kinds | None = None) -> Message:
    """Every problem of a `model`, one per line."""
    return Message.joined(*(explain(detail, model, prefix, kinds) for detail in error.errors()), by="\n")


def build_technique(name: str, parameters: Mapping[str, Any]) -> Technique:
    """The technique `name` with `parameters`. Raises InputError."""
    try:
        return _build(name, parameters)
    except ValueError as error:
        raise InputError(said(error)) from None


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` names the layer: the name, the part before one of its dots, or a pattern with * and ?."""
    return name == pattern or name.startswith(pattern + ".") or fnmatchcase(name, pattern)


def _build(name: str, parameters: object) -> Technique:
    if name not in BY_NAME:
        text = Message("There is no technique {name!r}.", name=name)
        raise ValueError(Message.joined(text, did_you_mean(str(name), BY_NAME)))
    if isinstance(parameters, Technique):
        return parameters
    kind = BY_NAME[name]
    try:
        return kind.model_validate({} if parameters is None else parameters)
    except ValidationError as error:
        raise ValueError(_problems(error, kind, name)) from None
