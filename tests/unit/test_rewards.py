"""Reward models: their scales, what is read from answers, and what becomes of answers that aren't any."""

from __future__ import annotations

import base64
import io
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.curation.endpoint import PATIENCE, Endpoint, Failure, Reply
from ggez_core.curation.rewards.asking import expected_score, parse_score, prompt
from ggez_core.curation.rewards.similarity import language_of, on_scale
from ggez_core.curation.signal import Batch
from ggez_core.curation.signals import signal
from ggez_core.demo.world.dataset import pictures
from ggez_core.demo.world.templates import captions
from ggez_core.errors import CheckpointError, DataError
from ggez_core.families.lvlm import VisualQuestion, load_lvlm
from tests.fake_endpoint import Answer, question, served


def _world(seed: int, count: int = 120, language: str = "en") -> Batch:
    """Regional pictures of the small world's test split; each second one with the caption of something else."""
    rng = np.random.default_rng(seed)
    shown = [p for p in pictures("test", 8) if p.concept.regional and language in p.concept.names]
    chosen = [shown[i] for i in rng.choice(len(shown), min(count, len(shown)), replace=False)]
    texts = []
    for number, picture in enumerate(chosen):
        others = [p.concept for p in shown if p.concept.aspect != picture.concept.aspect]
        named = picture.concept if number % 2 == 0 else others[rng.integers(len(others))]
        texts.append(captions(named.names[language], language, "test")[0])
    return Batch([p.id for p in chosen], list(texts), [p.image for p in chosen], {"language": [language] * len(chosen)})


@pytest.mark.parametrize("language", ["en", "th", "id"])
def test_similarity_tells_matched_pairs_from_others_at_three_in_any_language(seed: int, language: str) -> None:
    found = signal("reward:model=demo:siglip/sea").measure(_world(seed, language=language))
    rewards = np.array(found["reward"])
    assert ((rewards >= 1) & (rewards <= 5)).all()
    matched, others = (rewards[::2] >= 3).mean(), (rewards[1::2] >= 3).mean()
    assert others < 0.25
    assert matched > others + 0.4
    assert found["reward_error"] == [None] * len(rewards)


def test_the_scale_is_deviations_above_other_captions(seed: int) -> None:
    others = np.random.default_rng(seed).normal(0.1, 0.02, 100_000).astype(np.float32)
    for deviations, reward in ((-3, 1), (0, 1), (1, 2), (2, 3), (3.5, 4.5), (9, 5)):
        assert on_scale(0.1 + 0.02 * deviations, others) == pytest.approx(reward, abs=0.05)
    assert on_scale(0.5, np.full(10, 0.1, np.float32)) == 5


def test_a_caption_is_measured_against_its_own_language() -> None:
    assert language_of("ข้าวผัด", "en") == "th"
    assert language_of("nasi goreng", "id") == "id"
    assert language_of("nasi goreng", None) == "en"
    assert language_of("a cat", "xx-YY") == "en"


def test_rows_without_picture_or_caption_say_so_and_a_reward_doesnt_depend_on_its_neighbours(seed: int) -> None:
    batch = _world(seed, 6)
    whole = signal("reward").measure(batch)["reward"]
    images: list[Image.Image | None] = list(batch.images)
    texts: list[str | None] = list(batch.texts)
    images[1], texts[2], texts[3] = None, None, " "
    found = signal("reward").measure(Batch(batch.ids, texts, images, batch.columns))
    assert found["reward_error"] == [None, "no picture", "no caption", "no caption", None, None]
    assert [v is None for v in found["reward"]] == [False, True, True, True, False, False]
    for at in (0, 4, 5):
        assert found["reward"][at] == pytest.approx(whole[at], abs=1e-3)
    empty = signal("reward").measure(Batch(["a"], [None], [None]))
    assert empty == {"reward": [None], "reward_raw": [None], "reward_error": ["no picture"]}


