"""A merge whose disk fills up, whose inputs go away or change, or that isn't alone: one clear line, nothing left."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError, GgezError, OutputError
from ggez_core.merging import merge
from ggez_core.progress import Step
from tests import kills

CALLS = ("open", "pwritev", "write", "fsync", "mkdir", "rename", "copy_file_range")


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ggez_core.merging.plan.BATCH", 64 << 10)
    monkeypatch.setattr("ggez_core.checkpoints.output._SYNC_EVERY", 100 << 10)


@pytest.fixture
def pipelines(tmp_path: Path) -> kills.Pair:
    """Two pipelines, of which the UNet is merged and the others are linked."""
    (tmp_path / "in").mkdir()
    return kills.pipeline(tmp_path / "in")


def merged(pair: kills.Pair, output: Path, **options: Any) -> dict[str, bytes]:
    merge(*pair, 0.3, output, shard_size="150KB", **options)
    return kills.contents(output)


def refused(kind: type[GgezError], says: str, work: Callable[[], object], left: Path) -> None:
    """The work ends with one line, and leaves the folder as it was."""
    before = kills.contents(left)
    with pytest.raises(kind, match=says) as caught:
        work()
    assert "\n" not in str(caught.value)
    assert kills.contents(left) == before


# --- a disk that fills up -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", [True, False])
def test_a_disk_that_is_full_at_any_call(
    tmp_path: Path, pipelines: kills.Pair, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    expected = merged(pipelines, tmp_path / "whole")
    if not links:

        def cross_device(*_: object) -> None:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", cross_device)
    left = 0

    def filling(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if call.__name__ != "open" or arguments[1] & os.O_CREAT:  # reading needs no room
                left -= 1
            if left < 0 and (call.__name__ != "open" or arguments[1] & os.O_CREAT):
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(*arguments, **options)

        return called

    number = 0
    while True:
        left = number
        with monkeypatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, filling(getattr(os, name)))
            try:
                found = merged(pipelines, tmp_path / "out")
            except OutputError as error:
                said = str(error)
            else:
                break
        assert "the disk is full; nothing was written" in said
        assert {path.name for path in tmp_path.iterdir()} == {"in", "whole"}
        number += 1
    assert found == expected
    assert number > 15


@pytest.mark.parametrize("limit", [10, 5_000, 60_000, 120_000])
def test_a_disk_that_takes_no_large_files(tmp_path: Path, pipelines: kills.Pair, limit: int) -> None:
    def starved() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with pytest.raises(OutputError, match="takes no files that large; write smaller ones with --shard-size"):
            merged(pipelines, tmp_path / "out")

    process = kills.forked(starved)
    assert os.waitpid(process, 0)[1] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


# --- inputs that go away or change --------------------------------------------------------------------------------


def when_half_done(act: Callable[[], object]) -> Callable[[Step], None]:
    done = False

    def progress(step: Step) -> None:
        nonlocal done
        if step.done >= step.total / 2 and not done:
            done = True
            act()

    return progress


@pytest.mark.parametrize(
    ("victim", "says"),
    [
        ("a/text_encoder/model.safetensors", r"model\.safetensors: can't be read .*is it still there"),
        ("a/unet/config.json", r"config\.json: can't be read .*is it still there"),
        ("b/unet/diffusion_pytorch_model.safetensors", r"can't be read .*is it still there"),
    ],
)
def test_an_input_that_vanishes_meanwhile(tmp_path: Path, pipelines: kills.Pair, victim: str, says: str) -> None:
    progress = when_half_done((tmp_path / "in" / victim).unlink)
    with pytest.raises(CheckpointError, match=says):
        merged(pipelines, tmp_path / "out", progress=progress)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_input_that_changes_or_shrinks_meanwhile(tmp_path: Path, pipelines: kills.Pair) -> None:
    victim = tmp_path / "in/b/unet/diffusion_pytorch_model.safetensors"
    whole = victim.read_bytes()

    def spoil() -> None:
        with victim.open("r+b") as file:  # in place: one that is written anew is short for a moment
            file.seek(-4, os.SEEK_END)
            file.write(b"\0\0\0\0")

    for change, says in (
        (spoil, "an input changed while it was merged"),
        (lambda: os.truncate(victim, len(whole) // 2), "it changed since it was opened|an input changed"),
    ):
        with pytest.raises(CheckpointError, match=says):
            merged(pipelines, tmp_path / "out", progress=when_half_done(change), threads=1)
        assert [path.name for path in tmp_path.iterdir()] == ["in"]
        victim.write_bytes(whole)


# --- not alone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other_beta", [0.3, 0.6])
def test_processes_that_want_the_same_output(tmp_path: Path, pipelines: kills.Pair, other_beta: float) -> None:
    """One of them makes it, whole; every other says that it's taken. The recipes may be the same or not."""
    betas = (0.3, other_beta, other_beta)
    expected = {}
    for beta in set(betas):
        merge(*pipelines, beta, tmp_path / f"whole-{beta}", shard_size="150KB")
        expected[beta] = kills.contents(tmp_path / f"whole-{beta}")
    for number in range(4):
        output = tmp_path / f"out-{number}"

        def contend(beta: float, output: Path = output) -> None:
            try:
                merge(*pipelines, beta, output, shard_size="150KB")
            except OutputError as error:
                os._exit(7 if "already exists" in str(error) or "another process is writing it" in str(error) else 1)

        processes = [kills.forked(lambda beta=beta: contend(beta)) for beta in betas]
        ends = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        assert sorted(ends) == [0, 7, 7]
        assert kills.contents(output) == expected[betas[ends.index(0)]]
    assert not list(tmp_path.glob(".out*"))


