"""Which columns a measured file has besides those of the signals, and how each kind is kept in Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .signal import Column, Kind

if TYPE_CHECKING:
    import pyarrow

ROW: tuple[Column, ...] = (
    Column("place", "str", "where the row is in the input, its one unique name: file#number"),
    Column("id", "str", "the row's own name, or its place; not always unique"),
    Column("text", "str", "the caption as it came"),
    Column("image", "str", "the picture's path, where the input names one; a picture inside the input stays there"),
    Column("language", "str", "as the input says"),
    Column("country", "str", "as the input says"),
    Column("region", "str", "as the input says"),
    Column("lat", "float", "degrees, as the input says"),
    Column("lon", "float", "degrees, as the input says"),
    Column("url", "str", "as the input says"),
    Column("text_en", "str", "as the input says"),
    Column("other", "str", "what else the input has, as JSON"),
    Column("image_width", "int", "pixels, upright"),
    Column("image_height", "int", "pixels, upright"),
    Column("image_bytes", "int", "of the encoded picture"),
    Column("image_digest", "hash64", "of the encoded picture: the same file has the same"),
    Column("exif_lat", "float", "degrees, as the camera says"),
    Column("exif_lon", "float", "degrees, as the camera says"),
    Column("row_error", "str", "why the row can't be read"),
    Column("image_error", "str", "why there is no picture"),
    Column("text_error", "str", "why there is no caption, or what is wrong with its bytes"),
    Column("signal_errors", "str", "which signal failed on the row, and how"),
)
STATED = ("language", "country", "region", "lat", "lon", "url", "text_en")


def arrow_type(kind: Kind) -> pyarrow.DataType:
    """How a kind is kept. float64 so that a bound such as 0.95 means itself."""
    import pyarrow as arrow

    evidence = arrow.struct([("country", arrow.string()), ("confidence", arrow.float64()), ("why", arrow.string())])
    types: dict[str, Any] = {
        "str": arrow.string(), "float": arrow.float64(), "int": arrow.int64(), "bool": arrow.bool_(),
        "hash64": arrow.uint64(), "vector": arrow.list_(arrow.float32()), "list[str]": arrow.list_(arrow.string()),
        "evidence": arrow.list_(evidence),
    }  # fmt: skip
    return types[kind]


def arrow_array(values: list[Any], kind: Kind) -> pyarrow.Array:
    """A column's values as Arrow."""
    import pyarrow as arrow

    if kind == "evidence":
        values = [None if v is None else [e._asdict() for e in v] for v in values]
    elif kind == "vector":
        values = [None if v is None else [float(x) for x in v] for v in values]
    return arrow.array(values, arrow_type(kind))
