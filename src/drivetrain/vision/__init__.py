"""The lesson's star import for photos: ``from drivetrain.vision.all import *``."""
