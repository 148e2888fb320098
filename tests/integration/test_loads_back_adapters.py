"""A LoRA adapter as the regional side: what PEFT and diffusers train and save is merged as they merge it themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.checkpoints.unet_names import to_diffusers, to_original
from ggez_core.errors import GgezError, IncompatibleError
from ggez_core.merging import LiveModel, merge
from tests import tiny_families as tiny
from tests.tiny import saved

BETA = 0.3
SETTINGS = {
    "plain": LoraConfig(r=4, lora_alpha=6, target_modules=["q_proj", "fc1"]),
    "rank-stabilised": LoraConfig(r=4, lora_alpha=6, use_rslora=True, target_modules=["q_proj"]),
    "of several ranks": LoraConfig(
        r=4, lora_alpha=6, target_modules=["q_proj", "k_proj"],
        rank_pattern={"k_proj": 2}, alpha_pattern={"layers.1.self_attn.k_proj": 9},
    ),
    "convolution": LoraConfig(r=4, lora_alpha=6, target_modules=["patch_embedding"]),
    "embedding": LoraConfig(r=4, lora_alpha=6, target_modules=["token_embedding"]),
    "whole modules": LoraConfig(r=4, target_modules=["q_proj"], modules_to_save=["post_layernorm"], bias="lora_only"),
}  # fmt: skip


def trained(model: torch.nn.Module, settings: LoraConfig, folder: Path) -> PeftModel:
    """A PEFT adapter of the model, with every one of its weights moved, saved to the folder."""
    peft = get_peft_model(model, settings)
    with torch.no_grad():
        for parameter in (p for p in peft.parameters() if p.requires_grad):
            parameter.add_(torch.randn_like(parameter) * 0.05)
    peft.save_pretrained(folder)
    return peft


def assert_within_a_rounding(found: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype = torch.float32) -> None:
    """Equal to a result computed elsewhere, whose sums were rounded in another order."""
    torch.testing.assert_close(found, expected.to(found.dtype), rtol=2 * torch.finfo(dtype).eps, atol=1e-6)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_peft_adapter(settings: str, tmp_path: Path) -> None:
    base = tiny.siglip(1)
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    a = saved(base, tmp_path / "a")
    peft = trained(base, SETTINGS[settings], tmp_path / "lora")
    after = peft.merge_and_unload().state_dict()
    assert open_checkpoint(tmp_path / "lora").layout == "adapter"
    for beta in (0.0, BETA, 1.0):
        out = tmp_path / f"out-{beta}"
        result = merge(a, tmp_path / "lora", beta, out)
        found = load_file(out / "model.safetensors")
        assert found.keys() == before.keys() == after.keys()
        moved = [name for name in before if not torch.equal(before[name], after[name])]
        assert moved
        for name in before:
            if name in moved and beta:
                wanted = before[name].double() + beta * (after[name].double() - before[name].double())
                assert_within_a_rounding(found[name], wanted)
            else:
                assert torch.equal(found[name], before[name])
        assert result.merged == (0 if beta in (0, 1) else len(moved))


def test_an_adapter_of_a_bfloat16_base_is_rounded_once(tmp_path: Path) -> None:
    base = tiny.siglip(1)
    a = saved(base.to(torch.bfloat16), tmp_path / "a")
    trained(base.float(), SETTINGS["plain"], tmp_path / "lora")
    factors = load_file(tmp_path / "lora" / "adapter_model.safetensors")
    merge(a, tmp_path / "lora", BETA, tmp_path / "out")
    before, found = load_file(a / "model.safetensors"), load_file(tmp_path / "out" / "model.safetensors")
    for name, down in factors.items():
        if "lora_A" in name:
            module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            delta = 6 / 4 * factors[name.replace("lora_A", "lora_B")].double() @ down.double()
            exact = before[f"{module}.weight"].double() + BETA * delta
            got = found[f"{module}.weight"]
            assert got.dtype == torch.bfloat16
            # rounding the exact value gives the same, but for values within float32's error of a tie
            assert (got != exact.to(torch.bfloat16)).double().mean() < 1e-2
            torch.testing.assert_close(got.double(), exact, rtol=2**-8, atol=1e-6)


def test_an_adapter_trained_on_names_in_memory(tmp_path: Path) -> None:
    """Gemma-3 is stored as `language_model.model.…` and trained as `model.language_model.…`."""
    base = tiny.gemma3(1)
    a = saved(base, tmp_path / "a")
    after = trained(base, LoraConfig(r=4, target_modules=["q_proj", "o_proj"]), tmp_path / "lora").merge_and_unload()
    assert compare(open_checkpoint(a), open_checkpoint(tmp_path / "lora")).compatible
    merge(a, tmp_path / "lora", 1.0, tmp_path / "out")
    found = type(base).from_pretrained(tmp_path / "out").state_dict()
    for name, tensor in after.state_dict().items():
        assert_within_a_rounding(found[name], tensor)


def test_a_live_model_moves_as_the_adapter_is_merged(tmp_path: Path) -> None:
    base = tiny.siglip(1)
    a = saved(base, tmp_path / "a")
    trained(base, SETTINGS["plain"], tmp_path / "lora")
    model = tiny.siglip(1)
    live = LiveModel(model, open_checkpoint(a), open_checkpoint(tmp_path / "lora"))
    live.set_beta(BETA)
    merge(a, tmp_path / "lora", BETA, tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert all(torch.equal(tensor, found[name]) for name, tensor in model.state_dict().items())


def test_an_adapter_of_another_model(tmp_path: Path) -> None:
    trained(tiny.siglip(1, width=64), SETTINGS["plain"], tmp_path / "wide")
    trained(tiny.gemma3(1), SETTINGS["plain"], tmp_path / "gemma")
    a = saved(tiny.siglip(1), tmp_path / "a")
    with pytest.raises(IncompatibleError, match=r"is of \[\d+, 4\] by \[4, \d+\], and text_model"):
        merge(a, tmp_path / "wide", BETA, tmp_path / "out")
    with pytest.raises(IncompatibleError, match=r"adapts 'model\..*', which .* hasn't \(the nearest is '.*q_proj'\)"):
        merge(a, tmp_path / "gemma", BETA, tmp_path / "out")
    with pytest.raises(IncompatibleError, match="an adapter can't be the base"):
        merge(tmp_path / "wide", a, BETA, tmp_path / "out")
    broken = load_file(tmp_path / "wide" / "adapter_model.safetensors")
    broken.pop(next(name for name in broken if "lora_B" in name))
    save_file(broken, tmp_path / "wide" / "adapter_model.safetensors")
    with pytest.raises(GgezError, match="lacks its second factor"):
        merge(saved(tiny.siglip(1, width=64), tmp_path / "w"), tmp_path / "wide", BETA, tmp_path / "out")


# --- diffusers and kohya ------------------------------------------------------------------------------------------


def test_a_diffusers_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # transformers 5.24 asks for PEFT 0.22, which isn't released; what it needs for this, earlier ones have
    monkeypatch.setattr("transformers.integrations.peft.MIN_PEFT_VERSION", "0.18.0")
    from diffusers import StableDiffusionXLPipeline
    from diffusers.training_utils import _collate_lora_metadata
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import get_peft_model_state_dict

    pipe = tiny.sdxl(1)
    pipe.save_pretrained(tmp_path / "a")
    targets = {"unet": ["to_q", "to_out.0"], "text_encoder": ["q_proj"], "text_encoder_2": ["q_proj", "out_proj"]}
    for part, modules in targets.items():
        settings = LoraConfig(r=4, lora_alpha=3, target_modules=modules, init_lora_weights=False)
        getattr(pipe, part).add_adapter(settings)
    layers = {
        f"{part}_lora_layers": convert_state_dict_to_diffusers(get_peft_model_state_dict(getattr(pipe, part)))
        for part in targets
    }
    metadata = _collate_lora_metadata({part: getattr(pipe, part) for part in targets})
    StableDiffusionXLPipeline.save_lora_weights(tmp_path / "lora", **layers, **metadata)
    file = tmp_path / "lora" / "pytorch_lora_weights.safetensors"
    merge(tmp_path / "a", file, 1.0, tmp_path / "out")
    assert (tmp_path / "out/vae/diffusion_pytorch_model.safetensors").read_bytes() == (
        tmp_path / "a/vae/diffusion_pytorch_model.safetensors"
    ).read_bytes()

    ours = StableDiffusionXLPipeline.from_pretrained(tmp_path / "out")
    theirs = StableDiffusionXLPipeline.from_pretrained(tmp_path / "a")
    theirs.load_lora_weights(file)
    theirs.fuse_lora(components=list(targets))
    theirs.unload_lora_weights()
    for part in targets:
        before, expected = tiny_state(tmp_path / "a", part), getattr(theirs, part).state_dict()
        found = getattr(ours, part).state_dict()
        assert found.keys() == expected.keys()
        assert any(not torch.equal(found[name], before[name]) for name in found)
        for name, tensor in expected.items():
            assert_within_a_rounding(found[name], tensor)


def tiny_state(pipeline: Path, part: str) -> dict[str, torch.Tensor]:
    return load_file(next((pipeline / part).glob("*.safetensors")))


def as_original(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A UNet's state under the names of the original checkpoints."""
    found = {}
    for name, tensor in state.items():
        module, _, leaf = name.rpartition(".")
        spelled = list(to_original(module))
        attention = any(other.startswith(f"{module.partition('.upsamplers')[0]}.attentions") for other in state)
        if len(spelled) > 1:  # an upsampler comes after the attention, where there is one
            spelled = [other for other in spelled if other.endswith(".2.conv" if attention else ".1.conv")]
        found[f"{spelled[0]}.{leaf}"] = tensor
    return found


