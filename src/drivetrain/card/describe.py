"""What a bundle says about itself, for programs."""

from __future__ import annotations

from typing import Any

from drivetrain.bundle.reader import Bundle


def describe(bundle: Bundle) -> dict[str, Any]:
    """The bundle as ``inspect --json`` and ``GET /v1/model`` show it.

    Example:
        >>> describe(Bundle.open("tests/golden/format-1.bundle"))["vocab"]
        ['blue', 'green', 'red']
    """
    manifest = bundle.manifest
    return {
        "model": bundle.short_id,
        "sha256": bundle.seal,
        "kind": bundle.preparation.kind,
        "noun": list(bundle.preparation.noun),
        "media_types": list(bundle.preparation.media_types),
        "fields": bundle.preparation.fields,
        "target": {"kind": manifest.target.kind, "outputs": list(bundle.outputs)},
        "vocab": list(manifest.target.vocab),
        "arch": manifest.network.arch,
        "pretrained_from": manifest.network.pretrained_from,
        "precision": manifest.network.precision,
        "precision_note": manifest.network.precision_note,
        "preparation": manifest.preparation,
        "training": manifest.training.model_dump(mode="json"),
        "parity": [one.model_dump(mode="json") for one in manifest.parity],
        "calibration": manifest.calibration.model_dump(mode="json"),
        "intervals": manifest.intervals and manifest.intervals.model_dump(mode="json"),
        "domain": manifest.domain and manifest.domain.model_dump(mode="json"),
        "project": manifest.project.model_dump(mode="json"),
        "written_by": manifest.written_by,
        "created": manifest.created,
        "format_version": manifest.format_version,
    }
