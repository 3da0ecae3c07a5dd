"""Counters of channels, tokens and groups; options that the collector and the gateway follow; the records of deleted groups."""

import json
import time
import uuid

import httpx
import pytest
from harness.processes import eventually


@pytest.fixture(scope="module")
def tenants(tmp_path_factory, postgres):
    """A board of its own: options act on all of its tests, which set them back."""
    from harness.board import Board

    made = Board(tmp_path_factory.mktemp("totals"), postgres)
    try:
        yield made.start_all()
    finally:
        made.remove()


def token(board, group: str) -> dict:
    body = {"name": "svc"}
    made = board.admin("POST", f"/api/token/{group}", json=body, params={"auto_create_group": "true"})
    board.wait_current()
    return made


def call(board, key: str, model: str, text: str = "hi", **fields) -> httpx.Response:
    return board.http.post(
        "/v1/chat/completions",
        headers={"Authorization": f"Bearer {key}"},
        json={"model": model, "messages": [{"role": "user", "content": text}], **fields},
    )


def ship(board, **fields) -> str:
    """One record as a gateway ships it; answers its request id."""
    now = time.time_ns() // 1000
    record = {
        "requestID": uuid.uuid4().hex, "requestAt": now, "finishedAt": now, "model": "shipped", "mode": 1, "code": 200,
        "channel": 990, "endpoint": "/v1/chat/completions", "ip": "::1", **fields,
    }  # fmt: skip
    answer = httpx.post(
        board.url("log-collector") + "/internal/v1/logs",
        headers={
            "x-internal-key": board.internal_key, "x-log-instance": uuid.uuid4().hex, "x-log-sequence": "1",
            "content-type": "application/x-ndjson",
        },
        content=json.dumps(record).encode(),
        trust_env=False,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return record["requestID"]


def set_option(board, key: str, value: str):
    board.admin("PUT", f"/api/option/{key}", content=value)


def test_calls_raise_the_counters_of_channel_token_and_group(tenants):
    board = tenants
    good, bad = f"good-{uuid.uuid4().hex}", f"bad-{uuid.uuid4().hex}"
    channel = board.channel({good: "gpt-4o", bad: "mock-status-500"})
    team = token(board, "team-a")
    revision = board.query("SELECT revision FROM registry.settings")
    for _ in range(5):
        assert call(board, team["key"], good).status_code == 200
    assert call(board, team["key"], bad).status_code >= 500
    assert board.chat(good).status_code == 200
    started = time.time() * 1000

    def counted():
        shown = board.admin("GET", f"/api/channel/{channel['id']}")
        group = board.admin("GET", "/api/group/team-a")
        key = board.admin("GET", f"/api/tokens/{team['id']}")
        return (shown["request_count"], group["request_count"], key["request_count"]) == (7, 6, 6) and (shown, group, key)

    for row in eventually(counted, 15, "the counters"):
        assert row["accessed_at"] % 60_000 == 0 and started - 120_000 < row["accessed_at"] <= started + 1000
        assert row["used_amount"] == 0
    listed = board.admin("GET", "/api/groups/", params={"order": "request_count"})["groups"]
    assert listed[0]["id"] == "team-a"
    # Counters are no configuration.
    assert board.query("SELECT revision FROM registry.settings") == revision


def test_counters_survive_restarts_and_an_absent_collector(make_board):
    board = make_board()
    board.start_all()
    model = board.model("gpt-4o")
    team = token(board, "team-r")

    def count() -> int:
        return board.admin("GET", "/api/group/team-r")["request_count"]

    for _ in range(3):
        assert call(board, team["key"], model).status_code == 200
    eventually(lambda: count() == 3, 15, "the first counts")
    board.processes["log-collector"].stop()
    for _ in range(2):
        assert call(board, team["key"], model).status_code == 200
    assert board.processes["channel-registry"].stop() == 0
    board.start("channel-registry")
    assert count() == 3
    board.start("log-collector")
    eventually(lambda: count() == 5, 20, "the counts of the outage")


def test_a_shorter_storage_time_takes_records_away_at_once(tenants):
    board = tenants
    now = time.time_ns() // 1000
    old = ship(board, requestAt=now - 4 * 86_400 * 10**6, finishedAt=now - 4 * 86_400 * 10**6)
    recent = ship(board, requestAt=now - 5 * 3600 * 10**6, finishedAt=now - 5 * 3600 * 10**6)

    def present(request_id: str) -> bool:
        week = {"start_timestamp": int(time.time() * 1000) - 6 * 86_400_000}
        return bool(board.search(request_id=request_id, **week)["logs"])

    assert present(old) and present(recent)
    try:
        set_option(board, "LogStorageHours", "24")
        eventually(lambda: not present(old), 15, "the old record to go")
        assert present(recent)
        gone = "SELECT count(*) FROM logs.calls WHERE request_id = '%s'"
        eventually(lambda: board.query(gone % old) == "0", 20, "the old partition to be dropped")
        set_option(board, "LogStorageHours", "2")
        eventually(lambda: not present(recent), 15, "the recent record to go")
        # No records at all: calls are only counted.
        set_option(board, "LogStorageHours", "-1")
        eventually(lambda: '"record_hours":-1' in board.processes["log-collector"].output(), 15, "the option")
        ship(board, channel=991)
        total = "SELECT requests FROM logs.totals WHERE kind = 'channel' AND key = '991'"
        assert board.query(total) == "1"
        assert board.query("SELECT count(*) FROM logs.calls WHERE channel = 991") == "0"
    finally:
        set_option(board, "LogStorageHours", "720")
        eventually(lambda: present(ship(board)), 15, "records to be kept again")


def test_bodies_are_kept_as_the_options_say_also_of_good_calls(tenants):
    board = tenants
    model, failing = board.model("gpt-4o"), board.model("mock-status-500")

    def details(answer: httpx.Response) -> dict | None:
        record = board.record(answer.headers["x-request-id"])
        if "request_detail" not in record:
            return None
        return board.admin("GET", f"/api/logs/detail/{record['id']}")

    assert details(board.chat(model)) is None
    kept = details(board.chat(failing, text="a" * 100))
    assert "a" * 100 in kept["request_body"] and kept["response_body"]
    try:
        set_option(board, "SaveAllLogDetail", "true")
        set_option(board, "LogDetailRequestBodyMaxSize", "64")
        board.wait_current()
        plain = details(board.chat(model, text="b" * 100))
        assert len(plain["request_body"]) <= 64 and plain["request_body_truncated"] is True
        assert '"choices"' in plain["response_body"] and "response_body_truncated" not in plain
        streamed = details(board.chat(model, stream=True))
        assert streamed["response_body"].startswith("data: ") and "[DONE]" in streamed["response_body"]
        set_option(board, "LogDetailResponseBodyMaxSize", "-1")
        set_option(board, "LogDetailRequestBodyMaxSize", "0")
        board.wait_current()
        whole = details(board.chat(model, text="c" * 20_000))
        assert "c" * 20_000 in whole["request_body"] and "response_body" not in whole
        set_option(board, "LogDetailRequestBodyMaxSize", "-1")
        board.wait_current()
        assert details(board.chat(model)) is None
    finally:
        for key, value in [
            ("SaveAllLogDetail", "false"),
            ("LogDetailRequestBodyMaxSize", "8192"),
            ("LogDetailResponseBodyMaxSize", "8192"),
        ]:
            set_option(board, key, value)
        board.wait_current()


def test_deleting_a_group_deletes_its_records_also_when_the_collector_is_away(make_board):
    board = make_board()
    board.start_all()
    model, failing = board.model("gpt-4o"), board.model("mock-status-500")
    gone, stays = token(board, "team-gone"), token(board, "team-stays")
    for key in (gone["key"], stays["key"]):
        assert call(board, key, model).status_code == 200
        assert call(board, key, failing).status_code >= 500

    def total(group: str) -> int:
        return board.admin("GET", f"/api/log/{group}/search")["total"]

    eventually(lambda: total("team-gone") == 2 and total("team-stays") == 2, 10, "the records")
    everything = board.search()["total"]
    board.processes["log-collector"].stop()
    board.admin("DELETE", "/api/group/team-gone")
    board.wait_current()
    assert call(board, gone["key"], model).status_code == 401
    board.processes["channel-registry"].stop()
    board.start("channel-registry")
    board.start("log-collector")
    eventually(lambda: total("team-gone") == 0, 20, "the records to go")
    assert total("team-stays") == 2
    for table in ("calls", "rollup_groups"):
        assert board.query(f"SELECT count(*) FROM logs.{table} WHERE group_name = 'team-gone'") == "0"
    left = "SELECT count(*) FROM logs.bodies b WHERE NOT EXISTS (SELECT FROM logs.calls c WHERE c.id = b.log_id)"
    assert board.query(left) == "0"
    assert everything - 2 <= board.search()["total"] <= everything
    # The same name again begins with nothing.
    again = token(board, "team-gone")
    assert call(board, again["key"], model).status_code == 200
    eventually(lambda: board.admin("GET", "/api/group/team-gone")["request_count"] == 1, 15, "the new group's count")
