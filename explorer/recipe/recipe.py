"""The recipe: everything that determines a run, frozen, validated, versioned, JSON in and out."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    field_serializer,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, core_schema

from explorer.data import DataChoice
from explorer.errors import InputError
from explorer.i18n import N_, _
from explorer.techniques import (
    TECHNIQUES,
    Augmentation,
    Initialization,
    LabelSmoothing,
    Normalization,
    Schedule,
    Skip,
    Technique,
)

VERSION = 1
BY_NAME: dict[str, type[Technique]] = {technique.name: technique for technique in TECHNIQUES}
T = TypeVar("T", bound=Technique)

_NEW_NETWORK = N_("It decides the size of the weights.")
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
            raise ValueError(_("A technique can be on only once."))
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
        raise ValueError(_("Techniques are an object from name to parameters."))

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


class Recipe(BaseModel):
    """A whole training run. `Recipe()` is the default experiment: fashion-mini, a small CNN, sensible techniques on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    version: Literal[1] = Field(1, description=N_("Version of this format."))
    data: DataChoice = Field(DataChoice(), description=N_("Which images."), json_schema_extra={"next_run": _NEW_DATA})
    depth: Literal[8, 14, 20, 26, 32, 38, 44, 50, 56] = Field(
        8,
        description=N_("Layers with weights: 6n + 2, in three stages of n blocks of two convolutions."),
        json_schema_extra={"next_run": _NEW_NETWORK, "unit": N_("layers")},
    )
    width: int = Field(
        16,
        ge=4,
        le=128,
        description=N_("Channels of the first stage; the second has twice, the third four times as many."),
        json_schema_extra={"next_run": _NEW_NETWORK, "unit": N_("channels")},
    )
    batch_size: int = Field(
        128,
        ge=1,
        le=4096,
        description=N_("Images in a step."),
        json_schema_extra={"next_run": _NEW_ORDER, "unit": N_("images")},
    )
    drop_last: bool = Field(
        True,
        description=N_(
            "Leave out of each epoch what fills no whole batch, others each time. Off: it makes a smaller one."
        ),
        json_schema_extra={"next_run": _NEW_ORDER},
    )
    epochs: int = Field(
        15,
        ge=1,
        le=10_000,
        description=N_("How often the training images are gone through."),
        json_schema_extra={"unit": N_("epochs")},
    )
    optimizer: Literal["sgd", "adamw"] = Field("sgd", description=N_("SGD with momentum, or AdamW."))
    lr: float = Field(0.2, gt=0, le=100, description=N_("Learning rate; with a schedule, its peak."))
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        description=N_("Share of the last step in the next one."),
        json_schema_extra={"when": {"optimizer": ["sgd"]}},
    )
    nesterov: bool = Field(
        True,
        description=N_("Take the gradient where momentum leads (needs momentum)."),
        json_schema_extra={"when": {"optimizer": ["sgd"]}},
    )
    weight_decay: float = Field(
        5e-4, ge=0, le=10, description=N_("Pulls weights of two and more dimensions towards zero; not biases, γ and β.")
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description=N_("Start of every random stream."), json_schema_extra={"next_run": _NEW_STREAMS}
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto",
        description=N_("Where to train; auto takes a GPU if there is one."),
        json_schema_extra={"next_run": _NEW_DEVICE},
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description=N_("Of the activations: 32 bits, or bfloat16 (faster on some processors)."),
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        description=N_(
            "Of the processor; auto: as many as pay off beside other programs. Sums over another number of threads "
            "differ in the last digit."
        ),
        json_schema_extra={"next_run": _NEW_SUMS, "empty": N_("auto")},
    )
    frozen: tuple[str, ...] = Field(
        (),
        description=N_(
            "Layers that do not learn, as names or patterns: stage1, stage2.0.conv1, *.norm1. In frozen layers batch "
            "normalization keeps its running statistics and normalises with them."
        ),
    )
    techniques: Techniques = Field(
        Techniques((Augmentation(), LabelSmoothing(), Normalization(), Initialization(), Skip(), Schedule())),
        description=N_("The techniques that are on, with their parameters; absent means off."),
    )

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
        where = source or _("the recipe")
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(
                _("{where} is not valid JSON: {error}. Mend that place, or export the recipe anew.").format(
                    where=where, error=error
                )
            ) from None
        if not isinstance(values, dict):
            raise InputError(_("{where} holds no recipe: it must be a JSON object.").format(where=where))
        version = values.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            raise InputError(
                _("{where} has version {version}; this program reads up to {ours}. Update Training Explorer.").format(
                    where=where, version=version, ours=VERSION
                )
            )
        try:
            return parse(values)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read a recipe file. Raises InputError."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                _("The recipe {path} cannot be read: {error}. Check the path.").format(path=path, error=error)
            ) from None


def parse(values: Mapping[str, Any]) -> Recipe:
    """A validated recipe from plain values. Raises InputError with every problem, one per line."""
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        raise InputError("\n".join(_explain(detail, Recipe) for detail in error.errors())) from None


