"""The part of a recipe that says which images to train on, and how many of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from explorer.data.view import Fit, View
from explorer.i18n import N_


class DataChoice(BaseModel):
    """Which images a run trains on. Of the chosen classes, validation and test images are never reduced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        "fashion-mini",
        min_length=1,
        description=N_(
            "Name of a bundled or installed image set, or the path of a folder of pictures or of a table (CSV, TSV, "
            "Parquet) that names them."
        ),
    )
    classes: tuple[str, ...] = Field(
        (),
        description=N_(
            "Only images of these classes, in training, validation and test; empty means all. Their order is "
            "always that of the image set."
        ),
    )
    per_class: int | None = Field(
        None,
        ge=1,
        description=N_("Training images taken from each class; empty means all of them."),
        json_schema_extra={"unit": N_("images")},
    )
    fraction: float = Field(
        1.0,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description=N_(
            "Share of each class's training images that is used, from 0 to 1. Without effect when a number "
            "of images per class is set."
        ),
    )
    size: int = Field(
        64,
        ge=16,
        le=512,
        description=N_("Pixels along each side to which pictures of one's own are brought."),
        json_schema_extra={"unit": N_("pixels")},
    )
    fit: Fit = Field(
        "crop",
        description=N_("Of pictures of one's own, cut out the middle, show all between black bars, or stretch them."),
    )
    colour: bool = Field(True, description=N_("Take pictures of one's own in colour, or in grey."))
    bits: int | None = Field(
        None,
        ge=8,
        le=16,
        description=N_(
            "Of grey pictures with 16 bits a pixel, how many are used: scanners and cameras fill 10 or 12. Empty means "
            "as many as the brightest of some of them needs."
        ),
        json_schema_extra={"unit": N_("bits")},
    )
    near_copies: bool = Field(
        True,
        description=N_(
            "Keep pictures of one's own that look the same, such as one that was stored anew, together in training, "
            "validation or test."
        ),
    )

    pattern: str = Field(
        "",
        description=N_(
            "What paths of one's own pictures tell, from the end: {label} the class, {group} what stays in one part "
            "(a patient, a video), {split} the part; * stands for anything within a name, # for digits, ? for one "
            "character: {label}_#.*, {label}/{group}/*. Or a regular expression with groups of these names."
        ),
    )
    columns: tuple[str, ...] = Field(
        (),
        description=N_(
            "What columns of a table hold, where their names do not tell: file=NAME, label=NAME, split=NAME, "
            "group=NAME; with nothing after the sign, none."
        ),
    )
    root: str = Field(
        "", description=N_("Folder of the pictures that a table names; empty means beside the table, or within.")
    )
    order: tuple[str, ...] = Field(
        (),
        description=N_("All classes of one's own in rising order, where they are quantities in words: mild, severe."),
    )

    @property
    def place(self) -> tuple[object, ...]:
        """What decides which pictures there are, and of which classes."""
        return self.name, self.pattern, self.columns, self.root, self.order

    @property
    def view(self) -> View:
        """How pictures of one's own are brought to one shape."""
        return View(self.size, self.fit, self.colour, self.bits or View().bits)
