"""Lets `import torchvision` work beside a CPU-only torch; Lightning imports it, too. Import this before either."""

from __future__ import annotations

from explorer.networks.compiled import prepare

prepare()
