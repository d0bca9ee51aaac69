"""Downloads against a local server that fails in every way a real one does."""

import hashlib
import logging
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from leopard.errors import InputError
from leopard.inputs import download as module
from leopard.inputs.download import RETRYING, download
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import DTPHandler, FTPHandler
from pyftpdlib.servers import FTPServer
from tenacity import stop_after_attempt, wait_none

CONTENT = random.Random(1).randbytes(300_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
IMPATIENT = RETRYING.copy(wait=wait_none(), stop=stop_after_attempt(3))


class Handler(BaseHTTPRequestHandler):
    """Serves `server.content`, as badly as the server's attributes say."""

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range")
        server.ranges.append(wanted)
        if server.statuses:
            status = server.statuses.pop(0)
            if status == 302:
                self.send_response(302)
                self.send_header("Location", server.redirect)
            else:
                self.send_response(status)
            body = b"an error page"
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        content, start = server.content, 0
        fresh = self.headers.get("If-Range", server.etag) == server.etag or server.ignores_if_range
        if wanted and server.has_ranges and fresh:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        else:
            self.send_response(200)
        body = content[start:]
        self.send_header("Content-Length", str(len(body)))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        self.wfile.write(body[: server.cuts.pop(0) if server.cuts else None])
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.etag = CONTENT, '"1"'
    server.has_ranges, server.ignores_if_range = True, False
    server.statuses, server.cuts, server.ranges = [], [], []
    server.url = f"http://127.0.0.1:{server.server_port}/genome.fa.gz"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "made" / "genome.fa.gz"


def leave_part(target: Path, content: bytes, version: str = "") -> None:
    target.parent.mkdir()
    part = target.with_name(target.name + ".part")
    part.write_bytes(content)
    if version:
        part.with_name(part.name + ".version").write_text(version)


def assert_fetched(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_whole_file(server, target):
    download(server.url, target, SHA256, retrying=IMPATIENT)
    assert_fetched(target)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha512"])
def test_other_checksums(server, target, algorithm):
    digest = hashlib.new(algorithm, CONTENT).hexdigest().upper()
    download(server.url, target, f"{algorithm}:{digest}", retrying=IMPATIENT)
    assert_fetched(target)


def test_empty_file(server, target):
    server.content = b""
    download(server.url, target, retrying=IMPATIENT)
    assert target.read_bytes() == b""


def test_drop_half_way_resumes(server, target):
    server.cuts = [150_000]
    download(server.url, target, retrying=IMPATIENT)
    assert server.ranges == [None, "bytes=149999-"]
    assert_fetched(target)


def test_drop_half_way_without_ranges_starts_over(server, target):
    server.cuts, server.has_ranges = [150_000], False
    download(server.url, target, retrying=IMPATIENT)
    assert_fetched(target)


def test_drop_half_way_without_version_starts_over(server, target):
    server.cuts, server.etag = [150_000], ""
    download(server.url, target, retrying=IMPATIENT)
    assert server.ranges == [None, None]
    assert_fetched(target)


def test_truncated_every_time(server, target):
    server.cuts, server.has_ranges = [1000] * 9, False
    with pytest.raises(InputError, match=r"genome.fa.gz: .*299000 bytes.*; rerun later"):
        download(server.url, target, retrying=IMPATIENT)
    assert not target.exists()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_transient_status_is_retried(server, target, status):
    server.statuses = [status]
    download(server.url, target, retrying=IMPATIENT)
    assert_fetched(target)


def test_transient_status_every_time(server, target):
    server.statuses = [503] * 9
    with pytest.raises(InputError, match=r"genome.fa.gz: the server answered 503; rerun later"):
        download(server.url, target, retrying=IMPATIENT)
    assert len(server.ranges) == 3
    assert not target.exists()


@pytest.mark.parametrize("status", [403, 404])
def test_permanent_status_fails_at_once(server, target, status):
    server.statuses = [status]
    with pytest.raises(InputError, match=rf"genome.fa.gz: the server answered {status}; check"):
        download(server.url, target, retrying=IMPATIENT)
    assert len(server.ranges) == 1
    assert not target.exists()


def test_error_between_parts_keeps_them(server, target):
    server.statuses = [503]
    leave_part(target, CONTENT[:100_000], server.etag)
    download(server.url, target, retrying=IMPATIENT)
    assert server.ranges == ["bytes=99999-"] * 2
    assert_fetched(target)


@pytest.mark.parametrize("size", [1, 200_000, len(CONTENT)])
@pytest.mark.parametrize("checksum", [SHA256, None])
def test_resume_after_kill(server, target, size, checksum):
    leave_part(target, CONTENT[:size], server.etag)
    download(server.url, target, checksum, retrying=IMPATIENT)
    assert server.ranges == [f"bytes={size - 1}-" if size > 1 else None]
    assert_fetched(target)


def test_resume_after_kill_with_checksum_only(server, target):
    leave_part(target, CONTENT[:200_000])
    download(server.url, target, SHA256, retrying=IMPATIENT)
    assert server.ranges == ["bytes=199999-"]
    assert_fetched(target)


def test_part_of_unknown_version_is_not_resumed(server, target):
    leave_part(target, b"x" * 200_000)
    download(server.url, target, retrying=IMPATIENT)
    assert_fetched(target)


@pytest.mark.parametrize("ignores_if_range", [False, True])
def test_part_of_another_version_is_not_resumed(server, target, ignores_if_range):
    server.ignores_if_range = ignores_if_range
    leave_part(target, b"x" * 200_000, '"0"')
    download(server.url, target, retrying=IMPATIENT)
    assert_fetched(target)


def test_part_longer_than_the_file_starts_over(server, target):
    leave_part(target, CONTENT + b"xx", server.etag)
    download(server.url, target, retrying=IMPATIENT)
    assert_fetched(target)


def test_wrong_checksum(server, target):
    with pytest.raises(InputError, match=r"genome.fa.gz: sha256 is .*, not 00; rerun, or correct"):
        download(server.url, target, "sha256:00", retrying=IMPATIENT)
    assert not any(path.suffix == ".part" for path in target.parent.iterdir())
    assert not target.exists()


def test_malformed_checksum(server, target):
    with pytest.raises(InputError, match=r"crc32:00: not a checksum; write it as"):
        download(server.url, target, "crc32:00", retrying=IMPATIENT)


def test_no_server(server, target):
    url = server.url.replace(str(server.server_port), "9")
    with pytest.raises(InputError, match=r"genome.fa.gz: .*connect"):
        download(url, target, retrying=IMPATIENT)


def test_other_protocols_are_refused(tmp_path, target):
    (tmp_path / "local").write_text("secret")
    with pytest.raises(InputError, match=r"local: .*[Pp]rotocol.*; check the address"):
        download(f"file://{tmp_path}/local", target, retrying=IMPATIENT)


def test_redirect_to_another_protocol_is_refused(server, target):
    server.statuses, server.redirect = [302], "file:///etc/hostname"
    with pytest.raises(InputError, match=r"genome.fa.gz: .*; check the address"):
        download(server.url, target, retrying=IMPATIENT)


def test_redirect(server, target):
    server.statuses, server.redirect = [302], server.url
    download(server.url, target, SHA256, retrying=IMPATIENT)
    assert_fetched(target)


@pytest.mark.parametrize("login", ["user:password", "user:pass?word"])
def test_secrets_are_not_told(server, target, caplog, login):
    server.statuses = [503] * 9
    url = server.url.replace("//", f"//{login}@") + "?token=secret"
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError) as error:
        download(url, target, retrying=IMPATIENT)
    for secret in ("user", "pass", "word", "token", "secret"):
        assert secret not in caplog.text + str(error.value)
    assert "genome.fa.gz" in str(error.value)


def test_progress_is_logged(server, target, caplog, monkeypatch):
    monkeypatch.setattr(module, "PROGRESS_INTERVAL", 0)
    with caplog.at_level(logging.INFO):
        download(server.url, target, retrying=IMPATIENT)
    assert "genome.fa.gz: 0.3 MB (100%)" in caplog.text
    assert "MB/s" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_disk_full(server, target):
    target.parent.mkdir()
    target.with_name(target.name + ".part").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"genome.fa.gz.part: No space left on device; check"):
        download(server.url, target, retrying=IMPATIENT)
    assert not target.exists()
    assert len(server.ranges) == 1


