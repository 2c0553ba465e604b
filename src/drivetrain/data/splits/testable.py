"""Which photos can tell whether a random split flatters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

FEWEST_PHOTOS = 50
FEWEST_OF_A_CLASS = 10


def places_to_test(labels: Sequence[str]) -> list[int]:
    """The positions of the photos whose class is large enough to be tested.

    Empty where there is too little to say anything: fewer than two classes of ten photos, or
    fewer than fifty photos in them.

    Example:
        >>> len(places_to_test(["cat"] * 30 + ["dog"] * 30 + ["cow"]))
        60
        >>> places_to_test(["cat", "dog"])
        []
    """
    counts = Counter(labels)
    large = {label for label, count in counts.items() if count >= FEWEST_OF_A_CLASS}
    places = [place for place, label in enumerate(labels) if label in large]
    return places if len(large) > 1 and len(places) >= FEWEST_PHOTOS else []
