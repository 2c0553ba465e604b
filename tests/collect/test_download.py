"""Downloading from a real server that misbehaves: every address ends as a row with a reason."""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Request, Site, answer, free_port, moved, open_site, picture
from PIL import Image

from drivetrain.collect import DownloadReport, download_images, download_url
from drivetrain.collect.journal import JOURNAL_NAME
from drivetrain.collect.shelf import ABANDONED_AFTER
from drivetrain.errors import CollectError, ConfigError, OutputError

QUICK: dict[str, Any] = {"pause": 0.0, "timeout": 30.0}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "*")
    with open_site() as opened:
        yield opened


def fetch(dest: Path, site: Site, *paths: str, **settings: Any) -> DownloadReport:
    return download_images(dest, urls=[site.url + path for path in paths], **QUICK | settings)


def pictures(site: Site, count: int) -> list[str]:
    paths = [f"/{number}.jpg" for number in range(count)]
    site.pages |= {path: answer(picture(number)) for number, path in enumerate(paths)}
    return paths


def files_below(folder: Path) -> list[str]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(f.relative_to(folder).as_posix() for f in found if f.name != JOURNAL_NAME)


def reasons(report: DownloadReport, site: Site) -> dict[str, str]:
    return {row.url.removeprefix(site.url): row.reason for row in report.failed}


def test_photos_are_saved_as_they_came_in_the_order_of_the_list(tmp_path: Path, site: Site) -> None:
    paths = pictures(site, 12)
    report = fetch(tmp_path / "a" / "b", site, *paths)
    assert report.counts == {"saved": 12, "known": 0, "failed": 0}
    assert [row.url for row in report.rows] == [site.url + path for path in paths]
    assert [f.read_bytes() for f in report.files] == [picture(n) for n in range(12)]
    assert report.files == sorted(report.files)
    assert str(report) == repr(report) == f"{tmp_path / 'a' / 'b'}: 12 saved, 0 known, 0 failed."


def test_the_suffix_follows_the_content_and_not_the_address(tmp_path: Path, site: Site) -> None:
    kinds = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "TIFF": ".tif"}
    for kind in kinds:
        site.pages[f"/{kind}.jpg"] = answer(picture(kind=kind), Content_Type="image/jpeg")
    report = fetch(tmp_path, site, *(f"/{kind}.jpg?size=big" for kind in kinds))
    assert [file.suffix for file in report.files] == list(kinds.values())


