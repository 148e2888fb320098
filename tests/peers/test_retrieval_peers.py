"""Retrieval and multiple choice against CLIP_benchmark's and open_clip's own functions, on random and on tied data.

Both peers leave to `topk` and `argsort` which of several equal scores comes first, so their value on tied data is one
of several that are right; ours is the one where ties rank by position. Hence: equality where no tie decides; with ties,
theirs must lie between the values of our ranks with every tie lost and every tie won, and equal ours once the ties are
broken by position before they are asked.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ggez_core.evaluation import ranks_of_scores, retrieval_metrics
from ggez_core.evaluation.metrics_choice import chosen, option_scores

PYTHON = os.environ.get("GGEZ_PEERS_PYTHON")
KS = (1, 3, 5)
Arrays = dict[str, np.ndarray]


def embeddings(rng: np.random.Generator, images: int, width: int, tied: bool) -> tuple[np.ndarray, np.ndarray, Any]:
    """Images, texts and each text's image; whole numbers from a small range when tied, so that products are exact."""
    owner = np.concatenate([np.arange(images), rng.integers(0, images, images)])
    rng.shuffle(owner)
    if tied:
        return (
            rng.integers(-2, 3, (images, width)).astype("f4"),
            rng.integers(-2, 3, (len(owner), width)).astype("f4"),
            owner,
        )
    found = rng.standard_normal((images, width)).astype("f4")
    texts = found[owner] + rng.standard_normal((len(owner), width)).astype("f4")
    return found, texts, owner


def by_position(scores: np.ndarray) -> np.ndarray:
    """The same order without ties: each score's place from behind in a stable descending sort of its row."""
    order = np.argsort(-scores, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(scores.shape[1])[None, :].repeat(len(scores), 0), 1)
    return (scores.shape[1] - places).astype("f4")


def bounds(scores: np.ndarray, positive: np.ndarray, k: int) -> tuple[float, float]:
    """Recall@k with every tie lost, and with every tie won."""
    top = np.where(positive, scores, -np.inf).max(axis=1, keepdims=True)
    above = (scores > top).sum(axis=1)
    rivals = ((scores == top) & ~positive).sum(axis=1)
    return float((above + rivals < k).mean()), float((above < k).mean())


@pytest.mark.skipif(not PYTHON, reason="GGEZ_PEERS_PYTHON names no Python with the peers; see .ci/peers")
def test_recall_is_clip_benchmarks(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    drawn = {
        f"{kind}-{number}": embeddings(rng, int(rng.integers(5, 60)), int(rng.integers(2, 9)), kind == "tied")
        for kind in ("random", "tied")
        for number in range(6)
    }
    scores = {name: texts @ images.T for name, (images, texts, _) in drawn.items()}
    cases: Arrays = {}
    for name, (_, _, owner) in drawn.items():
        broken = {"there": by_position(scores[name]), "back": by_position(scores[name].T).T}
        for form, asked in {"plain": scores[name], **(broken if name.startswith("tied") else {})}.items():
            cases |= {f"{name}-{form}.scores": asked, f"{name}-{form}.owner": owner, f"{name}-{form}.ks": np.array(KS)}
    np.savez(tmp_path / "cases.npz", **cases)
    driver = Path(__file__).with_name("retrieval_driver.py")
    assert PYTHON is not None
    subprocess.run([PYTHON, driver, tmp_path / "cases.npz", tmp_path / "results.json"], check=True, timeout=300)
    theirs = json.loads((tmp_path / "results.json").read_text())
    for name, (images, texts, owner) in drawn.items():
        ours = retrieval_metrics(images, texts, owner, KS)
        positive = owner[:, None] == np.arange(len(images))[None, :]
        for way, table, right in (
            ("text_to_image", scores[name], positive),
            ("image_to_text", scores[name].T, positive.T),
        ):
            for k in KS:
                metric = f"{way}_recall@{k}"
                found = theirs[f"{name}-plain"][metric]
                if name.startswith("random"):
                    assert ours[metric] == pytest.approx(found, abs=1e-6), (name, metric)
                    continue
                low, high = bounds(table, right, k)
                assert low - 1e-6 <= found <= high + 1e-6
                assert low <= ours[metric] <= high
                form = "there" if way == "text_to_image" else "back"
                assert ours[metric] == pytest.approx(theirs[f"{name}-{form}"][metric], abs=1e-6), (name, metric)


@pytest.mark.skipif(not PYTHON, reason="GGEZ_PEERS_PYTHON names no Python with the peers; see .ci/peers")
def test_choosing_an_option_is_clip_benchmarks_caption_selection(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    cases: Arrays = {}
    for name, kind in (("random", "float"), ("tied", "whole")):
        images, options = rng.standard_normal((90, 6)), rng.standard_normal((90, 4, 6))
        if kind == "whole":  # equal options, whose scores are equal to the last bit
            options[::3, 2] = options[::3, 0]
            options[1::3, 3] = options[1::3, 1]
        unit = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (images, options)]
        cases |= {f"{name}.images": unit[0].astype("f4"), f"{name}.options": unit[1].astype("f4")}
    np.savez(tmp_path / "cases.npz", **cases)
    driver = Path(__file__).with_name("retrieval_driver.py")
    assert PYTHON is not None
    subprocess.run([PYTHON, driver, tmp_path / "cases.npz", tmp_path / "results.json"], check=True, timeout=300)
    theirs = json.loads((tmp_path / "results.json").read_text())
    for name in ("random", "tied"):
        texts = cases[f"{name}.options"].reshape(-1, 6)
        found = chosen(option_scores(cases[f"{name}.images"], texts, np.arange(360).reshape(90, 4)))
        assert (found == 0).mean() == pytest.approx(theirs[name]["text_acc"])


@pytest.mark.parametrize("tied", [False, True])
def test_ranks_are_open_clips(seed: int, tied: bool) -> None:
    pytest.importorskip("open_clip_train")
    from open_clip_train.train import get_clip_metrics

    rng = np.random.default_rng(seed)
    for _ in range(8):
        count, width = int(rng.integers(5, 60)), int(rng.integers(2, 9))
        images, texts, _ = embeddings(rng, count, width, tied)
        texts = texts[:count]
        theirs = get_clip_metrics(torch.from_numpy(images), torch.from_numpy(texts), torch.tensor(1.0))
        table, own = images @ texts.T, np.arange(count)
        ours = retrieval_metrics(images, texts, own, (1, 5, 10))
        for way, scores in (("image_to_text", table), ("text_to_image", table.T)):
            ranks = ranks_of_scores(scores, own, own)
            if tied:  # its argsort isn't stable: asked again without ties, as products with unit vectors
                low, high = bounds(scores, np.eye(count, dtype=bool), 5)
                assert low <= theirs[f"{way}_R@5"] <= high
                stable = (torch.from_numpy(by_position(scores)), torch.eye(count))
                pair = stable if way == "image_to_text" else stable[::-1]
                theirs |= {k: v for k, v in get_clip_metrics(*pair, torch.tensor(1.0)).items() if k.startswith(way)}
            for k in (1, 5, 10):
                assert ours[f"{way}_recall@{k}"] == pytest.approx(theirs[f"{way}_R@{k}"])
            assert ranks.mean() == pytest.approx(theirs[f"{way}_mean_rank"])
            assert np.floor(np.median(ranks - 1)) + 1 == pytest.approx(theirs[f"{way}_median_rank"])
