"""End the run when validation no longer improves."""

from __future__ import annotations

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique
from explorer.techniques.slots import Moment


class EarlyStopping(Technique):
    """Ends the run when the validation loss has not fallen for more than `patience` epochs, and takes the best weights
    back.

    Training loss keeps falling; validation loss falls, then rises: from there on the network learns the training
    images by heart. The best epoch lies between. Switched on in mid-run, it counts from there; a live change that makes
    it another network starts the count anew.

    Use it when you do not know how many epochs to train. It goes badly with schedules that lower the rate at a planned
    time (cosine, one-cycle), whose best epoch is the last. Look at: loss (the best epoch is marked).

    Source: Prechelt 1998, "Early Stopping – But When?".
    """

    name = "early_stopping"
    title = N_("Early stopping")
    summary = N_("Ends the run when validation stops improving, and takes the best weights back.")
    group = Category.REGULARISE
    label = N_("early stopping {patience}")

    patience: int = parameter(
        5,
        N_("Epochs without improvement that are allowed; after one more the run ends."),
        title=N_("Patience"),
        unit="epochs",
        ge=0,
        le=1000,
    )
    min_delta: float = parameter(
        0.0, N_("The least fall of the loss that counts as improvement."), title=N_("Least fall"), ge=0, le=10
    )

    @property
    def counts_epochs(self) -> bool:
        return True

    def stop(self, moment: Moment) -> bool:
        # Patience as torch's ReduceLROnPlateau, and so the schedule, means it. Keras and Lightning count one less.
        best, waited = float("inf"), 0
        for loss in moment.losses_by_network(self.name)[-1]:
            best, waited = (loss, 0) if loss < best - self.min_delta else (best, waited + 1)
        return waited > self.patience
