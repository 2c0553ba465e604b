"""Writing the page: where the runtime comes from, and what is never overwritten."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from drivetrain.apps.browser import runtime, write_page
from drivetrain.apps.browser.folder import check_replaceable, put_in_place
from drivetrain.errors import ConfigError, MissingExtraError, OutputError

CONTENTS = {"index.html": b"<p>page</p>", "runtime/engine.wasm": b"engine"}


def fake_npm(folder: Path, body: str) -> None:
    """An ``npm`` that does what some Python says; the search path of programs ends here."""
    folder.mkdir()
    script = folder / "npm"
    script.write_text(f"#!{sys.executable}\nimport os, sys\nfrom pathlib import Path\n{body}\n")
    script.chmod(0o755)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache, and a search path that leads to ``bin`` alone."""
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.fixture
def small_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An unpacked package of two small files, which the hashes are those of."""
    folder = tmp_path / "node_modules" / "onnxruntime-web" / "dist"
    folder.mkdir(parents=True)
    hashes = {}
    for name in runtime.SHA256:
        (folder / name).write_text(name)
        hashes[name] = hashlib.sha256(name.encode()).hexdigest()
    monkeypatch.setattr(runtime, "SHA256", hashes)
    return folder


def test_without_npm_both_ways_out_are_told(alone: Path, bundle: Path) -> None:
    with pytest.raises(MissingExtraError) as caught:
        write_page(bundle, alone / "page")
    assert "no npm" in caught.value.message
    assert "Node.js" in caught.value.hint
    assert "--runtime" in caught.value.hint
    assert not (alone / "page").exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "sys.exit('npm warn slow\\nnpm error code ENOTFOUND\\nnpm error network no such host')",
            "by npm: code ENOTFOUND; network no such host.",
        ),
        ("Path('onnxruntime-web.tgz').write_bytes(b'another')", "another SHA-512"),
        ("pass", "without a word"),
    ],
)
def test_what_goes_wrong_with_npm_is_told(alone: Path, body: str, told: str) -> None:
    fake_npm(alone / "bin", body)
    with pytest.raises(MissingExtraError) as caught:
        runtime.runtime_files()
    assert told in caught.value.message
    assert "--runtime" in caught.value.hint
    assert not (alone / "cache").exists()


def test_what_is_kept_is_used_again_while_it_is_sound(
    alone: Path, small_runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: (small_runtime / name).read_bytes() for name in runtime.SHA256}
    monkeypatch.setattr(runtime, "_fetch", lambda: files)
    assert runtime.runtime_files() == files
    monkeypatch.undo()
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(alone / "cache"))
    monkeypatch.setenv("PATH", "")
    hashes = {name: hashlib.sha256(one).hexdigest() for name, one in files.items()}
    monkeypatch.setattr(runtime, "SHA256", hashes)
    assert runtime.runtime_files() == files
    kept = next((alone / "cache").rglob("*.wasm"))
    kept.write_bytes(b"damaged")
    with pytest.raises(MissingExtraError, match="no npm"):
        runtime.runtime_files()


@pytest.mark.parametrize("above", range(4))
def test_a_given_folder_may_be_any_around_the_files(small_runtime: Path, above: int) -> None:
    given = (small_runtime, *small_runtime.parents)[above]
    assert set(runtime.runtime_files(given)) == set(runtime.SHA256)


def test_a_given_folder_is_checked_by_hash(small_runtime: Path) -> None:
    name = next(iter(runtime.SHA256))
    (small_runtime / name).write_text("of another version")
    with pytest.raises(ConfigError, match=f"{name} is of another version"):
        runtime.runtime_files(small_runtime)
    (small_runtime / name).unlink()
    with pytest.raises(ConfigError, match=f"{name} is missing"):
        runtime.runtime_files(small_runtime)
    with pytest.raises(ConfigError, match="is no folder"):
        runtime.runtime_files(small_runtime / "nowhere")
    shutil.rmtree(small_runtime)
    with pytest.raises(ConfigError, match="holds none of the runtime's files"):
        runtime.runtime_files(small_runtime.parents[1])


def test_a_page_is_replaced_as_a_whole(bundle: Path, small_runtime: Path, tmp_path: Path) -> None:
    out = tmp_path / "page"
    out.mkdir()
    assert write_page(bundle, out, runtime=small_runtime) == out
    first = (out / "sw.js").read_bytes()
    put_in_place(out, {"old.html": b"of an earlier version"})
    write_page(bundle, out, runtime=small_runtime)
    assert (out / "sw.js").read_bytes() == first
    assert not (out / "old.html").exists()
    assert {"index.html", "model.onnx", "style.css", "runtime"} <= {f.name for f in out.iterdir()}
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_the_kept_version_follows_from_the_files(
    bundle: Path, small_runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_page(bundle, tmp_path / "one", runtime=small_runtime)
    name = next(iter(runtime.SHA256))
    (small_runtime / name).write_text("next version")
    monkeypatch.setitem(runtime.SHA256, name, hashlib.sha256(b"next version").hexdigest())
    write_page(bundle, tmp_path / "two", runtime=small_runtime)
    assert (tmp_path / "one/sw.js").read_text() != (tmp_path / "two/sw.js").read_text()


def test_files_of_others_are_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "page"
    put_in_place(out, CONTENTS)
    check_replaceable(out)
    (out / "runtime" / "CNAME").write_text("mine")
    with pytest.raises(ConfigError, match="runtime/CNAME"):
        check_replaceable(out)
    (out / "runtime" / "CNAME").unlink()
    (out / "index.html").write_text("my own words")
    with pytest.raises(ConfigError, match=r"index\.html"):
        check_replaceable(out)


@pytest.mark.parametrize("listing", ["", "[]", '{"format": "another"}', '{"format": "x", "files"'])
def test_a_folder_without_a_page_is_refused(tmp_path: Path, listing: str) -> None:
    (tmp_path / "page.json").write_text(listing)
    with pytest.raises(ConfigError, match=r"page\.json"):
        check_replaceable(tmp_path)


def test_a_file_and_the_folder_one_stands_in_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        check_replaceable(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="the folder that you are in"):
        check_replaceable(Path())


def test_half_a_page_is_never_left(tmp_path: Path) -> None:
    out = tmp_path / "page"
    put_in_place(out, CONTENTS)
    with pytest.raises(OutputError, match="cannot be written"):
        put_in_place(out, {"index.html": b"new", "index.html/below": b"cannot be"})
    assert (out / "index.html").read_bytes() == CONTENTS["index.html"]
    assert [file.name for file in tmp_path.iterdir()] == ["page"]
    with pytest.raises(OutputError, match="cannot be written"):
        put_in_place(out / "index.html" / "page", CONTENTS)
