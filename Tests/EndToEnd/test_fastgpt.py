"""The calls that FastGPT makes on its AI Proxy, in its order and with its shapes (contract fastgpt-client §4 and §6)."""

import json
import time

import httpx
import pytest
from harness.processes import eventually

MAPPING = {"gpt-4o-test": "gpt-4o"}
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Referer": "http://fastgpt.test/account/model",
    "Sec-Fetch-Mode": "cors",
    "X-Forwarded-For": "203.0.113.9",
}
NUMBERS_OR_MISSING = ("warn_error_rate", "max_error_rate", "balance_threshold")
BOOLEANS_OR_MISSING = ("enabled_auto_balance_check", "skip_tls_verify", "enabled_no_permission_ban")


def chunks_of(answer: httpx.Response) -> list[dict]:
    """The data objects of a stream, which must end with [DONE]."""
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines and lines[-1] == "[DONE]", answer.text[-500:]
    return [json.loads(line) for line in lines[:-1]]


def check_channel(channel: dict):
    """Every field as the strict schemas of 4.16 read it."""
    assert isinstance(channel["id"], int) and channel["id"] > 0
    for field in ("name", "key", "base_url"):
        assert isinstance(channel[field], str), field
    for field in ("type", "status", "priority", "created_at"):
        assert isinstance(channel[field], int) and not isinstance(channel[field], bool), field
    assert isinstance(channel["models"], list)
    assert channel.get("model_mapping") is None or isinstance(channel["model_mapping"], dict)
    assert channel.get("configs") is None or isinstance(channel["configs"], dict)
    assert channel.get("sets") is None or isinstance(channel["sets"], list)
    assert channel.get("proxy_url") is None or isinstance(channel["proxy_url"], str)
    for field in NUMBERS_OR_MISSING:
        assert field not in channel or isinstance(channel[field], (int, float)), field
    for field in BOOLEANS_OR_MISSING:
        assert field not in channel or isinstance(channel[field], bool), field
    assert not channel.get("balance_threshold"), "FastGPT 4.16 refuses to change a channel with a threshold"


