"""A static page that classifies photos in the visitor's own browser, without any server."""

from drivetrain.apps.browser.page import write_page

__all__ = ["write_page"]
