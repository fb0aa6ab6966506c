"""A folder of one's own pictures: how fast it is read, at first and later, in how much memory, and trained on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
from PIL import Image

from explorer.data import DataChoice, ImageData, Split, load
from explorer.recipe import Recipe
from explorer.resources import CACHE_VARIABLE

from .ours import SPARE, trained, without_evaluation
from .pairs import Measured, Piece, alternate, compared

WIDE, TALL, QUALITY = 500, 375, 88
"""Of photographs; with the noise below, a file has 60 KB."""
NOISE = 9.0
JPEGS, MANY, FEW = 1_000, 20_000, 40
CLASSES, ROUNDS = 10, 6
MEGABYTE = 2**20


def first_load(size: int) -> Callable[[bool], Measured]:
    """A figure: files/s of the first load of a folder over those of a plain Pillow loop, at `size` pixels, in turn.

    Ours decodes into an empty cache and ends with all that a run needs: copies found, parts divided, flushed to the
    disk. The loop opens, converts to RGB and resizes to the same size, file after file, on one core, and keeps the
    arrays. Both read the same files, which lie in the system's memory.
    """

    def measure(quick: bool) -> Measured:
        files = FEW if quick else JPEGS
        with _folder(files, _photograph) as folder:
            paths, fresh = sorted(folder.rglob("*.jpg")), count()

            def ours() -> Piece:
                os.environ[CACHE_VARIABLE] = str(folder.parent / f"cache-{next(fresh)}")
                return _timed(files, lambda: load(DataChoice(name=str(folder), size=size)))

            def by_hand() -> Piece:
                return _timed(files, lambda: [_plainly(path, size) for path in paths])

            measured = compared(alternate(1 if quick else ROUNDS, ours, by_hand), ours="ours", theirs="Pillow_loop")
            return replace(measured, note=f"{files} JPEGs of {WIDE} × {TALL} to {size} × {size}: {measured.note}")

    return measure


def folder_second_load_s(quick: bool) -> Measured:
    """Seconds of the second load of a folder of 20,000 pictures: found, compared with the cache, mapped, divided."""
    files = FEW if quick else MANY
    with _folder(files, _drawing) as folder:
        load(DataChoice(name=str(folder)))
        pieces = [_timed(files, lambda: load(DataChoice(name=str(folder)))) for _round in range(1 if quick else ROUNDS)]
        return Measured([piece.seconds for piece in pieces], f"{files} pictures", [piece.cpu for piece in pieces])


def folder_peak_mb(quick: bool) -> Measured:
    """Largest memory of a process that loads a folder of 20,000 pictures for the first time, PyTorch included."""
    files = FEW if quick else MANY
    with _folder(files, _drawing) as folder:
        peaks = []
        for size in (64, 224)[: 1 if quick else 2]:
            ran = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.folders", str(folder), str(size)],
                check=True,
                capture_output=True,
                text=True,
            )
            peaks.append(float(ran.stdout))
        return Measured(peaks, f"{files} pictures; at 64 px" + ("" if quick else " and at 224 px"))


def cached_training_ratio(quick: bool) -> Measured:
    """Images/s of training on pictures mapped from the cache over those on the same in memory, an epoch in turn."""
    rounds = 1 if quick else 2 * ROUNDS
    with _folder(FEW if quick else JPEGS, _drawing) as folder:
        recipe = Recipe(epochs=rounds + SPARE, device="cpu", data=DataChoice(name=str(folder)), batch_size=16)
        mapped = load(recipe.data, recipe.seed)
        with without_evaluation() as clock:
            sides = (clock.side(trained(recipe, data, "none")) for data in (mapped, _in_memory(mapped)))
            return compared(alternate(rounds, *sides), ours="mapped", theirs="in_memory")


def _in_memory(data: ImageData) -> ImageData:
    def copied(split: Split) -> Split:
        return Split(split.images.clone(), split.labels.clone())

    return replace(data, training=copied(data.training), validation=copied(data.validation), test=copied(data.test))


@contextmanager
def _folder(files: int, draw: Callable[[np.random.Generator, Path], None]) -> Iterator[Path]:
    """A folder of so many pictures in CLASSES classes, and a cache of its own beside it."""
    before, rng = os.environ.get(CACHE_VARIABLE), np.random.default_rng(0)
    with TemporaryDirectory() as parent:
        os.environ[CACHE_VARIABLE] = f"{parent}/cache"
        folder = Path(parent) / "pictures"
        for n in range(files):
            path = folder / f"class {n % CLASSES}" / f"{n}"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(rng, path)
        try:
            yield folder
        finally:
            if before is None:
                del os.environ[CACHE_VARIABLE]
            else:
                os.environ[CACHE_VARIABLE] = before


def _photograph(rng: np.random.Generator, path: Path) -> None:
    """Clouds of all sizes with some noise, as a JPEG."""
    picture = np.zeros((TALL, WIDE, 3), np.float32)
    for across in (4, 16, 64):
        small = rng.integers(0, 256, (across * TALL // WIDE, across, 3), np.uint8)
        cloud = Image.fromarray(small).resize((WIDE, TALL), Image.Resampling.BICUBIC)
        picture += np.asarray(cloud, np.float32) * (2 / across)
    picture *= 255 / picture.max()
    picture += rng.normal(0, NOISE, (TALL, WIDE, 1))
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path.with_suffix(".jpg"), quality=QUALITY)


def _drawing(rng: np.random.Generator, path: Path) -> None:
    """A few random pixels."""
    Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(path.with_suffix(".png"))


def _plainly(path: Path, size: int) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB").resize((size, size)))


def _timed(units: int, work: Callable[[], object]) -> Piece:
    began, began_cpu = perf_counter(), process_time()
    work()
    return Piece(units, perf_counter() - began, process_time() - began_cpu)


if __name__ == "__main__":
    import resource

    load(DataChoice(name=sys.argv[1], size=int(sys.argv[2])))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE)