def test_ten_megabytes_of_caption_are_scored_by_their_beginning() -> None:
    image = pictures("test")[0].image
    started = time.perf_counter()
    found = signal("reward").measure(Batch(["a"], ["a cat on a mat " * 700_000], [image]))
    assert time.perf_counter() - started < 5
    assert found["reward"][0] is not None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Final Score: 3.5", 3.5), ("**Final Score:** 4", 4), ("Final Score: **4**", 4),
        ("cat: 1\nFinal score is 2", 2),
        ("Alignment Score: 5\nQuality Score: 2\nOverall Score: 3", 3), ("Final Score: 2 … no: Final Score: 3", 3),
        ("4", 4), ("4.", 4), ("Score: 4/5", 4), ("I'd say 4 out of 5", 4), ('{"score": 4}', 4), ("3,5", 3.5),
        ("Final Score: ４", 4), ("Final Score: 5 out of 5", 5), ("Final Score: 0", None), ("Final Score: 7", None),
        ("Score: 8/10", None), ("Final Score: 8/10", None), ("", None), ("I can't see the image.", None),
        ("There are 3 cats and 2 dogs", None), ("Score: 3, score: 4", None), ("3 or 4", None), ("Score: great", None),
        ("nan", None), ("1e9", None),
    ],
)  # fmt: skip
def test_a_score_is_read_where_there_is_one_and_nowhere_else(text: str, score: float | None) -> None:
    assert parse_score(text) == score


def test_the_expected_score_is_the_mean_of_the_digits() -> None:
    assert expected_score({"4": 0.5, " 5": 0.25, "5": 0.25}) == pytest.approx(4.5)
    assert expected_score({"1": 0.2, "2": 0.2, "The": 0.1, "3": 0.5}) == pytest.approx((0.2 + 0.4 + 1.5) / 0.9)
    assert expected_score({"The": 0.9, "3": 0.1}) is None
    assert expected_score({}) is None


def _pairs(count: int) -> Batch:
    images: list[Image.Image | None] = [Image.new("RGB", (40, 30), (10 * i, 0, 0)) for i in range(count)]
    return Batch([str(i) for i in range(count)], [f"caption {i}" for i in range(count)], images)


def _reward(url: str, **more: object) -> Any:
    options = {"by": "endpoint", "url": url, "model": "m", "timeout": 0.4, "tries": 3, **more}
    return signal("reward:" + ",".join(f"{k}={v}" for k, v in options.items()))


def test_an_endpoint_that_fails_in_every_way_costs_only_the_rows_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    behaviour: dict[str, Callable[[int], Answer]] = {
        "caption 0": lambda n: Answer("Final Score: 4"),
        "caption 1": lambda n: Answer("Final Score: 2") if n else Answer(status=429, headers={"retry-after": "0.05"}),
        "caption 2": lambda n: Answer("Final Score: 5") if n else Answer(status=500, body="oops"),
        "caption 3": lambda n: Answer("Final Score: 3") if n else Answer(wait=1),
        "caption 4": lambda n: Answer("What a lovely picture!"),
        "caption 5": lambda n: Answer(body="<html>gateway</html>"),
        "caption 6": lambda n: Answer(body='{"choices": []}'),
        "caption 7": lambda n: Answer(status=503, body="overloaded"),
        "caption 8": lambda n: Answer(wait=1),
        "caption 9": lambda n: Answer("Final Score: 1") if n else Answer(hang_up=True),
        "caption 10": lambda n: Answer(status=400, body="context too long"),
        "caption 11": lambda n: Answer(body='{"choices": [{"message": {"content": null}}]}'),
    }

    def answer(request: dict[str, Any], before: int) -> Answer:
        caption = question(request).rpartition("[")[2].rstrip("]")
        return behaviour[caption](before)

    with served(answer) as server:
        found = _reward(server.url, key="SOME_API_KEY").measure(_pairs(12))
    assert found["reward"] == [4, 2, 5, 3, None, None, None, None, None, 1, None, None]
    errors = found["reward_error"]
    assert [errors[i] for i in (0, 1, 2, 3, 9)] == [None] * 5
    assert "lovely picture" in errors[4]
    assert all("chat completion" in errors[i] for i in (5, 6))
    assert "503: overloaded, 3 times" in errors[7]
    assert "no answer within 0.4 s, 3 times" in errors[8]
    assert "400: context too long" in errors[10]
    assert "no text" in errors[11]
    counts = [sum(prompt(f"caption {i}", "written") == question(r) for r in server.requests) for i in range(12)]
    assert counts == [1, 2, 2, 2, 1, 1, 1, 3, 3, 2, 1, 1]
    assert {h["authorization"] for h in server.headers} == {"Bearer secret"}


