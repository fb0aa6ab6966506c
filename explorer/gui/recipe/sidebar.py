"""The left column: the recipe's own fields, then a card for each technique, under the heading of its group."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer.gui.recipe.card import Card, mark_help, refusal
from explorer.gui.recipe.choice_form import ChoiceForm
from explorer.gui.recipe.data_editor import DataEditor
from explorer.gui.recipe.form import Form
from explorer.i18n import N_, _
from explorer.recipe import CHOICES, Recipe, parse
from explorer.session.session import Difference
from explorer.techniques import TECHNIQUES, Category

MAIN = ("data", "epochs", "batch_size", "lr")
MORE = tuple(name for name in Recipe.model_fields if name not in (*MAIN, *CHOICES, "version", "techniques", "frozen"))
WIDTH = 330


class Sidebar(QScrollArea):
    """Shows a recipe; `changed` carries the new one after an edit."""

    changed = Signal(object)
    compare = Signal(object)
    """Somebody wants to see what a technique does; carries the technique."""

    def __init__(self, recipe: Recipe, explain: Callable[[type], None]) -> None:
        super().__init__()
        self._recipe = recipe
        self._headings: dict[QLabel, str] = {}
        self._groups: list[tuple[QLabel, list[Card]]] = []
        """Headings of the techniques, with their cards."""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # unfolding must not change the width
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(8, 6, 6, 8)
        self._layout.setSpacing(6)
        self._heading(N_("Recipe"))
        self.main, self.more = (Form(recipe, names, parse) for names in (MAIN, MORE))
        images = self.main.editors["data"]
        assert isinstance(images, DataEditor)
        self.images = images
        images.told.connect(self._judge_all)
        self.choices = {name: ChoiceForm(name, getattr(recipe, name), name == "network") for name in CHOICES}
        self.unfold = QToolButton()
        self.unfold.setCheckable(True)
        self.unfold.setAutoRaise(True)
        self.unfold.setArrowType(Qt.ArrowType.RightArrow)
        self.unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.unfold.toggled.connect(self._unfolded)
        self.more.hide()
        self._forms: tuple[Form | ChoiceForm, ...] = (self.main, *self.choices.values(), self.more)
        for widget in (self.main, *self.choices.values(), self.unfold, self.more):
            self._layout.addWidget(widget)
        for form in (self.main, self.more):
            form.changed.connect(self._edited)
        for choice in self.choices.values():
            choice.changed.connect(self._chosen)
            choice.explain.connect(explain)
        self.cards = {kind.name: Card(kind) for kind in TECHNIQUES}
        for group in Category:
            members = [card for card in self.cards.values() if card.kind.group is group]
            if members:
                self._groups.append((self._heading(group.value), members))
            for card in members:
                self._layout.addWidget(card)
                card.changed.connect(self._switched)
                card.form.changed.connect(partial(self._judge, card))
                card.explain.connect(explain)
                card.compare.connect(self.compare)
        self._layout.addStretch(1)
        inside.setMinimumWidth(0)
        inside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setWidget(inside)
        self.setMinimumWidth(WIDTH)
        self.show_recipe(recipe, {})
        self.retranslate()

    def leave_free(self, pixels: int) -> None:
        """Show nothing in the lowest `pixels`: what lies there covers no card, as all can be scrolled above it."""
        self.setViewportMargins(0, 0, 0, pixels)

    def show_recipe(self, recipe: Recipe, marks: Mapping[str, Difference]) -> None:
        """Show `recipe`, without a signal, and mark what differs from the run on screen."""
        self._recipe = recipe
        helps = {name: mark_help(mark) for name, mark in marks.items()}
        on = {technique.name: technique for technique in recipe.techniques}
        for form in (self.main, self.more):
            form.set_value(recipe)
            form.mark(helps)
        for name, choice in self.choices.items():
            choice.set_value(getattr(recipe, name))
            choice.mark(helps.get(name, ""))
        self.main.editors["lr"].set_default(recipe.open_rate)
        for name, card in self.cards.items():
            card.set_value(on.get(name))
            card.mark(marks.get(name))
            self._judge(card)

    def _judge_all(self) -> None:
        for card in self.cards.values():
            self._judge(card)

    def _judge(self, card: Card, *_value: object) -> None:
        """Say why the technique of `card`, with the parameters that it shows, cannot act in the recipe, if so."""
        technique: Any = card.form.value
        reason = refusal(technique, self._recipe, self.images.source)
        curable = bool(reason) and not refusal(card.kind(), self._recipe, self.images.source)
        card.refuse(reason, curable=curable)

    def reset_cards(self) -> None:
        """Show the defaults in the cards of techniques that are off: with these they would be switched on."""
        for card in self.cards.values():
            if card.value is None:
                card.form.set_value(card.kind())

    def commit(self) -> None:
        """Take what is being typed."""
        for form in (*self._forms, *(card.form for card in self.cards.values())):
            form.commit()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        for label, text in self._headings.items():
            label.setText(_(text))
        self.unfold.setText(_("More settings"))
        self.setAccessibleName(_("Recipe and techniques"))
        for form in self._forms:
            form.retranslate()
        for card in self.cards.values():
            card.retranslate()

    def show_only(self, fields: Collection[str] | None, cards: Collection[str]) -> bool:
        """Keep these fields and cards in sight, all else out of the way (None: everything is there); whether any is."""
        every = fields is None
        shown = [form.show_only(fields) for form in (self.main, self.more)]
        self.main.setVisible(shown[0])
        self.unfold.setVisible(every)
        self.more.setVisible(self.unfold.isChecked() if every else shown[1])
        for name, choice in self.choices.items():
            choice.setVisible(every or name in (fields or ()))
        for card in self.cards.values():
            card.setVisible(every or card.kind.name in cards)
        for heading, members in self._groups:
            heading.setVisible(every or any(card.kind.name in cards for card in members))
        next(iter(self._headings)).setVisible(every or bool(fields))
        return every or bool(fields or cards)

    @property
    def high(self) -> int:
        """Pixels that what is in sight needs."""
        return self._layout.sizeHint().height() + 4

    def _heading(self, text: str) -> QLabel:
        label = QLabel()
        label.setObjectName("heading")
        self._headings[label] = text
        self._layout.addWidget(label)
        return label

    def _edited(self, value: BaseModel) -> None:
        assert isinstance(value, Recipe)
        self.changed.emit(value)

    def _chosen(self, value: object) -> None:
        choice = self.sender()
        assert isinstance(choice, ChoiceForm)
        self.changed.emit(self._recipe.with_(**{choice.choice: value}))

    def _switched(self, _value: object) -> None:
        card = self.sender()
        assert isinstance(card, Card)
        value = card.value
        self.changed.emit(self._recipe.switched(value) if value else self._recipe.without(card.kind.name))

    def _unfolded(self, shown: bool) -> None:
        self.more.setVisible(shown)
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
