"""Puts the page together: one header, the tabs, the endpoints, and how it is served. For `app.py` and `ggez app`."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeGuard

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ggez_core.progress import silent

from . import api, header, render, world
from .events import QUICK
from .first_paint import FirstPaint
from .guard import Guard
from .page import Page, Speaking
from .problem import Problem, attempt, for_strangers
from .service import DEMO_PAIR, Service
from .session import session_of
from .settings import Settings
from .tabs import compare, crosslingual, curate, export, guide, linked, models, rate, sweep, train
from .text import say
from .theme import CSS, theme

M_ARENA_MAX = -8  # in glibc's malloc.h
LARGEST_UPLOAD = 20 << 20  # bytes, on one's own machine
MORE = 12 << 20  # bytes of a request besides: an upload in base64, and all else that a page says
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def build(service: Service) -> gr.Blocks:
    """The page, not yet served: in the language of each visitor."""
    page = _lay_out(service)
    page.translate(lambda: _lay_out(service))
    return page


def _lay_out(service: Service) -> Page:
    with Page(title=say("title"), analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        head = header.build()
        steps = guide.build()
        force = export.in_force()
        rater = rate.remembered()
        with gr.Tabs(selected="compare", overflow_behavior="wrap") as tabs:
            with _tab("models") as models_tab:
                chosen = models.build(service, models_tab, head)
            with _tab("compare"):
                compared = compare.build(service, head, force)
            with _tab("sweep"):
                swept = sweep.build(service, head, compared)
            with _tab("rate"):
                rate.build(service, head, rater)
            with _tab("export"):
                export.build(service, head, force)
            with _tab("curate", beside=True):
                curated = curate.build(service)
            with _tab("train", beside=True) as train_tab:
                trained = train.build(service, tabs, train_tab, chosen)
            with _tab("crosslingual", beside=True):
                across = crosslingual.build(service, head)
        for timer in (
            swept.timer,
            curated.timer,
        ):  # a tab's parts work only once it is opened, and these have to before
            timer.render()
        across.after_training(trained.sent, trained.two)
        api.register(service)
        steps.wire(service, tabs, compared, swept)
        steps.load(page)
        _start(service, page, head, chosen, compared, swept, linked.build(service, compared, chosen, tabs))
        curated.load(page)
    page.queue(default_concurrency_limit=4, max_size=service.settings.limits.queue)
    if service.settings.shared:
        for_strangers(page)
    return page


def _tab(name: str, *, beside: bool = False) -> gr.Tab:
    """A step of the path from Models to Export, or what stands beside it."""
    return gr.Tab(say(f"tab.{name}"), id=name, elem_id=f"tab-{name}", alignment="right" if beside else "left")


def _start(
    service: Service,
    page: gr.Blocks,
    head: header.Header,
    chosen: models.ModelsTab,
    compared: compare.CompareTab,
    swept: sweep.SweepTab,
    link: linked.Linked,
) -> None:
    """What happens when a visitor comes, loads another pair, and leaves."""

    remembered = gr.BrowserState(list(DEMO_PAIR), storage_key="ggez-pair", secret="names of models are no secret")

    thumb = gr.BrowserState(header.START, storage_key="ggez-beta", secret="where a slider stands is no secret")

    def first(request: gr.Request, kept: object, pair: object, address: str) -> list[object]:
        """Load the pair that the page's address names, or this browser had last, or the demo pair; β as it stood."""
        last = pair if _is_pair(pair) else DEMO_PAIR
        base, regional = link.pair_of(address or "", last) or last
        beta = float(kept) if isinstance(kept, int | float) and 0 <= kept <= 1 else header.START
        updates = models.show_loaded(service, session_of(request), base, regional, beta, silent)
        missing = attempt(lambda: service.current(session_of(request)))
        if isinstance(missing, Problem):
            updates[1] = render.pair_line(missing.message)
        return [beta, address or "", base, regional, *updates]

    def remember(request: gr.Request) -> list[str]:
        pair = service.current(session_of(request))
        return [pair.base.source, pair.regional.source]

    def leave(request: gr.Request) -> None:
        service.leave(session_of(request))

    shown = [head.beta, link.pending, chosen.base, chosen.regional, chosen.report, head.pair, *head.components]
    came = page.load(first, [thumb, remembered, link.pending], shown, js=linked.ADDRESS, **QUICK)
    head.beta.change(None, head.beta, thumb, js="(beta) => beta", api_visibility="private")
    for event in chosen.loaded:
        event.success(remember, None, remembered, **QUICK)
    for event in (came, *chosen.loaded):
        restored = link.restore_after(event)
        link.finish_after(compared.load_after(restored))
        swept.load_after(restored)
    page.unload(leave)


def _is_pair(remembered: object) -> TypeGuard[Sequence[str]]:
    """Whether what a browser sends back can be the names of two checkpoints."""
    return isinstance(remembered, list) and len(remembered) == 2 and all(isinstance(name, str) for name in remembered)


def launch(
    host: str | None = None,
    port: int | None = None,
    *,
    service: Service | None = None,
    page: gr.Blocks | None = None,
    wait: bool = True,
) -> str:
    """Serve the page; its address. `wait` keeps the process until it is stopped."""
    _few_heaps()
    service = service or Service(Settings.from_environment())
    page = page or build(service)
    upload = service.settings.limits.upload or LARGEST_UPLOAD
    _, url, _ = page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=not wait,
        quiet=not wait,
        theme=theme(),
        css_paths=CSS,
        footer_links=["api"],
        run_history=False,
        ssr_mode=False,
        max_file_size=upload,
        enable_monitoring=False,
        app_kwargs={
            "middleware": [
                Middleware(Guard, hosts=_hosts(service, host), largest=upload + MORE),
                Middleware(Speaking),
                Middleware(FirstPaint),
            ],
            "routes": [
                Route("/pictures/{index:int}.webp", _picture),
                *service.exports.routes(),
                *service.drawn.routes(),
            ],
        },
    )
    return str(url)


def _few_heaps() -> None:
    """Two heaps for all threads, where glibc has one a thread and each keeps what an answer once took."""
    with suppress(OSError, AttributeError, TypeError):  # another C library, or Windows
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def _hosts(service: Service, host: str | None) -> frozenset[str] | None:
    """The names that a page of one's own is asked by; None where it is meant for others too."""
    listens = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    if service.settings.shared or listens not in LOOPBACK:
        return None
    return LOOPBACK | service.settings.hosts


def _picture(request: Request) -> Response:
    """A gallery picture, the same for everybody and for as long as the program runs."""
    index = int(request.path_params["index"])
    if not 0 <= index < len(world.gallery()):
        raise HTTPException(404)
    return Response(world.thumbnail(index), media_type="image/webp", headers={"cache-control": "public, max-age=3600"})
