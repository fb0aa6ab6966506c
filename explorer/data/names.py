"""What names of files and folders tell: their natural order, quantities, parts of a set."""

from __future__ import annotations

import math
import re

from explorer.data.source import FREE, TEST, TRAINING, VALIDATION

_PART_WORDS = {
    TRAINING: "train training trn tr обучение обучающая обучающий тренировочная тренировка трейн",
    VALIDATION: "val valid validation validate validating dev eval evaluation валидация валидационная проверочная вал",
    TEST: "test testing tst tests holdout тест тестовая тестовый тестирование контроль контрольная",
}
_PARTS = {word: part for part, words in _PART_WORDS.items() for word in words.split()}
_FILLING = frozenset({
    "seg", "set", "sets", "data", "dataset", "split", "splits", "image", "images", "img", "imgs", "pictures",
    "photos", "folder", "dir", "part", "the", "my", "new", "выборка", "набор", "данные",
})  # fmt: skip


def part_of(name: str) -> int:
    """TRAINING, VALIDATION or TEST for a name that people give such a part ("seg_train", "Test Set"), else FREE."""
    spaced = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", name).lower()
    words = [word for word in re.split(r"[\W\d_]+", spaced) if word and word not in _FILLING]
    if len(words) != 1:
        return FREE
    shorter = re.sub(r"(?<=.)(set|data|dataset|images)$", "", words[0])
    return _PARTS.get(words[0], _PARTS.get(shorter, FREE))


def natural(name: str) -> tuple[tuple[float, tuple[tuple[int, int | str], ...]], str]:
    """Sorting key: numbers by their value and before words, digits within words as numbers."""
    pieces = filter(None, re.split(r"(\d+)", name))
    parts = tuple((0, int(piece)) if piece.isdecimal() else (1, piece.casefold()) for piece in pieces)
    quantity = number(name)
    return (math.inf if quantity is None else quantity, parts), name


def number(name: str) -> float | None:
    """The finite number that `name` is, else None."""
    try:
        value = float(name)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
