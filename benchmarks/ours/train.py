"""``drivetrain train`` as it is, with the moment announced at which the model is trained.

Takes the command's own arguments. Prints ``{"event": "trained", ...}`` before the bundle is
written; the command's line with ``--json`` follows when it is.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from drivetrain.cli import main
from drivetrain.learn.learner import Learner


def announcing_export(learn: Learner[Any], fname: str | os.PathLike[str], **settings: Any) -> Path:
    """Say what the training came to, then export."""
    print(json.dumps({"event": "trained", "epochs": learn.recorder}), flush=True)
    return export(learn, fname, **settings)


export = Learner.export

if __name__ == "__main__":
    sys.argv = ["drivetrain", "train", *sys.argv[1:], "--json"]
    with mock.patch.object(Learner, "export", announcing_export):
        main()
