"""The errors a caller may want to catch.

Everything the engine raises on bad input is a `GgezError`; its message is one line with three parts: what was
wrong, where, and what to do. The command line turns it into exit status 2, the page into a warning; neither shows a
traceback for it.
"""

from __future__ import annotations


class GgezError(Exception):
    """Base class: the input can't be used as it is, and the message says what would be right."""


class SourceError(GgezError):
    """A checkpoint source (Hub id, folder, file, `demo:` name) can't be resolved to files."""


class CheckpointError(GgezError):
    """Files were found but are not a readable checkpoint: corrupt, truncated, pickled, wrong class."""


class IncompatibleError(GgezError):
    """Two checkpoints can't be merged: different architecture, names or shapes, or non-finite values."""


class RecipeError(GgezError):
    """A merge recipe or one of its parameters is wrong: unknown key, weight out of range, unused filter."""


class OutputError(GgezError):
    """The output can't be written: it exists, is in use, or the disk is full."""


class RegionError(GgezError):
    """A region, country, language or year is unknown, or a globalization factor lies outside [0, 1]."""


class DataError(GgezError):
    """A data row, caption, image or score can't be used."""


class TrainingError(GgezError):
    """A training can't start, or can't go on: its config, its data for this model, or a loss that isn't finite."""


class Cancelled(Exception):
    """Raised by a progress callback to stop the work it is told about; the work leaves nothing half-done."""
