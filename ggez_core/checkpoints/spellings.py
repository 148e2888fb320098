"""What adapters call the weights of a base: PEFT's module paths, diffusers' with the component first, kohya's with `_`.

The base's names are spelled every way that the tools have, once, so that finding an adapter's target is a look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .aliases import naming
from .checkpoint import Checkpoint
from .layouts import Group
from .unet_names import to_diffusers, to_original

_KOHYA = {"unet": ("lora_unet_",), "text_encoder": ("lora_te1_", "lora_te_"), "text_encoder_2": ("lora_te2_",)}
_ORIGINAL = (  # prefixes of the original single-file checkpoints
    ("model.diffusion_model.", "unet"),
    ("cond_stage_model.transformer.", "text_encoder"),
    ("conditioner.embedders.0.transformer.", "text_encoder"),
    ("conditioner.embedders.1.model.", "text_encoder_2"),
)
_OPEN_CLIP = (  # the second text encoder of SDXL is stored as open_clip names it
    ("transformer.resblocks.", "text_model.encoder.layers."),
    (".ln_1", ".layer_norm1"),
    (".ln_2", ".layer_norm2"),
    (".mlp.c_fc", ".mlp.fc1"),
    (".mlp.c_proj", ".mlp.fc2"),
    (".attn.out_proj", ".self_attn.out_proj"),
)
_IN_PROJ = ".attn.in_proj_weight"


@dataclass(frozen=True)
class Site:
    """Where an adapter's update goes: `share` of `of` equal parts of the rows of a base tensor."""

    tensor: str
    share: int = 0
    of: int = 1


def sites(base: Checkpoint, *, in_memory: bool) -> dict[str, Site]:
    """Every spelling of every weight of the base, without `.weight`. A spelling that two weights share is neither's.

    `in_memory` adds the names that the model library uses in memory, which takes importing it.
    """
    found: dict[str, Site] = {}
    ambiguous: set[str] = set()
    for group in base.groups:
        library = naming(group.config) if in_memory and group.config else None
        for name in base.tensors:
            if not name.startswith(group.prefix):
                continue
            stored = {group.stored(name)} | ({library.canonical(group.stored(name))} if library else set())
            for spelling, site in _spellings(name, sorted(stored), group):
                if found.setdefault(spelling, site) != site:
                    ambiguous.add(spelling)
    return {spelling: site for spelling, site in found.items() if spelling not in ambiguous}


def _spellings(name: str, stored: list[str], group: Group) -> Iterator[tuple[str, Site]]:
    whole = Site(name)
    yield name.removesuffix(".weight"), whole
    for inner in stored:
        module = inner.removesuffix(".weight")
        yield module, whole
        if group.folder:
            yield from _of_component(group.folder, module, whole)
    for prefix, component in _ORIGINAL:
        if name.startswith(prefix) and not group.folder:
            yield from _of_original(component, name.removeprefix(prefix), name)


def _of_component(component: str, module: str, site: Site) -> Iterator[tuple[str, Site]]:
    """The spellings of a module of a pipeline's component."""
    modules = [module, *(to_original(module) if component == "unet" else ())]
    if component.startswith("text_encoder") and not module.startswith("text_model."):
        modules.append(f"text_model.{module}")
    for spelled in modules:
        yield f"{component}.{spelled}", site
        for prefix in _KOHYA.get(component, ()):
            yield prefix + spelled.replace(".", "_"), site


def _of_original(component: str, inner: str, name: str) -> Iterator[tuple[str, Site]]:
    """The spellings of a weight in the original key layout."""
    module = inner.removesuffix(".weight")
    if component == "unet":
        known = to_diffusers(module)
        spelled = [(module, Site(name)), *([(known, Site(name))] if known else [])]
    elif inner.endswith(_IN_PROJ):
        layer = _as_transformers(inner.removesuffix(_IN_PROJ))
        spelled = [(f"{layer}.self_attn.{p}_proj", Site(name, share, 3)) for share, p in enumerate("qkv")]
    else:
        spelled = [(_as_transformers(module) if component == "text_encoder_2" else module, Site(name))]
    for path, site in spelled:
        yield f"{component}.{path}", site
        for prefix in _KOHYA[component]:
            yield prefix + path.replace(".", "_"), site


def _as_transformers(module: str) -> str:
    for old, new in _OPEN_CLIP:
        module = module.replace(old, new)
    return module
