"""Losses of pairs: the formulas in float64, gradients checked; and what the objective makes of a real model."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import DataError, TrainingError
from ggez_core.progress import silent
from ggez_core.training.contrastive import sigmoid_loss, softmax_loss
from ggez_core.training.examples import DataSettings, load_examples
from ggez_core.training.finetune import plan
from ggez_core.training.finetune.embedding import spread
from ggez_core.training.finetune.settings import settings_from
from ggez_core.training.finetune.trained import check_tokens
from ggez_core.training.loop import Hooks, train
from ggez_core.training.plan import Plan
from ggez_core.training.settings import LoopSettings
from tests.tiny_embedding import clip, siglip
from tests.tiny_training import pairs


def logits(seed: int, n: int = 5) -> torch.Tensor:
    return torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


POSITIVE = torch.eye(5, dtype=torch.bool)
POSITIVE[0, 3] = POSITIVE[3, 0] = True


def test_softmax_is_the_mean_of_both_cross_entropies(seed: int) -> None:
    similarity = logits(seed)
    cross = torch.nn.functional.cross_entropy
    target = torch.arange(5)
    plain = (cross(similarity, target) + cross(similarity.T, target)) / 2
    torch.testing.assert_close(softmax_loss(similarity, torch.eye(5, dtype=torch.bool)), plain)
    by_hand = 0.0
    for matrix in (similarity, similarity.T):
        for i in range(5):
            logs = [(matrix[i, j] - matrix[i].logsumexp(0)).item() for j in range(5) if POSITIVE[i, j]]
            by_hand -= sum(logs) / len(logs) / 10
    assert softmax_loss(similarity, POSITIVE).item() == pytest.approx(by_hand, abs=1e-12)
    assert torch.autograd.gradcheck(lambda s: softmax_loss(s, POSITIVE), (similarity,))


def test_sigmoid_is_siglips(seed: int) -> None:
    similarity = logits(seed)
    by_hand = 0.0
    for i in range(5):
        for j in range(5):
            z = similarity[i, j].item() * (1 if POSITIVE[i, j] else -1)
            by_hand += math.log1p(math.exp(-z)) / 5
    assert sigmoid_loss(similarity, POSITIVE).item() == pytest.approx(by_hand, abs=1e-12)
    assert torch.autograd.gradcheck(lambda s: sigmoid_loss(s, POSITIVE), (similarity,))


def planned(folder: Path, model: Path, **embedding: object) -> Plan:
    config = {"model": str(model), "data": [{"source": str(pairs(folder / "data"))}], "embedding": embedding,
              "preset": "embedding", "loop": {"batch": 6, "steps": 3, "device": "cpu"}}  # fmt: skip
    return plan(settings_from(config), folder / "work", silent)


@pytest.mark.parametrize("library", [siglip, clip])
def test_an_objective_is_its_librarys_own_loss(tmp_path: Path, library: object) -> None:
    import transformers

    folder = library(tmp_path / "model")  # type: ignore[operator]
    objective = planned(tmp_path, folder, same="row").objective
    batch = objective.batch([0, 1, 2, 3, 5, 8], [0] * 6)
    parts = objective(batch.inputs)
    model = transformers.AutoModel.from_pretrained(folder)
    own = {name.partition("/")[2]: tensor for name, tensor in batch.inputs.items() if "/" in name}
    expected = model(**own, return_loss=True).loss
    (loss,) = parts.values()
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in objective.parameters())


@pytest.mark.parametrize("library", [siglip, clip])
def test_accumulated_batches_are_one_batch(tmp_path: Path, library: object) -> None:
    """Every image is compared with every text of the step; scale and bias learn as much."""
    folder = library(tmp_path / "model")  # type: ignore[operator]
    seen: dict[int, list[tuple[float, float]]] = {}
    learnt: dict[int, list[float]] = {}
    for size in (6, 2):
        made = planned(tmp_path, folder)
        loop = LoopSettings(steps=3, batch=6, micro_batch=size, optimizer="sgd", learning_rate=0.01, log_every=1,
                            device="cpu", save_every=0)  # fmt: skip
        seen[size] = []
        hooks = Hooks(logged=lambda one, size=size: seen[size].append((one.loss, one.grad_norm)))  # type: ignore[misc]
        train(made.objective, made.order, loop, tmp_path / str(size), hooks)
        learnt[size] = [float(p.detach()) for p in made.objective.parameters() if p.numel() == 1]
    assert seen[2] == [pytest.approx(one, rel=1e-4) for one in seen[6]]
    assert len(seen[2]) == 3
    assert learnt[2] == pytest.approx(learnt[6], rel=1e-5)


def test_the_same_text_is_true_of_every_image_it_is_written_of(tmp_path: Path) -> None:
    model = siglip(tmp_path / "model")
    objective = planned(tmp_path, model).objective
    groups = objective.batch([0, 1, 8], [0] * 3).inputs["group"]  # rows 0 and 8 have one text
    assert groups[0] == groups[2] != groups[1]


def test_what_is_seen_is_changed_by_the_rows_own_seed(tmp_path: Path) -> None:
    config = {"model": str(siglip(tmp_path / "model")), "data": [{"source": str(pairs(tmp_path / "data"))}],
              "augment": {"tint": 0.3, "words": 4}, "loop": {"batch": 6, "steps": 3, "device": "cpu"}}  # fmt: skip
    objective = plan(settings_from(config), tmp_path, silent).objective
    one, other = (objective.batch([3, 3, 5], seeds).inputs for seeds in ([1, 2, 3], [2, 1, 9]))
    for name in ("image/pixel_values", "text/input_ids"):
        assert torch.equal(one[name][0], other[name][1])
        assert torch.equal(one[name][1], other[name][0])
        assert not torch.equal(one[name], other[name])


def test_variance_tells_a_collapse() -> None:
    assert float(spread(torch.eye(4))) == pytest.approx(0.75)
    assert float(spread(torch.ones(4, 4) / 2)) == pytest.approx(0)


def test_what_is_wrong_with_data_and_config_is_said_at_once(tmp_path: Path) -> None:
    data = pairs(tmp_path / "data")
    with pytest.raises(DataError, match="lacks the column 'caption'"):
        load_examples([DataSettings(source=str(data))], ["caption"])
    with pytest.raises(DataError, match="no such file or folder"):
        load_examples([DataSettings(source=str(tmp_path / "none.parquet"))], ["text"])
    with pytest.raises(DataError, match="no row can be used: 16 another language"):
        load_examples([DataSettings(source=str(data), languages=("xx",))], ["text"])
    (tmp_path / "data" / "3.png").write_bytes(b"no image")
    found = load_examples([DataSettings(source=str(data), columns={"text": "text"})], ["text"])
    assert len(found) == 15
    assert found.dropped == {"image doesn't open": 1}
    with pytest.raises(TrainingError, match=r"loop.batchsize: is no setting; there is: steps, epochs, batch"):
        settings_from({"model": "m", "data": [{"source": "x"}], "loop": {"batchsize": 3, "epochs": 1}})
    with pytest.raises(TrainingError, match="data: is missing"):
        settings_from({"model": "m", "loop": {"epochs": 1}})
    with pytest.raises(TrainingError, match="preset: is 'siglop'"):
        settings_from({"preset": "siglop"})
    config = {"model": str(siglip(tmp_path / "model")), "preset": "lvlm", "data": [{"source": str(data)}]}
    with pytest.raises(TrainingError, match="say preset: embedding"):
        plan(settings_from(config), tmp_path, silent)
    other = json.loads((tmp_path / "model" / "config.json").read_text())
    other["text_config"]["vocab_size"] = 5
    broken = replace(open_checkpoint(tmp_path / "model"), config=other)
    with pytest.raises(TrainingError, match=r"its tokenizer makes the token \d+, and the model embeds 5"):
        check_tokens(broken, torch.tensor([[3, 9]]))
    with pytest.raises(TrainingError, match="has no bias"):
        planned(tmp_path, clip(tmp_path / "clip"), sigmoid=1)


@pytest.mark.parametrize("lora", [False, True])
def test_what_is_saved_is_a_checkpoint_of_the_base(tmp_path: Path, lora: bool) -> None:
    import transformers

    from ggez_core.checkpoints import compare
    from ggez_core.merging import merge

    folder = siglip(tmp_path / "model", torch.bfloat16)
    config = {"model": str(folder), "data": [{"source": str(pairs(tmp_path / "data"))}],
              "loop": {"batch": 8, "steps": 2, "learning_rate": 0.05, "device": "cpu", "warmup": 0},
              "lora": {"rank": 2} if lora else None, "gradient_checkpointing": not lora}  # fmt: skip
    settings = settings_from(config)
    made = plan(settings, tmp_path, silent)
    ended = train(made.objective, made.order, settings.loop, tmp_path / "run")
    assert ended.model is not None
    compared = compare(open_checkpoint(folder), open_checkpoint(ended.model))
    assert compared.compatible
    model = transformers.AutoModel.from_pretrained(ended.model)
    assert model.dtype == torch.bfloat16
    before = transformers.AutoModel.from_pretrained(folder).state_dict()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "vision_model.encoder.layers.0.self_attn.q_proj.weight" in changed
    assert ("text_model.embeddings.token_embedding.weight" in changed) is not lora
    if lora:
        merge(folder, ended.model / "adapter", 1.0, tmp_path / "merged")
        folded = transformers.AutoModel.from_pretrained(tmp_path / "merged").state_dict()
        assert all(torch.equal(folded[name], tensor) for name, tensor in model.state_dict().items())
    image = Image.new("RGB", (40, 30), "red")
    assert transformers.AutoProcessor.from_pretrained(ended.model)(images=[image], return_tensors="pt")
