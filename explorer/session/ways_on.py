"""How a stored run can go on: at once where it broke off; where going on means something else, the choices first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.errors import InputError
from explorer.events import DIVERGED, FINISHED
from explorer.i18n import N_, NOTHING, Message
from explorer.recipe import Recipe, parse
from explorer.runs import RunRecord, in_use
from explorer.runs.timing import steps_per_epoch
from explorer.session.going_on import can_go_on, recipe_at_checkpoint
from explorer.techniques import EarlyStopping, Moment, Schedule
from explorer.training.rates import learning_rate

MOST = 10_000
"""Epochs that a recipe can have."""
MOST_PATIENCE = 1000
JUMP = 1.05
"""By less than this factor a rate does not jump."""


@dataclass(frozen=True)
class WayOn:
    """One of the ways to go on, and the recipe for it."""

    text: Message
    recipe: Recipe


class GoingOn:
    """What it means that the run in `folder` goes on."""

    def __init__(self, folder: Path, record: RunRecord) -> None:
        """Raises InputError if it cannot."""
        self.folder, self._record = folder, record
        ended = record.ended
        if in_use(folder):
            raise InputError(Message("This run goes on already. Stop it first."))
        if not can_go_on(folder):
            raise InputError(Message("This run has no checkpoint to go on from. Begin it anew with its recipe."))
        if ended and ended.outcome == DIVERGED:
            raise InputError(Message("This run diverged, and would again. Begin a new run from it, with a change."))
        self.recipe = recipe_at_checkpoint(folder) if ended is None else parse(record.recipe)
        self.done = record.epochs[-1].epoch if record.epochs else 0
        finished = ended is not None and ended.outcome == FINISHED
        self.wants_epochs = finished and self.done >= self.recipe.epochs
        """Whether all its epochs are done, and it must be said how many it is to have."""
        self._stopped_early = finished and not self.wants_epochs

    @property
    def at_once(self) -> bool:
        """Whether there is nothing to choose: it goes on as if it had never been interrupted."""
        return not (self.wants_epochs or self._stopped_early)

    @property
    def reason(self) -> Message:
        """Why there is something to choose."""
        if self.wants_epochs:
            return Message("This run has done all of its {n} epochs. To go on, it must have more.", n=self.done)
        if self._stopped_early:
            text = N_("Early stopping ended this run after epoch {n} of {total}. To go on, it must wait for longer.")
            return Message(text, n=self.done, total=self.recipe.epochs)
        return NOTHING

    def ways(self, epochs: int) -> tuple[WayOn, ...]:
        """How it can go on, to so many `epochs` in all; the first is the plainest."""
        if self.at_once:
            return (WayOn(NOTHING, self.recipe),)
        if self._stopped_early:
            stopping = self.recipe.technique(EarlyStopping)
            end = Message("Early stopping off: to epoch {n}", n=self.recipe.epochs)
            off = WayOn(end, self.recipe.without("early_stopping"))
            if stopping is None:
                return (off,)
            more = stopping.model_copy(update={"patience": min(2 * stopping.patience or 5, MOST_PATIENCE)})
            text = Message("Wait for {n} epochs instead of {was}", n=more.patience, was=stopping.patience)
            return WayOn(text, self.recipe.switched(more)), off
        longer = self.recipe.with_(epochs=epochs)
        rates = self._record.series.steps.rates
        was = float(rates[-1]) if len(rates) else longer.rate
        now = learning_rate(longer, self._moment(longer))
        if longer.technique(Schedule) is None:
            return (WayOn(Message("Go on as it was"), longer),)
        anew = Message("Plan the schedule anew over {n} epochs: the rate goes on smoothly", n=epochs)
        if max(now, was) > JUMP * min(now, was):
            jumps = N_("Plan the schedule anew over {n} epochs: the rate jumps from {was} to {now}")
            anew = Message(jumps, n=epochs, was=f"{was:.2g}", now=f"{now:.2g}")
        constant = longer.without("schedule").with_(lr=max(was, 1e-9))
        stay = Message("Keep the rate at which it ended: {was}, without schedule", was=f"{was:.2g}")
        return WayOn(anew, longer), WayOn(stay, constant)

    def _moment(self, recipe: Recipe) -> Moment:
        losses = tuple(self._record.metric("validation", "loss").tolist())
        step, per_epoch = self._record.series.steps.last, steps_per_epoch(self._record)
        return Moment(step, per_epoch, recipe.epochs, losses)
