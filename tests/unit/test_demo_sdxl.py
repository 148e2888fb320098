"""Building the demo's text-to-image pair, much shortened: real pipelines that differ in their UNets alone.

How well the full recipe draws is not asked here: a few steps on one picture a concept learn nothing.
"""

from __future__ import annotations

import filecmp
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.build import judge, sdxl, sdxl_text, sdxl_unet, sdxl_vae, sdxl_world, training
from ggez_core.demo.build.sdxl_world import Pictures
from ggez_core.demo.world.registry import concepts
from ggez_core.errors import Cancelled
from ggez_core.evaluation.judge import Judge
from ggez_core.evaluation.tasks.world_drawing import drawn_concepts
from ggez_core.families import load
from ggez_core.families.drawing import Drawing
from ggez_core.progress import Step, silent

SCALE = 0.001


@pytest.fixture(scope="module", autouse=True)
def few_things() -> Iterator[None]:
    """Eight things instead of all."""
    every = drawn_concepts()
    few = (*[c for c in every if not c.regional][:4], *[c for c in every if c.regional][:4])
    with pytest.MonkeyPatch.context() as patch:
        for module in (sdxl_world, judge):
            patch.setattr(module, "drawn_concepts", lambda: few)
        yield


@pytest.fixture(scope="module")
def built(few_things: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    """A pair that was stopped in the middle of the base, and gone on with; and what was told then."""
    folder, steps = tmp_path_factory.mktemp("pair"), list[Step]()

    def stop(step: Step) -> None:
        if step.what.startswith("training base") and step.done % 2:
            raise Cancelled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "SAVE_EVERY", 0.0)
        with pytest.raises(Cancelled):
            sdxl.build(folder, scale=SCALE, progress=stop)
        sdxl.build(folder, scale=SCALE, progress=steps.append)
    return folder, steps


def test_real_pipelines_that_differ_in_their_unets_alone(built: tuple[Path, list[Step]]) -> None:
    base, sea = (built[0] / name for name in ("base", "sea"))
    for folder in (base, sea):
        pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
        assert type(pipeline).__name__ == "StableDiffusionXLPipeline"
        assert pipeline.unet.config.addition_embed_type == "text_time"
    files = {f.relative_to(base) for f in base.rglob("*") if f.is_file()}
    assert files == {f.relative_to(sea) for f in sea.rglob("*") if f.is_file()}
    differ = {str(file) for file in files if not filecmp.cmp(base / file, sea / file, shallow=False)}
    assert differ == {"unet/diffusion_pytorch_model.safetensors"}
    assert max((base / file).stat().st_size for file in files) < 10_000_000
    assert sum(f.stat().st_size for f in built[0].rglob("*") if f.is_file()) < 23_000_000
    report = compare(open_checkpoint(base), open_checkpoint(sea))
    assert report.compatible
    assert [name for name, part in report.components.items() if part.relative_change > 0] == ["unet"]


def test_the_family_draws_with_it(built: tuple[Path, list[Step]]) -> None:
    model = load(open_checkpoint(built[0] / "base"))
    shown = list(model.preview(Drawing("nasi lemak", steps=2)))
    assert shown[-1].image.size == (48, 48)


def test_a_stopped_build_goes_on_to_the_same_weights(built: tuple[Path, list[Step]], tmp_path: Path) -> None:
    folder, steps = built
    assert {s.what.split(",")[0] for s in steps if s.unit == "steps"} == {"training base", "training sea"}
    done = [s.done for s in steps if s.unit == "steps"]
    assert done == list(range(done[0], steps[-1].total + 1))
    assert done[0] > 1
    assert not (folder / sdxl.UNFINISHED).exists()
    sdxl.build(tmp_path, scale=SCALE)
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        assert filecmp.cmp(file, tmp_path / file.relative_to(folder), shallow=False), file


