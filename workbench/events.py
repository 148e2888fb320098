"""How the page's own events run; programs use the named endpoints of `api` instead. Used by the tabs and `build`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gradio as gr

from .languages import PARAMETER

# Answered at once, without the queue and without an animation over what is shown.
QUICK: Mapping[str, Any] = MappingProxyType({"queue": False, "show_progress": "hidden", "api_visibility": "private"})

# While a thumb moves, one question is on its way at a time, and the latest place is asked for after it.
LATEST_WINS: Mapping[str, Any] = MappingProxyType({**QUICK, "trigger_mode": "always_last"})

# Answered as it comes. A newer question of the same visitor stops the older one on the server, so none waits here.
SLOW: Mapping[str, Any] = MappingProxyType(
    {
        "show_progress": "hidden",
        "trigger_mode": "multiple",
        "concurrency_id": "slow",
        "concurrency_limit": 16,
        "api_visibility": "private",
    }
)

# A click in a picture list or a row of examples, for gr.HTML: tells which of its buttons it was.
ON_CLICK = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-index]");
  if (button) trigger("select", { index: Number(button.dataset.index) });
});"""

# A slider over two pictures, for gr.HTML: how much is seen of the one in front.
CURTAIN = """element.addEventListener("input", (event) => {
  const all = event.target.closest(".gg-overlay");
  if (all) all.style.setProperty("--gg-seen", event.target.value + "%");
});"""

# A language chosen in the header, for gr.HTML: the rest of the address stays, such as a comparison that it restores.
ON_LANGUAGE = f"""element.addEventListener("click", (event) => {{
  const link = event.target.closest("a[lang]");
  if (!link) return;
  event.preventDefault();
  const here = new URL(location.href);
  here.searchParams.set("{PARAMETER}", link.lang);
  location.assign(here);
}});"""

# For gr.HTML, once a page: code that scrolls can be reached by keyboard. Editors come and go.
REACHABLE = """setInterval(() => document.querySelectorAll(".cm-content:not([tabindex])").forEach((code) => {
  code.tabIndex = 0;
}), 1000);"""

# A click on something in a list, for gr.HTML: tells what it opens.
ON_OPEN = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  if (button) trigger("select", { index: button.dataset.opens });
});"""

# A click on a bar by language or country, a country of a map, or the line of a run, for gr.HTML: tells which it was.
# Figures come and go, so new ones of OF, a tab, are looked for now and then.
ON_SLICE = """const tell = (event) => {
  const point = event.points?.[0], data = point?.customdata;
  const code = point?.data?.meta || (Array.isArray(data) ? data[1] : data);
  if (typeof code === "string") trigger("select", { index: code });
};
setInterval(() => document.querySelectorAll("OF .gg-slices .js-plotly-plot").forEach((plot) => {
  if (plot.on && !plot.tellsSlice) { plot.tellsSlice = true; plot.on("plotly_click", tell); }
}), 500);"""


def slice_of(event: gr.EventData) -> str:
    """What `ON_SLICE` or `ON_OPEN` tells."""
    return str(event.index)[:200]
