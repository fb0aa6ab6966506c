"""The right column, above: each layer with a tick that freezes it, its size, and a spark of its gradient."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTreeWidgetItem, QVBoxLayout, QWidget

from explorer.events import FrozenCheck, LayerPlan
from explorer.gui.layers.layers_tree import GRADIENT, LAYER, LOCKED, NORM, SIZE, Tree, count, set_data, short
from explorer.gui.recipe.card import mark_help, mark_text
from explorer.gui.theme import LIGHT, Palette
from explorer.gui.wording import rich
from explorer.i18n import N_, _
from explorer.recipe import Recipe
from explorer.runs.record import RunRecord
from explorer.session.frozen_patterns import LayerGroup, frozen_layers, groups, same_network, ticked, unknown
from explorer.session.layer_report import LOOKS, LayerReport, layer_names
from explorer.session.session import Difference

BETWEEN_LOOKS = 1.0
"""Seconds between two updates of the numbers."""
MOST_OPEN = 12
"""Layers of a network that is shown unfolded at first; larger ones show their stages."""
HEADER = (N_("Layer"), N_("Count"), N_("Norm"), N_("Gradient"))
ROLE = Qt.ItemDataRole
CHECKED, UNCHECKED, PARTLY = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


class LayersList(QWidget):
    """Shows the layers of the run on screen; `frozen` carries the recipe's new patterns after a tick was changed."""

    frozen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._recipe, self._ran = Recipe(), None  # type: tuple[Recipe, Recipe | None]
        self._record, self._mark = RunRecord(), None  # type: tuple[RunRecord, Difference | None]
        self._built: object = None
        self._seen: object = None
        self._plan: object = None
        self._looked_at = 0.0
        self._unfolded: dict[str, bool] = {}
        self._colours = LIGHT
        self.title, self.chip, self.tree = QLabel(), QLabel(), Tree()
        self.title.setObjectName("heading")
        self.chip.setObjectName("mark")
        self.note, self.empty = QLabel(wordWrap=True), QLabel(wordWrap=True)
        for label in (self.note, self.empty):
            label.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tree.itemChanged.connect(self._item_changed)
        self.tree.itemExpanded.connect(self._folded)
        self.tree.itemCollapsed.connect(self._folded)
        self.tree.removed.connect(self._remove)
        above = QHBoxLayout()
        above.addWidget(self.title, 1)
        above.addWidget(self.chip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addLayout(above)
        layout.addWidget(self.note)
        layout.addWidget(self.empty)
        layout.addWidget(self.tree, 1)
        self.retranslate()
        self.refresh()

    # What the window calls.

    def show_run(self, record: RunRecord | None, ran: Recipe | None, recipe: Recipe, mark: Difference | None) -> None:
        """Show the layers of `record`, whose recipe is `ran`, with the ticks of `recipe`; `mark`: how those differ."""
        self._record = record or RunRecord()
        self._ran, self._recipe, self._mark = ran, recipe, mark
        self._show_ticks()

    def tick(self) -> None:
        """Bring it up to date, if it is seen and that is due."""
        overdue = time.monotonic() - self._looked_at >= BETWEEN_LOOKS
        if self.isVisible() and (self._built != self._wanted() or (overdue and self._seen != self._latest())):
            self.refresh()

    def refresh(self) -> None:
        """Bring it up to date now. Not to be called while an item of the tree says that it has changed."""
        self.tree.facts = LayerReport(self._record)
        self._seen, self._looked_at = self._latest(), time.monotonic()
        plan = (id(self._record), len(self._record.all(LayerPlan)))
        if self._built != self._wanted():
            self._build()
            self._plan = None
        if self._plan != plan:
            self._plan = plan
            self._show_ticks()
        self._show_numbers()

    def restyle(self, palette: Palette) -> None:
        """Draw in these colours."""
        self._colours = self.tree.colours = palette
        self._show_ticks()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self.title.setText(_("Layers"))
        self.empty.setText(_("The layers of a run are shown here. There is none on screen yet: press Train."))
        self.note.setText(_("As in the run on screen; the recipe may build other ones."))
        self.tree.setAccessibleName(_("Layers, and which of them learn"))
        gradient = _(
            "Norm of the gradient at the last {n} looks, on a log scale of its own, of at least one power of ten. Of a "
            "frozen layer: what changed in it during the last epoch, compared byte by byte."
        )
        helps = (
            _("A layer with a tick learns; without it, it is frozen."),
            _("Number of weights (parameters)."),
            _("L2 norm of the weights."),
            gradient.format(n=LOOKS),
        )
        header = self.tree.headerItem()
        for column, (text, help_) in enumerate(zip(HEADER, helps, strict=True)):
            header.setText(column, _(text))
            header.setToolTip(column, rich(help_))
        self.tree.fit_columns()
        self._seen = None
        self._show_ticks()

    # Rows.

    def _wanted(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What decides the rows: layers, and patterns that match none of them."""
        names = layer_names(self._record)
        return names, unknown(self._recipe.frozen, names) if names else ()

    def _latest(self) -> object:
        """Differs whenever there is something new to show."""
        record = self._record
        looks = len(record.series.norms[-1].steps) if record.series.norms else 0
        return (
            id(record),
            len(record.layers),
            len(record.series.norms),
            looks,
            len(record.all(LayerPlan)),
            len(record.all(FrozenCheck)),
        )

    def _build(self) -> None:
        self._built = names, strangers = self._wanted()
        tree, current = self.tree, self.tree.currentItem()
        was, place = (tree.row(current).name if current else ""), tree.verticalScrollBar().value()
        with QSignalBlocker(tree):
            tree.clear()
            tree.rows.clear()
            for group in groups(names):
                item = tree.add(tree, group)
                if not group.alone:
                    for layer in group.layers:
                        tree.add(item, LayerGroup(layer, (layer,), layer.removeprefix(group.name + ".")))
                    item.setExpanded(self._unfolded.get(group.name, len(names) <= MOST_OPEN))
            for pattern in strangers:
                tree.add(tree, LayerGroup(pattern, (), pattern))
            if again := next((item for item in self._items() if tree.row(item).name == was), None):
                tree.setCurrentItem(again)
            tree.verticalScrollBar().setValue(place)
        self.empty.setVisible(not names)
        tree.setVisible(bool(names))

    def _items(self, folded: bool = True) -> Iterator[QTreeWidgetItem]:
        """All items, or those alone that are not folded away."""
        for i in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(i)
            yield item
            if folded or item.isExpanded():
                yield from (item.child(j) for j in range(item.childCount()))

    def _show_ticks(self) -> None:
        names, frozen = self.tree.facts.names, self.tree.facts.frozen
        wanted = frozen_layers(self._recipe.frozen, names)
        theirs = self._theirs()
        learning = {name for name in names if name not in wanted and name not in theirs}
        differ = {name for name in names if name not in theirs and (name in wanted) != (name in frozen)}
        accent = QBrush(QColor(self._colours.accent))
        with QSignalBlocker(self.tree):
            for item in self._items():
                layers = self.tree.row(item).layers
                ours = [name for name in layers if name not in theirs]
                learns = [name for name in ours if name in learning]
                state = UNCHECKED if not learns else CHECKED if len(learns) == len(ours) else PARTLY
                locked = bool(layers) and (not ours or (state is CHECKED and learning <= set(layers)))
                marked = self._mark is not None and not differ.isdisjoint(layers)
                if item.checkState(LAYER) is not state:
                    item.setCheckState(LAYER, state)
                set_data(item, LAYER, LOCKED, locked)
                set_data(item, LAYER, ROLE.ForegroundRole, accent if marked else None)
                set_data(item, LAYER, ROLE.ToolTipRole, rich(self._help(self.tree.row(item), ours, locked, marked)))
        self.note.setVisible(bool(names) and self._ran is not None and not same_network(self._ran, self._recipe))
        self.chip.setText(mark_text(self._mark) if self._mark else "")
        self.chip.setToolTip(rich(mark_help(self._mark)) if self._mark else "")

    def _theirs(self) -> set[str]:
        """Layers that a technique has frozen."""
        return {name for name, frozen in self.tree.facts.frozen.items() if frozen.by}

    def _help(self, row: LayerGroup, ours: list[str], locked: bool, marked: bool) -> str:
        if not row.layers:
            text = _("No layer of this network matches the pattern {pattern}. A tick, or Delete, takes it away.")
            return text.format(pattern=row.name)
        lines = [row.name]
        if not ours:
            lines.append(_("Frozen by {technique}.").format(technique=_(self.tree.facts.frozen[row.layers[0]].by)))
        elif locked:
            lines.append(_("The last layer that learns cannot be frozen: nothing would learn."))
        if marked and self._mark:
            lines.append(mark_help(self._mark))
        return "\n".join(lines)

    def _show_numbers(self) -> None:
        with QSignalBlocker(self.tree):
            for item in self._items(folded=False):
                if layers := self.tree.row(item).layers:
                    self._show_numbers_of(item, layers)
        self.tree.viewport().update()

    def _show_numbers_of(self, item: QTreeWidgetItem, layers: tuple[str, ...]) -> None:
        facts = self.tree.facts
        norm, said = short(facts.weight_norm(layers)), facts.said(layers)
        lines = [*([said] if said else []), *facts.tensors(layers)]
        if not said and (gradient := short(facts.gradient_norm(layers))):
            lines.append(_("Norm of the gradient: {norm}").format(norm=gradient))
        if norm:
            lines.append(_("Norm of the weights: {norm}").format(norm=norm))
        set_data(item, SIZE, ROLE.DisplayRole, count(facts.size(layers)))  # known late of a network built anew
        set_data(item, NORM, ROLE.DisplayRole, "" if said else norm)
        set_data(item, GRADIENT, ROLE.AccessibleTextRole, ", ".join(lines))
        set_data(item, GRADIENT, ROLE.ToolTipRole, rich("\n".join(lines)))

    # What people do.

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        row = self.tree.row(item)
        if column != LAYER:
            return
        if not row.layers:
            self._remove(item)
        elif not item.data(LAYER, LOCKED):
            theirs, learn = self._theirs(), item.checkState(LAYER) is CHECKED
            touched = [name for name in row.layers if name not in theirs]
            self.frozen.emit(ticked(self._recipe.frozen, self.tree.facts.names, touched, learn))
        self._show_ticks()

    def _remove(self, item: QTreeWidgetItem) -> None:
        row = self.tree.row(item)
        if not row.layers:
            self.frozen.emit(tuple(pattern for pattern in self._recipe.frozen if pattern != row.name))

    def _folded(self, item: QTreeWidgetItem) -> None:
        self._unfolded[self.tree.row(item).name] = item.isExpanded()
        self._show_numbers()
