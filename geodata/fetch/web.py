"""Ask a server, patiently: time-outs, tries that wait longer each time, and one clear sentence when it is given up.

Every request of the program goes through `Web`. Proxies and certificates come from the environment (`HTTPS_PROXY`,
`HTTP_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`), as `requests` reads them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import NoReturn, Self, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

from geodata.errors import Finding

T = TypeVar("T")

USER_AGENT = "practice-blueprint (downloads public files for planning)"

PASSING_CODES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different a little later; all others of 400 and above are final."""

ENOUGH_PROGRESS = 1 << 20
"""A try that brought this many bytes more does not count as failed: a large file may break off often."""

STALLED_BYTES = 10_000
"""Fewer bytes than this in `Patience.stall_s` are no download."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to try.

    Parameters
    ----------
    tries
        Tries in a row without progress before giving up.
    first_wait_s
        Seconds before the second try; each further wait is twice as long (no random part: the same faults give the
        same waits).
    longest_wait_s
        Longest wait, seconds. A server that asks for a longer one (`Retry-After`) is given up.
    connect_s, read_s
        Seconds to wait for a connection, and for the next bytes.
    stall_s
        Seconds after which a try that brought fewer than `STALLED_BYTES` counts as broken off: some servers keep a
        connection open for ever, with a byte now and then.
    sleep
        Waits; the tests put a list in its place.
    """

    tries: int = 5
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0
    connect_s: float = 15.0
    read_s: float = 60.0
    stall_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep


class FetchFailed(Exception):
    """One download cannot be had; `finding` says which address, what happened and what to do."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(str(finding))


class Passing(Exception):
    """A fault that may be gone at the next try. `wait_s` is what the server asked for, or 0 for at once."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        self.what = what
        self.wait_s = wait_s
        super().__init__(what)


def give_up(url: str, message: str, fix: str, code: str) -> NoReturn:
    """Raise `FetchFailed` with a finding about an address."""
    raise FetchFailed(Finding("error", "", message, fix, value=url, code=code))


