"""Opening a bundle: every kind of damage and forgery is refused, and nothing ever runs."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from drivetrain.bundle import Bundle
from drivetrain.bundle.archive import pack, sha256, unpack
from drivetrain.bundle.judging import DOMAIN, EVIDENCE
from drivetrain.bundle.reader import MANIFEST, MODEL, WEIGHTS
from drivetrain.bundle.tensors import write_tensors
from drivetrain.errors import (
    BundleCorruptError,
    BundleError,
    BundleVersionError,
    DrivetrainError,
    SampleMismatchError,
)
from drivetrain.judge import Calibration, ClassJudgement
from drivetrain.predictor import Predictor

GOLDEN = Path(__file__).parents[1] / "golden"
Edit = Callable[[dict[str, Any]], None]


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.sprung}",)


def forged(
    bundle: Path, members: dict[str, bytes] | None = None, edit: Edit | None = None
) -> bytes:
    """The bundle with other members or another manifest, and with hashes and a seal that fit."""
    content, _ = unpack(bundle.read_bytes(), name="it")
    manifest = json.loads(content.pop(MANIFEST))
    content |= members or {}
    manifest["members"] = {
        name: {"size": len(data), "sha256": sha256(data)} for name, data in content.items()
    }
    if edit:
        edit(manifest)
    replaced = (members or {}).get(MANIFEST)
    content.pop(MANIFEST, None)
    return pack({MANIFEST: replaced or json.dumps(manifest).encode()} | content)


def clouds(**parts: Any) -> dict[str, Any]:
    """The tensors of an in-domain test with some of them exchanged."""
    half = {"centres": np.zeros((3, 8), np.float16), "axes": np.zeros((2, 8), np.float16)}
    return half | {"variances": np.ones(2, np.float32)} | parts


def open_and_use(content: bytes) -> None:
    """Everything that a user of a bundle does."""
    Predictor(Bundle.from_bytes(content, name="it")).verify()


def test_a_forgery_that_changes_nothing_opens(bundle: Path) -> None:
    open_and_use(forged(bundle))


@pytest.mark.parametrize("member", [MANIFEST, MODEL, WEIGHTS, DOMAIN, EVIDENCE, "samples/0"])
def test_a_pickle_in_any_member_is_refused_and_never_runs(
    bundle: Path, member: str, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    trap = pickle.dumps(Trap(sprung))
    pickle.loads(trap)
    assert sprung.exists(), "the trap itself has to work"
    sprung.unlink()
    with pytest.raises(BundleCorruptError, match="it "):
        open_and_use(forged(bundle, {member: trap}))
    assert not sprung.exists()


def test_a_bare_pickle_is_no_bundle_and_never_runs(tmp_path: Path) -> None:
    sprung, file = tmp_path / "sprung", tmp_path / "export.pkl"
    file.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(BundleCorruptError, match=r"export\.pkl is not a bundle"):
        Bundle.open(file)
    assert not sprung.exists()


@pytest.mark.parametrize("member", [MODEL, WEIGHTS, DOMAIN, EVIDENCE, "samples/1"])
def test_a_missing_member_is_named(bundle: Path, member: str) -> None:
    content, _ = unpack(bundle.read_bytes(), name="it")
    del content[member]
    with pytest.raises(BundleCorruptError, match=f"lacks its member {member}"):
        Bundle.from_bytes(pack(content), name="it")


def test_a_missing_manifest_is_named(bundle: Path) -> None:
    content, _ = unpack(bundle.read_bytes(), name="it")
    del content[MANIFEST]
    with pytest.raises(BundleCorruptError, match=r"has no manifest\.json"):
        Bundle.from_bytes(pack(content), name="it")


def test_a_member_that_the_manifest_does_not_list_is_refused(bundle: Path) -> None:
    content, _ = unpack(bundle.read_bytes(), name="it")
    with pytest.raises(BundleCorruptError, match=r"holds extra\.py, which its manifest"):
        Bundle.from_bytes(pack(content | {"extra.py": b"print()"}), name="it")


def test_a_member_exchanged_for_another_is_refused(bundle: Path) -> None:
    content, _ = unpack(bundle.read_bytes(), name="it")
    content["samples/0"] = content["samples/1"]
    with pytest.raises(BundleCorruptError, match="another samples/0 than its manifest"):
        Bundle.from_bytes(pack(content), name="it")


def test_a_newer_format_says_what_to_install(bundle: Path) -> None:
    def newer(manifest: dict[str, Any]) -> None:
        manifest["format_version"] = 99
        manifest["written_by"]["drivetrain"] = "9.0"

    with pytest.raises(
        BundleVersionError, match=r"Drivetrain \(9\.0\).*format 99.*drivetrain>=9\.0"
    ):
        Bundle.from_bytes(forged(bundle, edit=newer), name="it")


def test_a_kind_of_data_that_is_unknown_here_says_what_to_install(bundle: Path) -> None:
    def sound(manifest: dict[str, Any]) -> None:
        manifest["preparation"]["kind"] = "sound"

    with pytest.raises(BundleVersionError, match=r"'sound'.*pip install --upgrade"):
        open_and_use(forged(bundle, edit=sound))


def test_a_preparation_with_an_unknown_setting_is_not_ignored(bundle: Path) -> None:
    def sharper(manifest: dict[str, Any]) -> None:
        manifest["preparation"]["sharpen"] = 3

    with pytest.raises(BundleVersionError, match="sharpen"):
        open_and_use(forged(bundle, edit=sharper))


def test_a_field_that_this_version_does_not_know_yet_is_ignored(bundle: Path) -> None:
    def more(manifest: dict[str, Any]) -> None:
        manifest["carbon_footprint"] = 1

    open_and_use(forged(bundle, edit=more))


@pytest.mark.parametrize("vocab", [[], ["one"], "text", None, [1, 2]])
def test_a_manifest_with_a_broken_field_is_refused(bundle: Path, vocab: object) -> None:
    def broken(manifest: dict[str, Any]) -> None:
        manifest["target"]["vocab"] = vocab

    with pytest.raises(BundleCorruptError, match=r"target\.vocab"):
        Bundle.from_bytes(forged(bundle, edit=broken), name="it")


@pytest.mark.parametrize("order", ["key first", "value first"])
def test_a_model_that_reads_files_outside_the_bundle_is_refused(bundle: Path, order: str) -> None:
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4])
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="secret.bin")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy"]
    node = helper.make_node("Add", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", values[:1], values[1:], [weights])
    program = helper.make_model(graph).SerializeToString()
    key, value = b"\n\x08location", b"\x12\nsecret.bin"
    assert key + value in program
    if order == "value first":  # protobuf takes the fields of a message in any order
        program = program.replace(key + value, value + key)
        assert onnx.load(io.BytesIO(program), load_external_data=False) is not None
    with pytest.raises(BundleCorruptError, match="refers to files outside"):
        Bundle.from_bytes(forged(bundle, {MODEL: program}), name="it")


def test_a_model_with_other_inputs_than_the_manifest_says_is_refused(bundle: Path) -> None:
    content, _ = unpack(bundle.read_bytes(), name="it")
    program = onnx.load(io.BytesIO(content[MODEL]))
    program.graph.input[0].name = "other"
    with pytest.raises(BundleCorruptError, match="holds a network"):
        open_and_use(forged(bundle, {MODEL: program.SerializeToString()}))


def test_stored_answers_of_another_length_are_refused(bundle: Path) -> None:
    def shorter(manifest: dict[str, Any]) -> None:
        manifest["samples"][0]["answer"] = [1.0]

    with pytest.raises(BundleCorruptError, match="1 numbers as the answer to samples/0"):
        Bundle.from_bytes(forged(bundle, edit=shorter), name="it")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x80\x04." * 50, b"{}" * 99])
def test_any_other_file_is_no_bundle(content: bytes) -> None:
    with pytest.raises(BundleCorruptError, match="it is "):
        Bundle.from_bytes(content, name="it")


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is a folder"):
        Bundle.open(tmp_path)
    with pytest.raises(BundleError, match="does not exist"):
        Bundle.open(tmp_path / "none.bundle")


def test_no_path_of_the_machine_that_wrote_it_is_inside(bundle: Path, colours: Path) -> None:
    content = bundle.read_bytes()
    for path in (colours, Path(__file__).parents[2], Path(onnx.__file__).parent):
        assert str(path).encode() not in content
    assert b".py" not in content


def test_every_refusal_is_of_the_tree(bundle: Path) -> None:
    with pytest.raises(DrivetrainError) as caught:
        Bundle.from_bytes(bundle.read_bytes()[:-1], name="it")
    assert isinstance(caught.value, ValueError)
    assert caught.value.hint


def program_that_answers(*shape: int, value: float = 0.0) -> bytes:
    """An ONNX program with the right names that answers the same whatever it is asked."""
    logits = helper.make_tensor("c", TensorProto.FLOAT, shape, [value] * int(np.prod(shape)))
    embedding = helper.make_tensor("d", TensorProto.FLOAT, (1, 8), [0.0] * 8)
    nodes = [
        helper.make_node("Constant", [], ["logits"], value=logits),
        helper.make_node("Constant", [], ["embedding"], value=embedding),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", 32, 32, 3])
    answers = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("logits", "embedding")
    ]
    graph = helper.make_graph(nodes, "g", [x], answers)
    opset = [helper.make_opsetid("", 20)]
    program: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=10
    ).SerializeToString()
    return program


@pytest.mark.parametrize("shape", [(1, 5), (1, 2), (1, 0), (3,), (1, 3, 1)])
def test_a_network_that_answers_with_another_shape_is_refused_when_opened(
    bundle: Path, shape: tuple[int, ...]
) -> None:
    content = forged(bundle, {MODEL: program_that_answers(*shape)})
    with pytest.raises(BundleCorruptError, match="answers with the shapes"):
        Predictor(Bundle.from_bytes(content, name="it"))


def test_an_answer_that_is_no_number_is_never_given(bundle: Path, photo: Path) -> None:
    content = forged(bundle, {MODEL: program_that_answers(1, 3, value=float("nan"))})
    with pytest.raises(BundleCorruptError, match="is no number"):
        Predictor(Bundle.from_bytes(content, name="it")).predict(photo)


def test_a_network_that_does_not_fit_its_preparation_is_refused_when_opened(bundle: Path) -> None:
    def larger(manifest: dict[str, Any]) -> None:
        manifest["preparation"]["size"] = [64, 48]

    with pytest.raises(BundleCorruptError, match="holds a network that"):
        Predictor(Bundle.from_bytes(forged(bundle, edit=larger), name="it"))


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("training", "metrics", {"accuracy": 5.0}),
        ("training", "metrics", {"accuracy": float("nan")}),
        ("training", "valid_items", 10**400),
        ("calibration", "items", -1),
        ("domain", "border", float("inf")),
        ("domain", "border", 0.0),
        ("target", "vocab", ["a", "a", "b"]),
        ("target", "vocab", ["a", "b", "\ud800"]),
        (None, "format_version", True),
        (None, "format_version", 0),
    ],
)
def test_a_manifest_with_an_impossible_value_is_refused(
    bundle: Path, part: str | None, field: str, value: object
) -> None:
    def impossible(manifest: dict[str, Any]) -> None:
        (manifest[part] if part else manifest)[field] = value

    with pytest.raises(BundleCorruptError, match="it "):
        Bundle.from_bytes(forged(bundle, edit=impossible), name="it")


def test_what_the_judgement_is_made_of_has_to_fit_together(bundle: Path) -> None:
    def another(**edits: Any) -> bytes:
        def edit(manifest: dict[str, Any]) -> None:
            for part, value in edits.items():
                manifest[part] = {**manifest[part], **value}

        return forged(bundle, edit=edit)

    vector = {"settings": {"method": "vector", "factor": [1.0, 1.0], "shift": [0.0, 0.0]}}
    with pytest.raises(BundleCorruptError, match="a calibration of another number of classes"):
        Bundle.from_bytes(another(calibration=vector))
    with pytest.raises(BundleCorruptError, match=r"costs that do not fit .*pink"):
        Bundle.from_bytes(another(project={"costs": {"of": {"alarm": {"pink": 1.0}}}}))
    with pytest.raises(BundleCorruptError, match=r"domain\.safetensors of another shape"):
        Bundle.from_bytes(another(network={"embedding_size": 9}))


@pytest.mark.parametrize(
    ("member", "tensors", "reason"),
    [
        (DOMAIN, {}, "another shape"),
        (DOMAIN, {"centres": np.zeros((3, 4))}, "another shape"),
        (DOMAIN, {"centres": np.full((3, 16), np.nan)}, "no number"),
        (DOMAIN, clouds(centres=np.full((3, 8), 1e200)), "another shape"),
        (DOMAIN, clouds(variances=np.full(2, 1e-30, np.float32)), "another shape"),
        (EVIDENCE, {"logits": np.zeros((2, 3), np.float32)}, "another shape"),
        (EVIDENCE, {"logits": np.zeros((2, 3)), "targets": np.array([0, 1])}, "another shape"),
        (EVIDENCE, {"logits": np.zeros((2, 3)), "targets": np.array([0, 3])}, "another shape"),
        (EVIDENCE, {"logits": np.zeros((2, 2)), "targets": np.array([0, 1])}, "another shape"),
        (EVIDENCE, b"\x80\x04\x95 a pickle", "no tensors"),
    ],
)
def test_tensors_that_are_not_what_they_should_be_are_refused(
    bundle: Path, member: str, tensors: dict[str, Any] | bytes, reason: str
) -> None:
    content = tensors if isinstance(tensors, bytes) else write_tensors(tensors)
    with pytest.raises(BundleCorruptError, match=reason):
        Bundle.from_bytes(forged(bundle, {member: content}))


def test_a_setting_of_a_later_version_says_what_to_install(bundle: Path) -> None:
    def later(manifest: dict[str, Any]) -> None:
        manifest["calibration"]["settings"]["spline"] = [1.0]
        manifest["written_by"]["drivetrain"] = "7.5"

    with pytest.raises(BundleVersionError, match=r"spline.*drivetrain>=7\.5"):
        Bundle.from_bytes(forged(bundle, edit=later))


def test_a_bundle_of_format_1_has_no_judgement_and_answers_as_it_did() -> None:
    opened = Bundle.open(GOLDEN / "format-1.bundle")
    assert opened.manifest.format_version == 1
    assert opened.manifest.calibration.settings == Calibration()
    assert isinstance(opened.judgement, ClassJudgement)
    assert (opened.judgement.domain, opened.judgement.decision, opened.evidence) == (None,) * 3


def test_an_action_that_is_a_word_of_its_own_or_steers_a_terminal_is_refused(bundle: Path) -> None:
    costs = dict.fromkeys(("blue", "green", "red"), 1.0)
    for action in ("ask a person", "", "go\x1b]0;owned\x07"):

        def naming(manifest: dict[str, Any], action: str = action) -> None:
            manifest["project"] = {"costs": {"of": {action: costs}}}

        with pytest.raises(BundleCorruptError, match="costs that do not fit"):
            Bundle.from_bytes(forged(bundle, edit=naming))


def test_a_sample_whose_score_is_missing_does_not_verify(bundle: Path) -> None:
    def without(manifest: dict[str, Any]) -> None:
        manifest["samples"][0]["domain_score"] = None

    with pytest.raises(SampleMismatchError):
        open_and_use(forged(bundle, edit=without))
