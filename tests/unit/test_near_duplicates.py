"""Near-duplicates: both searches find what comparing all with all finds; the row that stays doesn't depend on order."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ggez_core.curation.near import (
    best_of,
    cosine_pairs,
    groups_of,
    hamming_groups,
    hamming_pairs,
    near_duplicates,
)
from ggez_core.curation.near.embedded import embedding_pairs
from ggez_core.errors import DataError


def _hashes(seed: int, count: int) -> NDArray[np.uint64]:
    """Random hashes, of which half are others with up to twelve bits flipped anywhere, and some are equal."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    for row in range(count // 2, count):
        flips = rng.choice(64, rng.integers(0, 13), replace=False).astype(np.uint64)
        hashes[row] = hashes[rng.integers(0, count // 2)] ^ np.bitwise_or.reduce(np.uint64(1) << flips, initial=0)
    return hashes


def _by_brute_force(hashes: NDArray[np.uint64], distance: int) -> NDArray[np.int64]:
    found = []
    for row in range(len(hashes)):
        near = np.flatnonzero(np.bitwise_count(hashes[row + 1 :] ^ hashes[row]) <= distance) + row + 1
        found.append(np.column_stack([np.full(near.size, row), near]))
    return np.concatenate(found)


def test_all_pairs_of_20_000_hashes_are_those_of_brute_force(seed: int) -> None:
    hashes = _hashes(seed, 20_000)
    expected = _by_brute_force(hashes, 8)
    assert len(expected) > 5_000
    assert np.array_equal(hamming_pairs(hashes, 8), expected)
    assert np.array_equal(hamming_groups(hashes, 8), groups_of(len(hashes), expected))


@pytest.mark.parametrize("distance", range(17))
def test_every_distance_is_exact(seed: int, distance: int) -> None:
    hashes = _hashes(seed, 600)
    expected = _by_brute_force(hashes, distance)
    assert np.array_equal(hamming_pairs(hashes, distance), expected)
    assert np.array_equal(hamming_groups(hashes, distance), groups_of(len(hashes), expected))


def test_a_picture_that_is_there_200_000_times_is_one_group_at_once() -> None:
    hamming_groups(np.zeros(2, np.uint64))  # compiled
    started = time.perf_counter()
    groups = hamming_groups(np.full(200_000, 0xFF00FF00FF00FF00, np.uint64))
    assert time.perf_counter() - started < 2
    assert not groups.any()


def test_hashes_that_no_pair_joins_stay_alone_and_none_is_no_trouble() -> None:
    assert hamming_groups(np.array([0, 2**64 - 1, 0xFFFF], np.uint64)).tolist() == [0, 1, 2]
    assert hamming_groups(np.empty(0, np.uint64)).tolist() == []
    assert hamming_pairs(np.empty(0, np.uint64)).shape == (0, 2)
    for distance in (-1, 17):
        with pytest.raises(DataError, match="0 to 16"):
            hamming_pairs(np.zeros(2, np.uint64), distance)


@pytest.mark.parametrize(("clustered", "width"), [(True, 24), (False, 24), (True, 200), (False, 200)])
def test_pairs_by_cosine_are_those_of_brute_force(seed: int, clustered: bool, width: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(3_000, width)).astype(np.float32) * np.linspace(3, 0.1, width, dtype=np.float32) ** 2
    if clustered:
        vectors = 0.2 * vectors + vectors[:40][rng.integers(0, 40, 3_000)]
    vectors[7] = 0
    vectors[11] = np.nan
    exact = vectors.astype(np.float64)
    exact /= np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12)
    cosines = np.triu(np.nan_to_num(exact @ exact.T, nan=-1), 1)
    threshold = 0.96 if clustered else float(np.sort(cosines, axis=None)[-300])
    found = cosine_pairs(vectors, threshold)
    pairs = set(map(tuple, found.pairs.tolist()))
    sure = set(map(tuple, np.argwhere(cosines >= threshold + 1e-5).tolist()))
    possible = set(map(tuple, np.argwhere(cosines >= threshold - 1e-5).tolist()))
    assert len(sure) > 100
    assert sure <= pairs <= possible
    assert np.allclose(found.cosines, cosines[found.pairs[:, 0], found.pairs[:, 1]], atol=1e-5)
    assert len(found.at(threshold + 0.02)) == (found.cosines >= threshold + 0.02).sum()
    with pytest.raises(DataError, match="computed"):
        found.at(threshold - 0.01)


def test_few_or_no_vectors_have_no_pairs() -> None:
    for count in (0, 1):
        assert len(cosine_pairs(np.ones((count, 4)), 0.9).pairs) == 0
    assert cosine_pairs(np.ones((3, 4)), 0.9).pairs.tolist() == [[0, 1], [0, 2], [1, 2]]


def test_the_best_of_a_group_stays_whatever_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 40, 200)
    groups = np.array([np.flatnonzero(groups == g)[0] for g in groups])
    rewards = rng.choice([1.0, 2.0, 3.0, np.nan], 200)
    ids = [f"row {i}" for i in rng.permutation(200)]
    staying = {ids[i] for i in np.flatnonzero(best_of(groups, rewards, ids))}
    for group in set(groups.tolist()):
        mine = [i for i in range(200) if groups[i] == group]
        best = min(mine, key=lambda i: (-np.nan_to_num(rewards[i], nan=-1.0), ids[i]))
        assert {ids[i] for i in mine} & staying == {ids[best]}
    order = rng.permutation(200)
    shuffled = groups[order]
    renamed = np.array([np.flatnonzero(shuffled == g)[0] for g in shuffled])
    again = best_of(renamed, rewards[order], [ids[i] for i in order])
    assert {ids[order[i]] for i in np.flatnonzero(again)} == staying


