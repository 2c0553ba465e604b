"""A bundle's answers to rows: ``table_answer.py BUNDLE ROWS PASSES``.

``one``: the milliseconds of each of 2,000 rows of the CSV file ROWS, one at a time, after some that
do not count. ``many``: the seconds that all of them take at once, pass by pass.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd

from drivetrain.predictor import Predictor

WARM_UP, ASKED = 200, 2000


def main() -> None:
    """Answer rows one by one, then all at once."""
    bundle, rows, passes = sys.argv[1:]
    predictor = Predictor.open(bundle)
    frame = pd.read_csv(rows)
    singles = frame.head(WARM_UP + ASKED).to_dict("records")
    for row in singles[:WARM_UP]:
        predictor.predict(row)
    milliseconds = []
    for row in singles[WARM_UP:]:
        started = time.perf_counter()
        answer = predictor.predict(row)
        milliseconds.append(round((time.perf_counter() - started) * 1000, 4))
    assert answer.domain_score is not None, "the verdict was not asked"
    print(json.dumps({"event": "one", "ms": milliseconds}), flush=True)
    predictor.predict_all(frame.head(1000))
    for _ in range(int(passes)):
        started = time.perf_counter()
        answers = predictor.predict_all(frame)
        spent = time.perf_counter() - started
        print(json.dumps({"event": "many", "seconds": spent, "rows": len(answers)}), flush=True)


if __name__ == "__main__":
    main()
