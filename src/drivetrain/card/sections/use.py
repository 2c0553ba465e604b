"""What a bundle is made of, how fast it is, and how to call it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.markup import Section, code, facts, paragraph, table
from drivetrain.card.speed import Speed
from drivetrain.card.takes import example_row, example_text

PORT = 8000


def sections(card: Card) -> Iterator[Section]:
    """From the parity to the seal."""
    yield Section(name="parity", title="The same answers everywhere", content=_parity(card))
    yield Section(name="network", title="The network", content=_network(card))
    yield Section(name="speed", title="Speed on this machine", content=_speed(card))
    yield Section(name="call", title="How to call it", content=_call(card))
    yield Section(name="origin", title="Where it comes from", content=_origin(card))


def _parity(card: Card) -> Iterator[str]:
    numbers = card.bundle.manifest.target.kind == "numbers"
    unit = "in units of a number's standard deviation" if numbers else "one of a probability"
    yield paragraph(
        "Before it was written, it was asked in every way that production may, on real validation "
        f"{words.noun(card.bundle)}; a difference is {unit}."
    )
    heads = ["compared", "items", "same labels", "largest difference", "allowed"]
    rows = [
        [
            one.of,
            f"{one.items:,}",
            f"{one.same_labels:.1%}",
            words.difference(one.largest_difference),
            words.amount(one.tolerance) if one.tolerance < 1 else "labels only",
        ]
        for one in card.bundle.manifest.parity
    ]
    if numbers:
        heads, rows = _without_labels(heads), [_without_labels(row) for row in rows]
    yield table("parity", heads, rows)
    stored = len(card.bundle.manifest.samples)
    yield paragraph(
        f"It holds {stored:,} samples with their answers: drivetrain verify and the server at its "
        "start answer them again, and refuse when this machine answers otherwise."
        if stored
        else "It holds no samples, so that a machine cannot prove that it answers alike."
    )


def _without_labels(cells: Sequence[str]) -> list[str]:
    """A row of the comparison where there are no labels that could be alike."""
    return [*cells[:2], *cells[3:]]


def _network(card: Card) -> Iterator[str]:
    network, members = card.bundle.manifest.network, card.bundle.members
    yield facts(
        [
            ("Architecture", network.arch),
            ("Pretrained from", network.pretrained_from or "unknown"),
            ("Precision", ". ".join(filter(None, (network.precision, network.precision_note)))),
            ("Network", words.megabytes(len(card.bundle.model))),
            ("All members", words.megabytes(sum(map(len, members.values())))),
            ("Embedding", f"{network.embedding_size:,} numbers"),
            (
                "Preparation",
                "" if card.bundle.preparation.fields else words.preparation(card.bundle),
            ),
        ]
    )


def _speed(card: Card) -> Iterator[str]:
    speed = card.speed
    if not isinstance(speed, Speed):
        yield paragraph(f"It could not answer on this machine: {speed}")
        return
    yield facts(
        [
            ("One alone", words.milliseconds(speed.one)),
            (f"{words.counted(speed.batch)} at once", f"{words.milliseconds(speed.many)} each"),
            ("Asked", f"{speed.inputs}; the median, preparation and judgement included"),
            ("Machine", f"{speed.machine}; {speed.threads} threads"),
        ]
    )


def _call(card: Card) -> Iterator[str]:
    numbers = card.bundle.manifest.target.kind == "numbers"
    answer = "values, answer.intervals" if numbers else "label, answer.confidence"
    if card.bundle.manifest.target.kind == "categories":
        answer = "label, answer.probabilities"
    shown = f"print(answer.{answer}, answer.in_domain{'' if numbers else ', answer.decision'})"
    call = _of_columns if card.bundle.preparation.fields else _of_files
    line, program, request = call(card)
    yield "<h3>Command line</h3>\n"
    yield code(line)
    yield "<h3>Python</h3>\n"
    yield code(f"{program}\n{shown}")
    yield "<h3>HTTP</h3>\n"
    yield code(f"drivetrain serve {shlex.quote(card.file)} --port {PORT}\n{request}")


def _of_files(card: Card) -> tuple[str, str, str]:
    file = card.file
    return (
        f"drivetrain predict {shlex.quote(file)} photo.jpg --json",
        "from drivetrain import Predictor\n\n"
        f"answer = Predictor.open({file!r}).predict('photo.jpg')",
        f"curl -F file=@photo.jpg localhost:{PORT}/v1/predict",
    )


def _of_columns(card: Card) -> tuple[str, str, str]:
    """How inputs with columns are sent: a row as an example, or a file where it would be long."""
    file, fields = card.file, card.bundle.preparation.fields
    text = example_text(fields)
    row = "json.load(open('row.json'))" if text is None else repr(example_row(fields))
    opening = "import json\n\n" if text is None else ""
    body = "@row.json" if text is None else text
    return (
        f"drivetrain predict {shlex.quote(file)} rows.csv --json",
        f"{opening}from drivetrain import Predictor\n\nrow = {row}\n"
        f"answer = Predictor.open({file!r}).predict(row)",
        f"curl -H 'Content-Type: application/json' -d {shlex.quote(body)} "
        f"localhost:{PORT}/v1/predict\n"
        f"curl -H 'Content-Type: text/csv' --data-binary @rows.csv localhost:{PORT}/v1/predict",
    )


def _origin(card: Card) -> Iterator[str]:
    manifest = card.bundle.manifest
    yield facts(
        [
            ("Written", words.written(manifest.created)),
            ("By", ", ".join(f"{name} {what}" for name, what in manifest.written_by.items())),
            ("Format", str(manifest.format_version)),
        ]
    )
    yield paragraph("The SHA-256 that seals it, and that the record of predictions keeps:")
    yield paragraph(card.bundle.seal, "seal")
