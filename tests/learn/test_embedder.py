"""Embeddings of onnxruntime are those of the body, for any number of pictures."""

from __future__ import annotations

import pytest
import torch
from conftest import tiny_classifier
from torch import Tensor

from drivetrain.learn import embedder as embedding
from drivetrain.learn.embedder import Embedder

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The tiny body in onnxruntime."""
    made = Embedder(tiny_classifier())
    made(torch.rand(2, 3, 8, 8))
    return made


def in_torch(embedder: Embedder, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return embedder.model.embed(x)


@pytest.mark.parametrize("count", [1, 2, 16, 17, 40])
def test_any_number_of_pictures_is_embedded_as_the_body_does(
    count: int, embedder: Embedder
) -> None:
    x = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(count))
    found = embedder(x)
    assert found.shape == (count, 8)
    # Two engines add in another order: some units in the last place of float32.
    torch.testing.assert_close(found, in_torch(embedder, x), atol=1e-5, rtol=1e-5)


def test_the_body_is_exported_once(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "to_onnx", lambda *_, **__: pytest.fail("exported again"))
    first = embedder(torch.zeros(2, 3, 8, 8))
    assert torch.equal(embedder(torch.zeros(3, 3, 8, 8))[:2], first)


def test_a_model_whose_channels_lie_side_by_side_is_embedded_alike() -> None:
    model = tiny_classifier().to(memory_format=torch.channels_last)
    made = Embedder(model)
    x = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    laid_out = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(made(laid_out), in_torch(made, x), atol=1e-5, rtol=1e-5)


def test_a_model_in_training_mode_embeds_as_it_answers() -> None:
    model = tiny_classifier().train()
    assert not Embedder(model).model.training
