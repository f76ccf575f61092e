import asyncio
import json
from collections.abc import Iterator

import pytest

from brainlens.server.records import head_log as module
from brainlens.server.records.head import EVENT
from brainlens.server.records.head_log import HeadLog
from brainlens.server.storage import Storage

from ..databases import record

KEY = bytes(32)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    logged: list[dict[str, object]] = []
    monkeypatch.setattr(
        module, "log", lambda event, **values: logged.append({"event": event, **values})
    )
    yield logged
    assert all(line["event"] == EVENT and json.dumps(line) for line in logged)


def test_a_head_is_logged_where_there_is_a_new_one(
    storage: Storage, lines: list[dict[str, object]]
) -> None:
    writer = storage.writer()
    heads = HeadLog(writer, KEY)
    heads.write()
    for number in (1, 2):
        writer.append(record(number)).result(30)
        heads.write()
        heads.write()
    writer.close()

    assert [line["seq"] for line in lines] == [1, 2]


def test_heads_are_logged_on_a_schedule(storage: Storage, lines: list[dict[str, object]]) -> None:
    writer = storage.writer()

    async def serve() -> None:
        async with HeadLog(writer, KEY).every(0.001):
            for number in (1, 2, 3):
                writer.append(record(number)).result(30)
                while len(lines) < number:
                    await asyncio.sleep(0.001)
            writer.append(record(4)).result(30)

    asyncio.run(asyncio.wait_for(serve(), 60))
    writer.close()

    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
