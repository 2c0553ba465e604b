"""The drivetrain.toml that ``drivetrain init`` writes: every section explained, nothing set yet.

Lines that begin with ``# `` explain. Lines such as ``#purpose = "…"`` are examples: they are
valid as soon as the ``#`` is taken off, and until then they set nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from drivetrain.bundle.archive import writing
from drivetrain.data import get_image_files, parent_label
from drivetrain.errors import DataError, OutputError
from drivetrain.project import FALSE_REJECT, PROJECT_FILE
from drivetrain.schema import Vocab

LESSON = ("black", "grizzly", "teddy")
"""Whose names stand in the examples where no data is given."""

DANGEROUS = {"alarm": 1, "log": 500}
HARMLESS = {"alarm": 20, "log": 0}
"""What the two actions of the example cost where the last class is not the truth, and where it is.

The last of the lesson's classes is the teddy."""

TEXT = """\
# What this model is for, what can be done about its answers, and what that costs.
# drivetrain train DATA --project FILE puts it into the bundle, which then answers with a decision.
# A file called {default} in the folder that you train from is used without being named.
#
# Lines that begin with "# " explain. Lines such as #purpose = "..." are examples: take the # off,
# and put your own words and numbers in. Every section may be missing.

[objective]
# Which outcome you want. It stands on the bundle's card, for whoever has to decide about its use.
#purpose = "Warn the camp of dangerous bears."
# What it must not be used for, a sentence each.
#not_for = ["Counting bears.", "Photos taken at night."]
# What tells whether the purpose is reached.
#measure = "Fewer than one bear a month that nobody was warned of."

[levers]
# The actions that exist: a name, and what it means. An answer is worth what you do about it.
#alarm = "Sound the siren."
#log = "Only write it down."

[costs]
# What is counted: euros, minutes, points.
#unit = "euros"
# What it costs to ask a person, whatever the truth is. Leave it out where nobody can be asked.
# With it, the answer is "ask a person" where that is cheapest on average, and for every photo
# that is not like those of the training.
#ask_a_person = 2

# For each action a table: what it costs for each class that may be the truth. Only how the numbers
# compare counts. What an action costs where it is right may be 0. The numbers are examples;
# {whose}.
{tables}
[judgement]
# The share of photos like those of the training that may be called foreign all the same, above 0
# and below 0.5. Smaller lets more foreign photos pass, larger troubles more good ones.
#false_reject = {false_reject}
"""


def project_template(classes: Sequence[str] = ()) -> str:
    """A commented drivetrain.toml, valid as it stands.

    Example:
        >>> "#grizzly = 500" in project_template(["grizzly", "teddy"]).splitlines()
        True

    Arguments:
        classes: The classes that the examples of costs name; the lesson's bears when left out.
    """
    names = classes or LESSON
    which = "are those" if classes else "have to be those"
    return TEXT.format(
        default=PROJECT_FILE,
        whose=f"the classes {which} of your folders",
        tables="\n".join(_table(action, names) for action in DANGEROUS),
        false_reject=FALSE_REJECT,
    )


def write_project_file(
    path: str | os.PathLike[str] = PROJECT_FILE,
    data: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
) -> tuple[str, ...]:
    """Write a commented drivetrain.toml, and return the classes that its examples name.

    Arguments:
        path: Where to.
        data: A folder with one folder of photos a class; without it the examples are the lesson's.
        force: Whether to replace what is there.

    Raises:
        DataError: The folder holds no photos, or fewer than two classes.
        OutputError: The file is there already, or cannot be written.
    """
    file = Path(path)
    if file.exists() and not force:
        raise OutputError(
            f"{file} is there already, and was left as it is.",
            hint="Give another name with --out, or --force to replace it.",
        )
    classes = () if data is None else _classes_of(data)
    text = project_template(classes)
    with writing(file) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return classes


def _table(action: str, classes: Sequence[str]) -> str:
    costs = [DANGEROUS[action]] * (len(classes) - 1) + [HARMLESS[action]]
    lines = [f"#{_key(name)} = {cost}" for name, cost in zip(classes, costs, strict=True)]
    return "\n".join([f"#[costs.{action}]", *lines, ""])


def _key(name: str) -> str:
    """A name as a key in TOML: bare where that can be, else in quotes."""
    if name.isascii() and name.replace("-", "").replace("_", "").isalnum():
        return name
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _classes_of(data: str | os.PathLike[str]) -> tuple[str, ...]:
    files = get_image_files(data)
    if not files:
        raise DataError(
            f"{data} holds no photos.", hint="Give each class a folder of its own with its photos."
        )
    classes = Vocab.of(parent_label(file) for file in files).classes
    for name in classes:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"The name of the folder {name!r} is no text.", hint="Rename it."
            ) from None
    return classes
