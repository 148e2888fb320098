"""What is merged loads with the library it is for, has every weight, and is the merge done in memory, bit for bit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.errors import IncompatibleError
from ggez_core.merging import LiveModel, merge
from tests import tiny_families as tiny
from tests.tiny import saved

BETA = 0.3
State = Mapping[str, torch.Tensor]


def in_memory(base: State, regional: State, beta: float = BETA) -> dict[str, torch.Tensor]:
    """θ = base + β·(regional − base) in float32, rounded once, over state dicts."""
    merged = {}
    for name, a in base.items():
        b = regional[name]
        moved = (a.float() + beta * (b.float() - a.float())).to(a.dtype)
        merged[name] = torch.where(a == b, a, moved) if a.is_floating_point() else a
    return merged


def assert_same(found: State, expected: State) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name


def loaded(kind: type[PreTrainedModel], folder: Path) -> PreTrainedModel:
    model, report = kind.from_pretrained(folder, output_loading_info=True, local_files_only=True)
    assert not report["missing_keys"], report
    assert not report["unexpected_keys"], report
    assert not report["mismatched_keys"], report
    return model.eval()


@pytest.mark.parametrize("shard_size", ["5GB", "60KB"])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_transformers_classes(family: str, shard_size: str, tmp_path: Path) -> None:
    base, regional = (tiny.FAMILIES[family](seed) for seed in (1, 2))
    a, b = saved(base, tmp_path / "a", shard_size), saved(regional, tmp_path / "b")
    merge(a, b, BETA, tmp_path / "out", shard_size=shard_size)
    assert {path.name for path in a.iterdir()} - {path.name for path in (tmp_path / "out").iterdir()} <= {
        path.name for path in a.glob("*.safetensors")
    }
    expected = in_memory(base.state_dict(), regional.state_dict())
    found = loaded(type(base), tmp_path / "out")
    assert_same(found.state_dict(), expected)
    base.load_state_dict(expected)
    assert torch.equal(tiny.asked(found), tiny.asked(base))


def test_a_folder_of_pickles(tmp_path: Path) -> None:
    base, regional = tiny.clip(1), tiny.clip(2)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    (a / "model.safetensors").unlink()
    torch.save(base.state_dict(), a / "pytorch_model.bin")
    merge(a, b, BETA, tmp_path / "out")
    assert_same(loaded(type(base), tmp_path / "out").state_dict(), in_memory(base.state_dict(), regional.state_dict()))


# --- names that differ by a library's version ---------------------------------------------------------------------


def as_transformers_4_50(folder: Path) -> Path:
    """Gemma-3's names before transformers 5: the vision tower has a part `vision_model`."""
    return _renamed(folder, "vision_tower.", "vision_tower.vision_model.")


def as_in_memory(folder: Path) -> Path:
    """Gemma-3's names as the modules of transformers 5 have them."""
    for prefix in ("language_model.model.", "vision_tower.", "multi_modal_projector."):
        _renamed(folder, prefix, "model." + prefix.removesuffix("model."))
    return folder


def _renamed(folder: Path, old: str, new: str) -> Path:
    file = folder / "model.safetensors"
    state = {new + name.removeprefix(old) if name.startswith(old) else name: t for name, t in load_file(file).items()}
    save_file(state, file, {"format": "pt"})
    return folder


@pytest.mark.parametrize("older_is_base", [True, False])
@pytest.mark.parametrize("rename", [as_transformers_4_50, as_in_memory])
def test_versions_of_gemma3_are_one_model(rename: Any, older_is_base: bool, tmp_path: Path) -> None:
    base, regional = tiny.gemma3(1), tiny.gemma3(2)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    rename(a if older_is_base else b)
    assert compare(open_checkpoint(a), open_checkpoint(b)).compatible
    merge(a, b, BETA, tmp_path / "out")
    assert open_checkpoint(tmp_path / "out").tensors.keys() == open_checkpoint(a).tensors.keys()
    assert_same(loaded(type(base), tmp_path / "out").state_dict(), in_memory(base.state_dict(), regional.state_dict()))


