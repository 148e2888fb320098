"""Links to a comparison: what is written is read back, and what could not be typed is refused."""

from __future__ import annotations

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggez_core.errors import DataError
from workbench import links
from workbench.weights import Weights

SHARES = st.integers(0, 100).map(lambda percent: percent / 100)
TEXTS = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() and not text.startswith("data:"))


@given(
    beta=SHARES, components=st.dictionaries(st.sampled_from(["text_model", "unet"]), SHARES), query=TEXTS, base=TEXTS
)
def test_what_is_written_is_read_back(beta: float, components: dict[str, float], query: str, base: str) -> None:
    weights = Weights.at(beta, components)
    link = links.read(links.written((base, "demo:siglip/sea"), weights, {"query": query, "seed": 3, "negative": ""}))
    assert link.pair == (base, "demo:siglip/sea")
    assert Weights.at(link.beta if link.beta is not None else -1, link.components) == weights
    assert link.asked == {"query": query, "seed": "3"}


def test_a_visitors_own_picture_is_left_out() -> None:
    assert "picture" not in links.written(("a", "b"), Weights(0.5), {"picture": "data:image/png;base64,AAAA"})


def test_the_addresses_that_others_add_to_are_no_link() -> None:
    assert links.read("").empty
    assert not links.read("?__theme=dark").components
    assert links.read("?__theme=dark").pair is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("?beta=half", "no number"),
        ("?beta=nan", "no number"),
        ("?beta.text_model=inf", "no number"),
        ("?base=demo:siglip/base", "a pair has"),
        ("?tab=../admin", "names a tab"),
        ("?query=" + "a" * 7000, "characters"),
        ("?" + "&".join(f"a{k}=1" for k in range(100)), "more than"),
    ],
)
def test_what_no_link_says_is_refused_in_one_line(address: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as refused:
        links.read(address)
    assert "\n" not in str(refused.value)


def test_a_field_takes_from_a_link_what_could_be_typed_there() -> None:
    steps, language = gr.Slider(1, 100, 20), gr.Dropdown(["en", "th"])
    prompt, seed = gr.Textbox(max_length=10), gr.Number(precision=0, minimum=0)
    assert links.checked("steps", steps, "7") == 7
    assert links.checked("in", language, "th") == "th"
    assert links.checked("prompt", prompt, "<b>a</b>") == "<b>a</b>"
    assert links.checked("seed", seed, "12") == 12
    refused = [("steps", steps, "1e9"), ("in", language, "../x"), ("prompt", prompt, "a" * 11), ("seed", seed, "-1")]
    for name, component, value in refused:
        with pytest.raises(DataError, match=name):
            links.checked(name, component, value)
