"""What class weights do to the recall of each class: ``balance.py FILE SEED``.

FILE holds the photos in their order as JSON, ``[[path, label], ...]``. Photos that follow each
other validate together: the seed says which fifth. The head alone is trained, once without class
weights and once with them. Prints the recall of each class, in the order of the classes' names.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from sklearn.metrics import recall_score

from drivetrain import DataBlock, Resize, vision_learner
from drivetrain.data import BlockSplitter

VALID_PCT = 0.2
WEIGHTED: dict[str, Literal["loss"] | bool] = {"without": False, "with": "loss"}


def main() -> None:
    """Train both ways on the same split."""
    labels = {Path(path): label for path, label in json.loads(Path(sys.argv[1]).read_text())}
    seed = int(sys.argv[2])
    block = DataBlock(
        get_items=list,
        splitter=BlockSplitter(valid_pct=VALID_PCT, block=(seed - 1) % round(1 / VALID_PCT)),
        get_y=labels.__getitem__,
        item_tfms=Resize(224),
        keep_duplicates_together=False,
    )
    for name, weighted in WEIGHTED.items():
        dls = block.dataloaders(list(labels), bs=64, seed=seed, weighted=weighted)
        learn = vision_learner(dls, seed=seed)
        with learn.no_bar():
            learn.fine_tune(0)
            answers, truth = learn.get_preds()
        recall = recall_score(truth.numpy(), answers.argmax(1).numpy(), average=None)
        outcome = {"weights": name, "recall": dict(zip(dls.vocab, recall.tolist(), strict=True))}
        print(json.dumps({"event": "balance"} | outcome), flush=True)


if __name__ == "__main__":
    main()
