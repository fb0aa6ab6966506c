"""A lesson as it is played in the window, without Qt: its steps' recipes, the runs of its claims, and the way back."""

from __future__ import annotations

from pathlib import Path

from explorer.errors import InputError
from explorer.events import FAILED
from explorer.i18n import NOTHING, Message
from explorer.lessons import Claim, Lesson
from explorer.lessons.measured import of_claim
from explorer.lessons.playing import Given, Played, Playing
from explorer.lessons.texts import Text
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.runs.experiment import Arm, Experiment
from explorer.runs.timing import total_steps
from explorer.session.comparison import Comparison
from explorer.session.screen import RunOnScreen
from explorer.session.session import Session, State

CANCELLED = Message("Cancelled. What was trained is among the stored runs; Start begins anew.")


class LessonSession:
    """Takes `session` through a lesson, and gives it back as it was."""

    def __init__(self, session: Session, lesson: Lesson) -> None:
        """Raises InputError if the lesson has no step, or a run goes on."""
        if session.live is not None:
            raise InputError(Message.joined(Message("This run is going on."), Message("Stop it first.")))
        self.playing = Playing(lesson)
        self.comparison: Comparison | None = None
        """The runs of this step's claim that are being made."""
        self.unfinished = NOTHING
        """Why the last ones have no result."""
        self.images: Path | None = None
        """A folder of pictures of one's own, to train on instead of the lesson's."""
        self._session = session
        self._before = (session.recipe, session.screen.current, session.screen.overlays)
        self._shown: dict[int, list[RunOnScreen]] = {}
        """The runs of each step, by its number, in the order in which they were made."""
        self.open()

    # Turning pages.

    def go(self, by: int) -> bool:
        """Turn so many pages, unless the runs of this one are being made; whether one was turned."""
        if self.comparison is not None or self._session.live is not None or not self.playing.go(by):
            return False
        self.open()
        return True

    def open(self) -> None:
        """Take the step's recipe, and put its runs on screen, if it has any."""
        step, screen = self.playing.step, self._session.screen
        self.unfinished = NOTHING
        if name := step.recipe or (self.playing.claim.recipe if self.playing.claim else None):
            self._session.change(self._with_images(self.playing.lesson.base(name)))
        shown = self._shown.get(self.playing.index, [])
        screen.overlays, screen.current = shown[:-1], shown[-1] if shown else None

    def leave(self) -> None:
        """Give back the recipe, and the runs that were on screen."""
        recipe, current, overlays = self._before
        self._session.change(recipe)
        self._session.screen.current, self._session.screen.overlays = current, overlays

    # The prediction and the runs.

    def predict(self, given: Given) -> None:
        """Take a prediction. Raises InputError."""
        self.playing.predict(given)

    @property
    def can_start(self) -> bool:
        """Whether the step's claim can be tested now."""
        idle = self.comparison is None and self._session.state is State.IDLE
        wanted = self.playing.claim is not None and self.playing.now.verdict is None
        return wanted and not self.playing.locked and idle

    @property
    def free(self) -> bool:
        """Whether the recipe may be trained as it stands: nothing is to be predicted, or its result is there."""
        return self.playing.claim is None or self.playing.now.verdict is not None

    def start(self) -> Comparison:
        """What makes the runs of this step's claim, none of them begun. Raises InputError."""
        claim = self.playing.claim
        if claim is None or not self.can_start:
            raise InputError(Message("Give your prediction first."))
        experiment = Experiment(_both(claim.text), self._arms(claim), claim.seeds)
        self.unfinished = NOTHING
        self.comparison = Comparison(self._session, experiment)
        return self.comparison

    def _arms(self, claim: Claim) -> list[Arm]:
        played, recipes = self.playing.now, self.playing.lesson.arms(claim)
        made = []
        for arm in claim.arm:
            recipe = self._with_images(recipes[arm.name])
            made.append(Arm(_both(arm.label), recipe.with_(seed=recipe.seed + played.first_seed)))
        return made

    def _with_images(self, recipe: Recipe) -> Recipe:
        if self.images is None:
            return recipe
        return recipe.with_(data=recipe.data.model_copy(update={"name": str(self.images), "classes": ()}))

    def run_ended(self) -> bool:
        """A run has ended, and no other was begun after it: judge, if all are made. Whether there is a result."""
        comparison, claim = self.comparison, self.playing.claim
        if comparison is None or claim is None:
            return False
        self.comparison = None
        self._shown[self.playing.index] = comparison.shown
        failed = [shown.record.ended for shown in comparison.shown if shown.record.ended]
        failed = [end for end in failed if end.outcome == FAILED]
        if failed:
            self.unfinished = Message(
                "A run failed: {reason} {remedy}", reason=failed[0].reason, remedy=failed[0].remedy
            )
        elif not comparison.whole:
            self.unfinished = CANCELLED
        if self.unfinished:
            return False
        runs: dict[str, list[RunRecord]] = {arm.name: [] for arm in claim.arm}
        for shown in comparison.shown:  # of one seed after the other
            assert shown.place
            runs[claim.arm[shown.place.arm].name].append(shown.record)
        self.playing.ran(runs)
        return True

    def again(self, images: Path | None = None) -> None:
        """Clear this step, to be played with other seeds, or on pictures of one's own."""
        claim, played = self.playing.claim, self.playing.now
        first = played.first_seed + (claim.seeds if claim and played.verdict else 0)
        self.images = images or self.images
        self.playing.played[self.playing.index] = Played(first_seed=first)
        self._shown.pop(self.playing.index, None)
        self.open()

    @property
    def share(self) -> float:
        """How much of all runs is done, 0 to 1."""
        if self.comparison is None:
            return 0.0
        going = [shown.record for shown in self.comparison.shown if not shown.record.ended]
        total = total_steps(going[-1]) if going else 0
        part = going[-1].series.steps.last / total if total else 0.0
        return (self.comparison.ended + part) / len(self.comparison.experiment.runs)


def expected_seconds(claim: Claim) -> float | None:
    """How long its runs took where our figures come from; None if they were never made."""
    kept = of_claim(claim)
    return kept.seconds if kept else None


def _both(text: Text) -> Message:
    """A lesson's text, which no catalogue has."""
    return Message.of_sides(text.en.strip(), ru=text.ru.strip())
