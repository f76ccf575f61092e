import pytest

from brainlens.server import attempts as module
from brainlens.server.attempts import ALLOWED, WINDOW_S, Attempts


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _fail(attempts: Attempts, address: str, times: int) -> None:
    for _ in range(times):
        attempts.note(address)


def test_an_address_waits_after_too_many_failures() -> None:
    clock = _Clock()
    attempts = Attempts(clock)
    _fail(attempts, "192.0.2.1", ALLOWED - 1)
    assert attempts.wait_s("192.0.2.1") == 0

    clock.now += 10
    attempts.note("192.0.2.1")

    assert attempts.wait_s("192.0.2.1") == WINDOW_S - 10
    assert attempts.wait_s("192.0.2.2") == 0
    clock.now += WINDOW_S - 10
    assert attempts.wait_s("192.0.2.1") == 0
    attempts.note("192.0.2.1")
    assert attempts.wait_s("192.0.2.1") == 0
    _fail(attempts, "192.0.2.1", ALLOWED - 2)
    assert attempts.wait_s("192.0.2.1") == 10


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_addresses_of_one_network_count_as_one(one: str, other: str, together: bool) -> None:
    attempts = Attempts(_Clock())
    _fail(attempts, one, ALLOWED)

    assert (attempts.wait_s(other) > 0) == together


def test_memory_is_bounded_and_the_busiest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 50)
    attempts = Attempts(_Clock())
    _fail(attempts, "192.0.2.1", ALLOWED)
    for number in range(500):
        attempts.note(f"198.51.{number // 256}.{number % 256}")
        attempts.note("192.0.2.1")

    assert len(attempts._failed) == 50
    assert attempts.wait_s("192.0.2.1") > 0