def test_groups_by_hash_and_by_embedding_are_joined() -> None:
    by_hash, by_embedding = np.array([[0, 1], [3, 4]]), np.array([[1, 3]])
    assert groups_of(6, by_hash, by_embedding).tolist() == [0, 0, 2, 0, 0, 5]


def test_only_candidates_are_compared_and_the_best_of_them_stays() -> None:
    hashes = [5, 5, 4, None, None, 2**63, 5]
    rewards = [1.0, 3.0, 2.0, 1.0, 1.0, np.nan, 9.0]
    candidates = np.array([True] * 6 + [False])
    vectors = np.full((7, 2), np.nan)
    vectors[[3, 5]] = [1, 0]
    ids = list("abcdefg")
    by_hash = near_duplicates(candidates, ids, rewards, hashes=hashes, distance=1)
    assert by_hash.best.tolist() == [1, 1, 1, 3, 4, 5, 6]
    assert by_hash.dropped.tolist() == [True, False, True, False, False, False, False]
    assert [rows.tolist() for rows in by_hash.groups()] == [[1, 0, 2]]
    pairs = cosine_pairs(vectors, 0.96).pairs
    both = near_duplicates(candidates, ids, rewards, hashes=hashes, distance=1, pairs=np.vstack([pairs, [[5, 6]]]))
    assert [rows.tolist() for rows in both.groups()] == [[1, 0, 2], [3, 5]]
    none = near_duplicates(candidates, ids, rewards)
    assert not none.dropped.any()
    assert none.groups() == []


def test_200_000_rows_are_cut_in_a_second_or_two_of_processor_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, 200_000, dtype=np.uint64)
    hashes[150_000:] = hashes[:50_000] ^ np.uint64(0b10010)
    ids, rewards = [f"file#{i}" for i in range(200_000)], rng.random(200_000)
    near_duplicates(np.ones(9, bool), ids[:9], rewards[:9], hashes=hashes[:9])  # compiled
    started = time.process_time()
    found = near_duplicates(np.ones(200_000, bool), ids, rewards, hashes=hashes)
    assert time.process_time() - started < 4
    assert 50_000 <= found.dropped.sum() < 50_200


def test_pairs_of_embeddings_are_kept_and_made_again_when_files_change(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors[30:] = vectors[:30] + 0.05 * rng.normal(size=(30, 8)).astype(np.float32)
    rows: list[list[float] | None] = [v.tolist() for v in vectors]
    rows[5] = None
    files = [_measured(tmp_path / f"{at}.parquet", rows[at : at + 20]) for at in (0, 20, 40)]
    exact = vectors.copy()
    exact[5] = np.nan
    expected = cosine_pairs(exact, 0.9)
    found = embedding_pairs(files)
    assert len(expected.pairs) > 20
    assert np.array_equal(found.pairs, expected.pairs)
    kept = list(tmp_path.glob("near-*.npz"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    assert np.array_equal(embedding_pairs(files).pairs, expected.pairs)
    assert kept[0].stat().st_mtime_ns == before
    kept[0].write_bytes(b"damaged")
    assert np.array_equal(embedding_pairs(files).pairs, expected.pairs)
    _measured(files[0], [None] * 20)
    assert embedding_pairs(files).pairs.min(initial=99) >= 20
    assert len(list(tmp_path.glob("near-*.npz"))) == 1


def _measured(path: Path, rows: list[list[float] | None]) -> Path:
    import pyarrow
    import pyarrow.parquet as parquet

    parquet.write_table(pyarrow.table({"embedding": pyarrow.array(rows, pyarrow.list_(pyarrow.float32()))}), path)
    return path


def test_a_cut_by_cosine_keeps_the_row_of_the_highest_reward(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    from ggez_core.curation.cut import NEAR, Cut, decide, read_measured, with_pairs

    vectors = [[1.0, 0.0], [0.99, 0.14], [0.0, 1.0], None, [0.94, 0.34]]
    table = pyarrow.table({
        "id": list("abcde"), "reward": [2.0, 4.0, 3.0, 5.0, 1.0],
        "embedding": pyarrow.array(vectors, pyarrow.list_(pyarrow.float32())),
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "m.parquet")
    measured = read_measured([tmp_path / "m.parquet"], ["reward"])
    cut = Cut(region=None, distance=None, cosine=0.98)
    decision = decide(with_pairs(measured, cut), cut)
    assert decision.names == (NEAR,)
    assert decision.kept.tolist() == [False, True, True, True, True]
    wider = Cut(region=None, distance=None, cosine=0.93)
    assert decide(with_pairs(measured, wider), wider).kept.tolist() == [False, True, True, True, False]
    parquet.write_table(table.drop_columns(["embedding"]), tmp_path / "without.parquet")
    with pytest.raises(DataError, match="--signal embedding"):
        with_pairs(read_measured([tmp_path / "without.parquet"], ["reward"]), cut)
