"""Writing a bundle: the network, its weights, samples with their answers, and the manifest."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors.torch import save as to_safetensors
from torch import Tensor

from drivetrain.bundle.archive import pack, sha256, writing
from drivetrain.bundle.judging import DOMAIN, EVIDENCE, Evidence, domain_to_bytes
from drivetrain.bundle.manifest import CalibrationRecord, Manifest, Member, Target, Training
from drivetrain.bundle.reader import MANIFEST, MODEL, WEIGHTS, Bundle
from drivetrain.errors import ConfigError, DataError, OutputError
from drivetrain.export.answers import Answers, Meaning, as_validated, ask, spread
from drivetrain.export.calibrate import fit_calibration
from drivetrain.export.exported import ExportedNetwork, made_smaller
from drivetrain.export.fingerprint import fingerprint
from drivetrain.export.intervals import fit_intervals, scales_of
from drivetrain.export.measured import measured
from drivetrain.export.parity import check_parity, check_ways
from drivetrain.export.reference import fit_domain
from drivetrain.export.samples import sample_members, sample_of
from drivetrain.judge import DomainTest
from drivetrain.metrics import confusion_matrix
from drivetrain.predictor import Predictor
from drivetrain.project import PROJECT_FILE, Project

WRITERS = ("drivetrain", "torch", "timm", "onnx", "onnxruntime", "numpy", "pillow")
PARITY_ITEMS = 256
SAMPLES, MOST_SAMPLES = 4, 1000
MOST_REFERENCE = 5000
MOST_EVIDENCE = 10_000

Members = dict[str, bytes]


class Exportable(Protocol):
    """What an export needs of a learner."""

    dls: Any
    model: Any
    arch: str
    weights_origin: str

    def get_preds(self, dl: Any = None) -> tuple[Any, ...]:
        """Probabilities and targets of a loader."""
        ...


def export_bundle(
    learn: Exportable,
    path: str | os.PathLike[str],
    *,
    samples: int = SAMPLES,
    notes: str = "",
    project: Project | str | os.PathLike[str] | None = None,
    false_reject: float | None = None,
    int8: bool = False,
) -> Path:
    """Write a bundle that gives the learner's answers, or write nothing.

    Arguments:
        learn: The trained learner.
        path: Where to; the name is free, and what was there before is replaced at the end.
        samples: How many validation inputs to store with their answers, so that a machine can
            be tested with them. They travel with the bundle: give 0 where photos must not.
        notes: A sentence about the figures for whoever reads the bundle's card.
        project: What the model is for and what its actions cost: a ``drivetrain.toml``.
        false_reject: The share of photos like the training data that may be called foreign;
            0.05 when neither this nor the project says otherwise.
        int8: Whether to write the network in 8 bits, about a quarter as large. It stays in 32
            bits, and the card says why, where validation shows that it would lose.

    Raises:
        ParityError: The bundle disagrees with the learner on validation items.
        ConfigError: The project's costs do not fit the classes.
        OutputError: The path cannot be written.
    """
    if not 0 <= samples <= MOST_SAMPLES:
        raise ConfigError(
            f"samples is {samples}, and a bundle holds 0 to {MOST_SAMPLES} of them.",
            hint="4 is enough for a machine to prove itself.",
        )
    declared = Project.of(project, false_reject=false_reject)
    check_costs(declared, learn.dls.kind)  # told before the work, not after it
    with writing(path) as beside:
        beside.write_bytes(
            build_bundle(learn, samples=samples, notes=notes, project=declared, int8=int8)
        )
    return Path(path)


def build_bundle(
    learn: Exportable,
    *,
    samples: int = SAMPLES,
    notes: str = "",
    project: Project | None = None,
    int8: bool = False,
) -> bytes:
    """The bundle's bytes; see :func:`export_bundle`."""
    project = project or Project()
    check_one_of_each(learn.dls)
    network = ExportedNetwork(learn)
    kind = learn.dls.kind
    valid, train = learn.dls.valid, as_validated(learn, MOST_REFERENCE)
    opened = network.opened()
    said = ask(opened, valid)
    if kind.picks_one:
        _check_every_class_was_seen(learn)
    compared = spread(said.positions, PARITY_ITEMS)
    items = [valid.items[place] for place in compared]
    expected, _ = learn.get_preds(valid.take(compared))
    scales = scales_of(said.targets) if kind.name == "numbers" else np.ones(1)
    meaning = Meaning(kind.name, scales)
    answers = expected.numpy() / scales
    parity = [check_parity(opened, network.preparation, items, answers, meaning)]
    if int8:
        said, twins = made_smaller(network, opened, said, train, valid)
        parity += twins
        opened = network.opened()
    one_thread = network.opened(threads=1)
    parity += check_ways(opened, one_thread, network.preparation, items, meaning)
    known = ask(opened, train)
    domain = fit_domain(
        known.embeddings,
        known.targets if kind.picks_one else np.zeros(len(known.targets), np.int64),
        said.embeddings,
        member=DOMAIN,
        false_reject=project.judgement.false_reject,
    )
    evidence = _evidence(said, domain and domain[0])
    members = {
        MODEL: network.program,
        WEIGHTS: to_safetensors(_plain(learn.model.state_dict())),
        EVIDENCE: evidence.to_bytes(),
        **network.preparation.members,
        **({} if domain is None else {DOMAIN: domain_to_bytes(domain[0])}),
    }
    manifest = Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        written_by={name: version(name) for name in WRITERS},
        preparation=network.preparation.model_dump(mode="json"),
        target=Target(kind=kind.name, vocab=kind.outputs),
        network=network.settings,
        training=_training(learn, said, notes),
        parity=tuple(parity),
        calibration=(
            fit_calibration(said.logits, said.targets) if kind.picks_one else CalibrationRecord()
        ),
        intervals=fit_intervals(said.logits, said.targets) if kind.name == "numbers" else None,
        domain=None if domain is None else domain[1],
        project=project,
        evidence=EVIDENCE,
        members={},
    )
    chosen = [valid.items[place] for place in spread(said.positions, samples)]
    stored = sample_members(network.preparation, chosen)
    return _with_samples(manifest, members, stored)


