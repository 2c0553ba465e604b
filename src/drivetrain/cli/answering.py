"""Inputs on the command line: which there are, what each is called, and its answer in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from mimetypes import MimeTypes
from pathlib import Path
from typing import TYPE_CHECKING

from drivetrain.errors import InputError, UnreadableInputError

if TYPE_CHECKING:
    from drivetrain.predictor import Predictor
    from drivetrain.schema import Prediction

FAR = 1000.0
"""Beyond so many times the border a number tells nothing more."""


def named_answers(
    predictor: Predictor, paths: Sequence[str]
) -> Iterator[tuple[str, Prediction | InputError]]:
    """The answers to files, or to the inputs in them, with their names.

    Where an input is a file of its own, its name is the path. Where a file holds inputs, the one
    of a JSON object has the file's name, and those of a list or of CSV are ``FILE:1``,
    ``FILE:2``, ...

    Arguments:
        predictor: Answers.
        paths: The files.
    """
    if not predictor.preparation.fields:
        yield from zip(paths, predictor.predict_each(paths), strict=True)
        return
    for path in paths:
        try:
            content = _read(path)
            media_type, _ = MimeTypes().guess_type(path.lower())
            sent = predictor.preparation.unpack(content, media_type or "")
            if not sent.items:
                _, many = predictor.preparation.noun
                raise UnreadableInputError(f"It holds no {many}.", hint="Give at least one.")
        except InputError as problem:
            yield path, problem
            continue
        places = range(1, len(sent.items) + 1)
        names = (f"{path}:{place}" if sent.several else path for place in places)
        yield from zip(names, predictor.predict_each(sent.items), strict=True)


def named(problem: InputError, name: str) -> InputError:
    """A problem whose message says which input it is of.

    Example:
        >>> named(UnreadableInputError("It is broken."), "a.jpg").message
        'a.jpg: It is broken.'
    """
    if name in problem.message:
        return problem
    return type(problem)(f"{name}: {problem.message}", hint=problem.hint)


def in_a_line(answer: Prediction, noun: tuple[str, str]) -> str:
    """A prediction in a line: the answer, the verdict where it is a warning, what else is known.

    Arguments:
        answer: The prediction.
        noun: What one input is called, and several.
    """
    parts = [answer.in_words]
    if answer.in_domain is False:
        score = answer.domain_score or 0.0
        away = f"{score:.1f} times the border" if score < FAR else "far beyond the border"
        parts.append(f"not like the training {noun[1]} ({away})")
    if answer.decision is not None:
        parts.append(f"decision: {answer.decision}")
    return "; ".join([*parts, *answer.remarks])


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "it cannot be opened").lower()
        raise UnreadableInputError(
            f"{path} cannot be read: {reason}.", hint="Check the path."
        ) from None