def test_each_way_of_going_wrong_is_a_row_with_its_reason_and_the_rest_is_saved(
    tmp_path: Path, site: Site
) -> None:
    whole = picture(1, size=(200, 200))
    site.pages |= {
        "/good.jpg": answer(whole),
        "/page.jpg": answer(b"\n<!DOCTYPE html><html>No</html>", Content_Type="image/jpeg"),
        "/cut.jpg": answer(whole[: len(whole) // 2]),
        "/broken-off.jpg": site.broken_off,
        "/endless.jpg": site.endless,
        "/too-large.jpg": answer(b"", Content_Length="999999"),
        "/error.jpg": answer(b"", 500),
        "/empty.jpg": answer(b""),
        "/drawing.svg": answer(b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "/no-http.jpg": site.no_http,
        "/round.jpg": moved("/and-round.jpg"),
        "/and-round.jpg": moved("/round.jpg"),
        "/to-ftp.jpg": moved("ftp://example.com/a.jpg"),
        "/to-missing.jpg": moved("/missing.jpg"),
        "/tiny.png": answer(picture(kind="PNG", size=(3, 3))),
    } | {f"/far{step}.jpg": moved(f"/far{step + 1}.jpg", 301) for step in range(9)}
    asked = [path for path in site.pages if path != "/and-round.jpg"] + ["/missing.jpg"]
    asked = [path for path in asked if not path.startswith("/far") or path == "/far0.jpg"]
    report = fetch(tmp_path, site, *asked, max_bytes=400_000)
    found = reasons(report, site)
    cut = found.pop("/cut.jpg")
    assert cut.startswith("it is a broken picture: ")
    assert found.pop("/broken-off.jpg").startswith("the connection broke off (")
    assert found.pop("/no-http.jpg").startswith("the connection broke off (")
    assert found == {
        "/page.jpg": "it is an HTML page, not a picture",
        "/endless.jpg": "the file has more than 0.4 MB",
        "/too-large.jpg": "the file has more than 0.4 MB",
        "/error.jpg": "the server answered 500 Internal Server Error",
        "/missing.jpg": "the server answered 404 Not Found",
        "/to-missing.jpg": "the server answered 404 Not Found (after a redirect)",
        "/empty.jpg": "it is empty",
        "/drawing.svg": "it is an SVG drawing, which has no pixels of its own",
        "/round.jpg": "its redirects lead in a circle",
        "/far0.jpg": "it was redirected more than 5 times",
        "/to-ftp.jpg": "it was redirected to ftp://example.com/a.jpg, "
        "which is not an http or https address",
        "/tiny.png": "it is 3 × 3 pixels, and the shortest side allowed is 8",
    }
    assert [row.url for row in report.saved] == [f"{site.url}/good.jpg"]
    assert len(files_below(tmp_path)) == 1
    assert "1 saved, 0 known, 15 failed." in str(report)
    assert len(str(report).splitlines()) == 7


def test_a_server_that_is_silent_is_left_after_the_timeout(tmp_path: Path, site: Site) -> None:
    site.pages["/silent.jpg"] = site.hang
    report = fetch(tmp_path, site, "/silent.jpg", timeout=0.2)
    assert report.failed[0].reason == "the server sent nothing for 0.2 seconds"


def test_a_server_that_trickles_is_left_when_the_time_for_a_file_is_up(
    tmp_path: Path, site: Site
) -> None:
    site.pages |= {"/body.jpg": site.trickle_body, "/header.jpg": site.trickle_header}
    report = fetch(tmp_path, site, *site.pages, max_seconds=0.4)
    assert [row.reason for row in report.failed] == [
        "the file did not arrive within 0.4 seconds"
    ] * 2


@pytest.mark.parametrize(
    "url", ["", "bear.jpg", "//example.com/a.jpg", "ftp://example.com/a", "file:///a", "http://"]
)
def test_what_is_no_web_address_is_a_row_and_nothing_is_asked(url: str, tmp_path: Path) -> None:
    report = download_images(tmp_path, urls=[url])
    assert report.failed[0].reason == "it is not an http or https address"


@pytest.mark.parametrize("url", ["http://[broken/a.jpg", "http://a b/c.jpg", "http://x:y/\x00"])
def test_an_address_that_cannot_be_taken_apart_is_a_row(url: str, tmp_path: Path) -> None:
    report = download_images(tmp_path, urls=[url])
    assert report.failed[0].reason


def test_hosts_that_refuse_or_do_not_exist_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    look_up = socket.getaddrinfo

    def no_such_host(host: Any, *rest: Any, **more: Any) -> Any:
        if host in ("no-such-host.invalid", b"no-such-host.invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    urls = [f"http://127.0.0.1:{free_port()}/a.jpg", "http://no-such-host.invalid/a.jpg"]
    report = download_images(tmp_path, urls=urls, **QUICK)
    assert [row.reason for row in report.rows] == [
        "the host 127.0.0.1 refused the connection",
        "the host no-such-host.invalid was not found (Name or service not known)",
    ]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, site: Site) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        ["openssl", *command.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    site.secure(certificate, key)
    report = fetch(tmp_path / "dest", site, "/a.jpg")
    assert report.failed[0].reason.startswith("the server's certificate is not valid (self")
    assert site.asked == []


def test_redirects_are_followed_to_the_picture(tmp_path: Path, site: Site) -> None:
    site.pages |= {f"/{n}": moved(f"{n + 1}", 307) for n in range(4)} | {
        "/4": moved(f"{site.url.replace('127.0.0.1', 'localhost')}/5.jpg"),
        "/5.jpg": answer(picture()),
    }
    report = fetch(tmp_path, site, "/0")
    assert [row.url for row in report.saved] == [f"{site.url}/0"]


def test_a_packed_answer_is_unpacked(tmp_path: Path, site: Site) -> None:
    site.pages["/a.jpg"] = answer(gzip.compress(picture()), Content_Encoding="gzip")
    assert fetch(tmp_path, site, "/a.jpg").files[0].read_bytes() == picture()


def test_the_same_picture_from_two_addresses_is_saved_once(tmp_path: Path, site: Site) -> None:
    site.pages |= {path: answer(picture()) for path in ("/a.jpg", "/b.jpg")}
    report = fetch(tmp_path, site, "/a.jpg", "/b.jpg", "/a.jpg", n_workers=1)
    assert report.counts == {"saved": 1, "known": 2, "failed": 0}
    (name,) = files_below(tmp_path)
    assert report.rows[1].reason == f"it is the same picture as {name}"
    assert report.rows[2].reason == "the list holds this address twice"
    assert report.files == [tmp_path / name]
    assert site.counts() == {"/a.jpg": 1, "/b.jpg": 1}


def test_the_same_call_again_asks_only_for_what_is_missing(tmp_path: Path, site: Site) -> None:
    paths = pictures(site, 4)
    del site.pages["/3.jpg"]
    site.pages["/twin.jpg"] = answer(picture(0))
    first = fetch(tmp_path, site, *paths, "/twin.jpg", n_workers=1)
    assert first.counts == {"saved": 3, "known": 1, "failed": 1}
    first.files[1].unlink()
    site.pages["/3.jpg"] = answer(picture(3))
    site.asked.clear()
    again = fetch(tmp_path, site, *paths, "/twin.jpg")
    assert sorted(site.asked) == ["/1.jpg", "/3.jpg"]
    assert [row.status for row in again.rows] == ["known", "saved", "known", "saved", "known"]
    assert again.rows[0].reason == "it was saved by an earlier call"
    assert again.rows[4].reason == f"it is the same picture as {first.files[0].name}"
    assert [file.read_bytes() for file in again.files] == [picture(n) for n in range(4)]
    assert again.files[:3] == first.files


def test_a_journal_with_a_half_written_last_line_loses_that_line_only(
    tmp_path: Path, site: Site
) -> None:
    paths = pictures(site, 4)
    fetch(tmp_path, site, *paths[:3], n_workers=1)
    journal = tmp_path / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes()[:-20])
    site.asked.clear()
    again = fetch(tmp_path, site, *paths)
    assert sorted(site.asked) == ["/2.jpg", "/3.jpg"]
    assert len(files_below(tmp_path)) == 4
    assert [row.status for row in again.rows] == ["known", "known", "saved", "saved"]
    site.asked.clear()
    assert fetch(tmp_path, site, *paths).counts["known"] == 4
    assert site.asked == []


CHILD = """
import sys
from drivetrain.collect import download_images
download_images(sys.argv[1], url_file=sys.argv[2], pause=0.0, timeout=60.0, n_workers=2)
"""


def start_child(tmp_path: Path, site: Site, paths: list[str]) -> subprocess.Popen[bytes]:
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"{site.url}{path}\n" for path in paths))
    arguments = [sys.executable, "-c", CHILD, str(tmp_path / "dest"), str(urls)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_after_a_kill_the_same_call_goes_on_where_it_ended(tmp_path: Path, site: Site) -> None:
    paths = pictures(site, 30)
    goes_on = site.pages["/20.jpg"]
    site.pages["/20.jpg"] = site.pages["/21.jpg"] = site.hang
    child = start_child(tmp_path, site, paths)
    assert site.has_seen("/20.jpg")
    assert site.has_seen("/21.jpg")
    child.kill()
    child.communicate()
    saved = [name for name in files_below(tmp_path / "dest") if not name.startswith(".")]
    assert len(saved) >= 19
    site.pages["/20.jpg"], site.pages["/21.jpg"] = goes_on, answer(picture(21))
    site.asked.clear()
    report = download_images(tmp_path / "dest", url_file=tmp_path / "urls.txt", **QUICK)
    assert set(paths[20:]) <= set(site.asked)
    assert len(site.asked) <= 11
    assert [file.read_bytes() for file in report.files] == [picture(n) for n in range(30)]
    assert sorted(file.name for file in report.files) == [
        name for name in files_below(tmp_path / "dest") if not name.startswith(".")
    ]


def test_a_kill_between_the_file_and_its_line_leaves_no_second_copy(
    tmp_path: Path, site: Site
) -> None:
    paths = pictures(site, 1)
    fetch(tmp_path, site, *paths, preserve_filename=True)
    (tmp_path / JOURNAL_NAME).unlink()
    fetch(tmp_path, site, *paths, preserve_filename=True)
    assert files_below(tmp_path) == ["0.jpg"]


def test_an_interruption_ends_the_requests_that_hang(tmp_path: Path, site: Site) -> None:
    site.pages["/0.jpg"] = site.hang
    child = start_child(tmp_path, site, ["/0.jpg"])
    assert site.has_seen("/0.jpg")
    child.send_signal(signal.SIGINT)
    try:
        said = child.communicate(timeout=45)[1].decode()
    finally:
        child.kill()
    assert "KeyboardInterrupt" in said
    assert not site.closing.is_set()


def test_only_old_parts_of_files_are_swept_away(tmp_path: Path, site: Site) -> None:
    (tmp_path / "bear").mkdir()
    for folder in (tmp_path, tmp_path / "bear"):
        (folder / ".a.jpg-1.part").write_bytes(b"old")
        (folder / ".b.jpg-2.part").write_bytes(b"new")
        old = (folder / ".a.jpg-1.part").stat().st_mtime - ABANDONED_AFTER - 10
        os.utime(folder / ".a.jpg-1.part", (old, old))
    fetch(tmp_path, site, *pictures(site, 1))
    left = [name for name in files_below(tmp_path) if name.endswith(".part")]
    assert left == [".b.jpg-2.part", "bear/.b.jpg-2.part"]


def test_one_host_gets_two_requests_at_once_and_knows_who_asks(tmp_path: Path, site: Site) -> None:
    paths = pictures(site, 12)
    report = fetch(tmp_path, site, *paths, n_workers=8)
    assert len(report.saved) == 12
    assert site.most_at_once <= 2
    (agent,) = site.agents
    assert agent.startswith("Drivetrain/")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_busy_server_is_asked_again_when_it_says(
    status: int, wait: str, tmp_path: Path, site: Site
) -> None:
    busy = answer(b"", status, Retry_After=wait)

    def page(request: Request) -> None:
        (busy if len(site.asked) == 1 else answer(picture()))(request)

    site.pages["/a.jpg"] = page
    assert len(fetch(tmp_path, site, "/a.jpg").saved) == 1
    assert len(site.asked) == 2


def test_a_server_that_stays_busy_is_given_up(tmp_path: Path, site: Site) -> None:
    site.pages["/a.jpg"] = answer(b"", 503, Retry_After="0")
    report = fetch(tmp_path, site, "/a.jpg")
    assert report.failed[0].reason == "the server answered 503 Service Unavailable, 3 times"
    assert len(site.asked) == 3


def test_a_server_that_asks_for_too_long_a_wait_is_left_in_peace(
    tmp_path: Path, site: Site
) -> None:
    paths = pictures(site, 5)
    site.pages["/0.jpg"] = answer(b"", 429, Retry_After="3600")
    report = fetch(tmp_path, site, *paths, n_workers=1)
    assert site.asked == ["/0.jpg"]
    assert {row.reason for row in report.rows} == {
        "the server answered 429 Too Many Requests and asks to wait 3600 seconds"
    }


def test_a_column_label_makes_a_folder_a_class(tmp_path: Path, site: Site) -> None:
    pictures(site, 3)
    table = tmp_path / "bears.csv"
    table.write_text(
        f"label,url\nblack bear,{site.url}/0.jpg\nteddy,{site.url}/1.jpg\n"
        f"../teddy,{site.url}/2.jpg\n,{site.url}/2.jpg\nteddy,{site.url}/0.jpg\n"
    )
    report = download_images(tmp_path / "bears", url_file=table, n_workers=1, **QUICK)
    folders = [name.partition("/")[0] for name in files_below(tmp_path / "bears")]
    assert folders == ["black bear", "teddy"]
    assert [row.label for row in report.rows] == ["black bear", "teddy", "../teddy", "", "teddy"]
    assert [row.reason for row in report.failed] == [
        "the label '../teddy' cannot be the name of a folder",
        "it has no label",
    ]
    assert report.rows[4].reason.startswith("it is the same picture as black bear/00000-")


def test_the_names_in_the_addresses_are_kept_where_they_are_safe(
    tmp_path: Path, site: Site
) -> None:
    names = {
        "/a/brown%20bear.JPG": "brown bear.jpg",
        "/b/brown%20bear.png": "brown bear-2.jpg",
        "/c/..%2f..%2fevil.jpg": "evil.jpg",
        "/con.jpg": "con_.jpg",
        "/a%00b:c.jpg": "a_b_c.jpg",
        "/.hidden.jpg": "hidden.jpg",
    }
    for seed, path in enumerate(names):
        site.pages[path] = answer(picture(seed))
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest" / "evil.jpg").write_bytes(b"somebody's own")
    report = fetch(tmp_path / "dest", site, *names, preserve_filename=True, n_workers=1)
    saved = dict(zip(names, (file.name for file in report.files), strict=True))
    assert saved == names | {"/c/..%2f..%2fevil.jpg": "evil-2.jpg"}
    assert (tmp_path / "dest" / "evil.jpg").read_bytes() == b"somebody's own"
    assert [path.name for path in tmp_path.iterdir()] == ["dest"]


def test_max_pics_takes_the_beginning_and_says_what_it_left_out(tmp_path: Path, site: Site) -> None:
    report = fetch(tmp_path, site, *pictures(site, 5), max_pics=2)
    assert sorted(site.asked) == ["/0.jpg", "/1.jpg"]
    assert report.left_out == 3
    assert str(report).endswith("  3 more addresses were left out by max_pics.")


def test_an_empty_list_is_an_empty_report(tmp_path: Path) -> None:
    assert download_images(tmp_path, urls=[]).rows == []


def test_the_report_is_json(tmp_path: Path, site: Site) -> None:
    shown = json.loads(json.dumps(fetch(tmp_path, site, *pictures(site, 1), "/x").as_dict()))
    assert shown["counts"] == {"saved": 1, "known": 0, "failed": 1}
    assert shown["rows"][1]["reason"] == "the server answered 404 Not Found"
    assert shown["rows"][1]["file"] is None


def test_libraries_keep_quiet_and_nothing_is_printed(
    tmp_path: Path,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    huge = io.BytesIO()
    Image.new("1", (9_700, 9_700)).save(huge, "PNG")
    site.pages["/huge.png"] = answer(huge.getvalue())
    with caplog.at_level(logging.DEBUG):
        report = fetch(tmp_path, site, "/huge.png", *pictures(site, 2))
    assert len(report.saved) == 3
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger("httpx").level == logging.NOTSET


def test_a_folder_that_cannot_be_made_or_written_ends_the_call(tmp_path: Path, site: Site) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file is a file, and a folder is needed"):
        fetch(tmp_path / "file", site, "/a.jpg")
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest" / "teddy").write_text("in the way")
    table = tmp_path / "bears.csv"
    paths = pictures(site, 20)
    table.write_text("url,label\n" + "".join(f"{site.url}{path},teddy\n" for path in paths))
    with pytest.raises(OutputError, match=r"teddy.*cannot be written"):
        download_images(tmp_path / "dest", url_file=table, **QUICK)


@pytest.mark.parametrize(
    "settings",
    [{"max_pics": -1}, {"timeout": 0}, {"max_bytes": 0}, {"pause": -1}, {"n_workers": -1}],
)
def test_numbers_that_cannot_work_are_refused_before_anything_is_made(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        download_images(tmp_path / "dest", urls=["http://127.0.0.1/a"], **settings)
    assert not (tmp_path / "dest").exists()


def test_download_url_saves_one_file_of_any_kind(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages |= {"/a/data.zip": answer(b"zip"), "/moved": moved("/a/data.zip")}
    monkeypatch.chdir(tmp_path)
    url = f"{site.url}/a/data.zip"
    assert download_url(url).resolve() == tmp_path / "data.zip"
    assert download_url(url, tmp_path / "x" / "y.bin") == tmp_path / "x" / "y.bin"
    assert download_url(url, tmp_path / "x", show_progress=False) == tmp_path / "x" / "data.zip"
    site.pages["/a/data.zip"] = answer(b"newer")
    assert download_url(f"{site.url}/moved", "data.zip").read_bytes() == b"newer"
    assert files_below(tmp_path) == ["data.zip", "x/data.zip", "x/y.bin"]


def test_download_url_leaves_what_was_there_when_it_fails(tmp_path: Path, site: Site) -> None:
    site.pages |= {"/cut.zip": site.broken_off, "/round": moved("/round")}
    target = tmp_path / "data.zip"
    target.write_bytes(b"old")
    expected = {
        "/cut.zip": "the connection broke off",
        "/gone.zip": "the server answered 404 Not Found",
        "/round": "it was redirected more than 5 times",
    }
    for path, reason in expected.items():
        with pytest.raises(CollectError, match=f"could not be downloaded: {reason}"):
            download_url(site.url + path, target)
    with pytest.raises(CollectError, match="it is not an http or https address"):
        download_url("file:///etc/passwd", target)
    assert target.read_bytes() == b"old"
    assert files_below(tmp_path) == ["data.zip"]
