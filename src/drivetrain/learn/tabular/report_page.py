"""The look at a table as one HTML file that holds its own pictures and needs no script."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from drivetrain.data.report.finding import Finding, count_of
from drivetrain.data.report.page import check_page, put
from drivetrain.data.report.pictures import shown
from drivetrain.data.report.style import INGEST_STYLE, STYLE, TONES
from drivetrain.learn.tabular.inference import share
from drivetrain.learn.tabular.kinds import ColumnLook, TableLook
from drivetrain.learn.tabular.pictures import Picture
from drivetrain.learn.tabular.report import summary, taken_as

WIDE, HIGH = 240, 64
COLUMN_STYLE = """
h3 { font-size: 1.05rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
.columns {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
  gap: 1rem; margin-top: .9rem;
}
.column {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .8rem .9rem; min-width: 0; scroll-margin-top: 1rem;
}
.column:target { outline: 3px solid var(--note); outline-offset: 2px; }
.column > p { color: var(--mute); font-size: .9rem; line-height: 1.4; margin: .15rem 0 .6rem; }
.column .said { color: var(--tone); margin: .6rem 0 0; }
.column svg { display: block; width: 100%; height: 4rem; }
.column rect { fill: var(--bar); }
.ends {
  display: flex; justify-content: space-between; color: var(--mute);
  font-size: .78rem; font-variant-numeric: tabular-nums; border-top: 1px solid var(--line);
  padding-top: .15rem; flex-wrap: wrap; column-gap: .4rem;
}
.ends span { white-space: nowrap; }
.column .classes {
  grid-template-columns: fit-content(7.5rem) 1fr max-content; margin: 0; font-size: .85rem;
  line-height: 1.3; gap: .2rem .6rem;
}
.column .classes dt {
  min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
""".strip()


def write_page(look: TableLook, path: str | os.PathLike[str], *, name: str = "the table") -> Path:
    """Write a look at a table as a page.

    Arguments:
        look: What was found.
        path: The HTML file; it is replaced once the new one is whole.
        name: The table's name.

    Raises:
        OutputError: It cannot be written.
    """
    page = Path(path)
    check_page(page)
    return put(page, _page(look, name))


def _page(look: TableLook, name: str) -> Iterator[str]:
    title = shown(name)
    yield f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: what is in it</title>
<style>{STYLE}
{TONES}
{INGEST_STYLE}
{COLUMN_STYLE}</style>
<h1>{title}</h1>
<p class="lead">{shown(summary(look))}</p>
"""
    yield from _findings(look)
    placed = list(enumerate(look.columns))
    targets = [each for each in placed if each[1].name in look.targets]
    left = [each for each in placed if each[1].kind == "left out"]
    taken = [each for each in placed if each not in targets and each not in left]
    for heading, some, is_open in (
        ("To be predicted", targets, True),
        ("To learn from", taken, True),
        ("Left out", left, False),
    ):
        if not some:
            continue
        yield (
            f"<details{' open' if is_open else ''}><summary><h2>{heading}</h2> "
            f'<span>{len(some):,}</span></summary>\n<div class="columns">\n'
        )
        for place, column in some:
            yield _card(place, column, look)
        yield "</div></details>\n"
    yield "</html>\n"


def _findings(look: TableLook) -> Iterator[str]:
    if not look.findings:
        yield "<p>Nothing to complain about.</p>\n"
        return
    where = {
        finding: place for place, column in enumerate(look.columns) for finding in column.findings
    }
    urgent = [finding for finding in look.findings if finding.severity != "note"]
    notes = [finding for finding in look.findings if finding.severity == "note"]
    yield from _said(urgent, where)
    if notes:
        yield f'<details class="notes"><summary>{count_of(len(notes), "note")}</summary>\n'
        yield from _said(notes, where)
        yield "</details>\n"


def _said(findings: Sequence[Finding], where: dict[Finding, int]) -> Iterator[str]:
    """Findings, each with a way to its column."""
    if not findings:
        return
    yield '<ul class="findings">\n'
    for finding in findings:
        what, tone = shown(finding.what), finding.severity
        if finding in where:
            what = f'<a href="#column-{where[finding]}">{what}</a>'
        advice = f"<p>{shown(finding.advice)}</p>" if finding.advice else ""
        yield f'<li class="{tone}"><p><b>{tone}</b>{what}</p>{advice}</li>\n'
    yield "</ul>\n"


def _card(place: int, column: ColumnLook, look: TableLook) -> str:
    part = f" ({share(column.gaps, look.looked_at)})"
    gaps = f", {count_of(column.gaps, 'gap')}{part}" if column.gaps else ""
    said = "".join(
        f'<p class="said {finding.severity}">{shown(finding.what)}</p>'
        for finding in column.findings
        if finding.severity != "note"
    )
    return (
        f'<section class="column" id="column-{place}"><h3>{shown(column.name)}</h3>'
        f"<p>{taken_as(column, look)}, {column.distinct:,} different{gaps}</p>\n"
        f"{_picture(column.picture, column.name)}{said}</section>\n"
    )


def _picture(picture: Picture, name: str) -> str:
    if not picture.counts:
        return ""
    return _bars(picture) if picture.shape == "bars" else _histogram(picture, name)


def _bars(picture: Picture) -> str:
    rows = [*zip(picture.labels, picture.counts, strict=True)]
    longest = max(picture.counts)
    lines = "".join(_bar(shown(label), count, longest) for label, count in rows)
    if picture.others:
        lines += f"<dt>all others</dt><dd></dd><dd>{picture.others:,}</dd>\n"
    return f'<dl class="classes">\n{lines}</dl>\n'


def _bar(label: str, count: int, longest: int) -> str:
    wide = max(100 * count / longest, 0.5)
    return (
        f'<dt title="{label}">{label}</dt>'
        f'<dd><i style="width:{wide:.1f}%"></i></dd><dd>{count:,}</dd>\n'
    )


def _histogram(picture: Picture, name: str) -> str:
    step = WIDE / len(picture.counts)
    highest = max(picture.counts)
    rects = "".join(
        f'<rect x="{at * step + 0.5:.1f}" y="{HIGH - high:.1f}" width="{step - 1:.1f}" '
        f'height="{high:.1f}"/>'
        for at, count in enumerate(picture.counts)
        if count and (high := max(HIGH * count / highest, 1.5))
    )
    low, median, top = map(shown, picture.labels)
    told = shown(f"How {name} is spread: {low} to {top}, median {median}")
    of = f" {picture.caption}" if picture.caption else ""
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" '
        f'aria-label="{told}">{rects}</svg>\n'
        f'<div class="ends"><span>{low}</span><span>median {median}{of}</span>'
        f"<span>{top}</span></div>\n"
    )
