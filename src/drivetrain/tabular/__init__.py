"""The lesson's star import for tables: ``from drivetrain.tabular.all import *``."""
