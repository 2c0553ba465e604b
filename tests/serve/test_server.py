"""The server as a client sees it: a real process, real HTTP, a real record."""

from __future__ import annotations

import io
import json
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import COLOURS, Run, Server, StartServer, colour_photo
from PIL import Image

from drivetrain.bundle import Bundle
from drivetrain.export import export_bundle
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.predictor import Predictor
from drivetrain.project import Project
from drivetrain.store import Database, PredictionLog


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(bundle, tmp_path_factory.mktemp("server"), python=sys.executable)
    yield started
    started.kill()


def error_of(response: httpx.Response) -> dict[str, str]:
    body = response.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "hint"}
    error: dict[str, str] = body["error"]
    assert error["message"]
    assert "Traceback" not in response.text
    return error


def encoded(picture: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def test_curl_gets_an_answer_whose_id_is_in_the_record_after_kill_9(
    bundle: Path, photo: Path, start_server: StartServer
) -> None:
    server = start_server(bundle)
    printed = server.curl_line.replace("photo.jpg", str(photo))
    answered = subprocess.run(printed, shell=True, capture_output=True, text=True, check=True)
    server.kill()
    answer = json.loads(answered.stdout)
    assert answer.keys() == {
        "id", "label", "probabilities", "in_domain", "domain_score", "decision", "values",
        "intervals", "remarks", "model",
    }  # fmt: skip
    assert answer["label"] == "red"
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    with Database(f"sqlite:///{server.folder / 'predictions.db'}") as database:
        row = PredictionLog(database).find(answer["id"])
    assert row is not None
    assert row.label == "red"
    assert row.bundle == Bundle.open(bundle).seal
    assert row.bundle.startswith(answer["model"])
    assert row.input_type == "image/jpeg"


def test_verdict_and_decision_are_answered_as_the_record_keeps_them(
    trained: Learner[DataLoaders], photo: Path, tmp_path: Path, start_server: StartServer
) -> None:
    project = Project.from_toml(
        "[costs]\nask_a_person = 2\ntouch = {blue = 0, green = 0, red = 100}\n"
        "leave = {blue = 9, green = 9, red = 0}"
    )
    file = export_bundle(trained, tmp_path / "m.bundle", project=project)
    stripes = Image.fromarray(np.tile(np.array([[0], [255]], np.uint8), (20, 40)))
    inputs = [photo.read_bytes(), encoded(stripes, "PNG")]
    server = start_server(file)
    answers = [httpx.post(f"{server.url}/v1/predict", content=each).json() for each in inputs]
    server.kill()
    expected = [answer.as_dict() for answer in Predictor.open(file).predict(inputs)]
    assert [answer["in_domain"] for answer in answers] == [True, False]
    assert answers[1]["decision"] == "ask a person"
    with Database(f"sqlite:///{server.folder / 'predictions.db'}") as database:
        log = PredictionLog(database)
        for answer, alone in zip(answers, expected, strict=True):
            row = log.find(answer["id"])
            assert row is not None
            for field in ("label", "in_domain", "domain_score", "decision"):
                assert getattr(row, field) == answer[field]
            assert answer["decision"] == alone["decision"]
            assert answer["domain_score"] == pytest.approx(alone["domain_score"], rel=1e-3)


def test_a_form_and_a_bare_body_get_the_same_answer(server: Server, photo: Path) -> None:
    content = photo.read_bytes()
    form = httpx.post(f"{server.url}/v1/predict", files={"file": ("p.jpg", content, "image/jpeg")})
    bare = httpx.post(
        f"{server.url}/v1/predict", content=content, headers={"content-type": "image/jpeg"}
    )
    unnamed = httpx.post(f"{server.url}/v1/predict", content=content)
    assert form.status_code == bare.status_code == unnamed.status_code == 200
    answers = [response.json()["probabilities"] for response in (form, bare, unnamed)]
    assert answers[0] == answers[1] == answers[2]


def test_many_clients_at_once_get_their_own_answers(server: Server) -> None:
    names = [list(COLOURS)[number % 3] for number in range(60)]
    bodies = [encoded(colour_photo(name, seed), "PNG") for seed, name in enumerate(names)]

    def ask(body: bytes) -> str:
        answer = httpx.post(
            f"{server.url}/v1/predict", content=body, headers={"content-type": "image/png"}
        )
        return str(answer.json()["label"])

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, bodies)) == names


def test_health_ready_and_model_say_what_they_should(server: Server, bundle: Path) -> None:
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
    seal = Bundle.open(bundle).seal
    assert httpx.get(f"{server.url}/ready").json() == {"status": "ready", "model": seal[:12]}
    model = httpx.get(f"{server.url}/v1/model").json()
    assert model["vocab"] == ["blue", "green", "red"]
    assert model["sha256"] == seal
    assert model["training"]["valid_items"] == 9
    assert model["limits"]["max_bytes"] == 20_000_000


