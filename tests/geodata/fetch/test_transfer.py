"""Plain files: complete and right, or not there at all; resumed where that is safe."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import shutil
import ssl
import subprocess
import time
import zipfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from geodata.fetch.transfer import download_file
from geodata.fetch.web import FetchFailed, Patience, Web
from tests.geodata.fetch.replay import File, Handler, Server, hang, page, reset, serving, status

TABLE = b"practice_code,name\n" + b"".join(b"X%05d,Surgery %d\n" % (i, i) for i in range(40_000))


def zipped(content: bytes = TABLE) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("Data/table.csv", content)
    return made.getvalue()


def fails(web: Web, url: str, target: Path, **more: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        download_file(web, url, target, **more)
    assert caught.value.finding.fix
    assert caught.value.finding.value == url or caught.value.finding.code == "fetch-disk"
    assert not target.exists()
    return caught.value


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE)}) as server:
        told = []
        tell = lambda done, total: told.append((done, total))  # noqa: E731
        got = download_file(web, server.address + "/a.csv", tmp_path / "new" / "a.csv", expect="csv", tell=tell)
    assert (tmp_path / "new" / "a.csv").read_bytes() == TABLE
    assert got.bytes == len(TABLE)
    assert got.sha256 == hashlib.sha256(TABLE).hexdigest()
    assert told[-1] == (len(TABLE), len(TABLE))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]
    assert waits == []


def test_a_cut_answer_is_taken_up_where_it_broke_off(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE, cuts=[300_000, 200_000])}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE
    asked = [headers.get("Range") for _, _, headers in server.log]
    assert asked[0] is None
    first, second = (int(text.removeprefix("bytes=").removesuffix("-")) for text in asked[1:])
    assert 0 < first <= 300_000 < second <= 500_000
    assert all(headers["If-Range"] == '"one"' for _, _, headers in server.log[1:])
    assert len(waits) == 2


def test_without_an_entity_tag_the_date_serves(web, tmp_path):
    with serving({"/a.csv": File(TABLE, etag='W/"weak"', cuts=[300_000])}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert server.log[1][2]["If-Range"] == "Wed, 01 Jan 2025 00:00:00 GMT"
    assert (tmp_path / "a.csv").read_bytes() == TABLE


@pytest.mark.parametrize(
    "file",
    [File(TABLE, ranges=False), File(TABLE, etag="", modified=""), File(TABLE, length=False)],
    ids=["no ranges", "nothing to recognise it by", "no length"],
)
def test_what_cannot_be_resumed_starts_again(web, tmp_path, file):
    if file.length:
        file.cuts = [300_000]
    else:
        file.faults = [reset]
    with serving({"/a.csv": file}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE


@pytest.mark.parametrize("heeds", [True, False], ids=["server heeds If-Range", "server ignores If-Range"])
@pytest.mark.parametrize("longer", [True, False])
def test_a_file_that_changes_on_the_way_is_never_patched_together(web, tmp_path, heeds, longer):
    new = TABLE.replace(b"Surgery", b"Practice" if longer else b"SURGERY")
    file = File(TABLE, cuts=[300_000], heeds_if_range=heeds)

    def answer(handler: Handler) -> None:
        file(handler)
        if not file.cuts:
            file.body, file.etag, file.modified = new, '"two"', "Thu, 02 Jan 2025 00:00:00 GMT"

    with serving({"/a.csv": answer}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == new


@pytest.mark.parametrize("odd", ["begins elsewhere", "another length", "only the next piece", "no Content-Range"])
def test_odd_answers_to_a_range_do_no_harm(web, tmp_path, odd):
    plain, requests = File(TABLE, cuts=[300_000]), []

    def answer(handler: Handler) -> None:
        requests.append(handler.headers.get("Range"))
        if len(requests) != 2:
            plain(handler)
            return
        start, whole = int(requests[1].removeprefix("bytes=").removesuffix("-")), len(TABLE)
        first, last, total = {
            "begins elsewhere": (start - 10, whole - 11, whole),
            "another length": (start, whole - 1, whole + 5),
            "only the next piece": (start, start + 99, whole),
            "no Content-Range": (start, whole - 1, whole),
        }[odd]
        span = {} if odd == "no Content-Range" else {"Content-Range": f"bytes {first}-{last}/{total}"}
        handler.reply(206, TABLE[first : last + 1], {"ETag": '"one"'} | span)

    with serving({"/a.csv": answer}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE


def test_stopped_by_hand_and_taken_up_by_the_next_command(web, tmp_path):
    def stop(done: int, total: int | None) -> None:
        if done > 300_000:
            raise KeyboardInterrupt

    with serving({"/a.csv": File(TABLE)}) as server:
        with pytest.raises(KeyboardInterrupt):
            download_file(web, server.address + "/a.csv", tmp_path / "a.csv", tell=stop)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv.part", "a.csv.part.json"]
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE
    assert "Range" in server.log[1][2]
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_part_of_another_address_is_not_taken_up(web, tmp_path):
    (tmp_path / "a.csv.part").write_bytes(b"other,content\n" * 50)
    about = {"url": "http://127.0.0.1/elsewhere", "etag": '"one"', "total": len(TABLE)}
    (tmp_path / "a.csv.part.json").write_text(json.dumps(about), encoding="utf-8")
    with serving({"/a.csv": File(TABLE)}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "Range" not in server.log[0][2]
    assert (tmp_path / "a.csv").read_bytes() == TABLE


@pytest.mark.parametrize("about", ["", "{", "[]", '{"url": 5, "etag": 7}'])
def test_a_damaged_note_about_a_part_does_no_harm(web, tmp_path, about):
    (tmp_path / "a.csv.part").write_bytes(b"other,content\n" * 50)
    (tmp_path / "a.csv.part.json").write_text(about, encoding="utf-8")
    with serving({"/a.csv": File(TABLE)}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE


@pytest.mark.parametrize("arrived", [len(TABLE), len(TABLE) + 9])
def test_a_part_that_is_complete_or_too_long(web, tmp_path, arrived):
    with serving({"/a.csv": File(TABLE)}) as server:
        url = server.address + "/a.csv"
        (tmp_path / "a.csv.part").write_bytes((TABLE + b"x" * 9)[:arrived])
        about = {"url": url, "etag": '"one"', "total": len(TABLE)}
        (tmp_path / "a.csv.part.json").write_text(json.dumps(about), encoding="utf-8")
        download_file(web, url, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE


# ---------------------------------------------------------------------- faults that pass


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (status(500), [2.0]),
        (status(503), [2.0]),
        (status(429, Retry_After="7"), [7.0]),
        (status(503, Retry_After="nonsense"), [2.0]),
        (hang(0.6), [2.0]),
        (reset, [2.0]),
    ],
    ids=["500", "503", "429", "odd Retry-After", "no answer", "reset"],
)
def test_faults_that_pass(web, waits, tmp_path, fault, waited):
    with serving({"/a.csv": File(TABLE, faults=[fault])}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE
    assert waits == waited


def test_a_date_to_come_back_at_is_heeded(web, waits, tmp_path):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    with serving({"/a.csv": File(TABLE, faults=[status(429, Retry_After=later)])}) as server:
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert 80 <= waits[0] <= 91


def test_too_long_a_wait_is_told_instead_of_waited(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE, faults=[status(429, Retry_After="4000")])}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "asks to wait 67 minutes" in failed.finding.message
    assert waits == []


def test_given_up_after_five_tries_with_one_sentence(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE, faults=[status(502)] * 9)}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert failed.finding.message == "Given up after 5 tries: 127.0.0.1: the server has a fault or is busy (502)."
    assert waits == [2.0, 4.0, 8.0, 16.0]
    assert len(server.log) == 5


def test_nobody_listens(web, waits, tmp_path):
    with serving({}) as server:
        url = server.address + "/a.csv"
    failed = fails(web, url, tmp_path / "a.csv")
    assert "Given up after 5 tries: there is no connection to 127.0.0.1" in failed.finding.message


def test_an_answer_that_always_breaks_off_is_given_up_and_kept(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE, cuts=[1000] * 9)}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "broke off" in failed.finding.message or "ended after" in failed.finding.message
    assert (tmp_path / "a.csv.part").exists()


def test_progress_is_not_counted_as_failure(waits, tmp_path):
    big = b"a,b\n" + b"1,2\n" * 3_000_000
    with (
        serving({"/a.csv": File(big, cuts=[1_900_000] * 6)}) as server,
        Web(Patience(tries=2, read_s=5, sleep=waits.append)) as web,
    ):
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == big
    assert set(waits) == {2.0}


def test_a_server_that_never_lets_a_download_go_on_is_given_up(waits, tmp_path):
    big, asked = b"a,b\n" + b"1,2\n" * 900_000, []

    def answer(handler: Handler) -> None:
        asked.append(handler.headers.get("Range"))
        assert len(asked) < 50, "asked for ever"
        if asked[-1]:
            handler.reply(206, b"1,2\n1", {"ETag": '"one"', "Content-Range": "bytes 5-9/10"})
        else:
            handler.reply(200, big, {"ETag": '"one"'}, cut=2_000_000)

    with serving({"/a.csv": answer}) as server, Web(Patience(tries=3, read_s=5, sleep=waits.append)) as web:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert failed.finding.code == "fetch-given-up"
    assert len(asked) < 10


def test_a_server_that_drips_is_not_waited_for(waits, tmp_path):
    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(TABLE)))
        handler.end_headers()
        for at in range(1_000):
            handler.wfile.write(TABLE[at : at + 1])
            handler.wfile.flush()
            time.sleep(0.02)

    slow = Patience(tries=2, read_s=5, stall_s=0.2, sleep=waits.append)
    began = time.monotonic()
    with serving({"/a.csv": drip}) as server, Web(slow) as web:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "sends almost nothing" in failed.finding.message
    assert time.monotonic() - began < 5


# ---------------------------------------------------------------------- faults that stay


@pytest.mark.parametrize(
    "url", ["https://a..b/a.csv", f"https://{'a' * 70}.uk/a.csv", "https://files.example:99999/a.csv"]
)
def test_an_address_that_cannot_be(web, waits, tmp_path, url):
    failed = fails(web, url, tmp_path / "a.csv")
    assert "cannot be asked" in failed.finding.message
    assert waits == []


def test_a_redirect_to_another_kind_of_address(web, waits, tmp_path):
    for number, there in enumerate(("file:///etc/passwd", "ftp://127.0.0.1/a", "https://a..b/", "http://[::1")):
        with serving({"/a.csv": lambda handler, to=there: handler.reply(302, b"", {"Location": to})}) as server:
            failed = fails(web, server.address + "/a.csv", tmp_path / f"{number}.csv")
        assert "cannot" in failed.finding.message, there
    assert waits == []


@pytest.mark.parametrize("proxy", ["socks5://files.example:1", "http://[::1", "http//nowhere"])
def test_a_proxy_that_cannot_be_used(web, tmp_path, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert fails(web, "https://files.example/a.csv", tmp_path / "a.csv").finding.code.startswith("fetch-")


def test_a_certificate_file_that_is_not_there(web, waits, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    failed = fails(web, "https://127.0.0.1:9/a.csv", tmp_path / "a.csv")
    assert "REQUESTS_CA_BUNDLE" in failed.finding.message
    assert waits == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(404, "no such file"), (410, "no such file"), (403, "refuses (403)"), (401, "login"), (400, "answers with 400")],
)
def test_final_answers_are_not_asked_again(web, waits, tmp_path, code, words):
    with serving({"/a.csv": status(code)}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert words in failed.finding.message
    assert len(server.log) == 1
    assert waits == []


@pytest.mark.parametrize("name", ["a.csv", "a.zip", "a.xlsx", "a.geojson", "a.osm.pbf", "a.bin"])
def test_a_login_page_is_never_data(web, tmp_path, name):
    expect = {"a.csv": "csv", "a.zip": "zip", "a.xlsx": "xlsx", "a.geojson": "geojson", "a.osm.pbf": "pbf"}.get(name)
    for answer in (page, File(b"<!DOCTYPE html>\n<html>" + b"sign in " * 200, kind="text/csv")):
        with serving({"/" + name: answer}) as server:
            failed = fails(web, f"{server.address}/{name}", tmp_path / name, expect=expect)
        assert "web page" in failed.finding.message
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("expect", "body"),
    [
        ("csv", b'{"error": "Missing report query parameter"}'),
        ("csv", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
        ("csv", b"\x00\x01\x02,\x03" * 300),
        ("csv", b""),
        ("zip", TABLE),
        ("zip", zipped()[:-200]),
        ("xlsx", zipped()),
        ("geojson", b'{"type":"FeatureCollection","features":[{"type":"Feature"'),
        ("pbf", b"\x00\x00\x00\x0e\x0a\x07nothing" * 50),
        ("gpkg", TABLE),
        ("parquet", b"PAR1" + b"x" * 900),
        ("xls", TABLE),
        ("osm", TABLE),
    ],
)
def test_other_content_than_promised_is_refused(web, tmp_path, expect, body):
    with serving({"/a": File(body, length=False)}) as server:
        failed = fails(web, server.address + "/a", tmp_path / "a", expect=expect)
    assert failed.finding.message.startswith("Refused: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("expect", "body"),
    [
        ("csv", b"\xef\xbb\xbfa;b\n1;2\n"),
        ("csv", b'"A81001","THE DENSHAM SURGERY"\n'),
        ("csv", "a,b\n1,2\n".encode("utf-16")),
        ("zip", zipped()),
        ("geojson", b'{"type":"FeatureCollection","features":[]}\n'),
        ("pbf", b"\x00\x00\x00\x0e\x0a\x09OSMHeader\x18\x7c"),
        ("osm", b'<?xml version="1.0"?>\n<osm version="0.6"/>'),
    ],
)
def test_content_as_promised_is_taken(web, tmp_path, expect, body):
    with serving({"/a": File(body)}) as server:
        download_file(web, server.address + "/a", tmp_path / "a", expect=expect)
    assert (tmp_path / "a").read_bytes() == body


def test_the_hash_decides(web, tmp_path):
    right = hashlib.sha256(TABLE).hexdigest()
    with serving({"/a.csv": File(TABLE)}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv", sha256="0" * 64)
        assert right in failed.finding.message
        assert list(tmp_path.iterdir()) == []
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv", sha256=right.upper())
    assert (tmp_path / "a.csv").exists()


def test_an_earlier_file_stays_until_the_new_one_is_right(web, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"old,file\n")
    with serving({"/a.csv": page}) as server, pytest.raises(FetchFailed):
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv", expect="csv")
    assert (tmp_path / "a.csv").read_bytes() == b"old,file\n"


def test_a_full_disk_is_told_and_what_arrived_is_kept(web, tmp_path, monkeypatch):
    plain = Path.open

    def small_disk(path: Path, mode: str = "r", *rest: object, **more: object):
        handle = plain(path, mode, *rest, **more)
        if path.name.endswith(".part") and "b" in mode and mode != "rb":
            write = handle.write

            class Full:
                def __getattr__(self, name: str):
                    return getattr(handle, name)

                def __enter__(self):
                    return self

                def __exit__(self, *_: object):
                    handle.close()

                def write(self, data: bytes) -> int:
                    if handle.tell() + len(data) > 300_000:
                        raise OSError(errno.ENOSPC, "No space left on device")
                    return write(data)

            return Full()
        return handle

    with serving({"/a.csv": File(TABLE)}) as server:
        monkeypatch.setattr(Path, "open", small_disk)
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
        assert "cannot be written (No space left on device)" in failed.finding.message
        assert failed.finding.code == "fetch-disk"
        monkeypatch.setattr(Path, "open", plain)
        download_file(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "Range" in server.log[-1][2]
    assert (tmp_path / "a.csv").read_bytes() == TABLE


# ---------------------------------------------------------------------- redirects, proxies, certificates


def test_a_server_that_packs_without_being_asked(web, tmp_path):
    packed = gzip.compress(TABLE)

    def answer(handler: Handler) -> None:
        handler.reply(200, packed, {"Content-Encoding": "gzip", "ETag": '"one"'})

    with serving({"/a.csv": answer}) as server:
        got = download_file(web, server.address + "/a.csv", tmp_path / "a.csv", expect="csv")
    assert server.log[0][2]["Accept-Encoding"] == "identity"
    assert got.bytes == len(TABLE)
    assert (tmp_path / "a.csv").read_bytes() == TABLE


def test_a_packed_answer_that_ends_too_early_is_no_file(web, waits, tmp_path):
    packed = gzip.compress(TABLE)

    def answer(handler: Handler) -> None:  # without a length only the packing tells that something is missing
        handler.reply(200, packed, {"Content-Encoding": "gzip", "Content-Length": ""}, cut=len(packed) // 2)

    with serving({"/a.csv": answer}) as server:
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv", expect="csv")
    assert "ended in the middle" in failed.finding.message


def test_a_packing_nobody_asked_for_is_told(web, waits, tmp_path):
    with serving({"/a.csv": File(TABLE)}) as server:
        server.routes["/a.csv"] = lambda handler: handler.reply(200, TABLE, {"Content-Encoding": "br"})
        failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv")
    assert "not asked for (br)" in failed.finding.message
    assert waits == []


@pytest.mark.parametrize(
    ("body", "whole"),
    [(b"a,b,c\n1,2,3\n4,5,6\n", True), (b"a,b,c\n1,2,3\n4,5,6", True), (b"a,b,c\n1,2,3\n4,5", False)],
)
def test_without_a_length_a_table_must_end_with_a_line(web, tmp_path, body, whole):
    with serving({"/a.csv": File(body, length=False)}) as server:
        if whole:
            download_file(web, server.address + "/a.csv", tmp_path / "a.csv", expect="csv")
        else:
            failed = fails(web, server.address + "/a.csv", tmp_path / "a.csv", expect="csv")
            assert "middle of a line" in failed.finding.message


def test_a_redirect_is_followed(web, tmp_path):
    with serving({"/now.csv": File(TABLE)}) as server:
        server.routes["/old.csv"] = lambda handler: handler.reply(302, b"", {"Location": "/now.csv"})
        server.routes["/round"] = lambda handler: handler.reply(302, b"", {"Location": "/round"})
        download_file(web, server.address + "/old.csv", tmp_path / "a.csv")
        failed = fails(web, server.address + "/round", tmp_path / "b.csv")
    assert "round in circles" in failed.finding.message


class Proxy(Handler):
    """A forward proxy that knows one made-up host."""

    def handle_any(self) -> None:
        self.server.log.append((self.command, self.path, dict(self.headers)))
        if self.command == "CONNECT":
            self.reply(407, b"")
        elif self.path == "http://files.example/a.csv":
            self.reply(200, TABLE, {"ETag": '"one"'})
        else:
            self.reply(404, b"")

    do_GET = do_CONNECT = handle_any  # noqa: N815 - the names http.server calls


@pytest.fixture
def proxy():
    with serving({}) as server:
        server.RequestHandlerClass = Proxy
        yield server


def test_the_proxy_of_the_environment_is_used(web, tmp_path, monkeypatch, proxy: Server):
    monkeypatch.setenv("HTTP_PROXY", proxy.address)
    download_file(web, "http://files.example/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == TABLE
    with serving({"/b.csv": File(TABLE)}) as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        download_file(web, server.address + "/b.csv", tmp_path / "b.csv")
        assert len(server.log) == 1
    assert [path for _, path, _ in proxy.log] == ["http://files.example/a.csv"]


def test_a_proxy_that_wants_a_login(web, tmp_path, monkeypatch, proxy: Server):
    monkeypatch.setenv("HTTPS_PROXY", proxy.address)
    failed = fails(web, "https://files.example/a.csv", tmp_path / "a.csv")
    assert "proxy" in failed.finding.message
    assert "407" in failed.finding.message


def test_a_proxy_that_does_not_answer(web, tmp_path, monkeypatch):
    with serving({}) as server:
        monkeypatch.setenv("HTTP_PROXY", server.address)
    failed = fails(web, "http://files.example/a.csv", tmp_path / "a.csv")
    assert "the proxy named in HTTPS_PROXY or HTTP_PROXY does not answer" in failed.finding.message


def test_an_untrusted_certificate_names_the_way_out(web, waits, tmp_path, monkeypatch):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    make += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(make, check=True, capture_output=True)
    with serving({"/a.csv": File(TABLE)}) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.address.replace("http:", "https:") + "/a.csv"
        failed = fails(web, url, tmp_path / "a.csv")
        assert "REQUESTS_CA_BUNDLE" in failed.finding.fix
        assert waits == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        download_file(web, url, tmp_path / "a.csv")
        assert (tmp_path / "a.csv").read_bytes() == TABLE
        server.routes["/b.csv"] = lambda handler: handler.reply(302, b"", {"Location": "http://127.0.0.1:9/b.csv"})
        with serving({"/b.csv": File(TABLE)}) as plain:
            there = plain.address + "/b.csv"
            server.routes["/b.csv"] = lambda handler: handler.reply(302, b"", {"Location": there})
            failed = fails(web, url.replace("a.csv", "b.csv"), tmp_path / "b.csv")
        assert "without encryption" in failed.finding.message