def test_the_whole_admin_sequence(own_board):
    board = own_board

    # 4.1 The form opens.
    metas = board.admin("GET", "/api/channels/type_metas", headers=BROWSER)
    assert len(metas) == 43 and metas["1"]["defaultBaseUrl"] == "https://api.openai.com/v1"
    for number, meta in metas.items():
        assert number.isdigit()
        for field in ("name", "keyHelp", "defaultBaseUrl"):
            assert isinstance(meta[field], str), (number, field)

    # 4.2 No channel yet: an empty array, not null.
    assert board.admin("GET", "/api/channels/all?page=1&perPage=10", headers=BROWSER) == []

    # 4.3 Create; visible in the very next list, enabled without `status`.
    body = {
        "type": 1,
        "name": "My OpenAI",
        "base_url": board.mock.base_url,
        "models": list(MAPPING),
        "model_mapping": MAPPING,
        "key": "sk-upstream-one",
        "priority": 1,
    }
    created = board.admin("POST", "/api/channel/", json=body)
    assert created is None or created["id"] > 0
    (channel,) = board.admin("GET", "/api/channels/all")
    check_channel(channel)
    assert {field: channel[field] for field in body} == body
    assert channel["status"] == 1
    assert abs(channel["created_at"] - time.time() * 1000) < 60_000
    path = f"/api/channel/{channel['id']}"

    # 4.4 The edit form, and the full replacement of 4.16 with the nulls of the list.
    edit = {field: channel[field] for field in ("type", "name", "base_url", "models", "model_mapping", "key", "status")}
    board.admin("PUT", path, json={**edit, "priority": 7})
    full = {**edit, "priority": 7, "proxy_url": None, "configs": None, "sets": None, "warn_error_rate": 0,
            "max_error_rate": 0, **dict.fromkeys(BOOLEANS_OR_MISSING, False)}  # fmt: skip
    board.admin("PUT", path, json=full)
    (changed,) = board.channels()
    check_channel(changed)
    assert changed["priority"] == 7 and changed["key"] == "sk-upstream-one" and changed["models"] == list(MAPPING)

    # The 4.16 migration sends only `configs`, and reads it back; nothing else may change.
    board.admin("PUT", path, json={"configs": {"map_reasoning_to_reasoning_content": True}})
    (migrated,) = board.channels()
    assert migrated["configs"] == {"map_reasoning_to_reasoning_content": True}
    assert {**migrated, "configs": None} == {**changed, "configs": None}

    # What the list returned is accepted as it is.
    board.admin("PUT", path, json=migrated)

    # 4.5 Disable and enable.
    assert board.admin("POST", f"{path}/status", json={"status": 2}) is None
    assert board.channels()[0]["status"] == 2
    board.wait_routed("gpt-4o-test", routed=False)
    board.admin("POST", f"{path}/status", json={"status": 1})
    assert board.channels()[0]["status"] == 1
    board.wait_routed("gpt-4o-test")

    # 6 Model test: a streamed chat on this channel. Usage comes though nobody asked, the name is the requested one.
    board.mock.reset()
    before = int(time.time() * 1000)
    answer = board.http.post(
        "/v1/chat/completions",
        headers={**board.authorization, "Aiproxy-Channel": str(channel["id"]), "User-Agent": "OpenAI/JS 4.104.0"},
        json={"model": "gpt-4o-test", "messages": [{"role": "user", "content": "hi"}], "stream": True},
    )
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
    chunks = chunks_of(answer)
    assert {chunk["model"] for chunk in chunks} == {"gpt-4o-test"}
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert text == "".join(f"w{number} " for number in range(10))
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    assert usages[-1]["prompt_tokens"] == 11 and usages[-1]["completion_tokens"] == 10
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]]
    assert [reason for reason in reasons if reason] == ["stop"]

    (seen,) = board.mock.seen()
    sent = json.loads(seen.body)
    assert sent["model"] == "gpt-4o" and sent["stream_options"]["include_usage"] is True
    assert seen.target == "/v1/chat/completions"
    assert seen.headers["authorization"] == "Bearer sk-upstream-one"
    assert "aiproxy-channel" not in seen.headers and board.admin_key not in str(seen)

    # 4.7 The log page.
    request_id = answer.headers["x-request-id"]
    log = board.record(request_id)
    assert isinstance(log["id"], int) and log["channel"] == channel["id"]
    assert log["model"] == "gpt-4o-test" and log["code"] == 200 and "content" not in log
    assert log["usage"]["input_tokens"] == 11 and log["usage"]["output_tokens"] == 10
    assert all(isinstance(count, int) for count in log["usage"].values())
    assert before - 1000 <= log["request_at"] <= log["created_at"] <= time.time() * 1000 + 1000
    assert log["endpoint"] == "/v1/chat/completions" and log["ip"] == "127.0.0.1"
    assert log.get("ttfb_milliseconds", 0) >= 0 and log["mode"] == 1

    # A failing model; its detail has both bodies.
    board.admin("PUT", path, json={"models": ["gpt-4o-test", "broken"],
                                   "model_mapping": {**MAPPING, "broken": "mock-status-500"}})  # fmt: skip
    board.wait_routed("broken")
    failed = board.chat("broken", text="a question with ünïcode")
    assert failed.status_code == 500 and failed.json()["error"]["message"]
    log = board.record(failed.headers["x-request-id"])
    assert log["code"] == 500 and "mock error 500" in log["content"]
    detail = board.admin("GET", f"/api/logs/detail/{log['id']}")
    assert "a question with ünïcode" in detail["request_body"]
    assert "mock error 500" in detail["response_body"]

    # Filters: exact, empty means none, `total` exact, newest first, pages do not overlap.
    assert board.search()["total"] == 2
    assert [entry["code"] for entry in board.search(code_type="error")["logs"]] == [500]
    assert [entry["code"] for entry in board.search(code_type="success")["logs"]] == [200]
    assert board.search(channel=channel["id"])["total"] == 2 and board.search(channel=channel["id"] + 1)["logs"] == []
    assert board.search(model_name="broken")["total"] == 1
    assert board.search(end_timestamp=before - 3_600_000)["total"] == 0
    pages = [board.search(p=page, per_page=1) for page in (1, 2, 3)]
    assert [len(page["logs"]) for page in pages] == [1, 1, 0]
    assert [page["total"] for page in pages] == [2, 2, 2]
    assert pages[0]["logs"][0]["id"] != pages[1]["logs"][0]["id"]
    assert pages[0]["logs"][0]["created_at"] >= pages[1]["logs"][0]["created_at"]

    # 4.6 Delete; its logs stay.
    board.admin("DELETE", path)
    assert board.channels() == []
    board.wait_routed("gpt-4o-test", routed=False)
    assert board.chat("gpt-4o-test").status_code == 404
    assert board.search(channel=channel["id"])["total"] >= 2


def test_the_answer_of_a_write_has_the_exact_envelope(board):
    board.channel({"envelope": "gpt-4o"}, name="envelope")
    (channel,) = [channel for channel in board.channels() if channel["name"] == "envelope"]
    changed = board.raw_admin("PUT", f"/api/channel/{channel['id']}", json={"priority": 3}).json()
    assert set(changed) == {"data", "success"} and changed["data"]["priority"] == 3
    check_channel(changed["data"])
    for method, path, body in (
        ("POST", f"/api/channel/{channel['id']}/status", {"status": 1}),
        ("DELETE", f"/api/channel/{channel['id']}", None),
    ):
        answer = board.raw_admin(method, path, json=body) if body else board.raw_admin(method, path)
        assert answer.status_code == 200 and answer.json() == {"success": True}, (method, answer.text)
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("key", [None, "Bearer wrong", "Bearer"])
def test_a_wrong_admin_key_is_refused_in_the_envelope(board, key):
    for path in ("/api/channels/all", "/api/channels/type_metas", "/api/logs/search", "/api/logs/detail/1"):
        answer = board.http.get(path, headers={"Authorization": key} if key else {})
        assert answer.status_code == 401, path
        assert answer.json() == {"message": "unauthorized, no access token provided", "success": False}


