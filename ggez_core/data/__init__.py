"""Image-text data as tables: Parquet, JSONL, TSV and CSV, WebDataset shards; local, or a data set of the Hub.

Rows are read by column and images only when they are asked for. A leaf: imports nothing of ours but errors. Used by
evaluation's tasks; nothing here knows a benchmark.
"""

from .folder import DataFolder
from .images import ImageAt, Pictures, unreadable
from .places import cache_folder
from .tables import Table, open_table

__all__ = ["DataFolder", "ImageAt", "Pictures", "Table", "cache_folder", "open_table", "unreadable"]
