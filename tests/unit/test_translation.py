"""Translation: what models say is theirs, is kept, and is checked; what fails is listed and harms nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.curation.translation import Said, TranslationConfig, Translations, read_config, translate
from ggez_core.curation.translation.checks import objections
from ggez_core.curation.translation.languages import TARGETS, language
from ggez_core.curation.translation.translators import bare
from ggez_core.errors import Cancelled, CheckpointError, DataError
from ggez_core.families import Placement
from ggez_core.families.translation import load_translator
from ggez_core.progress import Step
from tests.fake_endpoint import Answer, question, served
from tests.tiny_translation import m2m100, nllb

THAI = {"a cat": "แมวตัวหนึ่ง", "a market": "ตลาด", "rice and fish": "ข้าวกับปลา", "a boat": "เรือลำหนึ่ง"}
MODELS = {"m2m100": m2m100, "nllb": nllb}


def nobody(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Identification that can't tell."""
    return [("", 0.0)] * len(texts)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MODELS[request.param](tmp_path_factory.mktemp("translators") / request.param)


def _config(**languages: dict[str, Any]) -> TranslationConfig:
    return TranslationConfig.model_validate({"languages": languages})


def _served(url: str, **more: Any) -> dict[str, Any]:
    return {"through": "endpoint", "url": url, "model": "m", "timeout": 5, "tries": 2, **more}


def _asked(request: dict[str, Any]) -> str:
    return question(request).rpartition("\n\n")[2]