def test_pairs_are_on_their_way_together_and_answers_stay_with_their_rows() -> None:
    def answer(request: dict[str, Any], before: int) -> Answer:
        number = int(question(request).rpartition("caption ")[2].rstrip("]"))
        return Answer(f"Final Score: {1 + number % 5}", wait=0.05 * (number % 3))

    with served(answer) as server:
        found = _reward(server.url, at_once=8, timeout=10).measure(_pairs(24))
    assert found["reward"] == [1 + i % 5 for i in range(24)]
    assert 3 < server.at_once <= 8


def test_what_is_sent_is_the_picture_the_caption_and_no_randomness() -> None:
    with served(lambda request, before: Answer("4")) as server:
        _reward(server.url, timeout=10).measure(_pairs(1))
        big = Batch(["a"], ["huge"], [Image.new("RGB", (3000, 30), "teal")])
        _reward(server.url, timeout=10).measure(big)
    first, second = server.requests
    assert first["temperature"] == 0
    picture, text = first["messages"][0]["content"]
    assert "caption 0" in text["text"]

    def sent(part: dict[str, Any]) -> Image.Image:
        return Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2])))

    assert sent(picture).size == (40, 30)
    assert sent(second["messages"][0]["content"][0]).size[0] == 1024


def test_expected_scores_come_from_the_servers_probabilities() -> None:
    first = {"4": 0.6, "5": 0.3, "no": 0.1}
    with served(lambda request, before: Answer("4", first=first)) as server:
        found = _reward(server.url, answer="expected", timeout=10).measure(_pairs(1))
    assert found["reward"] == [pytest.approx((4 * 0.6 + 5 * 0.3) / 0.9)]
    assert server.requests[0]["max_tokens"] == 1
    assert server.requests[0]["logprobs"] is True


@pytest.mark.parametrize("status", [401, 404])
def test_a_refused_key_or_an_unknown_model_stops_at_once(status: int) -> None:
    with served(lambda request, before: Answer(status=status, body="no such thing")) as server:
        with pytest.raises(DataError, match=r"check url and model"):
            _reward(server.url, at_once=1).measure(_pairs(3))
        assert len(server.requests) < 3


def test_a_server_that_is_down_is_not_tried_five_times_by_every_row() -> None:
    started = time.perf_counter()
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", tries=5, at_once=1, pause=0.001)
    replies = endpoint.ask([[{"role": "user", "content": "?"}]] * 100)
    assert all(isinstance(reply, Failure) and "no connection" in reply.why for reply in replies)
    assert sum("5 times" in reply.why for reply in replies if isinstance(reply, Failure)) == PATIENCE
    assert time.perf_counter() - started < 20


def test_a_reply_is_the_text() -> None:
    with served(lambda request, before: Answer("hello")) as server:
        assert Endpoint(server.url, "m").ask([[{"role": "user", "content": "?"}]]) == [Reply("hello")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("by=magic", "is no kind"), ("by=lvlm", "add model="), ("by=lvlm,model=x,answer=maybe", "neither written"),
        ("by=endpoint,model=m", "no address"), ("by=endpoint,url=http://x/v1", "add model=NAME"),
        ("by=endpoint,url=http://x/v1,model=m,tries=0", "must be positive"), ("by=hpsv2", "HPS_v2.1_compressed.pt"),
    ],
)  # fmt: skip
def test_settings_that_cant_be_are_refused_at_once(options: str, message: str) -> None:
    with pytest.raises((DataError, CheckpointError), match=message):
        signal(f"reward:{options}")


