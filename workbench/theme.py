"""The page's look: a Gradio theme in light and dark on system fonts: nothing is fetched. `page.css` does the rest.

Colours were chosen for a contrast of at least 4.5 : 1 on their background and to be told apart with any colour vision.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

CSS = Path(__file__).with_name("page.css")

# A Latin face first, then one for every script of the region, under the names they have on the usual systems.
FONTS = (
    "system-ui",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Noto Sans Thai",
    "Leelawadee UI",
    "Noto Sans Lao",
    "Noto Sans Khmer",
    "Khmer UI",
    "Noto Sans Myanmar",
    "Myanmar Text",
    "Noto Sans Tamil",
    "Nirmala UI",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "sans-serif",
)
MONOSPACE = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono", "monospace")

TEAL = gr.themes.Color(
    name="teal",
    c50="#eefaf8",
    c100="#d3f2ed",
    c200="#a9e4dc",
    c300="#72cec4",
    c400="#3fb1a7",
    c500="#1f948b",
    c600="#127870",
    c700="#11605b",
    c800="#124c49",
    c900="#123f3d",
    c950="#062624",
)
STONE = gr.themes.Color(
    name="stone",
    c50="#f8f9fa",
    c100="#f0f2f4",
    c200="#e1e5e9",
    c300="#c8ced6",
    c400="#8f99a6",
    c500="#667180",
    c600="#4d5765",
    c700="#38414d",
    c800="#232a33",
    c900="#171c23",
    c950="#0f1318",
)


def theme() -> gr.themes.Base:
    """The theme in light and dark."""
    base = gr.themes.Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=STONE,
        font=FONTS,
        font_mono=MONOSPACE,
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_md,
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_800",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_700",
        block_shadow="none",
        block_label_text_weight="600",
        block_title_text_weight="600",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        input_border_width="1px",
        input_border_width_dark="1px",
        input_shadow="none",
        input_shadow_focus="none",
        checkbox_label_background_fill="white",
        checkbox_label_background_fill_dark="*neutral_800",
        checkbox_label_background_fill_selected="*primary_50",
        checkbox_label_background_fill_selected_dark="*primary_900",
        checkbox_label_border_width="1px",
        checkbox_label_border_color="*neutral_300",
        checkbox_label_border_color_dark="*neutral_600",
        checkbox_label_border_color_selected="*primary_600",
        checkbox_label_border_color_selected_dark="*primary_400",
        checkbox_border_color="*neutral_400",
        checkbox_border_color_dark="*neutral_400",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_600",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
    )