def test_unwritable_directory(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file: (Not a directory|File exists); check"):
        download(server.url, tmp_path / "file" / "genome.fa", retrying=IMPATIENT)


# FTP


@pytest.fixture
def ftp(tmp_path: Path) -> Iterator[FTPServer]:
    """A server of one file that notes where it is asked to go on, and may hang up half-way."""

    class Data(DTPHandler):
        def send(self, data: bytes) -> int:
            if server.hang_ups and self.tot_bytes_sent >= server.hang_ups[0]:
                server.hang_ups.pop(0)
                self.cmd_channel.close()
                return 0
            return super().send(data)

    class Control(FTPHandler):
        dtp_handler = Data
        authorizer = DummyAuthorizer()
        use_sendfile = False  # so that bytes pass through Data.send

        def ftp_REST(self, line: str) -> None:  # noqa: N802
            server.offsets.append(int(line))
            super().ftp_REST(line)

    served = tmp_path / "served"
    served.mkdir()
    (served / "genome.fa.gz").write_bytes(CONTENT)
    Control.authorizer.add_anonymous(str(served))
    server = FTPServer(("127.0.0.1", 0), Control)
    server.offsets, server.hang_ups = [], []
    server.url = f"ftp://127.0.0.1:{server.address[1]}/genome.fa.gz"
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.01, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    yield server
    stop.set()
    thread.join()
    server.close_all()


@pytest.mark.parametrize("checksum", [SHA256, None])
def test_ftp_hung_up_half_way(ftp, target, checksum):
    ftp.hang_ups = [100_000]
    download(ftp.url, target, checksum, retrying=IMPATIENT)
    assert not ftp.hang_ups
    assert_fetched(target)
    assert bool(ftp.offsets) == bool(checksum)  # nothing else says that it is the same file


def test_ftp_hung_up_every_time(ftp, target):
    ftp.hang_ups = [100_000] * 9
    with pytest.raises(InputError, match=r"genome\.fa\.gz: .*rerun"):
        download(ftp.url, target, retrying=IMPATIENT)
    assert not target.exists()


def test_ftp_missing_file(ftp, target):
    with pytest.raises(InputError, match="check the address"):
        download(ftp.url.replace("genome", "missing"), target, retrying=IMPATIENT)
    assert not target.exists()