def test_every_kind_says_its_scale_and_travels() -> None:
    from ggez_core.curation.rewards import ONE_TO_FIVE

    on_five = ("by=similarity", "by=lvlm,model=x", "by=endpoint,url=http://x/v1,model=m")
    for options in on_five:
        assert pickle.loads(pickle.dumps(signal(f"reward:{options}"))).scale.startswith(ONE_TO_FIVE)
    for options in ("by=hpsv2,model=x", "by=imagereward"):
        assert "own" in signal(f"reward:{options}").scale


def test_image_reward_is_its_packages_or_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    from ggez_core.curation.rewards import imagereward

    imagereward._loaded.cache_clear()
    monkeypatch.setitem(sys.modules, "ImageReward", None)
    with pytest.raises(CheckpointError, match="environment of its own"):
        signal("reward:by=imagereward").measure(_pairs(1))
    asked = []

    def score(text: str, image: Image.Image) -> float:
        asked.append((text, image.size))
        return 0.75

    package = SimpleNamespace(load=lambda name: SimpleNamespace(score=score))
    monkeypatch.setitem(sys.modules, "ImageReward", package)
    assert signal("reward:by=imagereward").measure(_pairs(1))["reward"] == [0.75]
    assert asked == [("caption 0", (40, 30))]
    imagereward._loaded.cache_clear()


def test_the_human_preference_score_is_the_cosine_of_an_open_clip_model(tmp_path: Path, seed: int) -> None:
    from ggez_core.families.embedding import load_embedding
    from tests.tiny_open_clip import native

    folder = native(tmp_path / "hps")
    batch = _world(seed, 4)
    found = signal(f"reward:by=hpsv2,model={folder}").measure(batch)
    model = load_embedding(open_checkpoint(folder))
    texts = [text or "" for text in batch.texts]
    images = [image for image in batch.images if image]
    cosines = (model.encode_images(images) * model.encode_texts(texts)).sum(1)
    assert found["reward"] == pytest.approx(cosines.tolist(), abs=1e-5)


@pytest.fixture(scope="module")
def lvlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tiny_lvlm import saved

    folder = saved("gemma3", 5, tmp_path_factory.mktemp("reward") / "gemma3")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["max_position_embeddings"] = 8192  # every letter is a token
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_model_asked_for_a_digit_gives_the_mean_under_its_own_probabilities(lvlm: Path) -> None:
    batch = _pairs(3)
    found = signal(f"reward:by=lvlm,model={lvlm},answer=expected").measure(batch)
    model = load_lvlm(open_checkpoint(lvlm))
    for at in range(3):
        asked = VisualQuestion(prompt(batch.texts[at] or "", "expected"), batch.images[at])
        inputs = model.prepare([asked]).tensors
        with torch.no_grad():
            logits = model.model(**inputs).logits[0, -1]
        digits = [model.processor.tokenizer.convert_tokens_to_ids(d) for d in "12345"]
        shares = logits[digits].double().softmax(0)
        assert found["reward"][at] == pytest.approx(float((shares * torch.arange(1, 6)).sum()), abs=1e-4)


def test_a_model_that_says_nonsense_has_no_reward_and_is_quoted(lvlm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ggez_core.curation.rewards import lvlm as module

    monkeypatch.setattr(module, "LONGEST", 8)
    found = signal(f"reward:by=lvlm,model={lvlm}").measure(_pairs(2))
    assert found["reward"] == [None, None]
    assert all(error.startswith("no score in the answer: ") for error in found["reward_error"])


def test_embeddings_are_the_models_own_and_missing_without_a_picture(seed: int) -> None:
    from ggez_core.families.embedding import load_embedding

    batch = _world(seed, 4)
    images: list[Image.Image | None] = [batch.images[0], None, *batch.images[2:]]
    found = signal("embedding:model=demo:siglip/base").measure(Batch(batch.ids, batch.texts, images))["embedding"]
    assert found[1] is None
    model = load_embedding(open_checkpoint("demo:siglip/base"))
    expected = model.encode_images([image for image in images if image]).numpy()
    assert np.allclose([vector for vector in found if vector], expected, atol=1e-5)
    assert signal("embedding").measure(Batch(["a"], [None], [None])) == {"embedding": [None]}
