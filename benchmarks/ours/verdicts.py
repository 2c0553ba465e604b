"""What a bundle says of photos that it was not made for: ``verdicts.py SPEC``.

SPEC is a JSON file with ``known`` ([[path, label], ...] to train and validate on), ``asked``
(name to [[path, label], ...]) and ``seed``. The head is trained with the defaults, the bundle is
written and opened, and everything under ``asked`` is answered. For each name the shares that the
in-domain test and the plain soft-max reject are printed, with the error rate of the answers and
all scores. The soft-max rejects below the confidence under which 5 % of the validation photos lie.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from drivetrain import DataBlock, RandomSplitter, Resize, vision_learner
from drivetrain.export import export_bundle
from drivetrain.judge.calibration import softmax
from drivetrain.judge.reliability import brier_score, expected_calibration_error
from drivetrain.predictor import Predictor

FALSE_REJECT = 0.05
DRAWS = 100


def main() -> None:
    """Train, export, ask."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    known = dict(spec["known"])
    block = DataBlock(
        get_items=list,
        splitter=RandomSplitter(valid_pct=0.2, seed=spec["seed"]),
        get_y=known.__getitem__,
        item_tfms=Resize(224),
    )
    learn = vision_learner(block.dataloaders(list(known), bs=64, seed=spec["seed"]))
    with learn.no_bar(), tempfile.TemporaryDirectory() as folder:
        learn.fine_tune(0)
        file = export_bundle(learn, Path(folder) / "model.bundle", samples=0)
        predictor = Predictor.open(file)
    evidence = predictor.bundle.evidence
    assert evidence is not None
    sure = float(np.quantile(softmax(evidence.outputs).max(axis=1), FALSE_REJECT))
    manifest = predictor.bundle.manifest
    assert manifest.domain is not None
    told = {
        "calibration": manifest.calibration.model_dump(mode="json"),
        "domain": manifest.domain.model_dump(mode="json"),
        "bytes": len(predictor.bundle.members[manifest.domain.member]),
    }
    print(json.dumps({"event": "bundle"} | told), flush=True)
    for name, photos in spec["asked"].items():
        print(json.dumps({"event": "asked", "name": name} | _ask(predictor, photos, sure)))


def _ask(predictor: Predictor, photos: list[list[str]], sure: float) -> dict[str, Any]:
    outputs = [predictor.network(predictor.preparation(path)[None]) for path, _ in photos]
    logits, embeddings = (np.concatenate(each) for each in zip(*outputs, strict=True))
    judged = predictor.judgement(logits, embeddings)
    plain = softmax(logits)
    scores = np.array([one.domain_score for one in judged])
    answer: dict[str, Any] = {
        "photos": len(photos),
        "rejected": float(np.mean([not one.in_domain for one in judged])),
        "rejected_by_softmax": float(np.mean(plain.max(axis=1) < sure)),
        "scores": [round(float(score), 4) for score in scores],
        "confidences": [round(float(value), 4) for value in plain.max(axis=1)],
    }
    vocab = list(predictor.vocab)
    if {label for _, label in photos} <= set(vocab):
        truth = np.array([vocab.index(label) for _, label in photos])
        calibrated = np.stack([one.probabilities for one in judged])
        answer["floor"] = _ece_of_the_truth(calibrated)
        answer["error_rate"] = float(np.mean(calibrated.argmax(axis=1) != truth))
        for when, given in (("before", plain), ("after", calibrated)):
            answer[when] = {
                "ece": expected_calibration_error(given, truth),
                "brier": brier_score(given, truth),
            }
    return answer


def _ece_of_the_truth(probabilities: Any) -> float:
    """What probabilities that are exactly right measure on so many photos, on average."""
    random = np.random.default_rng(0)
    sums = probabilities.cumsum(axis=1)
    drawn = random.uniform(size=(DRAWS, len(sums), 1)) * sums[:, -1:]
    truths = (drawn > sums).sum(axis=2)
    return float(np.mean([expected_calibration_error(probabilities, truth) for truth in truths]))


if __name__ == "__main__":
    main()
