"""Runs in the peers' own Python: `retrieval_driver.py CASES.npz RESULTS.json`.

For every case, CLIP_benchmark's recall both ways from the scores (n_texts, n_images) and each text's image, exactly as
its `evaluate` computes it once it has embedded everything; or, where a case has options, the `text_acc` of its
image-caption selection, whose right caption is always the first. Imports nothing of ours.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from clip_benchmark.metrics import image_caption_selection
from clip_benchmark.metrics.zeroshot_retrieval import batchify, recall_at_k


def recalls(scores: torch.Tensor, owner: torch.Tensor, ks: list[int], batch: int = 64) -> dict[str, float]:
    """Its `evaluate`, after the embedding."""
    positive_pairs = torch.zeros_like(scores, dtype=bool)
    positive_pairs[torch.arange(len(scores)), owner] = True
    found = {}
    for k in ks:
        there = batchify(recall_at_k, scores, positive_pairs, batch, "cpu", k=k)
        back = batchify(recall_at_k, scores.T, positive_pairs.T, batch, "cpu", k=k)
        found[f"text_to_image_recall@{k}"] = (there > 0).float().mean().item()
        found[f"image_to_text_recall@{k}"] = (back > 0).float().mean().item()
    return found


class Vectors:
    """A model whose images and texts are vectors already."""

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 1, 1, d) → (n, d)."""
        return images.flatten(1)

    def encode_text(self, texts: torch.Tensor) -> torch.Tensor:
        """(n, d) as it is."""
        return texts


def selected(images: torch.Tensor, options: torch.Tensor) -> dict[str, float]:
    """Its own `evaluate` on images (rows, d) and options (rows, m, d), the right one first."""
    batches = [(images[i : i + 16, None, None, :], list(options[i : i + 16])) for i in range(0, len(images), 16)]
    return image_caption_selection.evaluate(Vectors(), batches, torch.stack, "cpu", amp=False)


def main(source: str, target: str) -> None:
    """Answer all cases."""
    cases = np.load(source)
    names = sorted({name.partition(".")[0] for name in cases.files})
    results = {
        name: selected(torch.from_numpy(cases[f"{name}.images"]), torch.from_numpy(cases[f"{name}.options"]))
        if f"{name}.options" in cases.files
        else recalls(
            torch.from_numpy(cases[f"{name}.scores"]), torch.from_numpy(cases[f"{name}.owner"]),
            cases[f"{name}.ks"].tolist(),
        )
        for name in names
    }  # fmt: skip
    Path(target).write_text(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
