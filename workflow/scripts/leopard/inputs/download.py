"""Downloads that resume, are verified, and never leave a partial file under the final name."""

import hashlib
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import certifi
import pycurl
from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from leopard import PROGRESS, PROGRESS_INTERVAL
from leopard.errors import InputError

log = logging.getLogger(__name__)

CHECKSUM = re.compile(r"(md5|sha1|sha256|sha512):([0-9a-fA-F]+)")

PROTOCOLS = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS | pycurl.PROTO_FTP
OPTIONS = (
    (pycurl.PROTOCOLS, PROTOCOLS),
    (pycurl.REDIR_PROTOCOLS, PROTOCOLS),
    (pycurl.FOLLOWLOCATION, True),
    (pycurl.MAXREDIRS, 10),
    (pycurl.FAILONERROR, True),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),  # pycurl has no names for HTTP/2's errors
    # As curl does: networks that inspect TLS set the variable to their own certificates.
    (pycurl.CAINFO, os.environ.get("CURL_CA_BUNDLE", certifi.where())),
    (pycurl.NOSIGNAL, True),
    (pycurl.CONNECTTIMEOUT, 30),  # seconds
    (pycurl.LOW_SPEED_LIMIT, 1000),  # bytes per second
    (pycurl.LOW_SPEED_TIME, 60),  # seconds
    (pycurl.NOPROGRESS, False),
)
TRANSIENT_ERRORS = {
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_COULDNT_RESOLVE_HOST,
    pycurl.E_COULDNT_RESOLVE_PROXY,
    pycurl.E_GOT_NOTHING,
    pycurl.E_OPERATION_TIMEDOUT,
    pycurl.E_PARTIAL_FILE,
    pycurl.E_RECV_ERROR,
    pycurl.E_SEND_ERROR,
    pycurl.E_SSL_CONNECT_ERROR,
}
CANNOT_RESUME = {
    pycurl.E_BAD_DOWNLOAD_RESUME,
    pycurl.E_FTP_COULDNT_USE_REST,
    pycurl.E_RANGE_ERROR,
}


class TransientError(InputError):
    """A failure that another attempt may not meet."""


RETRYING = Retrying(
    retry=retry_if_exception_type(TransientError),
    stop=stop_after_attempt(7),
    wait=wait_exponential_jitter(initial=1, max=60),
    before_sleep=before_sleep_log(log, logging.WARNING),
    reraise=True,
)


def download(
    url: str, destination: Path, checksum: str | None = None, retrying: Retrying = RETRYING
) -> None:
    """Fetch `url` to `destination`, which appears only once it is whole and verified.

    Bytes gather in `destination`.part. A later attempt, or a later run, goes on from there if the
    file is sure to be the same one: a checksum is given, or the server repeats the version (ETag
    or Last-Modified, kept in `destination`.part.version) that the first bytes came with.

    Args:
        url: An http, https or ftp address; user names, passwords and queries are never logged.
        destination: The final file; its directory is made.
        checksum: ``algorithm:hexdigest``, of md5, sha1, sha256 or sha512.
        retrying: How often, and after what waits, to try again after a `TransientError`.

    Raises:
        InputError: The address, the server's answer, the checksum or the disk is at fault.
    """
    if checksum and not CHECKSUM.fullmatch(checksum):
        raise InputError(checksum, "not a checksum", "write it as sha256:... or md5:...")
    part = destination.with_name(destination.name + ".part")
    version_file = part.with_name(part.name + ".version")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        retrying(_fetch, url, part, version_file, pinned=checksum is not None)
        if checksum:
            _verify(part, checksum, url)
        part.replace(destination)
        version_file.unlink(missing_ok=True)
    except OSError as error:  # only local files raise it: libcurl's errors are pycurl.error
        raise InputError(
            error.filename or part,
            error.strerror or str(error),
            "check the directory and the space left there, and rerun to resume",
        ) from error
    log.info("%s: %.1f MB", destination, destination.stat().st_size / 1e6)