def test_a_translation_is_the_librarys_own_for_every_text_and_language(model: Path) -> None:
    import transformers

    texts = ["a cat on a mat", "rice", "the temple at dawn by the river and boats"]
    ours = load_translator(open_checkpoint(model), Placement(), beams=2)
    library = transformers.AutoModelForSeq2SeqLM.from_pretrained(model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    spelled = {"m2m100": ("en", "__{}__"), "nllb": ("eng_Latn", "{}")}[model.name]
    found = set()
    for code in ("th", "km"):
        target = language(code).models
        said = ours.translate(texts, language("en").models, target)
        tokenizer.src_lang = spelled[0]
        begin = tokenizer.convert_tokens_to_ids(
            spelled[1].format(target.m2m if model.name == "m2m100" else target.nllb)
        )
        assert begin != tokenizer.unk_token_id
        for text, translation in zip(texts, said, strict=True):
            inputs = tokenizer(text, return_tensors="pt")
            longest = 2 * max(len(tokenizer(t)["input_ids"]) for t in texts) + 16
            with torch.no_grad():
                tokens = library.generate(
                    **inputs, forced_bos_token_id=begin, num_beams=2, max_new_tokens=min(longest, 64), max_length=None
                )
            assert translation == tokenizer.decode(tokens[0], skip_special_tokens=True).strip()
            found.add(translation)
    assert len(found) > 1


def test_a_text_that_a_model_cant_read_whole_is_no_translation(model: Path) -> None:
    ours = load_translator(open_checkpoint(model), Placement(), beams=1)
    said = ours.translate(["a cat " * 100, "a cat"], language("en").models, language("th").models)
    assert said[0] is None
    assert said[1] is not None


def test_a_language_that_a_model_doesnt_know_is_named(model: Path) -> None:
    ours = load_translator(open_checkpoint(model), Placement(), beams=1)
    with pytest.raises(DataError, match="tet_Latn"):
        ours.translate(["a cat"], language("en").models, language("tet").models)


def test_nonsense_of_a_random_model_is_listed_and_never_passed_on(model: Path, tmp_path: Path) -> None:
    with Said(tmp_path / "said.sqlite") as said:
        found = translate(["a cat", "rice"], _config(th={"model": str(model), "beams": 1}), said, nobody)
    assert found.good == ()
    assert [f.row for f in found.failed] == [0, 1]
    assert all(f.why for f in found.failed)


def test_translations_are_kept_and_equal_texts_are_asked_for_once(tmp_path: Path) -> None:
    texts = ["a cat", "a market", "a cat ", "rice and fish"]
    with served(lambda request, before: Answer(THAI[_asked(request)])) as server:
        config = _config(th=_served(server.url))
        with Said(tmp_path / "said.sqlite") as said:
            first = translate(texts, config, said, nobody)
        with Said(tmp_path / "said.sqlite") as said:
            again = translate([*texts, "a boat"], config, said, nobody)
    assert [(t.row, t.text) for t in first.good] == [(i, THAI[text.strip()]) for i, text in enumerate(texts)]
    assert {t.by for t in first.good} == {"m"}
    assert first.computed == 3
    assert again.computed == 1
    assert again.good[:4] == first.good
    assert len(server.requests) == 4


def test_another_model_language_or_prompt_is_another_translation(tmp_path: Path) -> None:
    keys = {
        Said.key("a cat", *about)
        for about in (("m", "en", "th"), ("n", "en", "th"), ("m", "en", "km"), ("me", "n", "th"))
    }
    assert len(keys) == 4
    with Said(tmp_path / "said.sqlite") as said:
        said.put({key: str(i) for i, key in enumerate(keys)})
        assert said.get([*keys, b"unknown"]) == {key: str(i) for i, key in enumerate(keys)}


def test_a_server_that_fails_in_every_way_costs_only_what_it_fails_and_is_asked_again(tmp_path: Path) -> None:
    broken = True

    def answer(request: dict[str, Any], before: int) -> Answer:
        text = _asked(request)
        if broken and text == "a market":
            return Answer(status=500, body="oops")
        if broken and text == "rice and fish":
            return Answer(wait=1)
        if text == "a boat":
            return Answer("I'm sorry, I can't help with that.")
        return Answer(f"“{THAI[text]}”") if before else Answer(status=429)

    with served(answer) as server, Said(tmp_path / "said.sqlite") as said:
        config = _config(th=_served(server.url, timeout=0.3))
        found = translate(list(THAI), config, said, nobody)
        assert [(t.row, t.text) for t in found.good] == [(0, THAI["a cat"])]
        why = {f.row: f for f in found.failed}
        assert "HTTP 500: oops, 2 times" in why[1].why
        assert "no answer within 0.3 s" in why[2].why
        assert "script of Thai" in why[3].why
        assert "sorry" in why[3].said
        assert found.counts == {"th": (1, 3)}
        broken = False
        mended = translate(list(THAI), config, said, nobody)
    assert [t.row for t in mended.good] == [0, 1, 2]
    assert mended.computed == 2


def test_each_language_has_its_own_model_and_what_was_said_stays_when_stopped(tmp_path: Path) -> None:
    def stop(step: Step) -> None:
        if step.what == "into Indonesian":
            raise Cancelled

    def answer(request: dict[str, Any], before: int) -> Answer:
        assert request["model"] == ("thai" if "into Thai" in question(request) else "indonesian")
        return Answer("แมว" if request["model"] == "thai" else "seekor kucing")

    with served(answer) as server, Said(tmp_path / "said.sqlite") as said:
        config = _config(th=_served(server.url, model="thai"), id=_served(server.url, model="indonesian"))
        with pytest.raises(Cancelled):
            translate(["a cat"], config, said, nobody, progress=stop)
        assert len(server.requests) == 1
        found = translate(["a cat"], config, said, nobody)
        assert len(server.requests) == 2
    assert [(t.language, t.text) for t in found.good] == [("th", "แมว"), ("id", "seekor kucing")]
    assert isinstance(found, Translations)


@pytest.mark.parametrize(
    ("code", "original", "said", "identified", "objection"),
    [
        ("th", "a cat on a mat", "แมวบนเสื่อ", ("th", 0.9), None),
        ("th", "a cat on a mat", "", ("", 0.0), "empty"),
        ("th", "a cat on a mat", "Here you are:\nแมวบนเสื่อ", ("th", 0.9), "several lines"),
        ("th", "a cat on a mat", "kucing di atas tikar", ("id", 0.9), "script of Thai"),
        ("id", "a cat on a mat", "a cat on a mat", ("en", 0.9), "not translated"),
        ("id", "a cat on a mat", "a cat lies on a mat", ("en", 0.9), "in en rather than id"),
        ("id", "a cat on a mat", "a cat lies on a mat", ("en", 0.3), None),
        ("id", "a cat on a mat", "kucing di atas tikar", ("ms", 0.9), None),
        ("fil", "a cat on a mat", "pusa sa banig", ("tl", 0.9), None),
        ("vi", "a cat on a mat", "mèo " * 40, ("vi", 0.9), "times the original's"),
        ("vi", "a cat on a mat by the door of the old house", "mèo", ("vi", 0.9), "times the original's"),
        ("km", "a cat on a mat by the door", "ឆ្មាឆ្មាឆ្មាឆ្មាឆ្មាឆ្មាឆ្មាឆ្មាឆ្មាឆ្មា", ("km", 0.9), "repeats itself"),
        ("id", "a cat on a mat", "kucing, baca selengkapnya", ("id", 0.9), "boilerplate"),
        ("zh", "a photo of the old temple by the river", "河边古庙的照片", ("zh", 0.9), None),
        ("th", "Marina Bay Sands, Singapore", "มารีน่าเบย์แซนด์ส สิงคโปร์", ("th", 0.9), None),
    ],
)
def test_what_is_no_translation_is_told(
    code: str, original: str, said: str, identified: tuple[str, float], objection: str | None
) -> None:
    target = TARGETS[code]
    found = objections(original, said, target, identified, target.ratio)
    if objection is None:
        assert found == []
    else:
        assert any(objection in why for why in found)


def test_the_small_worlds_own_translations_pass() -> None:
    from ggez_core.demo.world.registry import concepts
    from ggez_core.demo.world.templates import LANGUAGES, captions

    against = []
    for concept in concepts():
        for code in LANGUAGES:
            if code != "en" and code in concept.names:
                pairs = zip(
                    captions(concept.names["en"], "en", "test"),
                    captions(concept.names[code], code, "test"),
                    strict=True,
                )
                target = TARGETS[code]
                against += [
                    (e, x, why) for e, x in pairs if (why := objections(e, x, target, (code, 1.0), target.ratio))
                ]
    assert not against, against[:5]


def test_quotation_marks_that_a_chat_model_adds_are_taken_off() -> None:
    assert bare(' "แมว" ') == "แมว"
    assert bare("「猫」") == "猫"
    assert bare('a "cat"') == 'a "cat"'
    assert bare('""') == '""'


def test_a_config_fills_in_the_default_and_takes_any_code(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "default: {model: facebook/nllb-200-distilled-600M, beams: 2}\nlanguages:\n  ind: {}\n  zsm:\n"
        "  tha: {through: endpoint, url: http://x/v1, model: gemma}\n"
    )
    config = read_config(path)
    assert list(config.languages) == ["id", "ms", "th"]
    assert config.languages["ms"].model == "facebook/nllb-200-distilled-600M"
    assert config.languages["id"].beams == 2
    assert (config.languages["th"].through, config.languages["th"].model) == ("endpoint", "gemma")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("languages: {th: {modle: x}}", r"languages\.th\.(modle|model)"), ("languages: {xx: {model: x}}", "'xx'"),
        ("languages: {th: {model: x, through: endpoint}}", "needs a url"), ("languages: {}", "names none"),
        ("languages: {en: {model: x}}", "source itself"), ("languages: {th: {model: x}, tha: {model: x}}", "twice"),
        ("languages: [th]", "languages"), ("a: [", "YAML"), ("languages: {th: {model: x, ratio: [3, 1]}}", "lower one"),
        ("languages: {no: {model: x}}", "'no'"),
    ],
)  # fmt: skip
def test_a_config_that_cant_be_is_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as refused:
        read_config(path)
    assert "\n" not in str(refused.value)


def test_a_cache_that_isnt_one_and_a_model_that_isnt_one_are_refused(tmp_path: Path) -> None:
    from tests.tiny import saved, siglip

    (tmp_path / "said.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(DataError, match="cache of translations"):
        Said(tmp_path / "said.sqlite")
    with pytest.raises(CheckpointError, match="translation model"):
        load_translator(open_checkpoint(saved(siglip(1), tmp_path / "siglip")), Placement())
