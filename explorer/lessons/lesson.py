"""A lesson: steps with text, what of the window is there, and in some of them a prediction and a claim to be tested."""

from __future__ import annotations

import importlib.util
import pkgutil
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from explorer.i18n import N_, _
from explorer.lessons.claims import Claim, Measure, Part, Plain, Slug, once
from explorer.lessons.texts import Text, located, unknown
from explorer.recipe import BY_NAME, Recipe, parse

VERSION = 1
FIELDS = tuple(name for name in Recipe.model_fields if name not in ("version", "techniques", "frozen"))
"""Of the recipe, that a step can leave in sight."""


@cache
def panel_names() -> tuple[str, ...]:
    """The panels of the window, by the names of their files: nothing of Qt is loaded for it."""
    found = importlib.util.find_spec("explorer.gui.panels")
    return tuple(
        sorted(module.name for module in pkgutil.iter_modules(found.submodule_search_locations if found else ()))
    )


def _of(names: list[str], kind: str) -> Any:
    def check(name: str) -> str:
        if name not in names:
            raise unknown(_(kind), name, names)
        return name

    return AfterValidator(check)


def _panel(name: str) -> str:
    if name not in panel_names():
        raise unknown(_("There is no panel {name}."), name, list(panel_names()))
    return name


CardName = Annotated[str, _of(list(BY_NAME), N_("There is no card {name}."))]
RecipeField = Annotated[str, _of(list(FIELDS), N_("A recipe has no field {name}."))]
PanelName = Annotated[str, AfterValidator(_panel)]


class Option(Part):
    """One of the outcomes to choose among."""

    name: Slug = Field(description="By which hand-ins name it.")
    label: Text = Field(description="What would come out.")
    verdict: Literal["holds", "fails", "depends"] | None = Field(
        None, description="It is what came out if the claim's verdict is this."
    )
    value: Slug | None = Field(None, description="It is what came out if this value of the claim is the extreme one.")


class Question(Part):
    """What must be said before anything is trained."""

    kind: Literal["choice", "point", "sketch"] = Field(
        description="Choose among outcomes, drag a point, or sketch a curve on the empty plot."
    )
    question: Text = Field(description="What is asked.")
    options: tuple[Option, ...] = Field((), max_length=8, description="Of a choice.")
    extreme: Literal["highest", "lowest"] = Field(
        "highest", description="Of a choice by value: which of the values is meant."
    )
    value: Slug | None = Field(None, description="Of a point: the claim's value that is predicted.")
    arm: Slug | None = Field(None, description="Of a sketch: whose curve.")
    measure: Measure | None = Field(None, description="Of a sketch: a metric on training or validation images.")
    low: float = Field(0.0, allow_inf_nan=False, description="Lower end of the axis.")
    high: float = Field(1.0, allow_inf_nan=False, description="Upper end of the axis.")

    @model_validator(mode="after")
    def _whole(self) -> Question:
        if self.low >= self.high:
            raise ValueError(_("`low` must be less than `high`."))
        if self.kind == "choice":
            if len(self.options) < 2:
                raise ValueError(_("A choice has two options at least. Write [[step.prediction.options]] for each."))
            once(_("Two options are called {name}. Rename one."), [option.name for option in self.options])
            for i, option in enumerate(self.options):
                if (option.verdict is None) == (option.value is None):
                    text = _("Each option says when it is what came out: by `verdict`, or by `value`.")
                    raise located(ValueError(text), "options", i)
        if self.kind == "point" and self.value is None:
            raise ValueError(_("A point needs `value`: which of the claim's values is predicted."))
        if self.kind == "sketch" and (self.arm is None or self.measure is None):
            raise ValueError(_("A sketch needs `arm` and `measure`: whose curve of what."))
        if self.kind == "sketch" and not str(self.measure).startswith(("train.", "validation.")):
            raise ValueError(_("A sketch is of a metric by epoch: train.loss, validation.accuracy …"))
        return self