def test_the_page_and_its_parts_come_from_the_server_alone(server: Server) -> None:
    page = httpx.get(server.url)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text
    script = httpx.get(f"{server.url}/static/page.js")
    assert script.headers["content-type"].startswith("text/javascript")


def declared_png(width: int, height: int) -> bytes:
    """A tiny file whose header declares a picture of any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


BAD = {
    "text": (b"hello, I am no picture", "image/jpeg", 422, "unreadable_input"),
    "nothing": (b"", "image/jpeg", 400, "no_input"),
    "a bomb": (declared_png(30_000, 30_000), "image/png", 413, "input_too_large"),
    "one pixel": (declared_png(1, 1), "image/png", 422, "input_too_small"),
    "a foreign type": (b"{}", "application/json", 415, "unsupported_media_type"),
    "too many bytes": (b"x" * 20_000_001, "image/jpeg", 413, "input_too_large"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("way", ["form", "body"])
def test_bad_input_is_told_with_a_hint(server: Server, case: str, way: str) -> None:
    content, media_type, status, code = BAD[case]
    address = f"{server.url}/v1/predict"
    if way == "form":
        response = httpx.post(address, files={"file": ("a.bin", content, media_type)}, timeout=60)
    else:
        headers = {"content-type": media_type}
        response = httpx.post(address, content=content, headers=headers, timeout=60)
    assert response.status_code == status
    assert error_of(response)["code"] == code
    assert httpx.get(f"{server.url}/ready").status_code == 200


def test_a_truncated_photo_is_422_and_the_next_is_answered(server: Server, photo: Path) -> None:
    whole = photo.read_bytes()
    headers = {"content-type": "image/jpeg"}
    cut = httpx.post(f"{server.url}/v1/predict", content=whole[: len(whole) // 2], headers=headers)
    assert cut.status_code == 422
    assert "broken picture" in error_of(cut)["message"]
    assert httpx.post(f"{server.url}/v1/predict", content=whole, headers=headers).is_success


def test_a_form_without_the_field_and_a_broken_form_are_400(server: Server, photo: Path) -> None:
    address = f"{server.url}/v1/predict"
    other = httpx.post(address, files={"picture": photo.read_bytes()})
    assert other.status_code == 400
    assert "field named file" in error_of(other)["message"]
    headers = {"content-type": "multipart/form-data; boundary=x"}
    broken = httpx.post(address, content=b"--y\r\nnonsense", headers=headers)
    assert broken.status_code == 400
    assert error_of(broken)["code"] == "bad_form"
    no_boundary = httpx.post(address, content=b"a", headers={"content-type": "multipart/form-data"})
    assert no_boundary.status_code == 400
    error_of(no_boundary)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/predict", 405)]
)
def test_a_wrong_address_is_told_in_the_same_form(
    server: Server, method: str, path: str, status: int
) -> None:
    response = httpx.request(method, server.url + path)
    assert response.status_code == status
    error_of(response)


def test_a_client_that_hangs_up_half_way_harms_nobody_and_is_no_fault(
    bundle: Path, photo: Path, start_server: StartServer
) -> None:
    server = start_server(bundle)
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as half:
            half.sendall(
                b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
                b"Content-Length: 99999\r\n\r\n" + photo.read_bytes()[:500]
            )
    answer = httpx.post(f"{server.url}/v1/predict", content=photo.read_bytes())
    assert answer.json()["label"] == "red"
    server.process.terminate()
    assert "Traceback" not in server.process.communicate()[1]


def test_a_port_in_use_is_one_line_and_the_other_server_goes_on(
    server: Server, bundle: Path, run: Run
) -> None:
    port = server.url.rsplit(":", 1)[1]
    ended = run("serve", bundle, "--port", port)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"Port {port}" in ended.stderr
    assert "--port" in ended.stderr
    assert httpx.get(f"{server.url}/health").is_success


def test_a_store_that_cannot_be_kept_stops_the_start(bundle: Path, run: Run) -> None:
    ended = run("serve", bundle, "--port", "0", "--store", "sqlite:///missing/folder/p.db")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "missing/folder/p.db" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_server_that_is_told_to_stop_stops_though_an_upload_hangs(
    bundle: Path, start_server: StartServer
) -> None:
    server = start_server(bundle)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as hanging:
        hanging.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nabc")
        httpx.get(f"{server.url}/health")
        server.process.terminate()
        server.process.communicate(timeout=60)
    assert server.process.returncode is not None
