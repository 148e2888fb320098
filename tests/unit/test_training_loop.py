"""The training loop: resumed is uninterrupted to the bit, a step doesn't depend on how it is cut, saves are whole."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ggez_core.errors import CheckpointError, OutputError, TrainingError
from ggez_core.training import saved
from ggez_core.training.devices import forward_size
from ggez_core.training.loop import Evaluated, Hooks, Logged, Trained, train
from ggez_core.training.optimizers import optimizer_of
from ggez_core.training.order import Shuffled
from ggez_core.training.settings import LoopSettings
from tests.tiny_training import COUNT, Line

BASIC: dict[str, Any] = {
    "steps": 12,
    "batch": 8,
    "learning_rate": 0.01,
    "log_every": 1,
    "save_every": 4,
    "device": "cpu",
}


def run(
    folder: Path, line: Line | None = None, hooks: Hooks | None = None, **changes: Any
) -> tuple[Trained, list[Logged]]:
    settings = LoopSettings(**{**BASIC, **changes})
    log: list[Logged] = []
    with_log = Hooks(**{**vars(hooks or Hooks()), "logged": log.append})
    return train(line or Line(), Shuffled(COUNT, settings.batch, settings.seed), settings, folder, with_log), log


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("at", [1, 5, 11])
def test_resumed_is_uninterrupted_to_the_bit(tmp_path: Path, at: int) -> None:
    whole, log = run(tmp_path / "whole")
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == at

    first, before = run(tmp_path / "parts", hooks=Hooks(stop=stop))
    assert first == Trained("stopped", at, None)
    second, after = run(tmp_path / "parts")
    assert second.end == whole.end == "finished"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert [one.loss for one in log] == [one.loss for one in before + after]
    assert [one.step for one in before + after] == list(range(1, 13))


def test_the_average_of_the_weights_is_what_is_written_and_goes_on_where_it_was(tmp_path: Path) -> None:
    run(tmp_path / "whole", average=0.6, steps=6, save_every=1, keep=6)
    passed = [saved.SavedStates(tmp_path / "whole" / "checkpoints", 6).load(step).trained for step in range(1, 7)]
    name = "network.0.weight"
    by_hand = Line().network[0].weight.detach().double()
    for step, trained in enumerate(passed):
        decay = min(0.6, (1 + step) / (10 + step))
        by_hand = decay * by_hand + (1 - decay) * trained[name].double()
    torch.testing.assert_close(weights(tmp_path / "whole")[name].double(), by_hand, rtol=1e-6, atol=1e-7)
    run(tmp_path / "plain", steps=6)
    assert torch.equal(weights(tmp_path / "plain")[name], passed[-1][name])  # the training itself goes the same way
    asked = iter([False, False, True])
    run(tmp_path / "parts", average=0.6, steps=6, hooks=Hooks(stop=lambda: next(asked)))
    run(tmp_path / "parts", average=0.6, steps=6)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_other_rows_and_noise_with_another_seed(tmp_path: Path) -> None:
    run(tmp_path / "a")
    run(tmp_path / "b", seed=1)
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_every_row_once_an_epoch() -> None:
    order = Shuffled(50, 8, seed=5)
    epochs = [[row for step in range(6 * e, 6 * e + 6) for row in order.rows(step)] for e in range(2)]
    assert all(len(set(rows)) == 48 for rows in epochs)
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("uneven", [False, True])
def test_accumulated_batches_are_one_batch(tmp_path: Path, uneven: bool) -> None:
    """Of a loss whose rows don't look at each other, whatever each row counts."""

    def line() -> Line:
        made = Line(dropout=0.0, uneven=uneven)
        made.weights = {"near": 1.0, "apart": 0.0}
        return made

    _, whole = run(tmp_path / "whole", line())
    _, cut = run(tmp_path / "cut", line(), micro_batch=2)
    torch.testing.assert_close([one.parts["near"] for one in cut], [one.parts["near"] for one in whole])
    for name, tensor in weights(tmp_path / "whole").items():
        torch.testing.assert_close(weights(tmp_path / "cut")[name], tensor, rtol=1e-4, atol=1e-6)


