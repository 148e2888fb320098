"""Rows with the exact columns of published data sets, made up; images are small PNGs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.data_sets import IMAGE, cell, picture, write_parquet

CVQA = {
    "image": IMAGE, "ID": "VARCHAR", "Subset": "VARCHAR", "Question": "VARCHAR", "Translated Question": "VARCHAR",
    "Options": "VARCHAR[]", "Translated Options": "VARCHAR[]", "Label": "BIGINT", "Category": "VARCHAR",
    "Image Type": "VARCHAR", "Image Source": "VARCHAR", "License": "VARCHAR",
}  # fmt: skip
SUBSETS = (
    ("Indonesian", "Indonesia"), ("Chinese", "Singapore"), ("Korean", "South_Korea"), ("Spanish", "Mexico"),
    ("Filipino", "Philippines"), ("Minangkabau", "Indonesia"), ("Egyptian_Arabic", "Egypt"), ("Irish", "Ireland"),
)  # fmt: skip


def cvqa(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Two questions an image, four options each, of eight subsets."""
    return [
        {
            "image": cell(i // 2), "ID": f"{i // 2}_{i % 2}", "Subset": str(SUBSETS[i % 8]), "Question": f"soal {i}?",
            "Translated Question": f"question {i}?", "Options": [f"ก{i}{k}" for k in range(4)],
            "Translated Options": [f"o{i}{k}" for k in range(4)], "Label": (i * 7 + i // 3) % 4,
            "Category": "Cooking and food" if i % 3 else "Traditions", "Image Type": "Self", "Image Source": "",
            "License": "",
        }
        for i in range(first, first + count)
    ]  # fmt: skip


SEA_VQA = dict.fromkeys(
    (
        "question", "choice_a", "choice_b", "choice_c", "choice_d", "correct_answer", "image_path", "image_page",
        "copyright",
    ),
    "VARCHAR",
)  # fmt: skip


def sea_vqa(country: str, count: int) -> list[dict[str, Any]]:
    """Questions of one country; the answer is a letter."""
    return [
        {
            "question": f"What is {country} {i}?", **{f"choice_{k}": f"{k}{i} of {country}" for k in "abcd"},
            "correct_answer": "abcd"[(i * 5 + 1) % 4], "image_path": f"https://whc.example/{country}/{i // 3}.jpg",
            "image_page": f"https://whc.example/{country}", "copyright": "someone",
        }
        for i in range(count)
    ]  # fmt: skip


WORLDCUISINES = {
    "qa_id": "VARCHAR", "lang": "VARCHAR", "food_id": "BIGINT", "prompt_id": "BIGINT", "prompt_type": "VARCHAR",
    "multi_choice_prompt": "VARCHAR", "open_ended_prompt": "VARCHAR", "image_url": "VARCHAR", "answer": "VARCHAR",
    "multi_choice_answer": "BIGINT", "task": "VARCHAR", "lang_status": "VARCHAR",
}  # fmt: skip
VARIANTS = ("en", "id_formal", "id_casual", "jv_krama", "su_loma", "th", "tl", "fr", "yo", "zh_cn")


def worldcuisines(task: str, questions: int) -> list[dict[str, Any]]:
    """Every question in ten variants; one in ten has four options, the others five."""
    found = []
    for q in range(questions):
        for lang in VARIANTS:
            size, right = (4 if q % 10 == 0 else 5), (q * 3 + len(lang)) % (4 if q % 10 == 0 else 5)
            options = [f"{lang} dish {task}{q}{k}" for k in range(size)]
            listed = "\n".join(f"{k + 1}. {option}" for k, option in enumerate(options))
            ids = ", ".join(str(k + 1) for k in range(size))
            found.append({
                "qa_id": f"{task}_{q}", "lang": lang, "food_id": q, "prompt_id": 1, "prompt_type": "no_context",
                "multi_choice_prompt": f"{lang}: what is {q}?\n{listed}\n\n"
                                       f"Print only the answer with a single answer id ({ids}).",
                "open_ended_prompt": f"{lang}: what is {q}?", "image_url": f"https://food.example/{q}.jpg",
                "answer": options[right], "multi_choice_answer": right + 1, "task": task, "lang_status": "native",
            })  # fmt: skip
    return found


FOOD_KB = {"id": "BIGINT", "image1": IMAGE, "image1_url": "VARCHAR", "image2": IMAGE, "image2_url": "VARCHAR"}


def food_kb(questions: int) -> list[dict[str, Any]]:
    """The knowledge base: the pictures of the questions, two a row."""
    rows = []
    for q in range(0, questions, 2):
        row: dict[str, Any] = {"id": q}
        for k in (0, 1):
            row |= {f"image{k + 1}": cell(900 + q + k), f"image{k + 1}_url": f"https://food.example/{q + k}.jpg"}
        rows.append(row)
    return rows


XM3600 = {
    "image_id": "VARCHAR", "image_locale": "VARCHAR", "captions": "VARCHAR[]", "captions_tokenized": "VARCHAR[]",
    "captions_tokenized_lowercase": "VARCHAR[]", "image": IMAGE,
}  # fmt: skip


def xm3600(language: str, count: int) -> list[dict[str, Any]]:
    """Two or three captions an image, in one language."""
    locales = ("th", "en", "fil", "quz")
    return [
        {
            "image_id": f"im{i}", "image_locale": locales[i % 4], "image": cell(i),
            "captions": [f"{language} caption {i} {k}" for k in range(2 + i % 2)], "captions_tokenized": [],
            "captions_tokenized_lowercase": [],
        }
        for i in range(count)
    ]  # fmt: skip


MULTI30K = {"en": "VARCHAR", "cs": "VARCHAR", "de": "VARCHAR", "fr": "VARCHAR", "image": IMAGE}


def multi30k(count: int) -> list[dict[str, Any]]:
    """One caption a language."""
    return [{"image": cell(i), **{code: f"{code} {i}" for code in ("en", "cs", "de", "fr")}} for i in range(count)]


def write_xtd10(folder: Path, count: int) -> Path:
    """The repository's text files, and images by name."""
    names = [f"COCO_{'train' if i % 3 else 'val'}2014_{i:012d}.jpg" for i in range(count)]
    for part, codes in {
        "XTD10": ("en", "es", "it", "ko", "pl", "ru", "tr", "zh"),
        "MIC": ("de", "fr"),
        "STAIR": ("jp",),
    }.items():
        (folder / part).mkdir(parents=True)
        for code in codes:
            lines = "".join(f"{code} caption {i}\n" for i in range(count))
            (folder / part / f"test_1kcaptions_{code}.txt").write_text(lines, encoding="utf-8")
    (folder / "XTD10" / "test_image_names.txt").write_text("\n".join(names))
    (folder / "val2014").mkdir()
    for i, name in enumerate(names):
        (folder / "val2014" / name).write_bytes(picture(i, "JPEG"))
    return folder


def write_worldcuisines(folder: Path, questions: int) -> Path:
    """Both parts and the knowledge base."""
    for task in ("task1", "task2"):
        write_parquet(
            folder / task / "test_small-00000-of-00001.parquet", worldcuisines(task, questions), WORLDCUISINES
        )
        write_parquet(folder / task / "test_large-00000-of-00001.parquet", worldcuisines(task, 2), WORLDCUISINES)
    write_parquet(folder / "food-kb" / "data" / "main.parquet", food_kb(questions), FOOD_KB)
    return folder


def dpg_csv(path: Path, prompts: int) -> Path:
    """DPG-Bench's table: five questions a prompt, of which the third and fifth depend on others."""
    head = "item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple"
    lines = [f"{head},question_natural_language"]
    for p in range(prompts):
        for number, parents in ((1, "0"), (2, "0"), (3, '"1, 2"'), (4, "0"), (5, "3")):
            text = json.dumps(f"a dense prompt {p}, with commas")
            lines.append(
                f"item{p},{text},,{number},{parents},entity,whole,entity - whole (x),Is there {number} in {p}?"
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
