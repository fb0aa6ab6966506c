"""Fashion-MNIST: 10,000 of its images come with the app; the full set is used where the machine has it."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from explorer.data.base import Arrays, ImageData, Source, assemble, reduced, stratified
from explorer.data.choice import DataChoice
from explorer.data.idx import read_idx
from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.resources import resource

MINI = "fashion-mini"
FULL = "fashion-mnist"

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
ROOT_VARIABLE = "TRAINING_EXPLORER_DATA"

CLASSES = (
    N_("T-shirt/top"),
    N_("Trouser"),
    N_("Pullover"),
    N_("Dress"),
    N_("Coat"),
    N_("Sandal"),
    N_("Shirt"),
    N_("Sneaker"),
    N_("Bag"),
    N_("Ankle boot"),
)
SHAPE = (1, 28, 28)

SPLIT_SEED = 2017
"""Fixed: whoever compares two runs compares them on the same validation images."""
MINI_PER_CLASS = {"training": 600, "validation": 200, "test": 200}
FULL_PER_CLASS = 6_000
FULL_VALIDATION_PER_CLASS = 500

_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def mini_source() -> Source:
    """The bundled selection."""
    return Source(
        name=MINI,
        title=N_("Fashion-MNIST, small"),
        description=N_(
            "Grey 28×28 pictures of ten kinds of clothing: 6,000 to train on, 2,000 for validation, 2,000 "
            "for the test. Comes with the app."
        ),
        ordered=False,
        available=mini_path().is_file(),
        remedy="" if mini_path().is_file() else str(_reinstall(mini_path())),
        classes=CLASSES,
        shape=SHAPE,
        training=(MINI_PER_CLASS["training"],) * len(CLASSES),
    )


def full_source() -> Source:
    """The full set, if it is on this machine."""
    available = find_full() is not None
    return Source(
        name=FULL,
        title=N_("Fashion-MNIST, full"),
        description=N_(
            "Grey 28×28 pictures of ten kinds of clothing: 55,000 to train on, 5,000 for validation, the "
            "official 10,000 for the test."
        ),
        ordered=False,
        available=available,
        remedy="" if available else str(_how_to_get_it()),
        classes=CLASSES,
        shape=SHAPE,
        training=(FULL_PER_CLASS - FULL_VALIDATION_PER_CLASS,) * len(CLASSES),
    )


def mini_path() -> Path:
    """Where the bundled selection lies."""
    return resource("data", "fashion-mini.npz")


def load_mini(choice: DataChoice, seed: int) -> ImageData:
    """The bundled selection. Raises InputError if its file is missing or damaged, or too much is asked."""
    path = mini_path()
    splits: dict[str, Arrays] = {}
    try:
        # Members are read whole, so that zipfile compares each with its CRC; np.load(path) may not reach the
        # end.
        with zipfile.ZipFile(path) as archive:
            for split, per_class in MINI_PER_CLASS.items():
                images, labels = (
                    np.load(io.BytesIO(archive.read(f"{split}_{kind}.npy")), allow_pickle=False)
                    for kind in ("images", "labels")
                )
                if images.shape != (10 * per_class, *SHAPE) or images.dtype != np.uint8:
                    raise ValueError(images.shape)
                if np.bincount(labels, minlength=10).tolist() != [per_class] * 10:
                    raise ValueError(labels.shape)
                splits[split] = Arrays(images, labels.astype(np.int64))
    # NotImplementedError and RuntimeError: a flipped bit reads as an unknown compression or as encryption.
    except (OSError, EOFError, KeyError, ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        raise InputError(_reinstall(path)) from error
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InputError(_reinstall(path)) from error
    return _image_data(splits["training"], splits["validation"], splits["test"], choice, seed)


def load_full(choice: DataChoice, seed: int) -> ImageData:
    """The full set. Raises InputError if it is not there, is damaged, or `choice` asks too much."""
    folder = find_full()
    if folder is None:
        raise InputError(_how_to_get_it())
    official = read_official(folder, "train")
    validation = stratified(official.labels, [FULL_VALIDATION_PER_CLASS] * len(CLASSES), SPLIT_SEED)
    training = np.setdiff1d(np.arange(len(official.labels)), validation, assume_unique=True)
    return _image_data(official.take(training), official.take(validation), read_official(folder, "test"), choice, seed)


def find_full() -> Path | None:
    """The first folder that holds all four files, gzipped or not: ours to name, Debian's, torchvision's."""
    roots = [_own_root(), DEBIAN_FOLDER, user_cache_path("training-explorer", False) / "data"]
    roots += [Path("data"), Path.home() / "data"]
    for root in filter(None, roots):
        for folder in (root, root / "FashionMNIST" / "raw"):
            if all(_file(folder, stem) for stems in _FILES.values() for stem in stems):
                return folder
    return None


def read_official(folder: Path, part: str) -> Arrays:
    """The official training set ("train", 60,000) or test set ("test", 10,000) from `folder`.

    Raises InputError if a file is missing, damaged, or not what it should be.
    """
    count = {"train": 60_000, "test": 10_000}[part]
    paths = [_file(folder, stem) or folder / stem for stem in _FILES[part]]
    images, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
    if images.shape != (count, *SHAPE[1:]) or labels.shape != (count,) or labels.max() >= len(CLASSES):
        raise InputError(
            Message(
                "{path} is not Fashion-MNIST's: its size is {have} instead of {expected}, or its labels do "
                "not fit. Delete the files in that folder and install or download them again.",
                path=paths[0],
                have=str(images.shape),
                expected=str((count, *SHAPE[1:])),
            )
        )
    return Arrays(images[:, None], labels.astype(np.int64))


def _image_data(training: Arrays, validation: Arrays, test: Arrays, choice: DataChoice, seed: int) -> ImageData:
    return assemble(choice, CLASSES, reduced(training, CLASSES, choice, seed), validation, test)


def _own_root() -> Path | None:
    named = os.environ.get(ROOT_VARIABLE)
    return Path(named).expanduser() if named else None


def _file(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()), None)


def _reinstall(path: Path) -> Message:
    return Message("The bundled images in {path} are missing or damaged. Install Training Explorer again.", path=path)


def _how_to_get_it() -> Message:
    root = _own_root() or user_cache_path("training-explorer", False) / "data"
    return Message(
        "The full Fashion-MNIST is not on this machine. On Debian or Ubuntu: sudo apt install "
        "dataset-fashion-mnist. Elsewhere, in Python: torchvision.datasets.FashionMNIST({root!r}, "
        "download=True). Another folder can be named in the environment variable {variable}.",
        root=str(root),
        variable=ROOT_VARIABLE,
    )