def test_an_old_output_is_never_touched(tmp_path: Path, pipelines: kills.Pair) -> None:
    merged(pipelines, tmp_path / "out")
    refused(OutputError, "already exists", lambda: merged(pipelines, tmp_path / "out"), tmp_path)


# --- what earlier processes left ----------------------------------------------------------------------------------


def dying(work: Callable[[], object], at: str, number: int) -> None:
    """The work in a process that kills itself at the `number`-th call of `os.at`."""

    def deadly() -> None:
        left, call = number, getattr(os, at)

        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        setattr(os, at, called)
        work()

    status = os.waitpid(kills.forked(deadly), 0)[1]
    assert os.WIFSIGNALED(status)


def test_killed_while_clearing_up_is_not_believed(tmp_path: Path, pipelines: kills.Pair) -> None:
    """A journal that outlives the files it speaks of would make the next merge skip them."""
    expected = merged(pipelines, tmp_path / "whole")

    def stop(step: Step) -> None:
        if step.done > 0.8 * step.total:
            raise KeyboardInterrupt

    for number in range(3):
        dying(lambda: merged(pipelines, tmp_path / "out", progress=stop), "unlink", number)
        assert list(tmp_path.glob(".out*"))
        assert merged(pipelines, tmp_path / "out") == expected
        shutil.rmtree(tmp_path / "out")


def test_a_journal_that_lies_is_not_believed(tmp_path: Path, pipelines: kills.Pair) -> None:
    expected = merged(pipelines, tmp_path / "whole")
    for lie in ("9 0", "1 999999999", "0 -5", "x", "2 0\n3", "\xff"):
        dying(lambda: merged(pipelines, tmp_path / "out"), "pwritev", 6)
        journal = tmp_path / ".out.partial.journal"
        key = journal.read_text().splitlines()[0]
        journal.write_bytes(f"{key}\n{lie}\n".encode("latin-1"))
        for shard in (tmp_path / ".out.partial").rglob("*-00002-*"):
            shard.unlink()
        assert merged(pipelines, tmp_path / "out") == expected
        shutil.rmtree(tmp_path / "out")


def test_side_files_that_are_gone_by_the_next_try_are_not_kept(tmp_path: Path, pipelines: kills.Pair) -> None:
    expected = merged(pipelines, tmp_path / "whole")
    extra = tmp_path / "in/a/unet/generation_config.json"
    extra.write_text("{}")
    dying(lambda: merged(pipelines, tmp_path / "out"), "rename", 0)
    assert list((tmp_path / ".out.partial").rglob(extra.name))
    extra.unlink()
    assert merged(pipelines, tmp_path / "out") == expected


# --- verifying, and systems that can less -------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["vae/diffusion_pytorch_model-00002-of-00002.safetensors", "unet/config.json"])
def test_verify_reads_linked_and_small_files_too(
    tmp_path: Path, pipelines: kills.Pair, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    from ggez_core.checkpoints.output import OutputFolder

    merged(pipelines, tmp_path / "sound", verify=True)
    real = OutputFolder.verify_added

    def rotten(self: OutputFolder) -> None:
        path = self.folder / victim
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.unlink()  # it may be a link
        path.write_bytes(raw)
        real(self)

    monkeypatch.setattr(OutputFolder, "verify_added", rotten)
    refused(OutputError, rf"{victim}: differs from", lambda: merged(pipelines, tmp_path / "out", verify=True), tmp_path)


def test_what_an_adapter_leaves_alone_is_shared_and_not_read_to_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are read for the hashes that the recipe records, and for nothing else."""
    from ggez_core.checkpoints import links
    from ggez_core.checkpoints.files import OpenFiles

    (tmp_path / "in").mkdir()
    pair = kills.kohya(tmp_path / "in")
    shared: list[str] = []
    real = links.place

    def watched(source: Path, target: Path) -> None:
        def never(*_: object) -> None:
            raise AssertionError("read to be copied")

        with monkeypatch.context() as patch:
            patch.setattr(OpenFiles, "read_into", never)
            patch.setattr(shutil, "copyfileobj", never)
            real(source, target)
        shared.append(target.parent.name)

    monkeypatch.setattr("ggez_core.checkpoints.output.place", watched)
    merged(pair, tmp_path / "out")
    assert set(shared) == {"vae", "text_encoder"}
    for name in ("text_encoder/model.safetensors", "vae/diffusion_pytorch_model-00001-of-00002.safetensors"):
        assert (pair[0] / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_system_without_positioned_reads_and_writes(
    tmp_path: Path, pipelines: kills.Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = merged(pipelines, tmp_path / "whole")
    monkeypatch.setattr("ggez_core.checkpoints.files._POSITIONED", False)
    for name in ("preadv", "pwritev", "pread", "pwrite"):
        monkeypatch.delattr(os, name)
    assert merged(pipelines, tmp_path / "out", verify=True, threads=3) == expected


def test_a_linked_file_that_shrinks_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ggez_core.checkpoints.links import place

    save_file({"w": torch.zeros(999)}, tmp_path / "a.safetensors")
    real = os.copy_file_range

    def link(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def shrink(source: int, target: int, count: int) -> int:
        copied = real(source, target, 100)
        os.truncate(tmp_path / "a.safetensors", 100)
        return copied

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(os, "copy_file_range", shrink)
    with pytest.raises(CheckpointError, match="changed while it was copied"):
        place(tmp_path / "a.safetensors", tmp_path / "b.safetensors")


def test_a_base_that_is_not_there_any_more(tmp_path: Path, pipelines: kills.Pair) -> None:
    a, b = map(open_checkpoint, pipelines)
    shutil.rmtree(pipelines[0])
    with pytest.raises(CheckpointError, match="is it still there"):
        merge(a, b, 0.5, tmp_path / "out")