def build_technique(name: str, parameters: Mapping[str, Any]) -> Technique:
    """The technique `name` with `parameters`. Raises InputError."""
    try:
        return _build(name, parameters)
    except ValueError as error:
        raise InputError(str(error)) from None


def changes(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """What differs, in words for a legend: "+ dropout 0.3", "− skip", "lr 0.1 → 0.05"."""
    old, new = ({t.name: t for t in recipe.techniques} for recipe in (before, after))
    words = [
        f"{name} {_plain(getattr(before, name))} → {_plain(getattr(after, name))}"
        for name in Recipe.model_fields
        if name not in ("techniques", "version", "frozen") and getattr(before, name) != getattr(after, name)
    ]
    for sign, some, others in (("+", after.frozen, before.frozen), ("−", before.frozen, after.frozen)):
        if names := [name for name in some if name not in others]:
            words.append(f"{sign} frozen {', '.join(names)}")
    for name in BY_NAME:
        match old.get(name), new.get(name):
            case None, Technique() as added:
                words.append(f"+ {added}")
            case Technique() as removed, None:
                words.append(f"− {removed}")
            case Technique() as was, Technique() as now if was != now:
                words += [
                    f"{name}.{key} {_plain(getattr(was, key))} → {_plain(getattr(now, key))}"
                    for key in type(now).model_fields
                    if getattr(was, key) != getattr(now, key)
                ]
    return tuple(words)


def live(running: Recipe, wanted: Recipe) -> Recipe:
    """`wanted` as far as it can act in a run that goes on; fields fixed until the next run stay as they are."""
    fixed = {name: getattr(running, name) for name, field in Recipe.model_fields.items() if _waits(field)}
    return wanted.with_(**fixed, techniques=tuple(_live_techniques(running, wanted)))


def _live_techniques(running: Recipe, wanted: Recipe) -> Iterator[Technique]:
    """Those of `wanted`; what is fixed in one until the next run is as in the running recipe."""
    were, are = ({t.name: t for t in recipe.techniques} for recipe in (running, wanted))
    for name, kind in BY_NAME.items():
        was, now = were.get(name), are.get(name)
        if was and now:
            fixed = {key: getattr(was, key) for key, field in kind.model_fields.items() if _waits(field)}
            yield now.model_copy(update=fixed)
        elif stays := was if kind.whole_run else now:
            yield stays


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` names the layer: the name, the part before one of its dots, or a pattern with * and ?."""
    return name == pattern or name.startswith(pattern + ".") or fnmatchcase(name, pattern)


def _waits(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and "next_run" in field.json_schema_extra


def _plain(value: object) -> str:
    if isinstance(value, DataChoice):
        return " ".join(filter(None, (value.name, ",".join(value.classes), str(value.per_class or ""))))
    if value is None:
        return "auto"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _build(name: str, parameters: object) -> Technique:
    if name not in BY_NAME:
        raise ValueError(_("There is no technique {name!r}.").format(name=name) + did_you_mean(str(name), BY_NAME))
    if isinstance(parameters, Technique):
        return parameters
    kind = BY_NAME[name]
    try:
        return kind.model_validate({} if parameters is None else parameters)
    except ValidationError as error:
        raise ValueError("\n".join(_explain(detail, kind, name) for detail in error.errors())) from None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest of `known`, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return " " + _("Did you mean {name}?").format(name=near[0])
    return " " + _("There are: {names}.").format(names=", ".join(known))


def _explain(error: ErrorDetails, model: type[BaseModel], prefix: str = "") -> str:
    """One problem that pydantic found, as a sentence that names the field, what was given and what is allowed."""
    path = ".".join(str(part) for part in ((prefix,) if prefix else ()) + error["loc"])
    given, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            name = str(error["loc"][-1])
            fields = (DataChoice if error["loc"][0] == "data" and len(error["loc"]) > 1 else model).model_fields
            return _("There is no setting {path}.").format(path=path) + did_you_mean(name, fields)
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return _("{path} is {given!r}; it must be one of: {allowed}.").format(
                path=path, given=given, allowed=allowed
            )
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than" as kind:
            sign = {"greater_than_equal": "≥", "less_than_equal": "≤", "greater_than": ">", "less_than": "<"}[kind]
            bound = context.get("ge", context.get("le", context.get("gt", context.get("lt"))))
            return _("{path} is {given}; it must be {sign} {bound}.").format(
                path=path, given=given, sign=sign, bound=bound
            )
        case "int_parsing" | "int_type" | "int_from_float":
            return _("{path} is {given!r}; it must be a whole number.").format(path=path, given=given)
        case "float_parsing" | "float_type":
            return _("{path} is {given!r}; it must be a number.").format(path=path, given=given)
        case "bool_parsing" | "bool_type":
            return _("{path} is {given!r}; it must be true or false.").format(path=path, given=given)
        case "finite_number":
            return _("{path} is {given}; it must be a finite number.").format(path=path, given=given)
        case _:
            return _("{path} is {given!r}: {message}.").format(path=path, given=given, message=error["msg"])
