"""Pushing to the Hub: private, whole, in one commit, nothing of others lost, and no token anywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from ggez_core.errors import Cancelled, CheckpointError, GgezError, OutputError
from ggez_core.progress import Step
from ggez_core.publishing import push, write_card
from ggez_core.publishing.upload import planned_upload
from tests.conftest import Ggez
from tests.fake_hub import TOKEN, FakeHub, serving
from tests.tiny import write_checkpoint
from tests.unit.test_publishing_card import merged


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    with serving(monkeypatch, tmp_path / "hub") as found:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A merge's folder with its card."""
    folder = merged(tmp_path / "out", "demo:siglip/base", "demo:siglip/sea")
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_new_repository_is_private_and_holds_the_whole_folder(
    hub: FakeHub, out: Path, ggez: Ggez, caplog: pytest.LogCaptureFixture
) -> None:
    write_card(out)
    caplog.set_level(logging.DEBUG)
    status, said, error = ggez("push", out, "owner/merged", "-m", "First\nmerge", "--json")
    assert status == 0, error
    assert hub.private == {"owner/merged"}
    assert {k: v for k, v in hub.repos["owner/merged"].items() if k != ".gitattributes"} == contents(out)
    assert hub.commits == [("owner/merged", "First merge")]
    done = json.loads(said)
    assert (done["private"], done["new"], done["commit"]) == (True, True, hub.heads["owner/merged"])
    assert done["bytes"] == sum(map(len, contents(out).values()))
    assert "owner/merged (private, new): 4 files" in error
    assert TOKEN not in said + error + caplog.text
    assert not any(TOKEN.encode() in held for held in contents(out).values())

    status, said, error = ggez("push", out, "owner/merged")  # it holds something now
    assert (status, error.count("\n")) == (2, 1)
    assert "--update" in error
    status, said, _ = ggez("push", out, "owner/merged", "--update")
    assert (status, len(hub.commits)) == (0, 1)
    assert "nothing had changed" in said


def test_public_has_to_be_said(hub: FakeHub, out: Path) -> None:
    push(out, "owner/open", public=True)
    assert "owner/open" not in hub.private
    hub.repos["owner/empty"] = {".gitattributes": b""}  # made public by hand, and empty
    with pytest.raises(OutputError, match="add --public"):
        push(out, "owner/empty")
    assert push(out, "owner/empty", public=True).commit


def test_an_update_keeps_what_isn_t_ours_and_removes_what_would_be_mistaken(hub: FakeHub, out: Path) -> None:
    old = {
        "model-00001-of-00002.safetensors": b"1", "model-00002-of-00002.safetensors": b"2",
        "model.safetensors.index.json": b"{}", "adapters/model.safetensors": b"theirs", "notes.md": b"mine",
        "config.json": b"old", "model.gguf": b"another format",
    }  # fmt: skip
    hub.repos["owner/merged"], hub.private = dict(old), {"owner/merged"}
    planned = planned_upload(out, "owner/merged", update=True)
    assert planned.overwritten == ("config.json",)
    assert planned.deleted == tuple(name for name in old if name.startswith("model") and not name.endswith("gguf"))
    assert hub.repos["owner/merged"] == old  # looking changes nothing
    push(out, "owner/merged", update=True)
    kept = {name: old[name] for name in ("adapters/model.safetensors", "notes.md", "model.gguf")}
    assert hub.repos["owner/merged"] == kept | contents(out)