def test_paths_with_doubled_or_lost_slashes_are_answered_without_redirect(board):
    model = board.model("gpt-4o")
    assert board.raw_admin("GET", board.url("gateway") + "//api/channels/all").status_code == 200
    assert board.raw_admin("GET", "/api/channels/all/").status_code == 200
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    url = board.url("gateway") + "//v1/chat/completions"
    assert board.http.post(url, headers=board.authorization, json=body).status_code == 200
    for path in ("/api/channel", "/api/channel/"):
        new = {"type": 1, "name": f"slash {path}", "base_url": "", "models": ["slash"], "model_mapping": {}, "key": "k",
               "priority": 1}  # fmt: skip
        assert board.raw_admin("POST", path, json=new).json()["success"] is True


def test_chunked_bodies_are_taken_on_every_method(board):
    board.channel({"chunked": "gpt-4o"}, name="chunked")
    (channel,) = [channel for channel in board.channels() if channel["name"] == "chunked"]

    def chunked(*pieces: bytes):
        yield from pieces

    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    path = f"/api/channel/{channel['id']}"
    answer = board.raw_admin("PUT", path, headers=headers, content=chunked(b'{"prio', b'rity": 9}'))
    assert answer.json()["success"] is True
    assert [one["priority"] for one in board.channels() if one["id"] == channel["id"]] == [9]
    assert board.raw_admin("DELETE", path, headers=headers, content=chunked()).json() == {"success": True}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "1"), ("type", 9999), ("name", 5), ("models", "gpt-4o"), ("models", [1]), ("model_mapping", []),
        ("model_mapping", {"a": 1}), ("priority", "high"), ("key", 7), ("base_url", 1), ("configs", "x"),
        ("skip_tls_verify", "yes"), ("sets", [1]), ("max_error_rate", "x"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_channel_is_a_400_that_names_it(board, field, value):
    channel = board.channel()
    answer = board.raw_admin("PUT", f"/api/channel/{channel['id']}", json={field: value})
    assert answer.status_code == 400, answer.text
    envelope = answer.json()
    assert envelope["success"] is False and field in envelope["message"]
    (after,) = [one for one in board.channels() if one["id"] == channel["id"]]
    assert after == channel


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"nonsense", b'"text"'])
def test_a_body_that_is_no_object_is_a_400_with_a_message(board, body):
    for method, path in (("POST", "/api/channel/"), ("PUT", "/api/channel/1"), ("POST", "/api/channel/1/status")):
        answer = board.raw_admin(method, path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (method, path, answer.text)
        assert answer.json()["success"] is False and answer.json()["message"]


def test_an_unknown_channel_is_told_by_its_message(board):
    for method, path, body in (
        ("GET", "/api/channel/999999", None),
        ("PUT", "/api/channel/999999", {"priority": 2}),
        ("POST", "/api/channel/999999/status", {"status": 1}),
        ("DELETE", "/api/channel/999999", None),
    ):
        answer = board.raw_admin(method, path, json=body) if body else board.raw_admin(method, path)
        assert answer.status_code in (404, 500), (method, answer.text)
        envelope = answer.json()
        assert envelope["success"] is False and "record not found" in envelope["message"]
    assert board.raw_admin("GET", "/api/channel/abc").status_code in (400, 404, 500)


def test_status_is_open_and_says_success(board):
    answer = board.http.get("/api/status")
    assert answer.status_code == 200 and answer.json()["success"] is True


def test_a_pinned_channel_serves_also_when_it_is_disabled(board):
    first = board.channel({"pinned": "gpt-4o"}, key="sk-upstream-first")
    second = board.channel({"pinned": "gpt-4o"}, key="sk-upstream-second")
    board.admin("POST", f"/api/channel/{first['id']}/status", json={"status": 2})

    def pinned() -> str:
        board.mock.reset()
        answer = board.http.post(
            "/v1/chat/completions", headers={**board.authorization, "Aiproxy-Channel": str(first["id"])},
            json={"model": "pinned", "messages": [{"role": "user", "content": "hi"}]},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return board.mock.seen()[-1].headers["authorization"]

    assert pinned() == "Bearer sk-upstream-first"

    def others() -> bool:
        board.mock.reset()
        board.chat("pinned")
        return board.mock.seen()[-1].headers["authorization"] == "Bearer sk-upstream-second"

    eventually(others, 5, "the enabled channel to take the rest")
    assert all(others() for _ in range(5)) and second["id"] != first["id"]


@pytest.mark.parametrize("value", ["abc", "999999", ""])
def test_a_channel_that_cannot_be_pinned_is_refused(board, value):
    model = board.model("gpt-4o")
    answer = board.http.post(
        "/v1/chat/completions", headers={**board.authorization, "Aiproxy-Channel": value},
        json={"model": model, "messages": [{"role": "user", "content": "hi"}]},
    )  # fmt: skip
    if value == "":
        assert answer.status_code == 200
    else:
        assert answer.status_code in (400, 404, 503) and answer.json()["error"]["message"]
