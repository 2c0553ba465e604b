"""The network in 8 bits, the price of judging, and memory over many answers."""

from __future__ import annotations

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio, shares
from benchmarks.workshop import Workshop

FASTER, LARGEST, JUDGING, KILOBYTES, GROWTH = 1.3, 4.5, 1.0, 1000.0, 0.05
FLAT_FROM = 1
"""The first tenth of the answers warms up."""

NOTES = """\
Drivetrain alone, one process. The head is trained on the bears with the defaults; the same learner
is exported in 32 and in 8 bits, and both networks run in turns over the same {photos} prepared
photos, {repeats} times; medians of milliseconds a photo, with all threads. Labels are those of the
{items} validation photos. Judging is calibration, in-domain test and decision of one photo after
the network, with the clouds of 10,000 training photos of {classes} classes. Memory is what the
system accounts for after each tenth of 100,000 answers to one encoded photo, with the small network
of the golden bundle: the whole way from bytes to an answer; the largest against the one after the
first tenth."""


def compare(workshop: Workshop) -> list[Section]:
    """Measure in one process."""
    run = workshop.run_fresh("twin.py", workshop.photos.bears, str(max(5, workshop.repeats)))
    twin, judged, flat = (run.events("event", name)[0].event for name in ("twin", "judged", "flat"))
    rows: list[tuple[str, ...]] = []
    for size, seconds in twin["seconds"].items():
        full, small = (median(seconds[bits]) * 1000 for bits in ("32", "8"))
        bar = f"≥ {FASTER} ×" if size == "1" else ""
        what = f"{size} at a time"
        rows.append((what, figure(full, "ms"), figure(small, "ms"), ratio(full, small), bar))
    sizes = [figure(twin["model_mb"][bits], "MB") for bits in ("32", "8")]
    rows.append(("the network's file", *sizes, "", f"≤ {LARGEST} MB"))
    accuracies = [shares([twin["accuracy"][bits]]) for bits in ("32", "8")]
    rows.append(("accuracy", *accuracies, "", "0.5 points less"))
    rows.append(("labels alike", "", shares([twin["same_labels"]]), "", "≥ 99 %"))
    rows.append(("judging one photo", figure(judged["ms"], "ms"), "", "", f"≤ {JUDGING:.0f} ms"))
    rows.append(("the clouds' file", figure(judged["kb"], "kB"), "", "", f"≤ {KILOBYTES:.0f} kB"))
    warm = flat["mb"][FLAT_FROM - 1]
    grown = max(flat["mb"][FLAT_FROM:]) / warm - 1
    told = f"{figure(warm, 'MB')}, {grown * 100:+.1f} %"
    rows.append(("memory over 100,000 answers", told, "", "", f"≤ {GROWTH * 100:.0f} % more"))
    return [
        Section(
            name="twin",
            title="In 8 bits, judging, and memory",
            columns=("what", "32 bits", "8 bits", "ratio", "bar"),
            rows=rows,
            notes=NOTES.format(photos=64, repeats=max(5, workshop.repeats), classes=10, **twin),
            samples={"twin": twin, "judged": judged, "flat": flat},
        )
    ]