def test_a_push_that_stopped_goes_on_and_never_leaves_half_a_model(hub: FakeHub, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_checkpoint(out, {"a": torch.ones(3)})
    for number in (1, 2):
        write = {"unet": torch.full((9,), float(number))}
        write_checkpoint(tmp_path / f"part{number}", write)
    (out / "model.safetensors").unlink()
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for number, name in enumerate(names, 1):
        (out / name).write_bytes(_file(f"unet.{number}", float(number)))
    index = {"metadata": {}, "weight_map": {f"unet.{number}": name for number, name in enumerate(names, 1)}}
    (out / "model.safetensors.index.json").write_text(json.dumps(index))

    def stop(step: Step) -> None:
        if step.what == names[1]:
            raise Cancelled

    with pytest.raises(Cancelled):
        push(out, "owner/merged", progress=stop)
    assert set(hub.repos["owner/merged"]) == {".gitattributes"}
    assert len(hub.uploads) == 1
    steps: list[Step] = []
    push(out, "owner/merged", progress=steps.append)  # the repository is there and empty: no --update needed
    assert len(hub.uploads) == 2  # the first file wasn't sent again
    assert set(names) < set(hub.repos["owner/merged"])
    assert steps[-1].done == steps[-1].total == sum(map(len, contents(out).values()))
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def _file(name: str, value: float) -> bytes:
    from safetensors.torch import save

    return save({name: torch.full((9,), value)})


def test_a_commit_of_someone_else_is_never_written_over(hub: FakeHub, out: Path) -> None:
    hub.repos["owner/merged"], hub.private = {"notes.md": b"x"}, {"owner/merged"}

    def meanwhile(step: Step) -> None:
        if step.what == "committing":
            hub.heads["owner/merged"] = "f" * 40

    with pytest.raises(OutputError, match="changed by someone else"):
        push(out, "owner/merged", update=True, progress=meanwhile)
    assert hub.repos["owner/merged"] == {"notes.md": b"x"}


@pytest.mark.parametrize(
    "repo",
    ["https://huggingface.co/a/b", "a/../b", "a/b/c", "merged", "a/b@main", "a--b/c", "../a", "a/b\n", "a/" + "b" * 97],
)
def test_a_repository_s_name_is_owner_and_name(out: Path, repo: str) -> None:
    with pytest.raises(OutputError, match="write it like owner/name"):
        planned_upload(out, repo)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pytorch_model.bin", "isn't part of a model's folder"),
        ("modeling.py", "isn't part of a model's folder"),
        ("model.safetensors.partial", "isn't part of a model's folder"),
        ("extra.safetensors", "belongs to no component"),
    ],
)
def test_only_a_whole_output_is_pushed(out: Path, name: str, says: str) -> None:
    (out / name).write_bytes((out / "model.safetensors").read_bytes())
    with pytest.raises(GgezError, match=says):
        planned_upload(out, "owner/merged")


def test_a_torn_file_or_a_link_isn_t_pushed(out: Path, tmp_path: Path) -> None:
    (out / "secret.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("of mine")
    with pytest.raises(OutputError, match="is a link"):
        planned_upload(out, "owner/merged")
    (out / "secret.txt").unlink()
    content = (out / "model.safetensors").read_bytes()
    (out / "model.safetensors").write_bytes(content[:-3])
    with pytest.raises(CheckpointError):
        planned_upload(out, "owner/merged")


@pytest.mark.parametrize(
    ("part", "status", "says"),
    [
        ("repos/create", 403, "may not write"),
        ("repos/create", 409, "can't see it"),
        ("preupload", 403, "may not write"),
        ("/commit/", 400, "the Hub refuses it"),
    ],
)
def test_what_the_hub_refuses_is_one_line(
    hub: FakeHub, out: Path, ggez: Ggez, part: str, status: int, says: str
) -> None:
    hub.refusals[part] = status
    ended, _, error = ggez("push", out, "owner/merged", "--json")
    assert ended == 2
    assert says in error.splitlines()[-1]
    assert TOKEN not in error


def test_without_a_login_or_with_a_wrong_one_nothing_is_sent(
    hub: FakeHub, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="doesn't take the login") as refused:
        push(out, "owner/merged", token="hf_wrongOne")
    assert "hf_wrongOne" not in str(refused.value)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(OutputError, match="hf auth login"):
        push(out, "owner/merged")
    assert not hub.repos
    assert not hub.uploads


def test_a_hub_that_can_t_be_reached(hub: FakeHub, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # discard: nobody listens
    with pytest.raises(OutputError, match="can't be reached"):
        push(out, "owner/merged")


def test_notes_before_strangers_see_it(hub: FakeHub, tmp_path: Path) -> None:
    parent = write_checkpoint(tmp_path / "parent", {"text_model.weight": torch.zeros(2, 2)}, "siglip")
    out = merged(tmp_path / "out", str(parent), str(parent))
    planned = planned_upload(out, "owner/merged")
    assert any("no model card" in note for note in planned.notes)
    assert any("its licence isn't known" in note for note in planned.notes)
    assert any("name a folder of this machine" in note and str(parent) in note for note in planned.notes)
    assert TOKEN not in repr(planned)
    assert not hub.repos