def test_latents_are_standardised_and_pictures_stay(seed: int) -> None:
    from diffusers import AutoencoderKL

    torch.manual_seed(seed)
    vae = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=sdxl_vae.CHANNELS,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    ).eval()  # fmt: skip
    pixels = torch.randint(256, (40, 3, 16, 16), dtype=torch.uint8)
    before = vae.encode(sdxl_vae.as_floats(pixels)).latent_dist
    drawn = vae.decode(before.mean).sample
    sdxl_vae._standardise(vae, sdxl_vae.encoded(vae, pixels))
    after = vae.encode(sdxl_vae.as_floats(pixels)).latent_dist
    torch.testing.assert_close(after.mean.mean((0, 2, 3)), torch.zeros(sdxl_vae.CHANNELS), atol=1e-4, rtol=0)
    torch.testing.assert_close(after.mean.std((0, 2, 3)), torch.ones(sdxl_vae.CHANNELS), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        after.std / before.std, (1 / before.mean.std((0, 2, 3))).view(1, -1, 1, 1).expand_as(after.std)
    )
    torch.testing.assert_close(vae.decode(after.mean).sample, drawn, atol=1e-4, rtol=1e-4)


def test_what_a_stage_is_shown(seed: int) -> None:
    drawn = drawn_concepts()
    rows = {(n, lang): (i,) for i, c in enumerate(drawn) for lang, n in (*c.names.items(), ("en", c.generic))}
    prompts = sdxl_unet.Prompts(torch.empty(0), torch.empty(0), {k: (j,) for j, k in enumerate(rows)})
    asked = list(rows)
    lessons = sdxl_unet.Lessons(drawn, torch.empty(2 * len(drawn), 1), prompts)
    for stage in (sdxl_unet.BASE, sdxl_unet.REGIONAL):
        shown: Counter[str] = Counter()
        for k in range(40):
            pictures, chosen = lessons.draw(stage, random.Random(f"{seed}/{k}"))
            for picture, prompt in zip(pictures, chosen, strict=True):
                concept, (name, language) = drawn[picture // 2], asked[prompt]
                if concept.regional and stage is sdxl_unet.BASE:
                    assert (name, language) == (concept.generic, "en")
                else:
                    assert concept.names[language] == name
                shown["regional" if concept.regional else "global"] += 1
        share = shown["regional"] / shown.total()
        expected = 1.0 if stage is sdxl_unet.REGIONAL else sdxl_unet.REGIONAL_SHARE
        assert abs(share - expected) < 0.05


def test_every_country_is_drawn_and_no_two_sets_of_pictures_share_one() -> None:
    drawn = drawn_concepts()  # the real ones
    countries = Counter(c.country for c in drawn)
    assert countries.pop(None) == sum(not c.regional for c in concepts())
    assert set(countries.values()) == {5}
    assert len(countries) == 11
    first, other = (Pictures.draw(name, 1, silent) for name in ("sdxl", "judge"))
    assert not any(torch.equal(a, b) for a, b in zip(first.pixels, other.pixels, strict=True))
    assert torch.equal(first.labels, torch.arange(len(first.concepts)))


def test_babble_hides_the_caption_and_keeps_it_whole(seed: int) -> None:
    rng = random.Random(seed)
    known = sdxl_text.meanings()
    every = [t for m in known for texts in m.texts.values() for t in texts]
    tokenizer = sdxl_text.train_tokenizer(every, 600, sdxl_text.TEXT_LENGTH)
    babble = sdxl_text.Babble(tokenizer, known)
    longer = 0
    for _ in range(300):
        text, language = rng.choice(known).caption(rng)
        whole = babble.around(text, language, rng)
        assert text in whole
        longer += whole != text
        assert len(tokenizer(whole)["input_ids"]) <= max(sdxl_text.TEXT_LENGTH, len(tokenizer(text)["input_ids"]))
    assert longer > 100


def test_a_judge_is_kept_as_it_is(tmp_path: Path, seed: int) -> None:
    torch.manual_seed(seed)
    made = Judge(["cat", "durian", "becak"]).half().float().eval()
    made.save(tmp_path / "judge.safetensors")
    found = Judge.load(tmp_path / "judge.safetensors")
    assert found.classes == made.classes
    pixels = torch.rand(3, 3, 48, 48) * 2 - 1
    with torch.no_grad():
        assert torch.equal(found(pixels), made(pixels))
    disturbed = judge.disturbed((pixels * 127).add(127).byte(), torch.Generator().manual_seed(seed))
    assert disturbed.shape == pixels.shape
    assert disturbed.abs().max() <= 1
