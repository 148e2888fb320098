"""One visitor's exports, pictures, curations and files from another; and the files of the machine from everybody."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from workbench.drawn import Drawn
from workbench.exports import Exports
from workbench.languages import PARAMETER
from workbench.markup import Html
from workbench.rating import Ballot
from workbench.service import Service
from workbench.views.blind import Answer, Item
from workbench.weights import BASE, REGIONAL

from .conftest import Stranger

DEMO = ("demo:siglip/base", "demo:siglip/sea")


@pytest.mark.parametrize("path", [
    "file=/etc/passwd", "file=/proc/self/environ", "file=/proc/self/cwd/app.py", "file=app.py", "file=./pyproject.toml",
    "file=../../etc/passwd", "file=/tmp/gradio/../../etc/passwd", "file=%2Fetc%2Fpasswd", "file=//etc/passwd",
    "file=/tmp/gradio", "file=file:///etc/passwd", "file/etc/passwd", "file=/tmp/gradio/%2e%2e/%2e%2e/etc/passwd",
])  # fmt: skip
def test_gradio_serves_no_file_of_the_machine(stranger: Stranger, path: str) -> None:
    found = stranger.get(f"/gradio_api/{path}")
    assert found.status_code in (403, 404)
    assert "root:" not in found.text
    assert "workbench" not in found.text


def test_gradio_serves_nothing_that_is_kept_for_visitors(stranger: Stranger, storage: Path) -> None:
    """Not even to who knows where it lies: exports have addresses of their own."""
    for inner in (
        "ratings.sqlite",
        "sweeps/x/rows.jsonl",
        "curations/x/curation.json",
        "exports/t/n/model.safetensors",
    ):
        file = storage / inner
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = not file.exists()
        if fresh:
            file.write_text("somebody's secret")
        assert stranger.get(f"/gradio_api/file={file}").status_code == 403
        if fresh:
            file.unlink()


@pytest.mark.parametrize("path", [
    "/exports/", "/exports", "/exports/../secret.txt", "/exports/%2e%2e/secret.txt", "/drawn/", "/drawn/x/y.png",
    "/exports/{t}/../../secret.txt", "/exports/{t}/%2e%2e/%2e%2e/secret.txt", "/exports/{t}/..%2f..%2fsecret.txt",
    "/exports/{t}/merged/..%2fother", "/exports/{t}/merged/%2e%2e/%2e%2e/x", "/exports/{t}/merged//etc/passwd",
    "/exports/{t}/.zip", "/exports/{t}/..zip", "/pictures/..%2f..%2fetc.webp", "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd", "/svelte/..%2f..%2fetc%2fpasswd", "/monitoring", "/monitoring/summary",
    "/gradio_api/vibe-code", "/gradio_api/runs", "/gradio_api/run-history/records", "/docs", "/gradio_api/dev/reload",
])  # fmt: skip
def test_no_address_climbs_or_lists(stranger: Stranger, storage: Path, path: str) -> None:
    (storage / "secret.txt").write_text("somebody's secret")
    found = stranger.get(path.replace("{t}", Exports.new_ticket()))
    assert found.status_code in (403, 404), path
    assert "secret" not in found.text
    assert "root:" not in found.text


def test_an_export_is_had_by_its_ticket_alone(stranger: Stranger, other: Stranger, storage: Path) -> None:
    """128 random bits are the key; the same name of another visitor is another export, and links aren't followed."""
    went, said = other.fire("export", "merged", 0.5, None, "as base", "5GB", True)
    assert went, said
    done = json.loads(said)["data"][0]
    ticket = re.fullmatch(r"exports/([\w-]{22})/merged\.zip", done["zip_url"])
    assert ticket is not None
    assert done["folder"] == ""
    for place in ("/exports/{}/merged.zip", "/exports/{}/merged/config.json"):
        for key in (Exports.new_ticket(), ticket[1][:-1] + ("A" if ticket[1][-1] != "A" else "B"), "", ".", "%2e"):
            assert stranger.get(place.format(key)).status_code == 404
    assert stranger.get(f"/{done['zip_url']}").status_code == 200  # who was told it may have it
    folder = storage / "exports" / ticket[1] / "merged"
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "linked").symlink_to("/etc")
    for inner in ("link.json", "linked/passwd", "linked"):
        assert stranger.get(f"/exports/{ticket[1]}/merged/{inner}").status_code == 404
    archive = zipfile.ZipFile(io.BytesIO(stranger.get(f"/{done['zip_url']}").content))
    assert not [name for name in archive.namelist() if "link" in name]
    written = b"".join(archive.read(name) for name in archive.namelist() if not name.endswith(".safetensors"))
    head = archive.read("merged/model.safetensors")[:100_000]
    for place in (str(storage), str(Path.home()), str(Path.cwd())):
        assert place.encode() not in written + head, "an export tells where it was made"
    assert "merged" in stranger.fire("export", "merged", 0.5, None, "as base", "5GB", False)[1]


