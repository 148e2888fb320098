"""Where a data set lies: a local copy (a folder or one file), or a snapshot of the Hub at a recorded commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .splits import known_splits, split_files
from .tables import Table, open_table


@dataclass(frozen=True)
class DataFolder:
    """A data set's files. path: a folder, or one file of rows. source: what is shown, with the commit if it has one."""

    path: Path
    source: str

    @classmethod
    def local(cls, path: Path) -> DataFolder:
        """A copy on this machine. Raises DataError where nothing is there."""
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; name a local copy of the data, or leave it out")
        return cls(path, str(path))

    @classmethod
    def hub(
        cls, repo: str, revision: str | None, splits: Sequence[str | None], configs: Sequence[str | None] = (None,)
    ) -> DataFolder:
        """The files of some splits of a data set of the Hub, downloaded. Raises DataError where they can't be had.

        revision: a commit; a branch or tag, or None, is resolved once to a commit that is recorded and used from then
        on (see `hub`).
        """
        from .hub import snapshot

        path, commit = snapshot(repo, revision, splits, configs)
        return cls(path, f"{repo}@{commit}")

    @property
    def folder(self) -> Path:
        """Where relative paths of images begin."""
        return self.path if self.path.is_dir() else self.path.parent

    def names(self) -> list[str]:
        """Every file below the folder, by its path from there, sorted."""
        if self.path.is_file():
            return [self.path.name]
        return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())

    def tables(self, split: str | None, config: str | None = None, *, required: bool = True) -> list[Table]:
        """The files of rows of a split. Raises DataError, with what there is, where none is."""
        if self.path.is_file():
            return [open_table(self.path)]
        names = self.names()
        card = self.path / "README.md"
        text = card.read_text("utf-8", "replace") if card.is_file() else ""
        found = split_files(names, text, split, config)
        if not found and required:
            of = f"{config}, " if config else ""
            raise DataError(
                f"{self.source}: no file of rows for {of}split {split}; there is {known_splits(names) or 'none'}; name "
                f"it {split or 'test'}.parquet, .jsonl or .tsv"
            )
        return [open_table(self.path / name) for name in found]
