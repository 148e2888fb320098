"""Pushing from the page: by the visitor's own login, never by the machine's on a shared page, and no token anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args

from ggez_core.errors import Cancelled, OutputError
from ggez_core.progress import Step
from tests.fake_hub import TOKEN, FakeHub, serving
from workbench.build import build
from workbench.exporting import export
from workbench.pushing import Login, push_export
from workbench.service import Service
from workbench.settings import GIB, Settings

OAUTH = dict.fromkeys(("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"), "x")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    with serving(monkeypatch, tmp_path / "hub") as found:
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "none"))
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
        yield found


def service_of(folder: Path, shared: bool) -> Service:
    return Service(Settings(folder, GIB, shared=shared))


def test_a_visitor_pushes_their_export_by_their_login(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Through the tab's own event, with the login where Gradio has it: in the visitor's session."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("gradio.oauth.get_space", lambda: "you/workbench")
    for name, value in OAUTH.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setattr(f"gradio.oauth.{name}", value)
    service = service_of(tmp_path, shared=True)
    page = build(service)
    assert [type(block) for block in page.blocks.values() if isinstance(block, gr.LoginButton)] == [gr.LoginButton]
    event = next(fn for fn in page.fns.values() if getattr(fn.fn, "__qualname__", "").startswith("_push."))
    assert event.api_visibility == "private"
    assert export(service, "visitor", "merged", 0.5, card=True).notes == ()

    def pressed(session: dict[str, Any], visitor: str = "visitor", update: bool = False) -> str:
        raw = SimpleNamespace(session=session, scope={"session": session})
        request = gr.Request(raw, session_hash=visitor)  # type: ignore[arg-type]
        inputs, *_ = special_args(event.fn, ["merged", " you/merged ", False, update], request=request)
        return str(event.fn(*inputs))

    user = {"access_token": TOKEN, "scope": "", "expires_at": time.time() + 100, "userinfo": {}}
    assert "sign in" in pressed({}).lower()
    assert "none of your exports" in pressed({"oauth_info": user}, visitor="another")
    assert hub.repos == {}
    told = pressed({"oauth_info": user})
    assert f'href="{hub.endpoint}/you/merged"' in told
    assert hub.private == {"you/merged"}
    assert {"README.md", "model.safetensors", "ggez_recipe.yaml"} <= hub.repos["you/merged"].keys()
    assert "choose another name" in pressed({"oauth_info": user})  # it holds something now
    assert "nothing had changed" in pressed({"oauth_info": user}, update=True)
    assert len(hub.commits) == 1
    assert TOKEN not in told + caplog.text
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_on_a_shared_page_the_machine_s_token_is_nobody_s(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    service = service_of(tmp_path, shared=True)
    export(service, "visitor", "merged", 0.5)
    with pytest.raises(OutputError, match="aren't signed in"):
        push_export(service, "visitor", "merged", "you/merged", public=False, update=False, token=None)
    assert hub.repos == {}
    assert Login.here(service.settings, {"HF_TOKEN": TOKEN}) == Login(button=False, local=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)  # the shared page has taken it out of the process
    own = service_of(tmp_path / "own", shared=False)
    assert Login.here(own.settings) == Login(button=False, local=True)
    export(own, "me", "merged", 0.5)
    assert push_export(own, "me", "merged", "you/merged", public=False, update=False, token=None).commit


@pytest.mark.parametrize("name", ["..", "../visitor", "", "merged/../merged", "nothing"])
def test_only_an_export_of_one_s_own_is_pushed(hub: FakeHub, tmp_path: Path, name: str) -> None:
    service = service_of(tmp_path, shared=False)
    with pytest.raises(OutputError, match="none of your exports"):
        push_export(service, "visitor", name, "you/merged", public=False, update=False, token=TOKEN)


def test_nothing_is_offered_where_nobody_can_be_logged_in(hub: FakeHub, tmp_path: Path) -> None:
    page = build(service_of(tmp_path, shared=True))
    assert not [block for block in page.blocks.values() if isinstance(block, gr.LoginButton)]
    assert not [fn for fn in page.fns.values() if getattr(fn.fn, "__qualname__", "").startswith("_push.")]


def test_a_push_that_is_stopped_commits_nothing(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    own = service_of(tmp_path, shared=False)
    export(own, "me", "merged", 0.5)

    def stop(step: Step) -> None:
        assert own.stop("me", "push") == 1

    with pytest.raises(Cancelled):
        push_export(own, "me", "merged", "you/merged", public=False, update=False, token=None, progress=stop)
    assert hub.commits == []
