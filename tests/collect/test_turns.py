"""Whose turn it is: each host gets its share, and none keeps the others waiting."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from drivetrain.collect.turns import Turns

LONG = 1_000_000.0


def test_a_host_has_no_more_than_its_share_and_others_go_on() -> None:
    turns = Turns([("a", 1), ("a", 2), ("a", 3), ("b", 4)], at_once=2)
    assert [turns.take() for _ in range(3)] == [("a", 1), ("a", 2), ("b", 4)]
    turns.done("a")
    assert turns.take() == ("a", 3)


def test_a_pause_lies_between_two_starts_at_one_host() -> None:
    turns = Turns([("a", 1), ("a", 2), ("b", 3)], pause=LONG)
    assert [turns.take(), turns.take()] == [("a", 1), ("b", 3)]
    turns.done("a")
    turns.done("b")
    assert turns.give_up("a") == [2]
    assert turns.take() is None


def test_a_short_pause_is_waited_for() -> None:
    turns = Turns([("a", 1), ("a", 2)], pause=0.01)
    assert [turns.take(), turns.take()] == [("a", 1), ("a", 2)]


def test_a_host_that_asked_to_wait_rests_with_all_its_tasks() -> None:
    turns = Turns([("a", 1), ("a", 2), ("b", 3)])
    assert turns.take() == ("a", 1)
    turns.again("a", 1, at="a", wait=LONG)
    assert turns.take() == ("b", 3)
    assert turns.give_up("a") == [1, 2]


def test_a_task_goes_on_first_at_the_host_that_it_was_sent_to() -> None:
    turns = Turns([("a", 1), ("b", 2), ("b", 3)])
    assert turns.take() == ("a", 1)
    turns.again("a", 1, at="b")
    assert [turns.take(), turns.take()] == [("b", 1), ("b", 2)]


def test_those_who_wait_get_what_a_running_task_turns_into_and_leave_at_the_end() -> None:
    turns = Turns([("a", 1)])
    assert turns.take() == ("a", 1)
    got: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        while (turn := turns.take()) is not None:
            got.put(turn)
        got.put(None)

    waiting = threading.Thread(target=work, daemon=True)
    waiting.start()
    turns.again("a", 2, at="c")
    assert got.get(timeout=60) == ("c", 2)
    turns.done("c")
    assert got.get(timeout=60) is None


def test_nothing_is_handed_out_after_a_stop() -> None:
    turns = Turns([("a", 1)])
    turns.stop()
    assert turns.take() is None
