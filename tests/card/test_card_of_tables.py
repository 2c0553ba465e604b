"""Real exports of tables: ``inspect`` shows every figure in the terminal, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Run
from tables import table_bundle
from test_card_page import Page

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.terminal import card_lines

SAID = {
    "category": ("Answers no or yes for rows with", "area under the ROC curve", "truth \\ answer"),
    "numbers": ("Predicts spent for rows with", "RMSE of spent", "is to hold 90.0% of the truths"),
    "categories": ("Tells which of news and visits hold", "all classes right", "plain sigmoid"),
}


@pytest.mark.parametrize("target", SAID)
def test_inspect_shows_a_table_s_bundle(target: str, tmp_path: Path, run: Run) -> None:
    bundle = table_bundle(tmp_path / "m.bundle", target, rows=160)
    page = tmp_path / "card.html"
    shown = run("inspect", bundle, "--json", "--html", page)
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)["card"]
    assert told["results"]["items"] == 32
    assert told["speed"]["inputs"] == "4 stored samples"
    content = Page(page.read_text(encoding="utf-8"))
    lines = card_lines(Card.of(Bundle.open(bundle), seconds=0.01))
    text = " ".join(" ".join(lines).split())
    for words in (*SAID[target], "A row has 6 columns:", "city category Basel, Bern, Chur", "rows"):
        assert words in text
    for view in (text, content.text):
        assert "free text" in view
        assert "photo" not in view
