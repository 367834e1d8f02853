"""Sessions that do not wait, and a way to see how long they would have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geodata.fetch.web import Patience, Web


@pytest.fixture(autouse=True)
def own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy or certificate of the machine the tests run on."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def waits() -> list[float]:
    """Seconds the session wanted to wait."""
    return []


@pytest.fixture
def web(waits: list[float]) -> Iterator[Web]:
    """A session that waits for nobody."""
    with Web(Patience(connect_s=1.0, read_s=0.4, sleep=waits.append)) as session:
        yield session