def test_drawn_pictures_are_had_by_their_ticket_alone() -> None:
    drawn = Drawn()
    address = drawn.offer("ticket-of-one", b"png")
    assert address != drawn.offer("ticket-of-two", b"png")
    inner = address.split("/")[2]
    assert "ticket-of-one" not in inner  # so the address of a picture known to both tells nothing of the other's


def test_curations_and_ballots_belong_to_a_session(stranger: Stranger, other: Stranger, service: Service) -> None:
    item = Item("text", "global", "", "a cat", "en", Html("a cat"), None)
    answers = (Answer(Html("one"), "one"), Answer(Html("two"), "two"))
    models = (("base", BASE), ("regional", REGIONAL))
    ballot = Ballot("ab12", other.session, "pairwise", "embedding", *DEMO, item, models, answers)
    service.ballots._known[ballot.id] = (ballot, None)
    went, said = stranger.fire("rate", ballot.id, [1, 0], "r-1", "en")
    assert not went
    assert "isn't waiting for a rating" in said
    went, said = other.fire("rate", ballot.id, [1, 0], "r-1", "en")
    assert went, said
    for event in ("curation", "count_kept", "curated_rows", "export_curated"):
        data = {"curation": [], "count_kept": ["SEA", 0.5, 8, None], "export_curated": ["x", "SEA", 0.5, 8, None],
                "curated_rows": ["kept", "", 3, "SEA", 0.5, 8, None]}[event]  # fmt: skip
        went, said = stranger.fire(event, *data)
        assert not went or '"state": "none"' in said


def test_what_is_uploaded_has_no_address_that_can_be_guessed_and_runs_nowhere(stranger: Stranger) -> None:
    """Where a file lies is told by its content; a page or a drawing with a script comes as a download."""
    with stranger.http as http:
        for name, content in (("x.html", b"<script>alert(1)</script>"), ("x.svg", b"<svg onload='alert(1)'/>"),
                              ("../../x.html", b"<script>alert(2)</script>"), ("x.xml", b"<?xml version='1.0'?><a/>"),
                              ("x.js", b"alert(1)"), ("x.css", b"*{}")):  # fmt: skip
            (path,) = http.post("/gradio_api/upload", files={"files": (name, content)}).json()
            assert re.search(r"/[0-9a-f]{64}/x\.\w+$", path), path
            found = http.get(f"/gradio_api/file={path}")
            assert found.headers["content-disposition"].startswith("attachment")
            assert found.headers["x-content-type-options"] == "nosniff"


def test_a_picture_of_the_machine_is_no_upload(stranger: Stranger, tmp_path: Path) -> None:
    """Events take files that were uploaded, and neither paths nor addresses that a visitor writes in their place."""
    file = tmp_path / "private.png"
    Image.new("RGB", (40, 40), "red").save(file)
    for sent in (
        {"path": str(file)},
        {"path": str(file), "url": f"/gradio_api/file={file}"},
        {"path": f"file://{file}"},
        {"path": None, "url": f"file://{file}"},
        {"path": "http://127.0.0.1/x.png"},
        {"path": None, "url": "http://169.254.169.254/latest/meta-data"},
    ):
        went, said = stranger.fire("_take_upload", {**sent, "meta": {"_type": "gradio.FileData"}})
        assert not went or "data:image/webp" not in said, sent


def test_an_address_puts_nothing_into_the_page(stranger: Stranger) -> None:
    """Neither by the language that it asks for, nor by what a link restores."""
    evil = "%22%3E%3Cscript%3Ealert(7)%3C/script%3E"
    for query in (
        f"{PARAMETER}={evil}",
        f"query={evil}",
        f"base={evil}&regional={evil}",
        f"tab={evil}",
        f"__theme={evil}",
    ):
        assert "<script>alert(7)" not in stranger.get(f"/?{query}").text
        assert "<script>alert(7)" not in stranger.get(f"/config?{query}").text


def test_messages_tell_no_folder_of_a_shared_page(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    from ggez_core.errors import CheckpointError
    from workbench.problem import without_folders
    from workbench.service import Service

    def broken(*_: object, **__: object) -> None:
        raise CheckpointError(
            "/home/user/.cache/huggingface/hub/models--a/model.safetensors: cut short; see https://x.y/z"
        )

    monkeypatch.setattr(Service, "preflight", broken)
    for event, data in (("pressed", ["demo:a/b", "demo:a/c", 0.5]), ("preflight", [*DEMO])):
        _, said = stranger.fire(event, *data)
        assert "…/model.safetensors: cut short; see https://x.y/z" in said
        assert "/home" not in said

    def failed(*_: object, **__: object) -> None:
        raise RuntimeError("/home/user/secret")

    monkeypatch.setattr(Service, "preflight", failed)
    for event, data in (("pressed", ["demo:a/b", "demo:a/c", 0.5]), ("preflight", [*DEMO])):
        _, said = stranger.fire(event, *data)
        assert "secret" not in said
    assert without_folders("a/b and 'x: /data/k/' or (/a/b/c.d), /single") == "a/b and 'x: …/' or (…/c.d), /single"
