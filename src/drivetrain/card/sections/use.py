"""What a bundle is made of, how fast it is, and how to call it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.markup import Section, code, facts, paragraph, table
from drivetrain.card.speed import Speed

PORT = 8000


def sections(card: Card) -> Iterator[Section]:
    """From the parity to the seal."""
    yield Section(name="parity", title="The same answers everywhere", content=_parity(card))
    yield Section(name="network", title="The network", content=_network(card))
    yield Section(name="speed", title="Speed on this machine", content=_speed(card))
    yield Section(name="call", title="How to call it", content=_call(card))
    yield Section(name="origin", title="Where it comes from", content=_origin(card))


def _parity(card: Card) -> Iterator[str]:
    yield paragraph(
        "Before it was written, it was asked in every way that production may, on real validation "
        f"{words.noun(card.bundle)}; a difference is one of a probability."
    )
    yield table(
        "parity",
        ["compared", "items", "same labels", "largest difference", "allowed"],
        [
            (
                one.of,
                f"{one.items:,}",
                f"{one.same_labels:.1%}",
                words.difference(one.largest_difference),
                words.amount(one.tolerance) if one.tolerance < 1 else "labels only",
            )
            for one in card.bundle.manifest.parity
        ],
    )
    stored = len(card.bundle.manifest.samples)
    yield paragraph(
        f"It holds {stored:,} samples with their answers: drivetrain verify and the server at its "
        "start answer them again, and refuse when this machine answers otherwise."
        if stored
        else "It holds no samples, so that a machine cannot prove that it answers alike."
    )


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
            ("Preparation", words.preparation(card.bundle)),
        ]
    )


def _speed(card: Card) -> Iterator[str]:
    speed = card.speed
    if not isinstance(speed, Speed):
        yield paragraph(f"It could not answer on this machine: {speed}")
        return
    yield facts(
        [
            ("One alone", f"{speed.one:.1f} ms"),
            ("Eight at once", f"{speed.many:.1f} ms each"),
            ("Asked", f"{speed.inputs}; the median, preparation and judgement included"),
            ("Machine", f"{speed.machine}; {speed.threads} threads"),
        ]
    )


def _call(card: Card) -> Iterator[str]:
    file, quoted = card.file, shlex.quote(card.file)
    yield "<h3>Command line</h3>\n"
    yield code(f"drivetrain predict {quoted} photo.jpg --json")
    yield "<h3>Python</h3>\n"
    yield code(
        "from drivetrain import Predictor\n\n"
        f"answer = Predictor.open({file!r}).predict('photo.jpg')\n"
        "print(answer.label, answer.confidence, answer.in_domain, answer.decision)"
    )
    yield "<h3>HTTP</h3>\n"
    yield code(
        f"drivetrain serve {quoted} --port {PORT}\n"
        f"curl -F file=@photo.jpg localhost:{PORT}/v1/predict"
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
