"""The page's languages: who gets which, texts that fit one another, and visitors who don't mix."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import pytest
import regex
from gradio_client import Client
from starlette.middleware import Middleware

import ggez_core
from ggez_core.evaluation.figures import language_bars
from ggez_core.evaluation.rows import Score
from workbench import languages
from workbench.languages import DEFAULT, SPOKEN, catalogue, choose, fields, language, speaking, words
from workbench.page import Page, Speaking
from workbench.slow import GivenUp, Post, SlowQuestions
from workbench.spoken import PREFIX, spoken, spoken_figure
from workbench.text import say

OTHERS = [code for code in SPOKEN if code != DEFAULT]
SCRIPTS = {"th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Myanmar", "ta": "Tamil", "zh": "Han"}

# Names, signs, and words that a language may have from English: a text of nothing else may be the English one.
ALIKE = """
a d gg ez β grp lora workbench base batch cosine data fine tune global gradient grid guidance learning rate log model
natural precision preset prompt regional reward scheduler score seed status temperature tensor
"""


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen"),
    [
        (None, None, "en"),
        (None, "th", "th"),
        (None, "id-ID,id;q=0.9,en-US;q=0.8", "id"),
        (None, "fr-FR,fr;q=0.9,ms;q=0.4,en;q=0.3", "ms"),
        (None, "en;q=0.2, km;q=0.9", "km"),
        (None, "tl-PH,en;q=0.5", "fil"),
        (None, "zh-Hant-TW", "zh"),
        (None, "vi;q=0,de", "en"),
        (None, "vi;q=high, ;;,=,", "en"),
        (None, "de,*;q=0.5", "en"),
        ("ta", "th", "ta"),
        ("TA-IN", "th", "ta"),
        ("../../etc/passwd", "th", "th"),
        ("", "lo", "lo"),
    ],
)
def test_who_gets_which_language(asked: str | None, accepted: str | None, chosen: str) -> None:
    assert choose(asked, accepted) == chosen


@pytest.mark.parametrize("code", SPOKEN)
def test_a_language_has_every_text_once_and_no_other(code: str) -> None:
    written = Path(languages.__file__).with_name(f"{code}.json").read_text("utf-8")
    pairs: list[tuple[str, str]] = json.loads(written, object_pairs_hook=list)
    keys = Counter(key for key, _ in pairs)
    assert keys == Counter(list(catalogue(DEFAULT))), "workbench/languages: translate what is missing"
    assert [key for key, text in pairs if not text.strip()] == []


def _letters(text: str) -> set[str]:
    """The words of a text, without what is filled in."""
    return set(regex.findall(r"\p{L}+", re.sub(r"\{.*?\}", "", text).lower()))


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_is_no_english(code: str) -> None:
    english = catalogue(DEFAULT)
    same = {key: _letters(text) for key, text in catalogue(code).items() if text == english[key]}
    assert {key: said for key, said in same.items() if not said <= set(ALIKE.split())} == {}


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_is_written_in_its_own_script(code: str) -> None:
    english, own = catalogue(DEFAULT), SCRIPTS.get(code, "Latin")
    other = [script for script in set(SCRIPTS.values()) if script != own]
    for key, text in catalogue(code).items():
        assert not any(regex.search(rf"\p{{{script}}}", text) for script in other), (key, text)
        if text != english[key] and _letters(text) - {"β"}:
            assert regex.search(rf"\p{{{own}}}", text), (key, text)


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_is_filled_in_with_the_same_values(code: str) -> None:
    own, english = catalogue(code), catalogue(DEFAULT)
    assert {key: own[key] for key in own if fields(own[key]) != fields(english[key])} == {}


def test_what_a_language_lacks_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"en": {"a": "one {n:,}", "b": "two", "c": "three {n}"}, "th": {"a": "หนึ่ง {n:,}", "c": "สาม {m}"}}
    monkeypatch.setattr(languages, "catalogue", files.__getitem__)
    assert dict(words.__wrapped__("th")) == {"a": "หนึ่ง {n:,}", "b": "two", "c": "three {n}"}


def test_what_the_engine_says_is_what_the_engine_says() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in Path(ggez_core.__file__).parent.rglob("*.py")).lower()
    texts = [text for key, text in catalogue(DEFAULT).items() if key.startswith(PREFIX)]
    pieces = [piece.strip(" ,(){}") for text in texts for piece in re.split(r"\{\w+\}", text)]
    assert [piece for piece in pieces if piece.lower() not in sources] == []


def test_figures_and_their_tables_speak() -> None:
    rows = {
        "id": Score(
            model="m",
            beta=1.0,
            task="t",
            split="test",
            side="global",
            metric="recall@1",
            value=0.5,
            n=9,
            low=0.4,
            high=0.6,
        )
    }
    figure = language_bars({"merged": rows, "Peranakan": rows})
    before = figure.to_json()
    with speaking("th"):
        said = spoken_figure(figure)
        assert spoken("Which β serves Khmer well?") == "β ใดเหมาะกับ Khmer"
        assert spoken("merged, β = 0.5, people") == "ผสาน β = 0.5, ผู้คน"
        assert spoken("nothing that is known") == "nothing that is known"
    own = words("th")
    assert said.layout.title.text == own["engine.languages"]
    assert said.layout.xaxis.title.text == own["engine.language"]
    assert said.layout.yaxis.title.text == "recall@1 (ช่วงความเชื่อมั่น 95 %)"
    assert [trace.name for trace in said.data] == [own["engine.merged"], "Peranakan"]
    assert figure.to_json() == before, "another visitor's figure stays as it was"
    assert spoken_figure(figure) is figure
    assert spoken_figure(None) is None


def test_texts_under_the_pointer_have_no_words_of_their_own() -> None:
    """They name a trace or an axis, which the browser looks up in the figure that was translated."""
    texts = [
        text
        for source in Path(ggez_core.__file__).parent.rglob("*.py")
        for text in re.findall(r'hover(?:template)? ?= ?f?"([^"]*)"', source.read_text("utf-8"))
    ]
    for text in texts:
        shown = re.sub(r"%?\{+[^}]*\}+|<[^>]*>", "", text)
        assert set(re.findall(r"[^\W\d_]+", shown)) <= {"GRP", "n", "α", "β"}, text
    assert len(texts) > 20


def _label() -> str:
    return say("tab.compare")


def _lay_out() -> Page:
    """A small page with a text, an event outside the queue, and one whose work is done in a thread."""
    questions = SlowQuestions()

    def at_once() -> list[str]:
        return [language(), _label()]

    def slowly(request: gr.Request) -> Iterator[list[str]]:
        def work(post: Post[list[str]], given_up: GivenUp) -> None:
            post([language(), _label()])

        for told in questions.ask(str(request.session_hash), work):
            yield [*told, language(), _label()]

    with Page() as page:
        told = gr.JSON(label=say("tab.compare"))
        gr.Button().click(at_once, None, told, api_name="at_once", queue=False)
        gr.Button().click(slowly, None, told, api_name="slowly", concurrency_limit=8)
    return page


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    page = _lay_out()
    page.translate(_lay_out)
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, ssr_mode=False, app_kwargs={"middleware": [Middleware(Speaking)]}
    )
    yield address
    page.close()


def test_visitors_at_once_each_get_their_own_language(url: str) -> None:
    ready = threading.Barrier(4)

    def visit(code: str) -> None:
        label = words(code)["tab.compare"]
        client = Client(url, headers={"accept-language": f"{code}-XX,{code};q=0.9"}, verbose=False)
        ready.wait(60)
        for _ in range(5):
            assert client.predict(api_name="/at_once") == [code, label]
            assert client.predict(api_name="/slowly") == [code, label] * 2

    assert len({words(code)["tab.compare"] for code in ("en", "id", "th")}) == 3, "or it would not be seen"
    with ThreadPoolExecutor(4) as visitors:
        list(visitors.map(visit, ["th", "en", "id", "th"]))


def test_the_page_is_laid_out_in_the_language_of_header_or_address(url: str) -> None:
    def laid_out(query: str = "", **headers: str) -> str:
        page = httpx.get(url + query, headers=headers, timeout=60).text
        config = json.loads(page.split("window.gradio_config = ", 1)[1].split(";</script>", 1)[0])
        (label,) = [part["props"]["label"] for part in config["components"] if part["type"] == "json"]
        code = next(code for code in ("en", "id", "th") if words(code)["tab.compare"] == label)
        assert (f'lang = "{code}"' in (config["head"] or "")) == (code != "en"), "as the document says of itself"
        return code

    accepted = {"accept-language": "th"}
    assert [laid_out(), laid_out(**accepted), laid_out("?language=id", **accepted), laid_out()] == [
        "en", "th", "id", "en",
    ]  # fmt: skip


def test_what_programs_are_told_of_endpoints_is_english(url: str) -> None:
    info = httpx.get(url + "gradio_api/info", headers={"accept-language": "th"}, timeout=60).json()
    labels = {value["label"] for value in info["named_endpoints"]["/at_once"]["returns"]}
    assert labels == {words("en")["tab.compare"]}


def test_speaking_ends() -> None:
    with speaking("km"):
        assert language() == "km"
    assert language() == "en"
