"""Students of tiny teachers of the real classes: what is kept is as it was bit for bit; their library loads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoProcessor

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError, TrainingError
from ggez_core.families.embedding import blank_model, load_embedding
from ggez_core.training.students import StudentSettings, build_student
from ggez_core.training.students import student as students
from ggez_core.training.students.vocabulary import Trimmed
from tests import tiny_open_clip
from tests.tiny_embedding import EMBEDDINGS, aligned, siglip

TRANSFORMERS = [name for name in EMBEDDINGS if name != "siglip"]  # whose tokenizer has no tokenizer.json
OPEN_CLIP = ["siglip", "xlmr"]  # as above
TEACHERS = [*TRANSFORMERS, *(f"open_clip/{name}" for name in OPEN_CLIP)]
_FIRST = re.compile(r"(layers?|resblocks)\.0\.")
KEPT = ["a photo of a cat", "A Dog on the beach", "nasi lemak", "rumah", "งาน", "cat " * 40]
OTHER = ["Sumatra", "วัด", "தமிழ்", "photo beach"]


@pytest.fixture(scope="module", params=TEACHERS)
def teacher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teachers") / Path(request.param).name
    library, _, name = request.param.rpartition("/")
    return (tiny_open_clip.OPEN_CLIP if library else EMBEDDINGS)[name](folder)


def image() -> Image.Image:
    return Image.frombytes("RGB", (40, 32), bytes(i * 37 % 256 for i in range(40 * 32 * 3)))


def test_kept_texts_embed_as_before(teacher: Path, tmp_path: Path) -> None:
    opened = open_checkpoint(teacher)
    model = load_embedding(opened)
    built = build_student(opened, model, KEPT, StudentSettings(layers="all"), tmp_path / "student")
    student, model = aligned(load_embedding(open_checkpoint(tmp_path / "student"))), aligned(model)
    assert torch.equal(student.encode_texts(KEPT), model.encode_texts(KEPT))
    assert torch.equal(student.encode_images([image()]), model.encode_images([image()]))
    assert student.encode_texts(OTHER).isfinite().all()  # what isn't kept is still cut somehow
    assert built.covered == built.texts == len(KEPT)
    assert built.student.vocabulary <= built.teacher.vocabulary
    if teacher.name not in ("clip",):  # whose letters are all bytes
        assert built.student.vocabulary < built.teacher.vocabulary
    assert built.student.layers == built.teacher.layers == 2
    own = {n: p.numel() for n, p in student.model.named_parameters()}
    parameters = sum(size for name, size in own.items() if opened.component_of(name) in student.text_components)
    assert abs(parameters - built.student.parameters) <= 64  # buffers may be among a checkpoint's tensors
    assert built.student.embedding_share == pytest.approx(built.student.vocabulary * 32 / built.student.parameters)


def test_every_second_layer_is_the_teachers_and_its_library_loads_it(teacher: Path, tmp_path: Path) -> None:
    opened = open_checkpoint(teacher)
    model = load_embedding(opened)
    built = build_student(opened, model, KEPT, StudentSettings(layers=(1,)), tmp_path / "student")
    assert (built.layers, built.student.layers) == ((1,), 1)
    student = open_checkpoint(tmp_path / "student")
    stack = next(n for n in student.tensors if student.component_of(n).startswith("text") and _FIRST.search(n))
    assert torch.equal(student.read(stack), opened.read(_FIRST.sub(r"\1.1.", stack)))
    loaded = load_embedding(student)
    if opened.layout == "open_clip":
        text = json.loads((tmp_path / "student/open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
        override = (
            {"text_cfg": {**text, "hf_model_name": str(student.folder), "hf_model_pretrained": False}}
            if "hf_model_name" in text
            else {}
        )
        library = open_clip.create_model(f"local-dir:{student.folder}", **override).eval()
        with torch.inference_mode():
            found = library.encode_text(loaded.prepare_texts(KEPT)["input_ids"])
    else:
        library = AutoModel.from_pretrained(student.folder).eval()
        AutoProcessor.from_pretrained(student.folder)
        with torch.inference_mode():
            found = library.get_text_features(**loaded.prepare_texts(KEPT)).pooler_output
    expected = torch.nn.functional.normalize(found, dim=-1)
    torch.testing.assert_close(loaded.encode_texts(KEPT), expected, rtol=0, atol=2e-6)
    assert not torch.equal(loaded.encode_texts(KEPT), model.encode_texts(KEPT))
    with torch.no_grad():
        gradients = loaded.text_vectors(loaded.prepare_texts(KEPT))
    torch.testing.assert_close(gradients, loaded.encode_texts(KEPT))


def test_a_student_may_start_at_random(teacher: Path) -> None:
    opened = open_checkpoint(teacher)
    own = {n: p.shape for n, p in load_embedding(opened).model.named_parameters()}
    blank, again, other = (dict(blank_model(opened, seed).named_parameters()) for seed in (1, 1, 2))
    assert {n: p.shape for n, p in blank.items()} == own
    drawn = next(n for n in blank if n.endswith(("token_embedding.weight", "word_embeddings.weight")))
    assert torch.equal(blank[drawn], again[drawn])
    assert not torch.equal(blank[drawn], other[drawn])


@pytest.mark.parametrize("make", [siglip, tiny_open_clip.native])
def test_a_tokenizer_that_cant_be_trimmed_is_told(make: object, tmp_path: Path) -> None:
    opened = open_checkpoint(make(tmp_path / "teacher"))  # type: ignore[operator]
    model = load_embedding(opened)
    with pytest.raises(TrainingError, match=r"has no tokenizer.json, so it can't be trimmed; say vocabulary: all"):
        build_student(opened, model, KEPT, StudentSettings(), tmp_path / "student")
    assert not (tmp_path / "student").exists()
    built = build_student(opened, model, KEPT, StudentSettings(vocabulary="all"), tmp_path / "student")
    assert (built.student.layers, built.student.vocabulary) == (1, built.teacher.vocabulary)
    student = load_embedding(open_checkpoint(tmp_path / "student"))
    assert torch.equal(student.prepare_texts(KEPT)["input_ids"], model.prepare_texts(KEPT)["input_ids"])


def test_layers_that_arent_there_and_texts_cut_otherwise_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_checkpoint(EMBEDDINGS["dual_xlmr"](tmp_path / "teacher"))
    model = load_embedding(opened)
    with pytest.raises(TrainingError, match=r"layers: \[0, 2\] aren't all layers of a teacher .* numbers from 0 to 1"):
        build_student(opened, model, KEPT, StudentSettings(layers=(0, 2)), tmp_path / "student")
    right = students.trimmed

    def wrong(*given: object) -> Trimmed:
        found = right(*given)  # type: ignore[arg-type]
        vocabulary = found.document["model"]["vocab"]
        vocabulary[-1][0], vocabulary[-2][0] = vocabulary[-2][0], vocabulary[-1][0]  # two letters swap their ids
        return found

    monkeypatch.setattr(students, "trimmed", wrong)
    with pytest.raises(CheckpointError, match=r"the trimmed tokenizer cuts '.*' otherwise than the teacher's"):
        build_student(opened, model, KEPT, StudentSettings(), tmp_path / "student")
    assert not (tmp_path / "student").exists()