@pytest.mark.parametrize("older_is_base", [True, False])
def test_versions_of_qwen2_5_vl_are_one_model(older_is_base: bool, tmp_path: Path) -> None:
    """Stored as transformers 4 had them in memory (`model.…`, `visual.…`), or as 5 has (`model.language_model.…`)."""
    base, regional = tiny.qwen2_5_vl(1), tiny.qwen2_5_vl(2)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    newer = b if older_is_base else a
    for old, new in (("model.", "model.language_model."), ("visual.", "model.visual.")):
        _renamed(newer, old, new)
    assert open_checkpoint(a).tensors.keys() != open_checkpoint(b).tensors.keys()
    assert compare(open_checkpoint(a), open_checkpoint(b)).compatible
    merge(a, b, BETA, tmp_path / "out")
    assert open_checkpoint(tmp_path / "out").tensors.keys() == open_checkpoint(a).tensors.keys()
    assert_same(loaded(type(base), tmp_path / "out").state_dict(), in_memory(base.state_dict(), regional.state_dict()))


def test_a_live_model_moves_under_whatever_names_it_is_stored(tmp_path: Path) -> None:
    base, regional = tiny.gemma3(1), tiny.gemma3(2)
    a, b = saved(base, tmp_path / "a"), as_transformers_4_50(saved(regional, tmp_path / "b"))
    expected = in_memory(base.state_dict(), regional.state_dict())
    live = LiveModel(base, open_checkpoint(a), open_checkpoint(b))
    live.set_beta(BETA)
    assert_same(base.state_dict(), expected)


@pytest.mark.parametrize("stored_by", ["base", "regional", "both"])
def test_a_tied_weight_that_is_stored_twice(stored_by: str, tmp_path: Path) -> None:
    base, regional = tiny.qwen2_5_vl(1, tied=True), tiny.qwen2_5_vl(2, tied=True)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    for side, folder in (("base", a), ("regional", b)):
        state = load_file(folder / "model.safetensors")
        assert "lm_head.weight" not in state
        if stored_by in (side, "both"):
            state["lm_head.weight"] = state["model.embed_tokens.weight"].clone()
            save_file(state, folder / "model.safetensors", {"format": "pt"})
    merge(a, b, 0.9, tmp_path / "out", components={"language_model": BETA})
    written = load_file(tmp_path / "out" / "model.safetensors")
    assert written.keys() == load_file(a / "model.safetensors").keys()
    if "lm_head.weight" in written:
        assert torch.equal(written["lm_head.weight"], written["model.embed_tokens.weight"])
    merged = loaded(type(base), tmp_path / "out")
    embeddings = merged.get_input_embeddings().weight
    assert merged.lm_head.weight is embeddings
    both = ({"w": model.get_input_embeddings().weight.detach()} for model in (base, regional))
    assert torch.equal(embeddings, in_memory(*both)["w"])


def test_an_untied_head_is_not_dropped(tmp_path: Path) -> None:
    base, regional = tiny.qwen2_5_vl(1, tied=True), tiny.qwen2_5_vl(2, tied=False)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    with pytest.raises(IncompatibleError, match=r"lm_head\.weight is only in the regional"):
        merge(a, b, BETA, tmp_path / "out")


def test_position_ids_that_only_older_versions_store(tmp_path: Path) -> None:
    base, regional = tiny.clip(1), tiny.clip(2)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    for folder, out in ((a, "out-a"), (b, "out-b")):
        state = load_file(folder / "model.safetensors")
        ids = {"text_model.embeddings.position_ids": torch.arange(16)[None]}
        save_file(state | ids, folder / "model.safetensors", {"format": "pt"})
        merge(a, b, BETA, tmp_path / out)
        found = loaded(type(base), tmp_path / out)
        assert_same(found.state_dict(), in_memory(base.state_dict(), regional.state_dict()))
        save_file(state, folder / "model.safetensors", {"format": "pt"})


