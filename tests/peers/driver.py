"""Runs in the peers' own Python: `driver.py CASES.safetensors RESULTS.safetensors`.

The metadata of the first file holds a list of cases; each names a peer, a method, its parameters and its input tensors.
Results are stored under the number of their case, errors as text in the metadata. Imports nothing of ours.
"""

import json
import sys
from unittest.mock import patch

import sd_mecha
import torch
from mergekit.merge_methods import merge_tensors
from safetensors import safe_open
from safetensors.torch import save_file


def mergekit(case: dict, inputs: list, uniform: list) -> torch.Tensor:
    """mergekit's method; where it flips coins, ours decide."""
    numbers, flip = iter(uniform), torch.bernoulli

    def bernoulli(chances: torch.Tensor) -> torch.Tensor:
        flip(chances)  # refuses what are no chances
        return (next(numbers).reshape(chances.shape) < chances).to(chances.dtype)

    with patch("torch.bernoulli", bernoulli):
        return merge_tensors(inputs, case["method"], base_index=case["base"], parameters=case["parameters"])


def mecha(case: dict, inputs: list, uniform: list) -> torch.Tensor:
    """sd-mecha's plain functions on tensors; task vectors are taken and added here, as its recipes do."""
    method = getattr(sd_mecha, case["method"], None)
    given = {
        name: torch.tensor(value, dtype=inputs[0].dtype) if name == "alpha" and case["method"] != "crossover" else value
        for name, value in case["parameters"].items()
    }
    if case["method"] in ("weighted_sum", "n_average"):
        return method.__wrapped__(*({"k": x} for x in inputs), key="k", **given)
    if case["method"] == "add_perpendicular":
        a, b, c = inputs
        return a + given["alpha"] * sd_mecha.perpendicular_component.__wrapped__(a - c, b - c)
    if case["method"] == "train_difference":
        a, b, c = inputs
        return a + (b - c) * sd_mecha.train_difference_mask.__wrapped__(a, b, c, **given)
    if case["method"] in ("ties_sum", "model_stock"):
        base, *models = (x.float() for x in inputs)  # it compares magnitudes with a threshold rounded to float32
        return base + method.__wrapped__(*(x - base for x in models), **given)
    return method.__wrapped__(*inputs, **given)


def main(source: str, target: str) -> None:
    with safe_open(source, framework="pt") as file:
        cases = json.loads(file.metadata()["cases"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  a file isn't a dict
    results, errors = {}, {}
    for number, case in enumerate(cases):
        run = {"mergekit": mergekit, "sd-mecha": mecha}[case["peer"]]
        try:
            merged = run(case, [tensors[x] for x in case["inputs"]], [tensors[x] for x in case["uniform"]])
            results[str(number)] = merged.contiguous().clone()
        except Exception as error:
            errors[str(number)] = f"{type(error).__name__}: {error}"
    save_file(results, target, metadata={"errors": json.dumps(errors)})


if __name__ == "__main__":
    main(*sys.argv[1:])
