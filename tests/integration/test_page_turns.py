"""Who waits for whom on the page: turns go in order, a newer question stops an older one, and so does Cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ggez_core.errors import Cancelled
from workbench.slow import GivenUp, Post, SlowQuestions, Superseded
from workbench.turns import Turns

SOON = 10.0  # seconds within which a busy machine gets there too


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so."""
    ends = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.002)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_turns_are_handed_on_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order, threads = Turns(), [], []
    with turns.taken():
        for k in range(5):

            def work(k: int = k) -> None:
                with turns.taken():
                    order.append(k)

            threads.append(in_thread(work))
            wait_for(lambda k=k: len(turns._waiting) == k + 1)  # type: ignore[misc]
        assert order == []
    for thread in threads:
        thread.join(SOON)
    assert order == [0, 1, 2, 3, 4]


def test_who_gives_up_leaves_the_queue_and_the_others_go_on() -> None:
    turns, given_up, ended = Turns(), threading.Event(), []

    def impatient() -> None:
        with pytest.raises(Cancelled), turns.taken(given_up.is_set):
            ended.append("never")
        ended.append("gave up")

    def patient() -> None:
        with turns.taken():
            ended.append("had its turn")

    with turns.taken():
        first = in_thread(impatient)
        wait_for(lambda: len(turns._waiting) == 1)
        second = in_thread(patient)
        wait_for(lambda: len(turns._waiting) == 2)
        given_up.set()
        first.join(SOON)
        assert ended == ["gave up"]
    second.join(SOON)
    assert ended == ["gave up", "had its turn"]
    with turns.taken():
        pass


def counting(stopped: list[str], name: str) -> Callable[[Post[int], GivenUp], None]:
    """Work that posts numbers until it is given up."""

    def work(post: Post[int], given_up: GivenUp) -> None:
        count = 0
        while not given_up():
            count += 1
            post(count)
            time.sleep(0.001)
        stopped.append(name)
        raise Cancelled

    return work


def three_numbers(post: Post[int], given_up: GivenUp) -> None:
    for number in (1, 2, 3):
        post(number)


def test_the_last_result_is_never_missed() -> None:
    for _ in range(50):
        seen = list(SlowQuestions().ask("visitor", three_numbers))
        assert seen[-1] == 3
        assert seen == sorted(seen)


def test_a_newer_question_stops_the_same_visitors_older_one_and_nobody_elses() -> None:
    questions, stopped = SlowQuestions(), list[str]()
    mine, others = questions.ask("me", counting(stopped, "mine")), questions.ask("you", counting(stopped, "yours"))
    assert next(mine) >= 1
    assert next(others) >= 1
    newer = questions.ask("me", counting(stopped, "newer"))
    assert next(newer) >= 1
    with pytest.raises(Superseded):
        for _ in mine:
            pass
    wait_for(lambda: stopped == ["mine"])
    assert next(others) > 1
    assert questions.cancel("me")
    with pytest.raises(Cancelled) as error:
        for _ in newer:
            pass
    assert not isinstance(error.value, Superseded)
    assert not questions.cancel("me")
    others.close()  # type: ignore[attr-defined]
    wait_for(lambda: sorted(stopped) == ["mine", "newer", "yours"])


def test_what_the_work_raises_is_raised_where_it_is_followed() -> None:
    def work(post: Post[int], given_up: GivenUp) -> None:
        post(1)
        raise ValueError("broken")

    answers: Iterator[int] = SlowQuestions().ask("visitor", work)
    with pytest.raises(ValueError, match="broken"):
        list(answers)
