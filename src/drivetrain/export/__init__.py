"""From a learner to a bundle, checked against the learner before it is written."""

from drivetrain.export.bundle import export_bundle

__all__ = ["export_bundle"]
