"""What a bundle says about itself, for programs and for people."""

from __future__ import annotations

from typing import Any

from drivetrain.bundle.reader import Bundle
from drivetrain.metrics import wilson_interval


def describe(bundle: Bundle) -> dict[str, Any]:
    """The bundle as ``inspect --json`` and ``GET /v1/model`` show it."""
    manifest = bundle.manifest
    return {
        "model": bundle.short_id,
        "sha256": bundle.seal,
        "kind": bundle.preparation.kind,
        "media_types": list(bundle.preparation.media_types),
        "vocab": list(manifest.target.vocab),
        "arch": manifest.network.arch,
        "pretrained_from": manifest.network.pretrained_from,
        "preparation": manifest.preparation,
        "training": manifest.training.model_dump(mode="json"),
        "parity": [one.model_dump(mode="json") for one in manifest.parity],
        "calibration": manifest.calibration.model_dump(mode="json"),
        "domain": manifest.domain and manifest.domain.model_dump(mode="json"),
        "project": manifest.project.model_dump(mode="json"),
        "written_by": manifest.written_by,
        "created": manifest.created,
        "format_version": manifest.format_version,
    }


def card_lines(bundle: Bundle) -> list[str]:
    """The card in the terminal."""
    manifest = bundle.manifest
    training, parity = manifest.training, manifest.parity[0]
    width = max(map(len, manifest.target.vocab))
    lines = [
        f"{bundle.name}",
        f"  model         {bundle.short_id} (format {manifest.format_version}, {manifest.created})",
        f"  network       {manifest.network.arch}, pretrained from: "
        f"{manifest.network.pretrained_from or 'unknown'}",
        f"  takes         {_preparation(manifest.preparation)}",
        f"  trained on    {training.train_items} items, validated on {training.valid_items}",
        *_metrics(training.metrics, training.valid_items),
        *([f"  note          {training.notes}"] if training.notes else []),
        f"  parity        {parity.same_labels:.0%} of {parity.items} labels as the learner, "
        f"probabilities within {parity.largest_difference:.1e}",
        f"  samples       {len(manifest.samples)} stored with their answers",
        "  written by    " + ", ".join(f"{k} {v}" for k, v in manifest.written_by.items()),
        f"  confusion     {'':{width}}  (rows: true, columns: predicted, in the same order)",
        *(
            f"                {name:{width}}  " + "  ".join(f"{count:5d}" for count in row)
            for name, row in zip(manifest.target.vocab, training.confusion, strict=False)
        ),
    ]
    return [_printable(line) for line in lines]


def _printable(line: str) -> str:
    """A line without what would steer a terminal: a bundle may come from anyone."""
    return "".join(character if character.isprintable() else "?" for character in line)


def _metrics(metrics: dict[str, float], count: int) -> list[str]:
    lines = []
    for name, value in metrics.items():
        low, high = wilson_interval(value, count)
        interval = f" (95 %: {low:.1%} to {high:.1%})" if name != "balanced_accuracy" else ""
        lines.append(f"  {name.replace('_', ' '):<17} {value:.1%}{interval}")
    return lines


def _preparation(settings: dict[str, Any]) -> str:
    size = " × ".join(map(str, settings.get("size", ())))
    return f"{settings.get('kind')}, {settings.get('method', '')} to {size}".strip()
