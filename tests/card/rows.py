"""Bundles of tables for the card's tests: a network made by hand, with any evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from drivetrain.bundle import Bundle, Manifest
from drivetrain.bundle.archive import pack, sha256
from drivetrain.bundle.judging import DOMAIN, EVIDENCE, Evidence, domain_to_bytes
from drivetrain.bundle.manifest import FORMAT_VERSION, DomainRecord
from drivetrain.bundle.reader import MANIFEST, MODEL, WEIGHTS
from drivetrain.export.intervals import fit_intervals
from drivetrain.judge import DomainTest
from drivetrain.prepare.columns import CategoryColumn, NumberColumn
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.table import TablePreparation

Edit = Callable[[dict[str, Any]], None]

COLUMNS = (
    NumberColumn(
        name="area", median=70.0, spread=25.0, low=18.0, high=240.0, gaps=12, whole=True
    ),
    CategoryColumn(name="district", vocab=("Altona", "Eimsbüttel", "Mitte", "Nord", "Wandsbek")),
    CategoryColumn(name="lift", of="truth", vocab=("False", "True"), gaps=3),
    DateColumn(
        name="sold",
        parts=(
            CategoryColumn(name="sold.Month", of="number", vocab=("1", "2")),
            NumberColumn(name="sold.Day", median=15.0, spread=10.0, low=1.0, high=31.0),
        ),
    ),
)  # fmt: skip
ROW = b'{"area": 64, "district": "Mitte", "lift": true, "sold": "2026-01-15"}'


def row_bundle(
    kind: str,
    outputs: Sequence[str],
    *,
    said: Any = None,
    targets: Any = None,
    scores: Any = None,
    metrics: dict[str, float] | None = None,
    columns: Sequence[Any] = COLUMNS,
    samples: bool = True,
    edit: Edit | None = None,
    name: str = "flats.bundle",
) -> Bundle:
    """A bundle for rows.

    Arguments:
        kind: The kind of its target.
        outputs: The names of its outputs.
        said: What its network said of validation rows, float32 [N, C]; no evidence when None.
        targets: The truth.
        scores: Their domain scores; no in-domain test when None.
        metrics: The stored figures.
        columns: The columns of its rows.
        samples: Whether it holds a row with its answer.
        edit: Changes the manifest.
        name: What it is called.
    """
    prepare = TablePreparation(columns=tuple(columns))
    weights = np.full((prepare.array_shape[0], len(outputs)), 0.01, np.float32)
    content = {MODEL: _program(weights), WEIGHTS: save({"weights": weights})}
    count = 0 if said is None else len(said)
    told: dict[str, Any] = {
        "created": "2026-11-22T19:57:31+00:00",
        "format_version": FORMAT_VERSION,
        "written_by": {"drivetrain": "0.6.0"},
        "preparation": prepare.model_dump(mode="json"),
        "target": {"kind": kind, "vocab": list(outputs)},
        "network": {"arch": "tabular", "embedding_size": weights.shape[0]},
        "training": {"train_items": 900, "valid_items": count, "metrics": metrics or {}},
        "parity": [{"items": 4, "same_labels": 1.0, "largest_difference": 1e-7, "tolerance": 1e-4}],
    }
    if said is not None:
        outputs_of: Any = np.asarray(said, np.float32)
        kept: Any = np.asarray(targets, np.int64 if kind == "category" else np.float32)
        evidence = Evidence(outputs=outputs_of, targets=kept, domain_scores=scores)
        content[EVIDENCE] = evidence.to_bytes()
        told["evidence"] = EVIDENCE
        if kind == "numbers" and np.isfinite(outputs_of).all():
            told["intervals"] = fit_intervals(outputs_of, kept).model_dump(mode="json")
    if scores is not None:
        content[DOMAIN] = domain_to_bytes(_any_test(weights.shape[0]))
        told["domain"] = _record(np.asarray(scores)).model_dump(mode="json")
    if samples:
        content["samples/0"] = ROW
        told["samples"] = [{"member": "samples/0", "answer": [0.0] * len(outputs)}]
    if edit:
        edit(told)
    told["members"] = {
        member: {"size": len(data), "sha256": sha256(data)} for member, data in content.items()
    }
    manifest = Manifest.model_validate(told)
    return Bundle.from_bytes(pack({MANIFEST: manifest.to_json()} | content), name=name)


def _program(weights: Any) -> bytes:
    """A network that multiplies; its embedding is the row itself."""
    size, outputs = weights.shape
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["logits"]),
            helper.make_node("Identity", ["x"], ["embedding"]),
        ],
        "rows",
        [helper.make_tensor_value_info("x", floats, ["n", size])],
        [
            helper.make_tensor_value_info("logits", floats, ["n", outputs]),
            helper.make_tensor_value_info("embedding", floats, ["n", size]),
        ],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 18)]
    program: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return program


def _any_test(size: int) -> DomainTest:
    flat = np.eye(1, size, dtype=np.float32)
    return DomainTest(
        centres=flat, axes=flat, variances=np.ones(1, np.float32), rest=0.1, border=9.0
    )


def _record(scores: Any) -> DomainRecord:
    return DomainRecord(
        member=DOMAIN,
        border=9.0,
        rest=0.1,
        false_reject=0.05,
        reference=900,
        held_out=900,
        held_out_from="training folds",
        rejected_valid=float((scores > 1.0).mean()),
    )
