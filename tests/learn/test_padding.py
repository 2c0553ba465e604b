"""Our padding gives the answers of timm's, bit for bit, and leaves weights and names alone."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from timm.layers.conv2d_same import Conv2dSame

from drivetrain.learn.padding import PaddedConv2d, with_plain_padding

pytestmark = pytest.mark.usefixtures("one_torch_thread")

sizes = st.tuples(st.integers(1, 20), st.integers(1, 20))


@given(
    size=sizes,
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.integers(1, 2),
    depthwise=st.booleans(),
    bias=st.booleans(),
)
def test_every_size_and_stride_gives_timm_s_answers_bit_for_bit(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: int,
    depthwise: bool,
    bias: bool,
) -> None:
    random = torch.Generator().manual_seed(0)
    timms = Conv2dSame(
        4, 4, kernel, stride, dilation=dilation, groups=4 if depthwise else 1, bias=bias
    )
    ours = with_plain_padding(torch.nn.Sequential(timms))
    assert [type(child) for child in ours.children()] == [PaddedConv2d]
    x = torch.rand(2, 4, *size, generator=random)
    with torch.inference_mode():
        assert torch.equal(ours(x), timms(x))


def test_a_model_keeps_its_weights_their_names_and_its_answers() -> None:
    torch.manual_seed(0)
    timms: Any = timm.create_model("tf_efficientnet_lite0", num_classes=3).eval()
    weights = {name: value.clone() for name, value in timms.state_dict().items()}
    x = torch.rand(1, 3, 65, 64)
    with torch.inference_mode():
        expected = timms(x)
    before = torch.random.get_rng_state()
    ours = with_plain_padding(timms)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert sum(isinstance(module, PaddedConv2d) for module in ours.modules()) == 5
    assert not any(type(module) is Conv2dSame for module in ours.modules())
    assert list(ours.state_dict()) == list(weights)
    assert all(torch.equal(ours.state_dict()[name], weights[name]) for name in weights)
    assert not any(module.training for module in ours.modules())
    with torch.inference_mode():
        assert torch.equal(ours(x), expected)


def test_a_weight_that_is_trained_is_the_one_that_answers() -> None:
    ours = with_plain_padding(torch.nn.Sequential(Conv2dSame(3, 2, 3, 2, bias=True)))
    ours(torch.ones(1, 3, 5, 5)).sum().backward()
    assert all(weight.grad is not None for weight in ours.parameters())


def test_a_model_without_such_convolutions_stays_as_it_is() -> None:
    model = timm.create_model("test_resnet")
    before = list(model.modules())
    assert [*with_plain_padding(model).modules()] == before
