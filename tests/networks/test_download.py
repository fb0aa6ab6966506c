"""Downloads from a server on this machine: whole, cut short, wrong, absent, cancelled; and with no server at all."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from explorer.errors import InputError
from explorer.networks import BACKBONES, Backbone, catalogue, download, fetch, weights_path

CONTENT = bytes(range(256)) * 4096  # 1 MiB: four chunks
NAME = "resnet18"


class Handler(BaseHTTPRequestHandler):
    """What each path does to who asks for it."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        if kind == "absent":
            self.send_error(404)
            return
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write({"short": CONTENT[:300_000], "wrong": b"x" + CONTENT[1:]}.get(kind, CONTENT))

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINING_EXPLORER_CACHE", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "weights"


def serve(monkeypatch: pytest.MonkeyPatch, url: str) -> Backbone:
    """Let NAME's weights be at `url`."""
    digest = hashlib.sha256(CONTENT).hexdigest()[:8]
    faked = replace(BACKBONES[1], url=f"{url}/resnet18-{digest}.pth", sha256=digest, bytes=len(CONTENT))
    monkeypatch.setattr(catalogue, "BACKBONES", (BACKBONES[0], faked))
    return faked


@pytest.mark.parametrize("kind", ["good", "unsized"])
def test_says_how_far_it_is_and_leaves_the_whole_file_and_no_other(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    serve(monkeypatch, f"{server}/{kind}")
    steps = list(fetch(NAME))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _total in steps] == sorted({done for done, _total in steps})
    assert len(steps) >= 4
    assert list(cache.iterdir()) == [weights_path(NAME)]
    assert weights_path(NAME).read_bytes() == CONTENT
    assert list(fetch(NAME)) == []  # there already


def test_a_damaged_file_in_the_cache_is_replaced(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, f"{server}/good")
    weights_path(NAME).parent.mkdir()
    weights_path(NAME).write_bytes(CONTENT[:-1])
    assert list(fetch(NAME))
    assert weights_path(NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("short", "300000 of 1048576 bytes came"),
        ("wrong", "its SHA-256 begins with"),
        ("absent", "HTTP 404 Not Found"),
    ],
)
def test_failures_name_address_reason_and_way_out_and_leave_nothing(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch, kind: str, reason: str
) -> None:
    backbone = serve(monkeypatch, f"{server}/{kind}")
    with pytest.raises(InputError) as caught:
        list(fetch(NAME))
    message = str(caught.value)
    assert reason in message
    assert backbone.url in message
    assert str(weights_path(NAME)) in message
    assert "transfer.weights" in message
    assert list(cache.iterdir()) == []


def test_cancelled_in_the_middle_leaves_nothing_and_can_begin_again(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, f"{server}/good")
    download_ = fetch(NAME)
    done, total = next(download_)
    assert 0 < done < total
    assert len(list(cache.iterdir())) == 1  # under another name
    assert not weights_path(NAME).exists()
    download_.close()  # type: ignore[attr-defined]
    assert list(cache.iterdir()) == []
    assert list(fetch(NAME))[-1] == (total, total)


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        backbone = serve(monkeypatch, f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(InputError, match=r"ResNet-18 could not be downloaded .*refused.*elsewhere") as caught:
            list(fetch(NAME))
    assert backbone.url in str(caught.value)


def test_a_server_that_falls_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        serve(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(InputError, match="timed out"):
            list(fetch(NAME))


def test_a_cache_that_cannot_be_written_names_the_variable(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRAINING_EXPLORER_CACHE", str(tmp_path / "file"))
    serve(monkeypatch, f"{server}/good")
    with pytest.raises(InputError, match=r"weights cannot be written .*TRAINING_EXPLORER_CACHE"):
        list(fetch(NAME))


def test_the_cache_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINING_EXPLORER_CACHE")
    assert weights_path(NAME).parts[-3:] == ("training-explorer", "weights", "resnet18-f37072fd.pth")
    assert not weights_path("efficientnet_lite0").is_relative_to(weights_path(NAME).parent)


def test_what_is_bundled_is_not_downloaded(cache: Path) -> None:
    assert list(fetch("efficientnet_lite0")) == []
    assert not cache.exists()