# --- a larger vocabulary ------------------------------------------------------------------------------------------


def test_a_larger_regional_vocabulary(tmp_path: Path) -> None:
    base, regional = tiny.gemma3(1, vocabulary=60), tiny.gemma3(2, vocabulary=67)
    a, b = saved(base, tmp_path / "a"), saved(regional, tmp_path / "b")
    for folder in (a, b):
        (folder / "tokenizer.json").write_text(json.dumps({"of": folder.name}))
    report = compare(open_checkpoint(a), open_checkpoint(b))
    assert not report.compatible
    assert set(report.new_rows.values()) == {7}
    with pytest.raises(IncompatibleError, match=r"has 7 entries more .*--keep-new-rows"):
        merge(a, b, BETA, tmp_path / "out")
    result = merge(a, b, BETA, tmp_path / "out", keep_new_rows=True)
    assert result.recipe.document()["keep_new_rows"] is True
    found = loaded(type(base), tmp_path / "out")
    assert found.config.text_config.vocab_size == 67
    assert json.loads((tmp_path / "out" / "tokenizer.json").read_text()) == {"of": "b"}
    before, after = (model.get_input_embeddings().weight.detach() for model in (base, regional))
    embeddings = found.get_input_embeddings().weight.detach()
    assert torch.equal(embeddings[:60], in_memory({"w": before}, {"w": after[:60]})["w"])
    assert torch.equal(embeddings[60:], after[60:])
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(IncompatibleError, match="shape"):  # fewer rows are no growth
        merge(b, a, BETA, tmp_path / "out", keep_new_rows=True)


# --- diffusers ----------------------------------------------------------------------------------------------------


def pipeline_state(pipe: Any) -> dict[str, torch.Tensor]:
    parts = ("unet", "vae", "text_encoder", "text_encoder_2")
    return {f"{part}.{name}": t for part in parts for name, t in getattr(pipe, part).state_dict().items()}


def test_a_pipeline(tmp_path: Path) -> None:
    from diffusers import StableDiffusionXLPipeline

    base, regional = tiny.sdxl(1), tiny.sdxl(1)
    regional.register_modules(unet=tiny.unet(9))
    base.save_pretrained(tmp_path / "a")
    regional.save_pretrained(tmp_path / "b")
    expected = in_memory(pipeline_state(base), pipeline_state(regional))
    result = merge(tmp_path / "a", tmp_path / "b", 0.9, tmp_path / "out", components={"unet": BETA})
    written = {path.relative_to(tmp_path / "out") for path in result.files}
    assert {path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()} < written
    for part, file in (("vae", "diffusion_pytorch_model"), ("text_encoder", "model"), ("text_encoder_2", "model")):
        name = Path(part) / f"{file}.safetensors"
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()
    found = StableDiffusionXLPipeline.from_pretrained(tmp_path / "out", local_files_only=True)
    assert_same(pipeline_state(found), expected)
    _, report = type(base.unet).from_pretrained(tmp_path / "out" / "unet", output_loading_info=True)
    assert not any(report.values()), report
    base.unet.load_state_dict({k.removeprefix("unet."): t for k, t in expected.items() if k.startswith("unet.")})
    images = [
        pipe("a b", num_inference_steps=1, height=16, width=16, output_type="pt", generator=torch.manual_seed(0)).images
        for pipe in (base, found)
    ]
    assert torch.equal(*images)


def test_a_pipeline_whose_parts_all_move_and_are_sharded(tmp_path: Path) -> None:
    from diffusers import StableDiffusionXLPipeline

    base, regional = tiny.sdxl(1), tiny.sdxl(5)
    base.save_pretrained(tmp_path / "a", max_shard_size="100KB")
    regional.save_pretrained(tmp_path / "b")
    _renamed_text_encoder(tmp_path / "b" / "text_encoder")
    merge(tmp_path / "a", tmp_path / "b", BETA, tmp_path / "out", shard_size="100KB")
    assert (tmp_path / "out" / "unet" / "diffusion_pytorch_model.safetensors.index.json").is_file()
    found = StableDiffusionXLPipeline.from_pretrained(tmp_path / "out", local_files_only=True)
    assert_same(pipeline_state(found), in_memory(pipeline_state(base), pipeline_state(regional)))


