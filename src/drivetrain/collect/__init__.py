"""Getting photos: from addresses, a search, a video; and bringing them to a size."""

from drivetrain.collect.download import download_images, download_url
from drivetrain.collect.download_report import DownloadReport, DownloadRow
from drivetrain.collect.resize import resize_images
from drivetrain.collect.search import search_images, search_images_ddg
from drivetrain.collect.verify import verify_images
from drivetrain.collect.video import VideoFrames, frames_from_video

__all__ = [
    "DownloadReport",
    "DownloadRow",
    "VideoFrames",
    "download_images",
    "download_url",
    "frames_from_video",
    "resize_images",
    "search_images",
    "search_images_ddg",
    "verify_images",
]