def _with_samples(manifest: Manifest, members: Members, stored: Members) -> bytes:
    """The bundle with its samples and what it answers them, once it answered them alike twice."""
    predictor = Predictor(Bundle.from_bytes(_packed(manifest, members)))
    answers = predictor.predict(list(stored.values()))
    samples = tuple(map(sample_of, stored, answers))
    content = _packed(manifest.model_copy(update={"samples": samples}), members | stored)
    Predictor(Bundle.from_bytes(content)).verify()
    return content


def _packed(manifest: Manifest, members: Members) -> bytes:
    described = {
        name: Member(size=len(content), sha256=sha256(content)) for name, content in members.items()
    }
    whole = manifest.model_copy(update={"members": described})
    return pack({MANIFEST: whole.to_json()} | members)


def _evidence(said: Answers, domain: DomainTest | None) -> Evidence:
    """Of many items only some: they are there to be looked at, not to be learned from."""
    chosen = spread(range(len(said.targets)), MOST_EVIDENCE)
    return Evidence(
        outputs=said.logits[chosen],
        targets=said.targets[chosen],
        domain_scores=None if domain is None else domain.scores(said.embeddings[chosen]),
    )


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out before a long training whether the bundle can be written at its end.

    Raises:
        OutputError: The folder does not exist or may not be written to.
    """
    final = Path(path)
    if final.is_dir():
        raise OutputError(f"{final} is a folder.", hint="Give a file name in it.")
    with suppress(_TriedOnly), writing(final):
        raise _TriedOnly


class _TriedOnly(Exception):
    pass


def _check_every_class_was_seen(learn: Exportable) -> None:
    seen = set(learn.dls.train.readable_targets.tolist())
    unseen = [name for place, name in enumerate(learn.dls.vocab) if place not in seen]
    if unseen:
        raise DataError(
            f"Not one training item of {', '.join(unseen)} could be read.",
            hint="See the warnings, mend the items or leave the class out, and train again.",
        )


def check_one_of_each(dls: Any) -> None:
    """Refuse data with several inputs or several targets.

    Raises:
        ConfigError: It has.
    """
    inputs, targets = len(dls.train.inputs), len(dls.train.labels)
    if inputs > 1 or targets > 1:
        raise ConfigError(
            f"A bundle takes one input and answers with one target, and this data has {inputs} "
            f"inputs and {targets} targets.",
            hint="Several numbers or classes of one item can be one target: RegressionBlock, "
            "MultiCategoryBlock.",
        )


def check_costs(project: Project, kind: Any, *, name: str = PROJECT_FILE) -> None:
    """Hold a project's costs against what is predicted.

    Raises:
        ConfigError: They do not fit the classes, or there are no classes to have costs.
    """
    if kind.picks_one:
        project.decision_rule(kind.outputs, name=name)
    elif project.costs.of:
        raise ConfigError(
            f"{name} declares costs, which belong to one class out of several, and this model "
            f"answers with {kind.words}.",
            hint="Leave the costs out.",
        )


def _training(learn: Exportable, said: Answers, notes: str) -> Training:
    kind, valid = learn.dls.kind, said.targets
    trained = learn.dls.train.readable_targets
    told: dict[str, Any] = {"metrics": measured(kind, said)}
    if kind.picks_one:
        counts = np.bincount(np.concatenate([trained, valid]), minlength=kind.size).tolist()
        confusion = confusion_matrix(said.labels, valid, kind.size)
        told["class_counts"] = dict(zip(kind.outputs, counts, strict=True))
        told["confusion"] = tuple(map(tuple, confusion.tolist()))
    return Training(
        train_items=len(trained),
        valid_items=len(valid),
        data_fingerprint=fingerprint(learn),
        notes=notes,
        **told,
    )


def _plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
