"""Progress: a bar in a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from drivetrain.progress import Reporter

ROW = {"train_loss": 0.51234, "error_rate": 0.25, "seconds": 3.14159}


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine that tests says about colours and terminals."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_terminal_an_epoch_is_one_plain_line_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = Reporter()
    assert list(reporter.track(range(3), "train", total=3)) == [0, 1, 2]
    reporter.epoch("epoch", 1, 3, ROW)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "epoch 1/3  train_loss 0.5123  error_rate 0.2500  seconds 3.1\n"


def test_a_long_line_is_not_broken_and_brackets_are_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = "[bold]a[/bold] 🐻 " + "word " * 60
    Reporter().say(line)
    assert capsys.readouterr().err == line + "\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    assert list(reporter.track("abc", "train", total=3)) == ["a", "b", "c"]
    reporter.say("hello")
    reporter.epoch("epoch", 1, 1, ROW)
    assert capsys.readouterr() == ("", "")


def test_hushed_is_quiet_inside_and_as_before_afterwards_even_after_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loud, quiet = Reporter(), Reporter(quiet=True)
    with loud.hushed(), quiet.hushed():
        loud.say("inside")
    with pytest.raises(ZeroDivisionError), loud.hushed():
        raise ZeroDivisionError
    loud.say("outside")
    quiet.say("outside")
    assert capsys.readouterr().err == "outside\n"


def in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr("drivetrain.progress._console", lambda: console)
    return screen


def test_a_terminal_shows_a_bar_with_what_is_done_of_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = in_a_terminal(monkeypatch)
    assert list(Reporter().track(range(5), "train 1/3", total=5)) == list(range(5))
    assert "train 1/3" in screen.getvalue()
    assert "5/5" in screen.getvalue()
    assert "left" in screen.getvalue()


def test_quiet_shows_no_bar_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = in_a_terminal(monkeypatch)
    assert list(Reporter(quiet=True).track(range(5), "train", total=5)) == list(range(5))
    assert screen.getvalue() == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_stopping_early_closes_the_steps(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if terminal:
        in_a_terminal(monkeypatch)
    closed = []

    def steps() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    for _ in Reporter().track(steps(), "train", total=10):
        break
    assert closed == [True]
