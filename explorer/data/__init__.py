"""The data room: whatever the source, images end as uint8 tensors, in memory or mapped. Importing it spares torch."""

from explorer.data.base import DataSpec, ImageData, Source, Split
from explorer.data.catalogue import find, known, load, loading, look, sources, title_of
from explorer.data.choice import DataChoice
from explorer.data.gauge_picture import draw_gauges

__all__ = [
    "DataChoice",
    "DataSpec",
    "ImageData",
    "Source",
    "Split",
    "draw_gauges",
    "find",
    "known",
    "load",
    "loading",
    "look",
    "sources",
    "title_of",
]
