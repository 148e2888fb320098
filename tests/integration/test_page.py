"""The page's endpoints as a program uses them: `gradio_client` does the whole main job, and visitors don't mix."""

from __future__ import annotations

import base64
import io
import logging
import random
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import torch
from PIL import Image

if TYPE_CHECKING:
    from gradio_client import Client

    from workbench.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service behind the page."""
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    return Service(Settings(tmp_path_factory.mktemp("storage"), GIB, shared=False))


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    """The address of a served page."""
    from workbench.build import build, launch

    page = build(service)
    yield launch(service=service, page=page, wait=False)
    page.close()


@pytest.fixture
def client(url: str) -> Client:
    """A new visitor."""
    return visitor(url)


def visitor(url: str) -> Client:
    from gradio_client import Client

    return Client(url, verbose=False)


def column(answer: dict[str, Any], model: str) -> dict[str, Any]:
    """One column of an answer."""
    return next(c for c in answer["columns"] if c["model"] == model)


def ids(answer: dict[str, Any], model: str) -> list[tuple[str, float]]:
    """Ids and scores of a column's hits."""
    return [(hit["id"], hit["score"]) for hit in column(answer, model)["hits"]]


def refusal(client: Client, *arguments: object, api_name: str, **named: object) -> str:
    """The message of a call that is refused."""
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError) as error:
        client.predict(*arguments, api_name=api_name, **named)
    message = str(error.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def test_only_what_is_meant_for_programs_is_offered(client: Client) -> None:
    offered = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    asked = {"/search_images", "/rank_captions", "/draw_images", "/answer_question"}
    curated = {"/curate", "/curation", "/stop_curation", "/count_kept", "/curated_rows", "/export_curated"}
    rated = {"/next_ballot", "/rate", "/ratings"}
    assert set(offered) == {"/preflight", "/load_pair", "/export", "/cancel"} | asked | curated | rated
    documented = (Path(__file__).parents[2] / "docs" / "reference" / "endpoints.md").read_text("utf-8")
    assert [name for name in offered if f"`{name}`" not in documented] == []


def test_the_demo_pair_is_reported_and_loaded(client: Client) -> None:
    report = client.predict(api_name="/load_pair")
    assert report["compatible"]
    assert report["live"]
    assert {c["name"] for c in report["components"]} >= {"text_model", "vision_model"}
    assert client.predict(api_name="/preflight")["components"] == report["components"]


def test_the_ends_of_the_slider_are_the_two_models(client: Client) -> None:
    query = {"query": "foto jeepney", "api_name": "/search_images"}
    at_base, at_regional = client.predict(beta=0, **query), client.predict(beta=1, **query)
    assert ids(at_base, "merged") == ids(at_base, "base") == ids(at_regional, "base")
    assert ids(at_regional, "merged") == ids(at_regional, "regional") != ids(at_regional, "base")
    assert at_base["meant"] == "jeepney"
    right = [hit for hit in column(at_regional, "merged")["hits"] if hit["right"]]
    assert all(hit["concept"] == "jeepney" for hit in right)


def test_an_answer_is_what_the_merged_checkpoint_says(client: Client, url: str, tmp_path: Path) -> None:
    """Search at β, export at β, load the export with transformers alone, and compute the same scores with it."""
    from transformers import AutoProcessor, SiglipModel

    from ggez_core.demo.world.dataset import pictures

    beta = round(random.uniform(0.1, 0.9), 3)
    components = {"text_model": 0.2}
    query = "ภาพนี้แสดงตุ๊กตุ๊ก"
    answer = client.predict(query, beta, components, api_name="/search_images")
    done = client.predict("merged", beta, components, api_name="/export")
    archive = httpx.get(url + done["zip_url"], timeout=60)
    zipfile.ZipFile(io.BytesIO(archive.content)).extractall(tmp_path)

    model = SiglipModel.from_pretrained(tmp_path / "merged").eval()
    processor = AutoProcessor.from_pretrained(tmp_path / "merged")
    gallery = pictures("test")
    length = model.config.text_config.max_position_embeddings
    inputs = processor(
        text=[query], images=[p.image for p in gallery], padding="max_length", max_length=length, return_tensors="pt"
    )
    with torch.inference_mode():
        found = model(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"])
    scores = (found.image_embeds @ found.text_embeds.T)[:, 0]
    by_id = {p.id: float(score) for p, score in zip(gallery, scores, strict=True)}
    shown = column(answer, "merged")["hits"]
    assert [hit["score"] for hit in shown] == pytest.approx(
        sorted(by_id.values(), reverse=True)[: len(shown)], abs=2e-4
    )
    assert [hit["score"] for hit in shown] == pytest.approx([by_id[hit["id"]] for hit in shown], abs=2e-4)


def test_captions_are_ranked_for_a_test_picture_and_for_an_own_one(client: Client) -> None:
    found = client.predict("test/cat/0", 0.5, api_name="/rank_captions")
    assert found["meant"] == "cat"
    file = io.BytesIO()
    Image.new("RGB", (90, 60), "orange").save(file, "PNG")
    own = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    found = client.predict(own, 0.5, None, "th", api_name="/rank_captions")
    assert found["meant"] is None
    assert {hit["language"] for hit in column(found, "merged")["hits"]} == {"th"}


def test_ranks_against_the_base_add_up(client: Client) -> None:
    found = client.predict("rumah gadang", 0.8, None, "id", 1000, api_name="/search_images")
    base = {hit["id"]: hit["rank"] for hit in column(found, "base")["hits"]}
    for hit in column(found, "merged")["hits"]:
        assert hit["base_rank"] == base[hit["id"]]
        assert hit["rise"] == base[hit["id"]] - hit["rank"]


def test_visitors_at_different_beta_do_not_mix(url: str) -> None:
    betas = (0.0, 0.31, 0.77, 1.0)
    clients = [visitor(url) for _ in betas]
    ask = {"query": "nasi lemak", "api_name": "/search_images"}
    alone = [ids(c.predict(beta=b, **ask), "merged") for c, b in zip(clients, betas, strict=True)]
    assert len({tuple(hits) for hits in alone}) == len(betas)
    mixed: list[str] = []

    def keep_asking(client: Client, beta: float, expected: object) -> None:
        for turn in range(6):
            text = "nasi lemak" + " " * turn
            if ids(client.predict(beta=beta, **{**ask, "query": text}), "merged") != expected:
                mixed.append(f"β {beta} in turn {turn}")

    threads = [threading.Thread(target=keep_asking, args=a) for a in zip(clients, betas, alone, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixed == []


def test_only_who_exported_can_fetch(client: Client, url: str, service: Service) -> None:
    done = client.predict("mine", 0.5, None, "bfloat16", "1GB", api_name="/export")
    assert Path(done["folder"]).is_dir()  # strangers aren't told (tests/security)
    assert httpx.get(url + done["files"][0]["url"], timeout=60).status_code == 200
    ticket = done["zip_url"].split("/")[1]
    for address in (
        f"exports/{'A' * 22}/mine.zip", f"exports/{ticket}/other.zip", f"exports/{ticket}/mine/..%2f..%2fsecret",
        f"exports/..%2f..%2f{ticket}/mine.zip", f"exports/{ticket}", "exports/", f"exports/{ticket}/mine/nothing.json",
    ):  # fmt: skip
        answer = httpx.get(url + address, timeout=60)
        assert answer.status_code == 404 or "text/html" in answer.headers["content-type"], address
    other = visitor(url)
    other_ticket = other.predict("mine", 0.5, api_name="/export")["zip_url"].split("/")[1]
    assert other_ticket != ticket


def test_an_existing_export_is_never_overwritten(client: Client) -> None:
    client.predict("once", 0.5, api_name="/export")
    assert "choose another name" in refusal(client, "once", 0.6, api_name="/export")


@pytest.mark.parametrize("name", ["", "..", ".hidden", "../up", "a/b", "a\\b", "x" * 65, "ü", "a b", "a\nb", "con.zip"])
def test_an_export_name_is_plain_or_refused(client: Client, name: str, service: Service) -> None:
    before = sorted(service.settings.storage.rglob("*.safetensors"))
    assert "is no name for an export" in refusal(client, name, 0.5, api_name="/export")
    assert sorted(service.settings.storage.rglob("*.safetensors")) == before


@pytest.mark.parametrize("beta", [-0.01, 1.01, float("nan"), "0.5", None, True])
def test_a_beta_that_is_no_number_from_0_to_1_is_refused(service: Service, beta: Any) -> None:
    from ggez_core.errors import RecipeError

    with pytest.raises(RecipeError, match="β"):
        service.weights("s", beta)
    with pytest.raises(RecipeError, match="text_model"):
        service.weights("s", 0.5, {"text_model": beta})


def test_bad_input_gets_one_clear_line(client: Client, tmp_path: Path) -> None:
    assert "no such folder" in refusal(client, str(tmp_path / "none"), api_name="/preflight")
    (tmp_path / "empty").mkdir()
    assert "config.json" in refusal(client, str(tmp_path / "empty"), api_name="/load_pair")
    assert "no base checkpoint" in refusal(client, "  ", api_name="/load_pair")
    assert "empty" in refusal(client, "   ", 0.5, api_name="/search_images")
    assert "characters" in refusal(client, "x" * 501, 0.5, api_name="/search_images")
    assert "no component" in refusal(client, "cat", 0.5, {"unet": 0.1}, api_name="/search_images")
    assert "no picture" in refusal(client, "test/../secret", 0.5, api_name="/rank_captions")
    assert "can't be read" in refusal(client, "data:image/png;base64,AAAA", 0.5, api_name="/rank_captions")
    assert "no captions" in refusal(client, "test/cat/0", 0.5, None, "xx", api_name="/rank_captions")
    assert "dtype" in refusal(client, "n", 0.5, None, "int8", api_name="/export")
    assert "shard size" in refusal(client, "n", 0.5, None, "float32", "1TB", api_name="/export")


def test_a_refused_pair_leaves_the_visitor_with_theirs(client: Client, tmp_path: Path) -> None:
    from tests.tiny import siglip_pair

    base, _ = siglip_pair(tmp_path)
    before = client.predict("cat", 0.5, api_name="/search_images")
    assert "shape" in refusal(client, "demo:siglip/base", str(base), api_name="/load_pair")
    assert client.predict("cat", 0.5, api_name="/search_images")["columns"] == before["columns"]


def test_a_pair_that_is_no_embedding_model_can_still_be_exported(client: Client, tmp_path: Path) -> None:
    from tests.tiny import write_checkpoint

    ends = [torch.zeros(4), torch.ones(4)]
    folders = [write_checkpoint(tmp_path / str(i), {"unet.weight": end}) for i, end in enumerate(ends)]
    report = client.predict(*map(str, folders), api_name="/load_pair")
    assert report["compatible"]
    assert not report["live"]
    assert report["why_not_live"]
    assert report["why_not_live"] in refusal(client, "cat", 0.5, api_name="/search_images")
    assert client.predict("plain", 0.25, api_name="/export")["nbytes"] > 0


def test_a_pair_too_large_for_memory_says_so(tmp_path: Path) -> None:
    from workbench.exporting import export
    from workbench.service import DEMO_PAIR, Service
    from workbench.settings import Settings

    small = Service(Settings(tmp_path, 1_000_000, shared=False))
    loaded = small.load_pair("visitor", *DEMO_PAIR)
    assert "GGEZ_MEMORY_BUDGET" in loaded.why_not_live
    assert export(small, "visitor", "all-the-same", 0.5).nbytes > 1_000_000


def test_the_budget_counts_what_a_live_pair_really_takes(service: Service) -> None:
    """One whole model, and both ends of the weights that differ: what is shared is held once."""
    live = service.live("visitor")
    model = live._model.model
    tensors = [*model.parameters(), *model.buffers()]
    tensors += [end for block in live._weights._blocks for end in (block.base, block.regional)]
    held = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    assert sum(held.values()) == pytest.approx(live.nbytes, rel=0.02)


def test_without_the_demo_the_page_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    from workbench.problem import Problem, attempt
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    for module in ("ggez_core.assets", "ggez_core.checkpoints.sources"):
        monkeypatch.setattr(f"{module}.demo_root", lambda: tmp_path)
    found = attempt(lambda: Service(Settings(tmp_path, GIB, shared=False)).weights("visitor", 0.5))
    assert isinstance(found, Problem)
    assert "ggez demo build" in found.message


def test_a_failure_of_ours_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    from workbench.problem import Problem, attempt

    def fail() -> None:
        raise RuntimeError("/secret/path")

    with caplog.at_level(logging.ERROR):
        done = attempt(fail)
    assert isinstance(done, Problem)
    assert "secret" not in done.message
    assert "secret" in caplog.text


def test_pictures_are_served_and_others_are_not_found(url: str) -> None:
    found = httpx.get(url + "pictures/0.webp", timeout=60)
    assert Image.open(io.BytesIO(found.content)).format == "WEBP"
    assert httpx.get(url + "pictures/100000.webp", timeout=60).status_code == 404
