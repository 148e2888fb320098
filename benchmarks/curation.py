"""What curation costs: memory, speed against a plain loop and against the model alone, and moving a threshold.

Small pictures (96 × 96 JPEGs) with captions in several languages. Printed, each against a floor in the same run:

* the costly stage without embeddings against one process that calls the same functions on the same pieces, one after
  the other, without Daft (floor 1.7 × on two processors);
* with embeddings of a model of real size (SigLIP, base, patch 16, 224 pixels, random weights) against what that model
  alone reaches on the same batches in one process with all processors (floor 0.9 ×), over the first `--embedded` rows;
* the peak of memory, of all processes together, for all rows and for a quarter of them (both below 2 GiB, and alike);
* a cut with other thresholds of all rows (below 5 s).

`--region` instead scores `region(x)` on the small world mixed 1 : 9 with other rows, at several seeds: precision and
recall of all signals together and of each alone, countries, and languages of held-out captions.

    python benchmarks/curation.py [--rows 200000] [--embedded 1024] [--workers 2]
    python benchmarks/curation.py --region [--regional 100] [--seeds 3]
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as arrow
import pyarrow.parquet as parquet
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SIGNALS = ("stated", "coordinates", "url", "language", "gazetteer", "text", "picture", "sharpness", "phash")
CAPTIONS = (
    "a photo of nasi lemak in Kuala Lumpur", "ภาพนี้แสดงวัดพระแก้วในกรุงเทพ", "the Eiffel tower at night in Paris",
    "phở bò Hà Nội buổi sáng", "a red bicycle leaning against a wall", "រូបភាពនេះបង្ហាញប្រាសាទអង្គរវត្ត",
    "这张图片展示了一只猫",
    "kita melihat rumah gadang di sini", "ipinapakita ng larawang ito ang dyip",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--embedded", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--region", action="store_true")
    parser.add_argument("--regional", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        _run(*given.run)
    elif given.region:
        region(given.regional, given.seeds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            speed(Path(folder), given.rows, given.embedded, given.workers)


def speed(folder: Path, rows: int, embedded: int, workers: int) -> None:
    """The costly stage, its memory, and the cheap one."""
    data, quarter = drawn(folder / "all.parquet", rows), drawn(folder / "quarter.parquet", rows // 4)
    plain = timed("plain", data, folder / "plain", SIGNALS, workers)
    daft = timed("daft", data, folder / "daft", SIGNALS, workers)
    small = timed("daft", quarter, folder / "small", SIGNALS, workers)
    print(
        f"plain loop, one process:      {rows / plain['seconds']:8,.0f} rows/s, peak {plain['peak'] / 2**20:,.0f} MiB"
    )
    ratio = plain["seconds"] / daft["seconds"]
    print(
        f"curate, {workers} processes:          {rows / daft['seconds']:8,.0f} rows/s, {ratio:.2f} × that (floor 1.7)"
    )
    print(
        f"peak memory, {rows:,} rows: {daft['peak'] / 2**20:,.0f} MiB; {rows // 4:,}: {small['peak'] / 2**20:,.0f} MiB"
    )
    cut = timed("cut", data, folder / "daft", SIGNALS, workers)
    print(f"another threshold, {rows:,} rows: {cut['seconds']:.2f} s (most 5), peak {cut['peak'] / 2**20:,.0f} MiB")
    model = _model(folder / "model")
    some = drawn(folder / "some.parquet", embedded)
    signals = (*SIGNALS, f"embedding:model={model}")
    alone = timed("model", some, folder / "none", (str(model),), workers)
    whole = timed("daft", some, folder / "embedded", signals, workers)
    ratio = alone["seconds"] / whole["seconds"]
    print(f"model alone, {workers} threads:       {embedded / alone['seconds']:8,.1f} rows/s")
    print(
        f"curate with embeddings:       {embedded / whole['seconds']:8,.1f} rows/s, {ratio:.2f} × the model (floor 0.9)"
    )


def timed(what: str, data: Path, output: Path, signals: tuple[str, ...], workers: int) -> dict[str, float]:
    """Seconds of the work, as the process that does it says, and the peak of memory of it and its children."""
    threads = str(workers) if what == "model" else "1"
    process = subprocess.Popen(
        [sys.executable, __file__, "--run", what, str(data), str(output), json.dumps([workers, *signals])],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    peak, ended = [0], threading.Event()
    watching = threading.Thread(target=_watch, args=(process.pid, peak, ended))
    watching.start()
    out, _ = process.communicate()
    ended.set()
    watching.join()
    if process.returncode:
        raise SystemExit(f"{what} failed")
    return {"seconds": float(out.strip().splitlines()[-1]), "peak": float(peak[0])}


def _watch(pid: int, peak: list[int], ended: threading.Event) -> None:
    """Proportional memory, in which what processes share counts once."""
    while not ended.wait(0.5):
        try:
            own = psutil.Process(pid)
            total = sum(_memory(one) for one in (own, *own.children(recursive=True)))
            peak[0] = max(peak[0], total)
        except psutil.Error:
            continue


def _memory(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
        return int(getattr(found, "pss", found.rss))
    except psutil.Error:
        return 0


def _run(what: str, data: str, output: str, told: str) -> None:
    """In a process of its own: the work, then its seconds on the last line."""
    from ggez_core.curation.curate import curate, default_cut, recut
    from ggez_core.curation.measure import Work
    from ggez_core.curation.pieces import ROWS, pieces_of

    workers, *signals = json.loads(told)
    if what == "model":
        seconds = _model_alone(data, signals[0])
    elif what == "plain":
        Path(output).mkdir()
        work, pieces = Work(output, tuple(signals), {}), pieces_of([data])
        started = time.perf_counter()
        for piece in pieces:
            work.measure(piece)
        seconds = time.perf_counter() - started
    elif what == "cut":
        started = time.perf_counter()
        recut(Path(output), dataclasses.replace(default_cut("TH+VN"), confidence=0.6))
        seconds = time.perf_counter() - started
    else:
        rows = min(ROWS, math.ceil(parquet.read_metadata(data).num_rows / workers))  # so that every worker has some
        found = curate([data], Path(output), signals=signals, workers=workers, rows=rows)
        seconds = found.seconds[0]
    print(seconds)


def _model_alone(data: str, source: str) -> float:
    """Seconds to prepare and embed the pictures, decoded before, in batches as the costly stage makes them."""
    from ggez_core.curation.embedder import embedding_model

    cells = parquet.read_table(data, columns=["image"])["image"].to_pylist()
    images = [Image.open(io.BytesIO(cell["bytes"])).convert("RGB") for cell in cells]
    model = embedding_model(source)
    model.encode_images(images[:8])
    started = time.perf_counter()
    for start in range(0, len(images), 64):
        model.encode_images(images[start : start + 64])
    return time.perf_counter() - started


def drawn(path: Path, rows: int) -> Path:
    """`rows` small pictures of noise, each its own, with captions, addresses and countries."""
    rng, noise = random.Random(0), np.random.default_rng(0)
    writer = None
    for start in range(0, rows, 5000):
        some = [_row(at, rng, noise) for at in range(start, min(start + 5000, rows))]
        table = arrow.Table.from_pylist(some, schema=_schema())
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=5000)
    if writer is not None:
        writer.close()
    return path


def _row(at: int, rng: random.Random, noise: np.random.Generator) -> dict[str, Any]:
    file = io.BytesIO()
    Image.fromarray(noise.integers(0, 255, (12, 12, 3), np.uint8)).resize((96, 96)).save(file, "JPEG")
    domain = rng.choice(["com", "co.th", "vn", "fr", "org"])
    return {
        "id": str(at), "image": {"bytes": file.getvalue(), "path": None}, "text": f"{rng.choice(CAPTIONS)} {at}",
        "url": f"https://img{at % 97}.example.{domain}/{at}.jpg", "country": rng.choice([None, None, "TH", "FR"]),
        "lat": rng.uniform(-8, 20) if at % 5 == 0 else None, "lon": rng.uniform(95, 125) if at % 5 == 0 else None,
    }  # fmt: skip


def _schema() -> arrow.Schema:
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    texts = [(name, arrow.string()) for name in ("text", "url", "country")]
    return arrow.schema(
        [("id", arrow.string()), ("image", image), *texts, ("lat", arrow.float64()), ("lon", arrow.float64())]
    )


def _model(folder: Path) -> Path:
    """A SigLIP of its base size with random weights, and the demo's tokenizer."""
    import shutil

    from transformers import SiglipConfig, SiglipModel

    from ggez_core.assets import demo_root

    demo = demo_root() / "siglip" / "base"
    words = json.loads((demo / "config.json").read_text())["text_config"]["vocab_size"]
    config = SiglipConfig(
        vision_config={"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                       "num_attention_heads": 12, "image_size": 224, "patch_size": 16},
        text_config={"vocab_size": words, "hidden_size": 768, "num_hidden_layers": 1, "num_attention_heads": 12},
    )  # fmt: skip
    SiglipModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        shutil.copy(demo / name, folder / name)
    settings = folder / "processor_config.json"
    told = json.loads(settings.read_text())
    told["image_processor"]["size"] = {"height": 224, "width": 224}
    settings.write_text(json.dumps(told))
    return folder


def region(regional: int, seeds: int) -> None:
    """Scores of `region(x)` and of languages."""
    from ggez_core.curation.cut import Cut, decide, read_measured
    from ggez_core.curation.languages import language_of
    from ggez_core.curation.measure import Work
    from ggez_core.curation.pieces import pieces_of
    from ggez_core.demo.world.dataset import caption_rows
    from tests import curation_world as world

    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            rows = world.mixed(regional, seed)
            data = world.write(Path(folder) / "rows.parquet", rows)
            known = world.references(Path(folder) / "references.parquet")
            signals = ("stated", "coordinates", "url", "language", "gazetteer", f"similarity:references={known}")
            work = Work(folder, signals, {})
            pieces = pieces_of([data])
            for piece in pieces:
                work.measure(piece)
            measured = read_measured([work.file(piece) for piece in pieces], [])
        score: Callable[[Any], world.Scored] = lambda one, rows=rows: world.scored(rows, decide(one, Cut("SEA")))  # noqa: E731
        found = score(measured)
        right, count = (sum(pair[at] for pair in found.countries.values()) for at in (0, 1))
        print(f"seed {seed}, {10 * regional:,} rows: {found}; the right country {right / count:.3f}")
        print("  " + ", ".join(f"{code} {a}/{b}" for code, (a, b) in found.countries.items()))
        for name, told in measured.told.items():
            rest = {other: one for other, one in measured.told.items() if other != name}
            alone, without = (score(dataclasses.replace(measured, told=some)) for some in ({name: told}, rest))
            print(f"  {name:12} alone {alone}; without it {without}")
    for split in ("validation", "test"):
        hits: dict[str, list[bool]] = {}
        for row in caption_rows(split):  # type: ignore[arg-type]
            hits.setdefault(row.language, []).append(language_of(row.text).code == row.language)
        told_languages = ", ".join(f"{code} {sum(some) / len(some):.2f}" for code, some in sorted(hits.items()))
        print(f"languages of {split} captions: {told_languages}")


if __name__ == "__main__":
    main()
