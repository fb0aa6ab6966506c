"""A claim: a sentence of the course, the trainings that test it, and the rule by which it counts as shown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from explorer.errors import InputError
from explorer.i18n import N_, _
from explorer.lessons.measures import At, known
from explorer.lessons.texts import Text, located, unknown
from explorer.recipe import BY_NAME, Recipe, build_technique, parse
from explorer.techniques import Distillation

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
"""Of a lesson, a claim, an arm: small letters, digits and hyphens, so that it can be a file's name everywhere."""
Measure = Annotated[str, Field(max_length=100), AfterValidator(known)]
Plain = dict[str, Any]
TRAINED_MOST = 60
"""Runs of a claim, all arms and seeds: an experiment is minutes, not hours."""


class Part(BaseModel):
    """Of a lesson's file: frozen, and what it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimArm(Part):
    """One of the ways to train: the claim's recipe with some of it changed."""

    name: Slug = Field(description="By which rules and values name it.")
    label: Text = Field(description="In tables and legends.")
    recipe: Slug | None = Field(None, description="One of the file's recipes instead of the claim's.")
    set: Plain = Field({}, description="Fields of the recipe that are others here, as in a recipe file.")
    on: dict[str, Plain] = Field({}, description="Techniques that are on here, with their parameters.")
    off: tuple[str, ...] = Field((), description="Techniques that are off here.")
    teacher: Slug | None = Field(None, description="A recipe that is trained first, for this one to learn from.")
    per_class: tuple[int, ...] = Field((), description="Training images of each class, in the order of the classes.")

    @property
    def needs_terminal(self) -> bool:
        """Whether it needs more than one recipe says: then the window cannot train it."""
        return bool(self.teacher or self.per_class)

    def of(self, base: Recipe) -> Recipe:
        """The recipe of this arm, made of `base`. Raises InputError."""
        values = base.model_dump(mode="json")
        for name, value in self.set.items():
            old = values.get(name)
            values[name] = {**old, **value} if isinstance(value, dict) and isinstance(old, dict) else value
        made = parse(values)
        for name in self.off:
            if name not in BY_NAME:
                raise InputError(*unknown(N_("There is no technique {name}."), name, list(BY_NAME)).args)
            made = made.without(name)
        for name, parameters in self.on.items():
            made = made.switched(build_technique(name, parameters))
        if self.teacher and made.technique(Distillation) is None:
            made = made.switched(Distillation())
        return made


class Value(Part):
    """A number that the claim speaks of: what is read off the runs of an arm."""

    name: Slug = Field(description="By which rules name it.")
    label: Text = Field(description="In tables.")
    arm: Slug = Field(description="Whose runs.")
    measure: Measure = Field(description="What is read off them.")
    at: At = Field("last", description="After which epoch: the last, the best on validation, the first.")


Names = Annotated[
    tuple[Slug, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""A single name may stand for a list of one."""


class Rule(Part):
    """When the claim counts as shown. Several rules must all hold."""

    higher: Names = Field((), description="Each of these values lies above each of `than`.")
    lower: Names = Field((), description="Each of these values lies below each of `than`.")
    near: Names = Field((), description="Each of these values lies within `by` of each of `than`, in every seed.")
    than: Names = Field((), description="What they are compared with.")
    level: float | None = Field(None, description="A fixed number to compare with, instead of `than`.")
    by: float = Field(0.0, ge=0, allow_inf_nan=False, description="By so much at least, in the mean.")

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if sum(map(bool, (self.higher, self.lower, self.near))) != 1:
            raise ValueError(_("A rule says one of higher, lower and near. Write one rule for each."))
        if bool(self.than) == (self.level is not None):
            raise ValueError(_("A rule says what it compares with: `than`, with names, or `level`, with a number."))
        return self

    @property
    def values(self) -> Names:
        """Those of which it says something."""
        return self.higher or self.lower or self.near


class Claim(Part):
    """Arms × seeds, values read off them, and rules."""

    name: Slug = Field(description="By which steps name it; no other claim has it.")
    text: Text = Field(description="What is claimed, in one sentence.")
    source: str = Field("", max_length=300, description="The paper, as “Li et al. 2018, arXiv 1712.09913”.")
    quantity: Text = Field(description="What was measured, and on what.")
    seeds: int = Field(3, ge=1, le=20, description="Runs of each arm.")
    recipe: Slug = Field(description="One of the file's recipes, from which the arms differ.")
    measure: Measure | None = Field(None, description="What is read off every arm, where no values are named.")
    at: At = Field("last", description="After which epoch, as in a value.")
    arm: tuple[ClaimArm, ...] = Field(min_length=1, max_length=12, description="The ways to train.")
    value: tuple[Value, ...] = Field((), max_length=24, description="The numbers; by default one for each arm.")
    rule: tuple[Rule, ...] = Field(min_length=1, max_length=12, description="When it counts as shown.")

    @model_validator(mode="after")
    def _whole(self) -> Claim:
        if not self.value and self.measure is None:
            raise ValueError(_("Nothing says what is measured. Give the claim a `measure`, or write [[claim.value]]."))
        arms = [arm.name for arm in self.arm]
        once(_("Two arms are called {name}. Rename one."), arms)
        names = [value.name for value in self.values]
        once(_("Two values are called {name}. Rename one."), names)
        for i, value in enumerate(self.values):
            if value.arm not in arms:
                raise located(unknown(_("There is no arm {name}."), value.arm, arms), "value", i, "arm")
        for i, rule in enumerate(self.rule):
            for name in (*rule.values, *rule.than):
                if name not in names:
                    raise located(unknown(_("A rule speaks of {name}, which is no value."), name, names), "rule", i)
        if len(arms) * self.seeds > TRAINED_MOST:
            text = _("{n} runs are too many: {most} at most. Take fewer arms or seeds.")
            raise ValueError(text.format(n=len(arms) * self.seeds, most=TRAINED_MOST))
        return self

    @property
    def values(self) -> tuple[Value, ...]:
        """The numbers that it speaks of, in the order of its table."""
        if self.value:
            return self.value
        assert self.measure is not None
        return tuple(
            Value(name=arm.name, label=arm.label, arm=arm.name, measure=self.measure, at=self.at) for arm in self.arm
        )


def once(complaint: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(complaint.format(name=repr(name)))