def _fetch(url: str, part: Path, version_file: Path, pinned: bool) -> None:
    """Make one attempt to complete `part`."""
    known_version = version_file.read_text() if version_file.exists() else ""
    size = part.stat().st_size if part.exists() else 0
    # The last byte is fetched again: asked for nothing, a server would answer with an error.
    offset = size - 1 if size and (pinned or known_version) else 0
    headers: dict[str, str] = {}
    failures: list[BaseException] = []

    def on_header(line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(":")
        if name.startswith("HTTP/"):  # of the last answer only, after redirects
            headers.clear()
        headers[name.lower()] = value.strip()

    def on_body(chunk: bytes) -> None:
        if stream.tell() == offset:
            version = _version(headers)
            if not offset:
                version_file.write_text(version)
            elif version and known_version and version != known_version:
                raise _start_over(url, part, "the file changed on the server")
        stream.write(chunk)

    with closing(pycurl.Curl()) as curl, part.open("r+b" if offset else "wb") as stream:
        if offset:
            stream.seek(offset)
            if known_version:
                curl.setopt(curl.HTTPHEADER, [f"If-Range: {known_version}"])
        for option, value in (
            *OPTIONS,
            (curl.URL, url),
            (curl.RESUME_FROM_LARGE, offset),
            (curl.HEADERFUNCTION, _keeping(failures, on_header)),
            (curl.WRITEFUNCTION, _keeping(failures, on_body)),
            (curl.XFERINFOFUNCTION, _keeping(failures, _progress(part.stem, offset))),
        ):
            curl.setopt(option, value)
        try:
            curl.perform()
        except pycurl.error as error:
            if failures:
                raise failures[0] from None
            code, message = error.args
            if code in CANNOT_RESUME:
                raise _start_over(url, part, "the server does not resume") from None
            raise _explain(url, code, curl.getinfo(curl.RESPONSE_CODE), message) from None
        if curl.getinfo(curl.RESPONSE_CODE) == 416:
            raise _start_over(url, part, "the file on the server is shorter than the part here")
    total = headers.get("content-range", "").rpartition("/")[2]
    if total.isdigit() and part.stat().st_size != int(total):
        problem = f"sent {part.stat().st_size:,} of {int(total):,} bytes"
        raise TransientError(_public(url), problem, "rerun to resume")


def _keeping(failures: list[BaseException], callback: Callable) -> Callable[..., int | None]:
    """Return `callback` for libcurl: what it raises, libcurl would swallow; it is kept instead."""

    def call(*args: Any) -> int | None:
        try:
            callback(*args)
        except BaseException as error:
            failures.append(error)
            return -1
        return None

    return call


def _version(headers: dict[str, str]) -> str:
    """Return what If-Range may name: the ETag, unless weak, or the time of the last change."""
    etag = headers.get("etag", "")
    return etag if etag.startswith('"') else headers.get("last-modified", "")


def _start_over(url: str, part: Path, problem: str) -> TransientError:
    """Forget the bytes so far and return the error that has them fetched again."""
    part.unlink()
    return TransientError(_public(url), problem, "starting over")


def _explain(url: str, code: int, status: int, message: str) -> InputError:
    """Return libcurl's error `code`, or the HTTP `status`, as one that says if to try again."""
    if code == pycurl.E_HTTP_RETURNED_ERROR:
        problem, transient = f"the server answered {status}", status in (408, 429) or status >= 500
    else:
        problem, transient = message or pycurl.Curl.errstr_from_code(code), code in TRANSIENT_ERRORS
    if transient:
        return TransientError(_public(url), problem, "rerun later to resume")
    return InputError(_public(url), problem, "check the address")


def _verify(part: Path, checksum: str, url: str) -> None:
    """Delete `part`, and raise InputError, unless it has the `checksum`."""
    algorithm, expected = checksum.split(":")
    with part.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found != expected.lower():
        part.unlink()
        problem = f"{algorithm} is {found}, not {expected}"
        raise InputError(_public(url), problem, "rerun, or correct the checksum if the file is new")


def _public(url: str) -> str:
    """Return `url` without user name, password and query, any of which may be secret."""
    return re.sub(r"(?<=//)[^/]*@", "", url).partition("?")[0]


def _progress(name: str, offset: int) -> Callable[..., None]:
    """Return a callback for libcurl that logs how far `name` is, once in a while."""
    start = last = time.monotonic()

    def on_progress(expected: int, received: int, *upload: int) -> None:
        nonlocal last
        now = time.monotonic()
        if received and now - last >= PROGRESS_INTERVAL:
            last = now
            share = f" ({(offset + received) / (offset + expected):.0%})" if expected else ""
            megabytes, speed = (offset + received) / 1e6, received / 1e6 / (now - start)
            log.log(PROGRESS, "%s: %.1f MB%s, %.1f MB/s", name, megabytes, share, speed)

    return on_progress