def test_a_loss_that_is_no_number_stops_with_step_and_rows(tmp_path: Path) -> None:
    order = Shuffled(COUNT, 8, 0)
    step = next(s for s in range(12) if 17 in order.rows(s))
    with pytest.raises(TrainingError, match=rf"step {step + 1}: the near isn't finite.* rows {order.rows(step)[0]}, "):
        run(tmp_path, Line(poisoned=17))
    assert all(s <= step for s in saved.SavedStates(tmp_path / "checkpoints", 2).steps())


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = saved.save_file, 0

    def full(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:  # the second checkpoint's second file
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(saved, "save_file", full)
    with pytest.raises(OutputError, match="disk is full; the last good checkpoint is step 4; make room, then resume"):
        run(tmp_path)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["step-00000004"]
    monkeypatch.undo()
    run(tmp_path)
    run(tmp_path / "whole")
    assert same(weights(tmp_path), weights(tmp_path / "whole"))


def test_keeps_the_last_ones_and_refuses_damaged_or_foreign_ones(tmp_path: Path) -> None:
    run(tmp_path, hooks=Hooks(stop=lambda: False), save_every=2)
    states = saved.SavedStates(tmp_path / "checkpoints", 2)
    assert states.steps() == [10, 12]
    with pytest.raises(CheckpointError, match="of another model"):
        saved.restore(states.load(12), torch.nn.Linear(2, 2), torch.optim.AdamW(torch.nn.Linear(2, 2).parameters()))
    (states.path(12) / "trained.safetensors").write_bytes(b"short")
    with pytest.raises(CheckpointError, match="is damaged"):
        states.load(12)


def test_the_best_model_is_kept(tmp_path: Path) -> None:
    found: list[tuple[int, Evaluated]] = []
    scores = {3: 0.2, 6: 0.9, 9: 0.5, 12: 0.4}
    at_six: dict[str, torch.Tensor] = {}

    def evaluate(model: Path, step: int) -> Evaluated:
        if step == 6:
            at_six.update(load_file(model / "model.safetensors"))
        return Evaluated([{"metric": "score", "value": scores[step]}], scores[step])

    hooks = Hooks(evaluate=evaluate, evaluated=lambda step, one: found.append((step, one)))
    run(tmp_path, hooks=hooks, evaluate_every=3)
    assert [step for step, _ in found] == [3, 6, 9, 12]
    assert same(load_file(tmp_path / "best" / "model.safetensors"), at_six)
    assert same(load_file(tmp_path / "newest" / "model.safetensors"), weights(tmp_path))


def test_what_cannot_be_is_refused_before_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="fewer than a batch"):
        Shuffled(3, 8, 0)
    with pytest.raises(TrainingError, match="can't be shared by 3 processes"):
        forward_size(LoopSettings(steps=1, batch=8), 3)
    with pytest.raises(TrainingError, match="say a divisor of 8"):
        forward_size(LoopSettings(steps=1, batch=8, micro_batch=3), 1)
    with pytest.raises(ValueError, match="either `steps` or `epochs`"):
        LoopSettings()
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match=r"loop.device: this config asks for a GPU"):
            run(tmp_path, device="cuda")
        with pytest.raises(TrainingError, match=r"loop.sharded: FSDP needs GPUs"):
            run(tmp_path, device="auto", sharded=True)
    with pytest.raises(TrainingError, match="nothing is to be trained"):
        run(tmp_path, Line().requires_grad_(False))


def test_the_eight_bit_optimizer_is_bitsandbytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = LoopSettings(steps=1, optimizer="adamw8bit", learning_rate=0.1, weight_decay=0.2, betas=(0.5, 0.6))
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", None)
    with pytest.raises(TrainingError, match="needs bitsandbytes; install it with"):
        optimizer_of(Line(), settings)
    made = ModuleType("bitsandbytes.optim")
    made.AdamW8bit = torch.optim.AdamW  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bitsandbytes", ModuleType("bitsandbytes"))
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", made)
    groups = optimizer_of(Line(), settings).param_groups
    assert [(g["weight_decay"], g["lr"], g["betas"], len(g["params"])) for g in groups] == [
        (0.2, 0.1, (0.5, 0.6), 2), (0.0, 0.1, (0.5, 0.6), 2),
    ]  # fmt: skip
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match=r"loop.optimizer: adamw8bit needs a GPU"):
            run(tmp_path, optimizer="adamw8bit")


def test_learning_rates() -> None:
    settings = LoopSettings(steps=100, warmup=0.1, schedule="cosine", floor=0.1)
    shares = [settings.share_of_peak(step, 100) for step in range(101)]
    assert shares[:10] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert shares[10] == 1
    assert shares[55] == pytest.approx(0.1 + 0.9 / 2)
    assert shares[100] == pytest.approx(0.1)
    linear = LoopSettings(steps=100, warmup=0, schedule="linear")
    assert linear.share_of_peak(25, 100) == pytest.approx(0.75)


def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(tmp_path: Path, seed: int) -> None:
    called = [sys.executable, "-m", "tests.kill_training", str(tmp_path), str(seed), "5"]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr
    begun = json.loads(ended.stdout)
    assert begun, "none was killed"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))


def test_weights_spread_over_processes_are_saved_whole_and_restored(tmp_path: Path) -> None:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tests.shard_training"]
    called = [sys.executable, *torchrun, str(tmp_path)]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr[-3000:]
    one = Line()
    moment = saved.SavedStates(tmp_path, 1).load(2)
    assert moment.trained["network.0.weight"].shape == one.network[0].weight.shape


def test_trackers_are_told(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    _, log = run(tmp_path, trackers=("tensorboard",), steps=3)
    (file,) = (path for path in (tmp_path / "trackers").rglob("events.out.tfevents*") if path.parent.name == "ggez")
    told = accumulator.EventAccumulator(str(file)).Reload()
    assert [(event.step, event.value) for event in told.Scalars("loss")] == [
        (one.step, pytest.approx(one.loss)) for one in log
    ]
    assert {"near", "apart", "learning_rate", "grad_norm", "last"} <= set(told.Tags()["scalars"])


def test_a_tracker_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("No API key configured.\nUse `wandb login`")  # what wandb says, in its own class of error

    monkeypatch.setattr("accelerate.tracking.TensorBoardTracker.__init__", refuse)
    said = r"loop.trackers: can't start tensorboard: No API key configured. Use `wandb login`"
    with pytest.raises(TrainingError, match=said):
        run(tmp_path, trackers=("tensorboard",))


def test_a_tracker_that_isnt_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accelerate.tracking.get_available_trackers", list)
    with pytest.raises(TrainingError, match=r"loop.trackers: wandb isn't installed; pip install wandb"):
        run(tmp_path, trackers=("wandb",))
    with pytest.raises(TrainingError, match=r"loop.trackers: 'tensorbord' is none; there are .*tensorboard"):
        run(tmp_path, trackers=("tensorbord",))