def test_the_two_spellings_of_a_unet_are_those_of_diffusers() -> None:
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    unet = tiny.unet(1)
    state = dict(unet.state_dict())
    original = as_original(state)
    assert original.keys().isdisjoint(state.keys())
    prefixed = {f"model.diffusion_model.{name}": tensor for name, tensor in original.items()}
    converted = convert_ldm_unet_checkpoint(dict(prefixed), dict(unet.config) | {"num_class_embeds": None})
    assert converted.keys() == state.keys()
    assert all(torch.equal(tensor, state[name]) for name, tensor in converted.items())
    for name, spelled in zip(state, original, strict=True):
        module, _, leaf = spelled.rpartition(".")
        assert f"{to_diffusers(module)}.{leaf}" == name


@pytest.mark.parametrize("trained_on", ["original", "diffusers"])
@pytest.mark.parametrize("base", ["pipeline", "single file"])
def test_a_kohya_adapter(base: str, trained_on: str, tmp_path: Path) -> None:
    pipe = tiny.sdxl(1)
    before = dict(pipe.unet.state_dict())
    names = dict(zip(before, as_original(before), strict=True))
    targets = (
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight",
        "up_blocks.1.resnets.2.conv1.weight",
        "down_blocks.0.downsamplers.0.conv.weight",
        "up_blocks.1.upsamplers.0.conv.weight",
    )
    adapter, deltas = dict[str, torch.Tensor](), dict[str, torch.Tensor]()
    for name in targets:
        shape = before[name].shape
        down, up = torch.randn(2, *shape[1:]), torch.randn(shape[0], 2, *([1] * (len(shape) - 2)))
        module = (names[name] if trained_on == "original" else name).removesuffix(".weight").replace(".", "_")
        adapter |= {f"lora_unet_{module}.lora_down.weight": down, f"lora_unet_{module}.lora_up.weight": up}
        adapter[f"lora_unet_{module}.alpha"] = torch.tensor(1.5)
        deltas[name] = (1.5 / 2 * up.flatten(1).double() @ down.flatten(1).double()).view(shape)
    save_file(adapter, tmp_path / "kohya.safetensors")
    if base == "pipeline":
        pipe.save_pretrained(tmp_path / "a")
        merge(tmp_path / "a", tmp_path / "kohya.safetensors", BETA, tmp_path / "out")
        found = tiny_state(tmp_path / "out", "unet")
    else:
        prefix = "model.diffusion_model."
        save_file({prefix + names[name]: t for name, t in before.items()}, tmp_path / "a.safetensors")
        merge(tmp_path / "a.safetensors", tmp_path / "kohya.safetensors", BETA, tmp_path / "out")
        written = load_file(tmp_path / "out" / "a.safetensors")
        found = {name: written[prefix + names[name]] for name in before}
    for name, tensor in before.items():
        if name in deltas:
            assert_within_a_rounding(found[name], tensor.double() + BETA * deltas[name])
        else:
            assert torch.equal(found[name], tensor)