def _renamed_text_encoder(folder: Path) -> None:
    """As transformers 4 saves a CLIPTextModel: under `text_model.`, which 5 leaves out."""
    state = load_file(folder / "model.safetensors")
    assert not any(name.startswith("text_model.") for name in state)
    save_file({f"text_model.{name}": t for name, t in state.items()}, folder / "model.safetensors", {"format": "pt"})


# --- open_clip and single files -----------------------------------------------------------------------------------


def open_clip_folder(folder: Path, model: Any, config: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file(dict(model.state_dict()), folder / "open_clip_model.safetensors")
    return folder


def training_checkpoint(file: Path, model: Any) -> Path:
    """What open_clip's training writes under DistributedDataParallel."""
    optimizer = torch.optim.AdamW(model.parameters())
    model.logit_scale.sum().backward()
    optimizer.step()
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": 3, "name": "run", "state_dict": state, "optimizer": optimizer.state_dict()}, file)
    return file


def test_open_clip(tmp_path: Path) -> None:
    base, config = tiny.xlmr_clip(tmp_path, 1)
    regional, _ = tiny.xlmr_clip(tmp_path, 2)
    a = open_clip_folder(tmp_path / "a", base, config)
    b = training_checkpoint(tmp_path / "epoch_3.pt", regional)
    assert set(open_checkpoint(a).components) == {"text", "visual", "other"}
    expected = in_memory(base.state_dict(), regional.state_dict())
    merge(a, b, BETA, tmp_path / "out")
    assert (tmp_path / "out" / "open_clip_config.json").read_bytes() == (a / "open_clip_config.json").read_bytes()
    found = tiny.open_clip_model(tmp_path / "out" / "open_clip_model.safetensors")
    assert_same(found.state_dict(), expected)
    base.load_state_dict(expected)
    ids = torch.arange(12, 24).reshape(2, 6)
    with torch.no_grad():
        assert torch.equal(found.encode_text(ids), base.encode_text(ids))
        pixels = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
        assert torch.equal(found.encode_image(pixels), base.encode_image(pixels))

    merge(b, a, 1 - BETA, tmp_path / "out-2")  # a training checkpoint as the base is written as one safetensors file
    found = tiny.open_clip_model(tmp_path / "out-2" / "epoch_3.safetensors")
    assert_same(
        found.state_dict(), in_memory(regional.state_dict(), load_file(a / "open_clip_model.safetensors"), 1 - BETA)
    )


def test_single_files_in_the_original_key_layout(tmp_path: Path) -> None:
    names = {
        "model.diffusion_model.input_blocks.0.0.weight": "unet",
        "first_stage_model.encoder.conv_in.weight": "vae",
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": "text_encoder",
        "conditioner.embedders.1.model.ln_final.weight": "text_encoder_2",
        "denoiser.sigmas": "other",
    }
    a, b = ({name: torch.randn(3, 2).half() for name in names} for _ in "ab")
    save_file(a, tmp_path / "sd_xl.safetensors")
    save_file(b, tmp_path / "regional.safetensors")
    base = open_checkpoint(tmp_path / "sd_xl.safetensors")
    assert {name: base.component_of(name) for name in names} == names
    merge(base, tmp_path / "regional.safetensors", 0.0, tmp_path / "out", components={"unet": BETA})
    found = load_file(tmp_path / "out" / "sd_xl.safetensors")
    unet = next(iter(names))
    assert_same(found, {**a, unet: in_memory(a, b)[unet]})
    assert open_checkpoint(tmp_path / "out").tensors.keys() == names.keys()
