"""What a merge leaves when it is killed, cancelled, starved of disk or run twice: all of the output, or nothing.

Every system call that changes the disk is a moment to die at; the tests go through all of them.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.checkpoints.journal import Journal
from ggez_core.checkpoints.output import OutputFolder
from ggez_core.errors import Cancelled, OutputError
from ggez_core.merging import merge
from ggez_core.progress import Step
from tests.tiny import write_checkpoint

CALLS = ("open", "pwritev", "write", "fsync", "unlink", "rename", "mkdir")


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """Two checkpoints that take many batches, several shards and many notes in the journal."""
    monkeypatch.setattr("ggez_core.merging.plan.BATCH", 16 << 10)
    monkeypatch.setattr("ggez_core.checkpoints.output._SYNC_EVERY", 24 << 10)
    tensors = [{f"m.{i}": torch.randn(2_000 * (i + 1)) for i in range(4)} for _ in range(2)]
    base, regional = (write_checkpoint(tmp_path / name, t) for name, t in zip("ab", tensors, strict=True))
    yield base, regional
    left = {path.name for path in tmp_path.glob(".*")}  # killed between the rename and its last act, a few bytes stay
    whole = {f".{path.name}.partial.journal" for path in tmp_path.iterdir() if path.name.startswith("out")}
    assert left <= whole, "work is left"


def merged(pair: tuple[Path, Path], output: Path, **options: Any) -> dict[str, bytes]:
    merge(*pair, 0.3, output, shard_size="40KB", **options)
    return {path.name: path.read_bytes() for path in output.iterdir()}


def dying_at(number: int, after: bool, work: Callable[[], object]) -> bool:
    """Run `work` in a forked process that kills itself around its `number`-th call; whether it lived to the end."""
    process = os.fork()
    if process == 0:
        left = number

        def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
            def called(*arguments: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0 and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                result = call(*arguments, **options)
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return result

            return called

        for name in CALLS:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(process, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def test_killed_at_every_moment_the_output_is_absent_or_whole_and_resumes_to_the_same_bytes(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    expected = merged(pair, tmp_path / "whole")
    resumed = 0
    for after in (False, True):
        for number in range(1_000):
            output = tmp_path / f"out-{after}-{number}"
            if dying_at(number, after, partial(merged, pair, output)):
                assert {path.name: path.read_bytes() for path in output.iterdir()} == expected
                break
            if output.exists():
                assert {path.name: path.read_bytes() for path in output.iterdir()} == expected
                continue
            seen: list[Step] = []
            assert merged(pair, output, progress=seen.append) == expected
            resumed += seen[0].done > 0
        assert number > 20
    assert resumed > 5


def test_the_journal_of_one_killed_after_its_rename_goes_with_the_next_merge_there(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    def killed_once_renamed() -> None:
        rename = Path.rename

        def last(path: Path, target: Path) -> Any:
            rename(path, target)
            os.kill(os.getpid(), signal.SIGKILL)

        Path.rename = last  # type: ignore[method-assign, assignment]
        merged(pair, tmp_path / "out")

    journal = tmp_path / ".out.partial.journal"
    process = os.fork()
    if process == 0:
        try:
            killed_once_renamed()
        finally:
            os._exit(1)
    os.waitpid(process, 0)
    assert (tmp_path / "out").exists()
    assert journal.exists()
    held = Journal(journal, tmp_path / "out")
    merged(pair, tmp_path / "meanwhile")
    assert journal.exists()  # its owner may be at work
    held.close(remove=False)
    with pytest.raises(OutputError, match="already exists"):
        merged(pair, tmp_path / "out")
    assert not journal.exists()
    journal.write_text("left\n")
    merged(pair, tmp_path / "other")
    assert not journal.exists()


def test_killed_again_and_again(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    expected = merged(pair, tmp_path / "whole")
    for number in range(8, 200, 4):
        if dying_at(number, False, lambda: merged(pair, tmp_path / "out")):
            break
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == expected


def test_a_changed_input_is_not_resumed_and_its_rest_is_cleared(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    assert not dying_at(14, False, lambda: merged(pair, tmp_path / "out"))
    assert list(tmp_path.glob(".out.partial"))
    regional = pair[1] / "model.safetensors"
    regional.write_bytes(regional.read_bytes()[:-4] + torch.tensor([7.0]).numpy().tobytes())
    assert merged(pair, tmp_path / "out") == merged(pair, tmp_path / "fresh")


def test_not_resuming_starts_again(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    expected = merged(pair, tmp_path / "whole")
    assert not dying_at(20, False, lambda: merged(pair, tmp_path / "out"))
    seen: list[Step] = []
    assert merged(pair, tmp_path / "out", resume=False, progress=seen.append) == expected
    assert seen[0].done < 20_000


def test_cancelling_leaves_nothing(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    def stop(step: Step) -> None:
        if step.done > step.total / 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        merged(pair, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("call", ["pwritev", "fsync", "write"])
def test_a_disk_that_fills_up_is_one_clear_line(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    left = 1
    real = getattr(os, call)

    def full(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OutputError, match="the disk is full; nothing was written"):
            merged(pair, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_too_small_is_found_before_the_work(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 50_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    steps: list[Step] = []
    with pytest.raises(OutputError, match=r"needs 0\.00 GB, and the disk has"):
        merged(pair, tmp_path / "out", progress=steps.append)
    assert not steps


def test_two_at_once_on_one_output(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    def meanwhile(step: Step) -> None:
        if step.done == step.total:
            with pytest.raises(OutputError, match="another process is writing it"):
                merged(pair, tmp_path / "out")

    expected = merged(pair, tmp_path / "whole")
    assert merged(pair, tmp_path / "out", progress=meanwhile) == expected


def test_an_output_made_by_someone_else_meanwhile_is_left_alone(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    def meanwhile(step: Step) -> None:
        if step.done == step.total:
            (tmp_path / "out").mkdir()
            (tmp_path / "out/theirs").write_text("kept")

    with pytest.raises(OutputError, match="made by someone else"):
        merged(pair, tmp_path / "out", progress=meanwhile)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["theirs"]


def test_verify_finds_a_byte_that_changed_on_disk(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = merged(pair, tmp_path / "sound", verify=True)
    real = OutputFolder.sync

    def rot(self: OutputFolder) -> None:
        real(self)
        victim = sorted(self.folder.glob("*.safetensors"))[-1]
        raw = bytearray(victim.read_bytes())
        raw[-1] ^= 1
        victim.write_bytes(raw)

    monkeypatch.setattr(OutputFolder, "sync", rot)
    with pytest.raises(OutputError, match="differ from what was written"):
        merged(pair, tmp_path / "out", verify=True)
    assert not (tmp_path / "out").exists()
    assert expected
    assert open_checkpoint(tmp_path / "sound").tensors