def test_a_kohya_adapter_of_fused_projections(tmp_path: Path) -> None:
    """SDXL's second text encoder stores q, k and v as one matrix in a single file; adapters have them one by one."""
    name = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight"
    before = torch.randn(12, 4)
    save_file({name: before, "model.diffusion_model.out.2.weight": torch.ones(2)}, tmp_path / "a.safetensors")
    down, up = torch.randn(2, 4), torch.randn(4, 2)
    module = "lora_te2_text_model_encoder_layers_0_self_attn_k_proj"
    factors = {f"{module}.lora_down.weight": down, f"{module}.lora_up.weight": up, f"{module}.alpha": torch.tensor(2.0)}
    save_file(factors, tmp_path / "lora.safetensors")
    merge(tmp_path / "a.safetensors", tmp_path / "lora.safetensors", 1.0, tmp_path / "out")
    found = load_file(tmp_path / "out" / "a.safetensors")[name]
    expected = before.double()
    expected[4:8] += up.double() @ down.double()
    assert_within_a_rounding(found, expected)
    assert torch.equal(found[:4], before[:4])
    assert torch.equal(found[8:], before[8:])


@pytest.mark.parametrize("name", ["x.hada_w1_a", "x.lora_mid.weight", "x.lora_magnitude_vector"])
def test_adapters_that_are_no_plain_lora(name: str, tmp_path: Path) -> None:
    content: dict[str, Any] = {name: torch.ones(2, 2), "x.lora_down.weight": torch.ones(2, 2)}
    save_file(content, tmp_path / "x.safetensors")
    with pytest.raises(GgezError, match=r"no plain LoRA \(B·A\)"):
        open_checkpoint(tmp_path / "x.safetensors")
