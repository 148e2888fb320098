"""The main line of the workbench as a script: compare a pair, move it live, sweep β, merge, load the result.

Runs in about half a minute on a laptop, with the checkpoints that are shipped; nothing is downloaded.

    python examples/quickstart.py [FOLDER]      # FOLDER (default: quickstart) must not exist yet
"""

import sys
from pathlib import Path

import torch
from transformers import SiglipModel

import ggez_core as gg
from ggez_core.demo.world.dataset import pictures
from ggez_core.families import load
from ggez_core.families.embedding import EmbeddingModel

QUERY = "jeepney"


def main(folder: Path) -> None:
    """Every step once."""
    # 1. Two checkpoints, opened lazily: can they be merged, and where do they differ?
    base, regional = gg.open_checkpoint("demo:siglip/base"), gg.open_checkpoint("demo:siglip/sea")
    print(gg.compare(base, regional).explain())

    # 2. A loaded model whose weights move in place: at which place among 159 pictures does the query find its own?
    gallery = pictures("test")
    model = load(base)
    assert isinstance(model, EmbeddingModel)
    live = gg.LiveModel(model.model, base, regional)
    for beta in (0, 0.25, 0.5, 0.75, 1):
        live.set_beta(beta)
        cosines = model.encode_texts([QUERY])[0] @ model.encode_images([one.image for one in gallery]).T
        found = [gallery[index].concept.key for index in cosines.argsort(descending=True)]
        print(f"β = {beta:<4g} {QUERY!r} finds its picture at place {found.index(QUERY) + 1}")

    # 3. A small sweep: β is chosen by Global-Regional Parity on validation, and reported on test.
    report = gg.sweep(base, regional, [0, 0.25, 0.5, 0.75, 1], ["world-retrieval"], limit=200)
    for point in report.curve:
        print(f"β = {point.beta:<4g} global {point.q_global.value:.3f}  regional {point.q_regional.value:.3f}")
    print(f"β* = {report.best.beta:g} at α = {report.alpha}")

    # 4. The merge at β*, written to disk.
    done = gg.merge(base, regional, report.best.beta, folder)
    print(f"{done.output.name}: {done.merged} tensors merged, {done.nbytes / 1e6:.1f} MB")

    # 5. An ordinary folder of transformers. Its weights are those of the live model at the same β, bit for bit.
    merged = SiglipModel.from_pretrained(folder)
    live.set_beta(report.best.beta)
    assert all(torch.equal(weight, merged.get_parameter(name)) for name, weight in model.model.named_parameters())
    print(f"{type(merged).__name__} has the weights that were just live")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "quickstart"))
