"""Rate without a browser: ballots tell nobody who is who, a rating counts once, programs can rate, results add up."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from gradio_client import Client

from ggez_core.errors import DataError
from tests.unit.test_publishing_card import swept
from workbench import rating_shown
from workbench.rating import Ballots, marks_of, rater_of
from workbench.service import Service
from workbench.settings import Settings
from workbench.weights import BASE, REGIONAL, Weights

HALF = Weights(0.5)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return Service(Settings(tmp_path_factory.mktemp("page"), 1 << 30, shared=False))


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    from workbench.build import build, launch

    page = build(service)
    url = launch(service=service, page=page, wait=False)
    yield Client(url, verbose=False)
    page.close()


def test_a_ballot_tells_nobody_who_is_who(service: Service, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.views.embedding import blind

    rng, orders = random.Random(seed), set()
    item = blind.item(rng, "id")
    monkeypatch.setattr(blind, "item", lambda rng, language: item)
    given: dict[str, set[str]] = {}
    for _ in range(12):
        ballot = service.ballots.hand_out(service, "v", "rank", "id", HALF, rng=rng)
        orders.add(tuple(name for name, _ in ballot.models))
        for (name, _), answer in zip(ballot.models, ballot.answers, strict=True):
            given.setdefault(name, set()).add(answer.text)
        shown = rating_shown.ballot(ballot).lower().replace(item.text.lower(), "")
        assert not [word for word in ("base", "merged", "regional", "β", "0.5", "demo:") if word in shown]
    assert len(orders) > 1
    assert [len(texts) for texts in given.values()] == [1, 1, 1]  # an answer goes with its model, wherever it stands


def test_items_are_of_both_sides_and_in_the_rater_s_language(seed: int) -> None:
    from workbench.views import VIEWS

    for family in VIEWS.values():
        items = [family.blind.item(random.Random(f"{seed}/{n}"), "th") for n in range(30)]
        assert {item.side for item in items} == {"global", "regional"}
        assert {item.language for item in items} == {"th"}
        assert {family.blind.item(random.Random(n), "xx").language for n in range(3)} == {"en"}


def test_a_rating_counts_once_and_only_its_visitor_can_give_it(service: Service) -> None:
    ballot = service.ballots.hand_out(service, "v", "rank", "th", HALF)
    with pytest.raises(DataError, match="press Next"):
        service.ballots.rate(service, "somebody else", ballot.id, [1, 2, 3], "r-1", "th")
    with pytest.raises(DataError, match="one entry for each"):
        service.ballots.rate(service, "v", ballot.id, [1, 2], "r-1", "th")
    before = len(service.ratings.ratings())
    done = service.ballots.rate(service, "v", ballot.id, [1, 1, 3], "r-1", "th")
    assert service.ballots.rate(service, "v", ballot.id, [1, 1, 3], "r-1", "th").rating == done.rating
    with pytest.raises(DataError, match="rated this already"):
        service.ballots.rate(service, "v", ballot.id, [3, 2, 1], "r-1", "th")
    assert len(service.ratings.ratings()) == before + 1
    (kept,) = [rating for rating in service.ratings.ratings() if rating.id == ballot.id]
    assert [column.model for column in kept.columns] == [name for name, _ in ballot.models]
    assert [mark["rank"] for mark in kept.marks] == [1.5, 1.5, 3]
    assert (kept.item, kept.language) == (ballot.item.id, "th")
    revealed = rating_shown.rated(done)
    for name, word in (("base", "Base, β = 0.00"), ("merged", "Merged, β = 0.50"), ("regional", "Regional, β = 1.00")):
        assert word in revealed, name


@pytest.mark.parametrize("weights", [BASE, REGIONAL])
def test_at_an_end_there_are_no_three_models(service: Service, weights: Weights) -> None:
    with pytest.raises(DataError, match="move the slider"):
        service.ballots.hand_out(service, "v", "rank", "en", weights)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("rank", [0, 1, 2]), ("rank", [1, 2, "3"]), ("rank", {"a": 1}), ("rank", [1, 2, True]), ("rank", "123"),
        ("likert", [1, 2, 3]), ("likert", [[1, 2], [1, 2], [1]]), ("likert", [[1, 2], [1, 2], None]),
    ],
)  # fmt: skip
def test_what_is_no_answer(kind: str, answer: object) -> None:
    with pytest.raises(DataError):
        marks_of(kind, answer, 3)


def test_pseudonyms_are_random_and_checked() -> None:
    assert rater_of("r-1") == "r-1"
    for odd in ("", None, 3, "<b>", "a" * 65, ["r"]):
        assert rater_of(odd).startswith("r-")
    assert rater_of(None) != rater_of(None)


def test_next_pressed_while_the_pair_is_loaded_is_answered_by_the_new_pair(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gradio as gr

    from workbench.tabs.rate import RateTab

    handed_out, tries = service.ballots.hand_out, []

    def loading(*given: object, **more: object) -> object:
        tries.append(given)
        if len(tries) == 1:
            service.load_pair("early", "demo:siglip/base", "demo:siglip/sea")  # cancels the visitor's questions
        return handed_out(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(service.ballots, "hand_out", loading)
    parts = [gr.HTML(), gr.HTML(), gr.BrowserState(""), gr.HTML(), gr.Dropdown(), gr.Radio(), (), (), gr.HTML()]
    tab = RateTab(service, *parts)  # type: ignore[arg-type]
    request = SimpleNamespace(session_hash="early")
    *_, last = tab.hand_out(request, "rank", "en", "", 0.5)  # type: ignore[arg-type]
    assert "gg-ballot" in str(last[tab.ballot])
    assert len(tries) == 2


def test_old_ballots_are_forgotten(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.rating.REMEMBERED", 2)
    ballots = Ballots()
    first, *_ = [ballots.hand_out(service, "v", "rank", "en", HALF) for _ in range(3)]
    with pytest.raises(DataError, match="press Next"):
        ballots.rate(service, "v", first.id, [1, 2, 3], "r-1", "en")


def test_a_program_rates_and_reads_the_results(client: Client, service: Service) -> None:
    answers = {"rank": [1, 2, 3], "pairwise": [0.5, 0.5], "likert": [[3, 2], [2, 2], [1, 1]]}
    rated = []
    for number, (kind, answer) in enumerate(answers.items(), 1):
        ballot = client.predict(kind, "id", 0.5, None, api_name="/next_ballot")
        assert len(ballot["answers"]) == len(answer)
        assert not {"base", "merged", "regional"} & set(json.dumps(ballot["answers"]).lower().split('"'))
        done = client.predict(ballot["ballot"], answer, "program-1", "id", api_name="/rate")
        assert done["count"] == number
        assert len({column["model"] for column in done["rating"]["columns"]}) == len(answer)
        rated.append(done["rating"]["id"])
    results = client.predict(api_name="/ratings")
    assert results["ratings"] == len(service.ratings.ratings())
    assert {mean["measure"] for mean in results["means"]} == {"rank", "preference", "correctness", "naturalness"}
    with pytest.raises(Exception, match="no kind of rating"):
        client.predict("stars", "id", 0.5, None, api_name="/next_ballot")
    ballot = client.predict("rank", "id", 0.5, None, api_name="/next_ballot")
    with pytest.raises(Exception, match="rater"):
        client.predict(ballot["ballot"], [1, 2, 3], "Jane Doe", "id", api_name="/rate")


def test_the_results_panel_shows_what_the_engine_computes(service: Service, tmp_path: Path) -> None:
    from ggez_core.evaluation.ratings import means, read_csv

    assert rating_shown.results([], (), 0.43, "", raw=True).bars is None
    found = service.ratings.ratings("demo:siglip/base", "demo:siglip/sea")
    shown = rating_shown.results(found, (), 0.43, "rank", raw=True)
    averages = [mean for mean in means(found) if mean.measure == "rank"]
    assert sorted(y for trace in shown.bars.data for y in trace.y) == pytest.approx(sorted(m.value for m in averages))
    by_aspect = rating_shown.results(found, (), 0.43, "correctness", "aspect", raw=True)
    aspects = {rating.aspect for rating in found if rating.kind == "likert"}
    assert aspects
    assert all(set(trace.x) == {"all", *aspects} for trace in by_aspect.bars.data)
    assert 'download="ratings.csv"' in shown.files
    assert 'download="ratings.csv"' not in rating_shown.results(found, (), 0.43, "rank", raw=False).files
    import base64
    import re

    (data,) = re.findall(r'base64,([^"]+)" download="ratings\.csv"', shown.files)
    assert len(read_csv(base64.b64decode(data).decode())) == len(found)


def test_an_export_has_a_card_with_the_sweep_s_scores(
    service: Service, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import ModelCard

    from workbench.exporting import export

    plain = export(service, "v", "plain", 0.25)
    assert "README.md" not in {file.name for file in plain.files}
    done = export(service, "v", "carded", 0.25, card=True)
    assert {file.name for file in done.files} - {file.name for file in plain.files} == {"README.md"}
    assert done.notes == ()
    swept(tmp_path / "sweep", "demo:siglip/base", "demo:siglip/sea", random.Random(seed), beta=0.25)
    ended = SimpleNamespace(folder=tmp_path / "sweep", report=object())
    monkeypatch.setattr(service.sweeps, "latest", lambda pair: ended)
    done = export(service, "v", "scored", 0.25, card=True)
    assert {"README.md", "card/scores-over-beta.png"} <= {file.name for file in done.files}
    assert len(ModelCard.load(Path(done.folder) / "README.md").data.eval_results or ()) == 5
    ended.folder = tmp_path / "gone"
    done = export(service, "v", "without", 0.25, card=True)
    assert "no sweep has ended there" in done.notes[0]
    assert "model.safetensors" in {file.name for file in done.files}  # the export is whole all the same