class Step(Part):
    """A page of the lesson."""

    title: Text = Field(description="Of the page.")
    text: Text = Field(description="What is to be read first: Markdown.")
    cards: tuple[CardName, ...] = Field(
        (), description="Techniques whose cards are there; all others are out of the way."
    )
    fields: tuple[RecipeField, ...] = Field((), description="Fields of the recipe that are there.")
    panels: tuple[PanelName, ...] = Field(
        (), max_length=4, description="Panels that are there, the first one in front."
    )
    recipe: Slug | None = Field(None, description="One of the file's recipes, to begin the step with.")
    claim: Slug | None = Field(None, description="What is trained in this step, and judged after.")
    prediction: Question | None = Field(None, description="What is asked before Start.")
    why: Text | None = Field(None, description="The question that is asked when the result is there.")
    explanation: Text | None = Field(None, description="The answer to it, with the paper.")

    @model_validator(mode="after")
    def _whole(self) -> Step:
        if self.prediction and not self.claim:
            raise ValueError(_("The step asks for a prediction, but nothing is trained. Give it a `claim`."))
        if (self.why or self.explanation) and not self.claim:
            raise ValueError(_("`why` and `explanation` follow a result. Give the step a `claim`."))
        return self


class Lesson(Part):
    """A whole file."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Slug = Field(description="As the file is called.")
    order: int = Field(1000, ge=0, le=9999, description="Its place in the list.")
    minutes: int = Field(10, ge=1, le=60, description="How long it takes.")
    title: Text = Field(description="Of the lesson.")
    goal: Text = Field(description="What one knows after it, in a sentence or two.")
    recipes: dict[Slug, Plain] = Field({}, max_length=24, description="Recipes by name, each as in a recipe file.")
    claim: tuple[Claim, ...] = Field((), max_length=24, description="What is tested.")
    step: tuple[Step, ...] = Field((), max_length=40, description="The pages.")

    @model_validator(mode="after")
    def _whole(self) -> Lesson:
        claims = {claim.name: claim for claim in self.claim}
        once(_("Two claims are called {name}. Rename one."), [claim.name for claim in self.claim])
        for i, step in enumerate(self.step):
            if step.recipe and step.recipe not in self.recipes:
                error = unknown(_("There is no recipe {name}."), step.recipe, list(self.recipes))
                raise located(error, "step", i, "recipe")
            if step.claim and step.claim not in claims:
                raise located(unknown(_("There is no claim {name}."), step.claim, list(claims)), "step", i, "claim")
            if step.claim and any(arm.needs_terminal for arm in claims[step.claim].arm):
                text = _("Its arms have a teacher or unequal classes, which a step cannot train. Name another claim.")
                raise located(ValueError(text), "step", i, "claim")
            if step.claim and step.prediction and (wrong := _misfit(step.prediction, claims[step.claim])):
                raise located(wrong, "step", i, "prediction")
        return self

    def claimed(self, step: Step) -> Claim | None:
        """The claim of one of its steps."""
        return next((claim for claim in self.claim if claim.name == step.claim), None)

    def base(self, name: str) -> Recipe:
        """The recipe of that name. Raises InputError."""
        return parse(self.recipes[name])

    def arms(self, claim: Claim) -> dict[str, Recipe]:
        """The recipes of a claim's arms, by their names, with the first seed. Raises InputError."""
        return {arm.name: arm.of(self.base(arm.recipe or claim.recipe)) for arm in claim.arm}


def _misfit(prediction: Question, claim: Claim) -> ValueError | None:
    """What the prediction speaks of and the claim does not have."""
    values, arms = [value.name for value in claim.values], [arm.name for arm in claim.arm]
    asked = [*(option.value for option in prediction.options), prediction.value]
    for name in filter(None, asked):
        if name not in values:
            return unknown(_("The prediction speaks of {name}, which is no value of the claim."), name, values)
    if prediction.arm and prediction.arm not in arms:
        return unknown(_("The prediction speaks of {name}, which is no arm of the claim."), prediction.arm, arms)
    return None
