"""Text of strangers that is shown to others: captions, names, messages, cells. It stays text everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import yaml

from ggez_core.curation.report.figures import stays_bars
from ggez_core.curation.report.tally import Tally
from ggez_core.curation.samples import Sample
from ggez_core.evaluation.ratings import Rating, Shown, export_csv
from ggez_core.evaluation.ratings.files import read_csv
from ggez_core.figures import Drawn, Table, laid_out, write_page
from workbench import curate_shown
from workbench.markup import notice, tag
from workbench.problem import Problem, attempt

EVIL = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onmouseover='alert(1)",
    "<a href='https://evil.example'>log in again</a>", "</textarea><iframe src=//evil>", "javascript:alert(1)",
    "[x](javascript:alert(1))", "![x](https://evil.example/spy.png)", "&lt;script&gt;", "<!--", "]]>", "</script><b>",
    "{{7*7}}", "${7*7}", "\u202egnp.exe", "a\x00b", "<style>*{display:none}</style>",
)  # fmt: skip
ALLOWED = {"href", "class", "title", "role", "src", "alt", "width", "height", "decoding", "download", "data-index",
           "aria-label", "aria-live", "type", "style"}  # fmt: skip


class _Seen(HTMLParser):
    """Elements and attributes of markup, as a browser would take them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.data += data


@pytest.mark.parametrize("evil", EVIL)
def test_captions_reasons_and_evidence_are_shown_as_they_are(evil: str) -> None:
    sample = Sample(evil, evil, "", (evil,), (evil,), (evil,))
    for html in (
        curate_shown.samples([sample], evil),
        curate_shown.groups([[sample, sample]], 1),
        notice(evil, "problem"),
        tag("a", evil, title=evil, aria_label=evil),
    ):
        seen = _Seen(html)
        assert not {"script", "img", "svg", "iframe", "style", "textarea"} & set(seen.tags)
        assert {name for name, _ in seen.attributes} <= ALLOWED
        assert not [value for name, value in seen.attributes if name in ("href", "src")]
    assert " ".join(evil.split()) in _Seen(curate_shown.samples([sample], "")).data or "\0" in evil


def test_the_page_writes_markup_through_one_escaping_function() -> None:
    """No other module makes elements by hand; `page` sets the language, which is one that it knows."""
    folder = Path(curate_shown.__file__).parent
    made = re.compile(r"""f["'][^"'\n]*<[a-z/]""")
    found = [path.name for path in folder.rglob("*.py") if made.search(path.read_text("utf-8"))]
    assert sorted(found) == ["markup.py", "page.py"]


@pytest.mark.parametrize("evil", EVIL[:6])
def test_a_figure_holds_no_link_that_a_stranger_wrote(evil: str, tmp_path: Path) -> None:
    """plotly takes some markup in texts for its own; and the page of a report has the figure inside of a script."""
    figures = [
        laid_out(go.Figure([go.Bar(x=[evil, "b<br>c"], y=[1, 2], name=evil, text=[evil, ""], customdata=[evil, 1],
                                   hovertemplate=f"{evil}<br>%{{y}}<extra>x</extra>")]), f"Which {evil}?"),
        laid_out(go.Figure([go.Heatmap(z=[[1.0]], x=[evil], y=np.array([evil]), text=[[evil]])]), "x"),
        stays_bars(_tally(evil), "language"),
    ]  # fmt: skip
    for figure in figures:
        texts = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        assert not re.search(r"<(?!/?(br|extra|b)>)", texts), texts
    assert "b<br>c" in figures[0].data[0].x  # what our own labels are made of stays
    assert figures[0].data[0].y == (1, 2)
    write_page(tmp_path, evil, [Drawn("it", figures[0], Table(evil, (evil, "b"), ((evil, 1),)))])
    page = (tmp_path / "index.html").read_text("utf-8")
    after = page[page.rindex("</details>") - 4000 :] if len(page) > 4000 else page
    assert "alert(1)</script>" not in page
    assert "<a href='https://evil" not in page
    assert "onerror=alert(1)>" not in _Seen(after).data or "&lt;img" in after
    assert "<svg onload" not in page


def _tally(value: str) -> Tally:
    from ggez_core.curation.report import tally

    return tally(np.array([True, False]), {}, {"language": [value, value]})


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠x", "\n=1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_exported_cell_begins_a_formula(formula: str) -> None:
    written = Table("t", ("a", "b", "c"), ((formula, -1.5, ""),)).as_csv()
    (_, (text, number, empty)) = list(csv.reader(io.StringIO(written, newline="")))
    assert text == f"'{formula}"
    assert number == "-1.5"  # a number is one
    assert empty == ""
    rating = Rating(
        rater="r-1", language="en", item=formula, side="global", family="embedding", base="a", regional="b",
        kind="rank", columns=(Shown("base", 0.0), Shown("regional", 1.0)), marks=({"rank": 1.0}, {"rank": 2.0}),
        aspect=formula,
    )  # fmt: skip
    text = export_csv([rating])
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n＝＋－＠") and cell]
    assert read_csv(text) == [rating]


@pytest.mark.parametrize("evil", EVIL)
def test_a_rating_s_names_are_plain_and_its_texts_are_data(evil: str) -> None:
    from ggez_core.errors import DataError

    good = {"rater": "r-1", "language": "en", "item": "x", "side": "global", "family": "embedding", "base": "a",
            "regional": "b", "kind": "rank", "columns": (Shown("base", 0.0), Shown("regional", 1.0)),
            "marks": ({"rank": 1.0}, {"rank": 2.0})}  # fmt: skip
    for name in ("rater", "language", "id", "side", "kind"):
        with pytest.raises(DataError):
            Rating(**{**good, name: evil})  # type: ignore[arg-type]
    with pytest.raises(DataError):
        Rating(**{**good, "columns": (Shown(evil, 0.0), Shown("regional", 1.0))})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [
    "x\nlicense: mit", "x\n---\n# taken over", "'\"\n- a: b", "!!python/object/apply:os.system [id]", "{a: b}", "*x",
    "<b>x</b>", "x: y # z", "\u2028---\u2028",
])  # fmt: skip
def test_front_matter_is_what_we_wrote(value: str, tmp_path: Path) -> None:
    """A name in a data card's or model card's head is a value, however it is written; see test_publishing_card too."""
    from ggez_core.curation.report import data_card

    text = data_card(
        _tally("en"), region=value, inputs=[value], limits=[], signals={}, reward=value, near=value, name=value
    )
    _, head, body = text.split("---\n", 2)
    front = yaml.safe_load(head)
    assert set(front) <= {"pretty_name", "configs", "task_categories", "language", "tags", "size_categories", "license",
                          "annotations_creators", "source_datasets"}  # fmt: skip
    assert front.get("license") != "mit"
    assert "\n# taken over" not in body
    assert "<b>x</b>" not in re.sub(r"`+[^`]*`+", "", body)


def test_a_message_is_one_line_without_a_traceback() -> None:
    from ggez_core.errors import DataError

    def fail(error: Exception) -> Problem:
        def work() -> None:
            raise error

        done = attempt(work)
        assert isinstance(done, Problem)
        return done

    assert fail(DataError("a\nb\r\nc")).message == "a b c"
    assert "secret" not in fail(KeyError("secret")).message