class Web:
    """One session: the only thing in the program that asks other computers.

    Parameters
    ----------
    patience
        Time-outs and tries.
    tell
        Told each wait in one sentence.
    """

    def __init__(self, patience: Patience | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.patience = patience or Patience()
        self.tell = tell or (lambda _: None)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def hasty(self) -> Web:
        """Give a session for small questions: one try, and a short wait for the answer."""
        return Web(
            replace(
                self.patience, tries=1, connect_s=min(self.patience.connect_s, 10), read_s=min(self.patience.read_s, 20)
            )
        )

    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Ask once; the body is not read yet, so use the answer as a context manager.

        Returns
        -------
        requests.Response
            With the code 200, 206 or 416.

        Raises
        ------
        Passing
            When another try may help.
        FetchFailed
            When none will.
        """
        post = method == "GET" and params is not None and sum(map(len, params.values())) > 1500
        limits = (self.patience.connect_s, self.patience.read_s)
        with _told_at_once(url):
            answer = self._session.request(
                "POST" if post else method,
                url,
                params=None if post else params,
                data=params if post else None,
                headers=headers,
                stream=True,
                timeout=limits,
                allow_redirects=True,
            )
        try:
            _refuse_downgrade(url, answer)
            if answer.status_code not in {200, 206, 416}:
                _judge_code(url, answer)
        except BaseException:
            answer.close()
            raise
        return answer

    def attempt(self, url: str, work: Callable[[], T], progress: Callable[[], int] = lambda: 0) -> T:
        """Do `work` until it succeeds, waiting between tries.

        Parameters
        ----------
        url
            Named in the message when it is given up.
        work
            Asks once; raises `Passing` or an exception of `requests` when another try may help.
        progress
            Bytes that have arrived so far and will not be asked for again.

        Raises
        ------
        FetchFailed
            When it is given up, or no further try would help.
        """
        failed, furthest = 0, progress()
        while True:
            try:
                return work()
            except Passing as fault:
                passing = fault
            except (requests.RequestException, HTTPError) as fault:
                passing = self.explain(url, fault)
            now = progress()
            # measured from the furthest point so far: a server that makes the download start again must not be asked
            # for the same bytes for ever
            failed = 0 if now - furthest >= ENOUGH_PROGRESS else failed + 1
            furthest = max(furthest, now)
            if failed >= self.patience.tries:
                give_up(
                    url,
                    f"Given up after {failed} {'try' if failed == 1 else 'tries'}: {passing.what}.",
                    "Try again later: what has arrived is kept, and the download goes on from there where the server "
                    "allows it.",
                    "fetch-given-up",
                )
            wait = self._wait(url, passing, failed)
            self.tell(f"{passing.what}; trying again in {wait:g} s" if wait else f"{passing.what}; trying again")
            if wait:
                self.patience.sleep(wait)

    def _wait(self, url: str, passing: Passing, failed: int) -> float:
        if passing.wait_s is None:
            return min(self.patience.first_wait_s * 2 ** max(failed - 1, 0), self.patience.longest_wait_s)
        if passing.wait_s > self.patience.longest_wait_s:
            give_up(
                url,
                f"Given up: {passing.what}, and the server asks to wait {passing.wait_s / 60:.0f} minutes.",
                "Try again after that time.",
                "fetch-given-up",
            )
        return passing.wait_s

    def explain(self, url: str, fault: requests.RequestException | HTTPError) -> Passing:
        """Say what a fault of the connection means.

        Raises
        ------
        FetchFailed
            When no other try would help.
        """
        host, text = urlsplit(url).hostname, str(fault)
        if isinstance(fault, requests.exceptions.SSLError) and "CERTIFICATE" in text.upper():
            give_up(
                url,
                f"The certificate of {host} is not trusted here. On office networks the usual reason is a proxy that "
                "opens encrypted connections.",
                "Ask IT for the certificate of the proxy (a .pem file) and name it in the environment variable "
                "REQUESTS_CA_BUNDLE, or download the file with the browser into the folder.",
                "fetch-certificate",
            )
        if isinstance(fault, requests.exceptions.InvalidProxyURL) or "SOCKS" in text:
            give_up(
                url,
                "The proxy named in HTTPS_PROXY or HTTP_PROXY is not one this program can use.",
                "Write it as http://server:port; IT knows both.",
                "fetch-proxy",
            )
        if isinstance(fault, requests.exceptions.ProxyError):
            if "407" in text:
                _proxy_wants_a_login(url)
            return Passing("the proxy named in HTTPS_PROXY or HTTP_PROXY does not answer")
        if "NameResolution" in text or "getaddrinfo" in text or "Name or service not known" in text:
            give_up(
                url,
                f"The server {host} cannot be found.",
                "Check the network connection and the spelling of the address; on office networks a proxy may have to "
                "be named in the environment variable HTTPS_PROXY.",
                "fetch-no-connection",
            )
        if isinstance(fault, requests.Timeout) or "timed out" in text:
            return Passing(f"{host} did not answer in time")
        broken = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError, HTTPError)
        if isinstance(fault, broken):
            return Passing(f"the connection to {host} broke off in the middle")
        if isinstance(fault, requests.ConnectionError):
            return Passing(f"there is no connection to {host}, or it was cut")
        if isinstance(fault, requests.TooManyRedirects):
            give_up(url, f"{host} sends the request round in circles.", "Check the address.", "fetch-refused")
        give_up(url, f"This address cannot be asked ({type(fault).__name__}).", "Check the address.", "fetch-address")


@contextmanager
def _told_at_once(url: str) -> Iterator[None]:
    """Say what the libraries below `requests` raise as they please: addresses and certificate files that are wrong."""
    try:
        yield
    except requests.RequestException:
        raise
    except (HTTPError, ValueError):  # also UnicodeError: host names that cannot be
        give_up(
            url,
            "This address cannot be asked, or the server sends on to one that cannot.",
            "Check the address.",
            "fetch-address",
        )
    except OSError:
        give_up(
            url,
            "The certificate file named in REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) is not there or cannot be read.",
            "Check the path in that environment variable, or take it out where no certificate of your own is needed.",
            "fetch-certificate",
        )


def _proxy_wants_a_login(url: str) -> NoReturn:
    give_up(
        url,
        "The proxy of this network wants a login (407).",
        "Ask IT how programs get through it (HTTPS_PROXY), or download the file with the browser into the folder.",
        "fetch-proxy",
    )


def _refuse_downgrade(url: str, answer: requests.Response) -> None:
    if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
        give_up(
            url,
            "The server sends the request on to an address without encryption.",
            "Look at the publisher's page for the present address.",
            "fetch-refused",
        )


def _judge_code(url: str, answer: requests.Response) -> NoReturn:
    code, host = answer.status_code, urlsplit(answer.url).hostname
    if code in PASSING_CODES:
        what = "too many requests" if code == 429 else "the server has a fault or is busy"
        raise Passing(f"{host}: {what} ({code})", _retry_after(answer))
    if code in {404, 410}:
        give_up(
            url,
            f"There is no such file at this address any more ({code}).",
            "Publishers move their files: look for the present address on the publisher's page and write it as url "
            "in a [[fetch]] entry, or download the file with the browser into the folder.",
            "fetch-not-found",
        )
    if code in {401, 403}:
        give_up(
            url,
            f"The server refuses ({code}): it wants a login, or lets only browsers in.",
            "Download the file with the browser into the folder: nothing else is missing then.",
            "fetch-refused",
        )
    if code == 407:
        _proxy_wants_a_login(url)
    give_up(
        url,
        f"The server answers with {code} {answer.reason or ''}".rstrip() + ".",
        "Check the address.",
        "fetch-refused",
    )


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds the server asks to wait: a number or a date."""
    asked = answer.headers.get("Retry-After")
    if not asked:
        return None
    try:
        return float(Retry().parse_retry_after(asked))
    except (InvalidHeader, ValueError, OverflowError):
        return None
