"""TensorFlow's "same" padding with plain numbers: what is exported runs at full speed."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class PaddedConv2d(nn.Conv2d):
    """A convolution that gives ceil(size / stride) pixels of each side of a picture.

    How much is padded follows from the height and the width as plain numbers: a trace holds
    them as constants, where a computation over shapes would keep an engine from joining the
    padding, the convolution and the normalisation behind it. Answers, weights and their names
    are those of timm's ``Conv2dSame``.

    Example:
        >>> import torch
        >>> PaddedConv2d(3, 8, kernel_size=3, stride=2)(torch.zeros(1, 3, 7, 10)).shape
        torch.Size([1, 8, 4, 5])

    Source: the padding named SAME in TensorFlow's documentation of ``tf.nn.convolution``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [N, C, H, W] to float32 [N, D, ceil(H / stride), ceil(W / stride)]."""
        top, bottom = self._padding_of(x, 0)
        left, right = self._padding_of(x, 1)
        # onnxruntime joins padding and convolution only where the value is written down.
        padded = functional.pad(x, (left, right, top, bottom), value=0.0)
        return functional.conv2d(
            padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )

    def _padding_of(self, x: Tensor, axis: int) -> tuple[int, int]:
        """Pixels before and behind; an odd one out goes behind."""
        size, stride = int(x.shape[axis + 2]), self.stride[axis]
        reach = (self.kernel_size[axis] - 1) * self.dilation[axis] + 1
        steps = -(-size // stride)
        whole = max((steps - 1) * stride + reach - size, 0)
        return whole // 2, whole - whole // 2


def with_plain_padding(backbone: nn.Module) -> nn.Module:
    """A timm model whose ``Conv2dSame`` modules gave their weights to :class:`PaddedConv2d`.

    Arguments:
        backbone: The model, which is changed.
    """
    from timm.layers.conv2d_same import Conv2dSame

    for parent in list(backbone.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is Conv2dSame:
                setattr(parent, name, _padded(child))
    return backbone


def _padded(conv: nn.Conv2d) -> PaddedConv2d:
    padded = PaddedConv2d(
        conv.in_channels,
        conv.out_channels,
        _both(conv.kernel_size),
        stride=_both(conv.stride),
        dilation=_both(conv.dilation),
        groups=conv.groups,
        bias=conv.bias is not None,
        device="meta",
    )
    padded.weight, padded.bias = conv.weight, conv.bias
    return padded.train(conv.training)


def _both(pair: tuple[int, ...]) -> tuple[int, int]:
    height, width = pair
    return height, width
