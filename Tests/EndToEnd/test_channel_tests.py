"""Channel tests: the gateway probes models on a channel, tells the operator, and the registry remembers (contract admin-api §4)."""

import json
import threading
import time

import httpx
import pytest

from harness.processes import eventually, free_port

NEVER = -62135596800000
FIELDS = {
    "test_at": int, "model": str, "actual_model": str, "response": str, "channel_name": str, "channel_type": int,
    "channel_id": int, "took": (int, float), "success": bool, "mode": int, "code": int,
}  # fmt: skip


def check_test(test: dict) -> dict:
    assert set(test) == set(FIELDS), test
    for field, kind in FIELDS.items():
        assert isinstance(test[field], kind), (field, test)
    assert abs(test["test_at"] - time.time() * 1000) < 120_000
    return test


def tried(board, channel: dict, model: str, query: str = "") -> dict:
    """The result of testing one model of a saved channel."""
    return check_test(board.admin("GET", f"/api/channel/{channel['id']}/test/{model}{query}"))


def refusal(answer: httpx.Response) -> str:
    """The message of a test that was not made: a 200 without data."""
    assert answer.status_code == 200, answer.text
    envelope = answer.json()
    assert set(envelope) == {"message", "success"} and envelope["success"] is False, envelope
    return envelope["message"]


def events(board, method: str, path: str, **arguments) -> tuple[httpx.Response, list[dict]]:
    """A streamed run to its end; every event is one line of data and an empty line."""
    answer = board.raw_admin(method, path, **arguments)
    assert answer.status_code == 200, answer.text
    parts = answer.text.split("\n\n")
    assert parts.pop() == ""
    for part in parts:
        assert part.startswith("data: ") and "\n" not in part, part
    return answer, [json.loads(part.removeprefix("data: ")) for part in parts]


def stored(board, channel: dict) -> dict:
    return board.admin("GET", f"/api/channel/{channel['id']}")


def test_a_working_model(board):
    channel = board.channel({"works/well": "gpt-4o"}, key="sk-upstream-probe")
    board.mock.reset()
    test = tried(board, channel, "works/well")
    assert test["success"] is True and test["code"] == 200 and test["mode"] == 1 and test["response"] == ""
    assert test["model"] == "works/well" and test["actual_model"] == "gpt-4o"
    assert (test["channel_id"], test["channel_name"], test["channel_type"]) == (channel["id"], channel["name"], 1)
    (seen,) = board.mock.seen()
    assert seen.target == "/v1/chat/completions" and seen.headers["authorization"] == "Bearer sk-upstream-probe"
    assert json.loads(seen.body) == {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    assert board.admin_key not in str(seen)

    # The name percent-encoded, as FastGPT's 4.17 line sends it; and the body on request.
    test = tried(board, channel, "works%2Fwell", "?success_body=true")
    assert json.loads(test["response"])["model"] == "works/well"
    # Only the exact word counts.
    assert tried(board, channel, "works/well", "?success_body=1")["response"] == ""

    # It is remembered with the channel, without the body; lists stay as FastGPT knows them.
    kept = stored(board, channel)
    assert kept["last_test_error_at"] == NEVER
    assert [(one["model"], one["success"], one["response"]) for one in kept["channel_tests"]] == [("works/well", True, "")]
    assert all("channel_tests" not in one for one in board.channels())


@pytest.mark.parametrize(
    ("upstream", "code", "said"),
    [
        ("mock-status-401", 401, "mock error 401"),
        ("mock-status-500", 500, "mock error 500"),
        ("mock-invalid-json", 502, ""),
        ("mock-502-html", 502, ""),
        ("mock-redirect", 502, "redirect"),
        ("mock-reset", 502, "broke the connection"),
        ("mock-cut-json", 502, "ended too early"),
        ("mock-error-200", 500, "mock error 400"),
        ("mock-error-huge-2", 500, ""),
        ("mock-huge-17", 502, "larger"),
    ],
)
def test_a_failing_upstream_is_a_result(board, upstream, code, said):
    channel = board.channel({f"fails {upstream}": upstream})
    board.mock.reset()
    before = int(time.time() * 1000)
    test = tried(board, channel, f"fails {upstream}")
    assert test["success"] is False and test["code"] == code, test
    error = json.loads(test["response"])["error"]
    assert error["message"] and said in error["message"]
    # One attempt; only a kept connection that breaks before a byte is replaced by a new one, below the relay.
    assert board.mock.stats()["requests"] == 1 or upstream == "mock-reset"
    kept = stored(board, channel)
    assert before <= kept["last_test_error_at"] <= time.time() * 1000
    (one,) = kept["channel_tests"]
    assert check_test(one) == test


def test_an_unreachable_upstream_and_a_slow_one(make_board):
    board = make_board({"gateway": {"FIRST_BYTE_SECONDS": "1"}}).start_all()
    gone = board.channel({"nobody": "gpt-4o"}, base_url=f"http://127.0.0.1:{free_port()}/v1")
    test = tried(board, gone, "nobody")
    assert test["success"] is False and test["code"] == 502
    slow = board.channel({"patient": "mock-slow-head-300", "endless": "mock-slow-head-30000"})
    test = tried(board, slow, "patient")
    assert test["success"] is True and test["took"] >= 0.3
    test = tried(board, slow, "endless")
    assert test["success"] is False and test["code"] == 504 and test["took"] >= 1
    eventually(lambda: board.mock.stats()["aborted"] == 1, 5, "the slow call to be ended")


def test_what_cannot_be_tested_is_refused_with_a_reason(board):
    channel = board.channel({"there": "gpt-4o"})
    board.mock.reset()
    path = f"/api/channel/{channel['id']}/test"
    assert refusal(board.raw_admin("GET", f"{path}/missing")) == "model not supported by channel"
    assert refusal(board.raw_admin("GET", f"{path}/")) == "model is required"
    assert refusal(board.raw_admin("GET", "/api/channel/999999/test/there")) == "channel not found"
    assert refusal(board.raw_admin("GET", "/api/channel/999999/test?stream=true")) == "channel not found"
    assert refusal(board.raw_admin("GET", "/api/channel/-1/test/there")) == "channel not found"
    assert "id" in refusal(board.raw_admin("GET", "/api/channel/abc/test/there"))
    assert "id" in refusal(board.raw_admin("GET", "/api/channel/abc/test?stream=true"))
    assert board.mock.stats()["requests"] == 0


def test_the_kind_of_model_decides_what_is_sent(board):
    names = ["text-embedding-3-small", "an alias of one", "kind-completions", "kind-excused", "kind-translation", "kind-chat",
             "kind-rerank", "kind-speech", "kind-anthropic", "kind-gemini"]  # fmt: skip
    upstream = {**dict.fromkeys(names, "gpt-4o"), "an alias of one": "text-embedding-3-large"}
    channel = board.channel(upstream)
    deepseek = board.channel({"text-embedding-3-small": "gpt-4o"}, type=36)
    board.admin("POST", "/api/model_config/kind-completions", json={"owner": "us", "type": 2})
    board.admin("POST", "/api/model_config/kind-excused", json={"owner": "us", "type": 1, "exclude_from_tests": True})
    for kind, type_ in (("translation", 9), ("rerank", 10), ("speech", 7), ("anthropic", 12), ("gemini", 21)):
        board.admin("POST", f"/api/model_config/kind-{kind}", json={"owner": "us", "type": type_})
    board.wait_current()
    board.mock.reset()

    def sent(model: str) -> tuple[int, str, dict]:
        test = tried(board, channel, model)
        assert test["success"] is True, test
        seen = board.mock.seen()[-1]
        return test["mode"], seen.target, json.loads(seen.body)

    assert sent("text-embedding-3-small") == (3, "/v1/embeddings", {"model": "gpt-4o", "input": "hi"})
    assert sent("an alias of one") == (3, "/v1/embeddings", {"model": "text-embedding-3-large", "input": "hi"})
    assert sent("kind-completions") == (2, "/v1/completions", {"model": "gpt-4o", "prompt": "hi"})
    assert sent("kind-chat")[:2] == (1, "/v1/chat/completions")
    assert sent("kind-rerank") == (10, "/v1/rerank", {"model": "gpt-4o", "query": "hi", "documents": ["hi"]})
    assert sent("kind-speech") == (7, "/v1/audio/speech", {"model": "gpt-4o", "input": "hi", "voice": "alloy"})
    assert tried(board, channel, "kind-speech", "?success_body=true")["response"] == "", "sound is no text"
    # Asked as Anthropic's clients ask; the vendor speaks OpenAI's protocol, so the gateway converts both ways.
    assert sent("kind-anthropic")[:2] == (12, "/v1/chat/completions")
    answer = json.loads(tried(board, channel, "kind-anthropic", "?success_body=true")["response"])
    assert answer["type"] == "message" and answer["content"][0]["type"] == "text"
    assert sent("kind-gemini")[:2] == (21, "/v1/chat/completions")
    answer = json.loads(tried(board, channel, "kind-gemini", "?success_body=true")["response"])
    assert answer["candidates"][0]["finishReason"] == "STOP"

    # Nothing is sent for these.
    board.mock.reset()
    test = tried(board, channel, "kind-excused", "?success_body=true")
    assert (test["success"], test["code"], test["took"], test["response"]) == (True, 200, 0, "")
    assert test["actual_model"] == "kind-excused"
    assert "kind-excused" not in [one["model"] for one in stored(board, channel)["channel_tests"]]
    whole = f"failed to test channel {channel['name']}({channel['id']}) model kind-translation: "
    answer = board.raw_admin("GET", f"/api/channel/{channel['id']}/test/kind-translation")
    assert refusal(answer) == whole + "model type 'audio translation' not supported"
    answer = board.raw_admin("GET", f"/api/channel/{deepseek['id']}/test/text-embedding-3-small")
    assert refusal(answer).endswith("model text-embedding-3-small: Embeddings not supported by adaptor")
    assert board.mock.stats()["requests"] == 0

    # In a run the kind that is never tested gives no item, the one that this vendor lacks does.
    assert board.admin("GET", f"/api/channel/{channel['id']}/test") == []
    (item,) = board.admin("GET", f"/api/channel/{deepseek['id']}/test")
    assert set(item) == {"message", "success"} and "Embeddings not supported by adaptor" in item["message"]


def test_a_channel_that_was_saved_a_moment_ago_is_tested_at_once(board):
    for number in range(5):
        name = f"just saved {number} {time.time()}"
        body = {"type": 1, "name": name, "base_url": board.mock.base_url, "models": ["fresh"], "key": "sk-x",
                "model_mapping": {"fresh": "gpt-4o"}}  # fmt: skip
        board.admin("POST", "/api/channel/", json=body)
        (channel,) = [one for one in board.channels() if one["name"] == name]
        assert tried(board, channel, "fresh")["success"] is True


def test_all_models_of_a_channel(board):
    upstream = {"fine": "gpt-4o", "denied": "mock-status-401", "broken": "mock-status-500", "garbled": "mock-invalid-json"}
    channel = board.channel(upstream)
    path = f"/api/channel/{channel['id']}/test"
    items = board.admin("GET", path)
    assert all(set(item) == {"data", "success"} and item["success"] is True for item in items)
    assert {item["data"]["model"]: item["data"]["code"] for item in items} == {"denied": 401, "broken": 500, "garbled": 502}
    assert all(check_test(item["data"])["success"] is False for item in items)
    items = board.admin("GET", f"{path}?return_success=true")
    (fine,) = [item["data"] for item in items if item["data"]["success"]]
    assert len(items) == 4 and fine["response"] == ""
    items = board.admin("GET", f"{path}?return_success=true&success_body=true")
    (fine,) = [item["data"] for item in items if item["data"]["success"]]
    assert json.loads(fine["response"])["model"] == "fine"
    kept = stored(board, channel)
    assert {one["model"]: one["code"] for one in kept["channel_tests"]} == {"fine": 200, "denied": 401, "broken": 500, "garbled": 502}
    assert [one["model"] for one in kept["channel_tests"]] == sorted(upstream)
    assert kept["last_test_error_at"] > 0

    # One good test leaves the mark of a fresh failure; a whole run without a failure takes it away.
    board.admin("PUT", f"/api/channel/{channel['id']}", json={"model_mapping": dict.fromkeys(upstream, "gpt-4o")})
    board.wait_current()
    assert tried(board, channel, "broken")["success"] is True
    assert stored(board, channel)["last_test_error_at"] == kept["last_test_error_at"]
    assert board.admin("GET", path) == []
    kept = stored(board, channel)
    assert kept["last_test_error_at"] == NEVER and all(one["success"] for one in kept["channel_tests"])

    # Tests are no configuration: gateways hear nothing of them. They go with the channel.
    revision = board.query("SELECT revision FROM registry.settings")
    board.admin("GET", path)
    assert board.query("SELECT revision FROM registry.settings") == revision
    board.admin("POST", "/api/channels/batch_delete", json=[channel["id"]])
    assert board.query(f"SELECT count(*) FROM registry.channel_tests WHERE channel_id = {channel['id']}") == "0"


def test_a_channel_without_models_is_tested_with_those_of_its_type(own_board):
    own_board.admin("PUT", "/api/option/DefaultChannelModels", json={"1": ["by default"]})
    channel = own_board.channel()
    eventually(
        lambda: [item["data"]["model"] for item in own_board.admin("GET", f"/api/channel/{channel['id']}/test?return_success=true")]
        == ["by default"], 5, "the default models",
    )  # fmt: skip
    empty = own_board.channel(type=36)
    answer, items = events(own_board, "GET", f"/api/channel/{empty['id']}/test?stream=true&return_success=true")
    assert items == [] and answer.content == b"" and "content-type" not in answer.headers


def test_a_test_counts_for_the_health_of_a_saved_channel_and_a_preview_does_not(board):
    model = f"watched {time.time_ns()}"
    body = {"type": 1, "key": "k", "base_url": board.mock.base_url, "model": model, "model_mapping": {model: "mock-status-401"}}
    channel = board.channel({model: "mock-status-401"}, enabled_no_permission_ban=True)
    assert board.admin("POST", "/api/channel/test-preview", json=body)["code"] == 401
    assert tried(board, channel, model)["code"] == 401
    eventually(lambda: board.admin("GET", "/api/monitor/banned_channels").get(model) == [channel["id"]], 5, "the ban")
    assert 'channel="0"' not in httpx.get(board.url("gateway") + "/metrics", trust_env=False).text


def test_a_streamed_run_tells_each_result_as_it_comes(board):
    channel = board.channel({"quick": "mock-status-500", "late": "mock-slow-head-1500"})
    board.mock.reset()
    url = f"/api/channel/{channel['id']}/test?stream=true&return_success=true"
    with board.http.stream("GET", url, headers=board.authorization) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache" and answer.headers["x-accel-buffering"] == "no"
        assert len(answer.headers["x-request-id"]) >= 16
        lines = answer.iter_lines()
        first = json.loads(next(lines).removeprefix("data: "))
        assert first["data"]["model"] == "quick" and first["success"] is True and first["data"]["success"] is False
        assert "running" in [seen.outcome for seen in board.mock.seen()], "the other one is still asked"
        rest = list(lines)
    assert rest[0] == "" and rest[2:] == [""]
    assert json.loads(rest[1].removeprefix("data: "))["data"]["model"] == "late"
    answer, items = events(board, "GET", f"/api/channel/{channel['id']}/test?stream=true")
    assert [item["data"]["model"] for item in items] == ["quick"]


def test_all_channels_with_five_tests_at_once_over_everything(own_board):
    board = own_board
    channels = [board.channel({f"m{channel}-{model}": "mock-slow-head-300" for model in range(4)}) for channel in range(4)]
    disabled = board.channel({"resting": "mock-status-500"})
    board.admin("POST", f"/api/channel/{disabled['id']}/status", json={"status": 2})
    board.wait_current()
    board.mock.reset()
    most, over = [0], threading.Event()

    def watch():
        with httpx.Client(base_url=board.mock.origin, trust_env=False) as client:
            while not over.is_set():
                recent = client.get("/__mock/stats").json()["recent"]
                most[0] = max(most[0], sum(entry["outcome"] == "running" for entry in recent))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, items = events(board, "GET", "/api/channels/test?stream=true&return_success=true")
    over.set()
    watcher.join()
    assert len(items) == 16 and all(item["data"]["success"] for item in items)
    assert {item["data"]["channel_id"] for item in items} == {channel["id"] for channel in channels}
    assert board.mock.stats()["requests"] == 16 and most[0] == 5
    items = board.admin("GET", "/api/channels/test?test_disabled=true")
    assert [item["data"]["model"] for item in items] == ["resting"]
    assert [len(stored(board, channel)["channel_tests"]) for channel in channels] == [4, 4, 4, 4]
    # A test is no call of anybody: no record, no bill.
    record = board.chat("m0-0")
    board.record(record.headers["x-request-id"])
    assert board.search()["total"] == 1


def test_an_operator_who_leaves_stops_the_rest(own_board):
    board = own_board
    channel = board.channel({f"left-{model}": f"mock-slow-head-{300 if model else 50}" for model in range(40)})
    board.mock.reset()
    url = f"/api/channel/{channel['id']}/test?stream=true&return_success=true"
    with board.http.stream("GET", url, headers=board.authorization) as answer:
        assert json.loads(next(answer.iter_lines()).removeprefix("data: "))["data"]["success"] is True
        answer.close()
    eventually(lambda: "running" not in [seen.outcome for seen in board.mock.seen()], 5, "the running tests to end")
    stats = board.mock.stats()
    assert stats["requests"] < 20 and stats["aborted"] >= 1, stats
    time.sleep(1)
    assert board.mock.stats()["requests"] == stats["requests"], "nothing was begun afterwards"
    # What was found out before is kept; what was cut off is no failure.
    kept = eventually(lambda: stored(board, channel)["channel_tests"], 5, "the results so far")
    assert all(one["success"] for one in kept) and len(kept) == stats["requests"] - stats["aborted"]
    assert stored(board, channel)["last_test_error_at"] == NEVER

    # The same for a single test.
    slow = board.channel({"slow": "mock-slow-head-20000"})
    board.mock.reset()
    with pytest.raises(httpx.ReadTimeout):
        board.http.get(f"/api/channel/{slow['id']}/test/slow", headers=board.authorization, timeout=0.5)
    eventually(lambda: board.mock.stats()["aborted"] == 1, 5, "the test to be ended")
    assert stored(board, slow)["channel_tests"] == []


def test_a_preview_tests_a_channel_that_is_not_saved(board):
    before = board.query("SELECT count(*) FROM registry.channel_tests")
    body = {"type": 1, "key": "sk-preview", "base_url": board.mock.base_url, "name": "draft", "model": "asked",
            "model_mapping": {"asked": "gpt-4o"}, "proxy_url": None, "configs": {}}  # fmt: skip
    board.mock.reset()
    test = check_test(board.admin("POST", "/api/channel/test-preview?success_body=true", json=body))
    assert test["success"] is True and test["channel_id"] == 0 and test["channel_name"] == "draft"
    assert (test["model"], test["actual_model"], test["response"]) == ("asked", "gpt-4o", "")
    (seen,) = board.mock.seen()
    assert seen.headers["authorization"] == "Bearer sk-preview"
    failing = check_test(board.admin("POST", "/api/channel/test-preview", json={**body, "model": "mock-status-401"}))
    assert failing["success"] is False and failing["code"] == 401 and "mock error 401" in failing["response"]
    wrong = {**body, "type": 36, "model": "text-embedding-3-small"}
    assert refusal(board.raw_admin("POST", "/api/channel/test-preview", json=wrong)) == "Embeddings not supported by adaptor"

    several = {**body, "models": ["asked", "mock-status-500"]}
    items = board.admin("POST", "/api/channel/test-preview-all", json=several)
    assert [(item["data"]["model"], item["data"]["code"]) for item in items] == [("mock-status-500", 500)]
    answer, items = events(board, "POST", "/api/channel/test-preview-all?stream=true&return_success=true&success_body=true",
                           json=several)  # fmt: skip
    assert answer.headers["content-type"] == "text/event-stream" and len(items) == 2
    (good,) = [item["data"] for item in items if item["data"]["success"]]
    assert json.loads(good["response"])["model"] == "asked"
    assert board.query("SELECT count(*) FROM registry.channel_tests") == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": 0}, "type"), ({"type": None}, "type"), ({"type": "1"}, "type"), ({"type": 9999}, "type"),
        ({"key": ""}, "key"), ({"key": 7}, "key"), ({"model": ""}, "model"), ({"model": ["a"]}, "model"),
        ({"model_mapping": {"a": 1}}, "model_mapping"), ({"skip_tls_verify": "yes"}, "skip_tls_verify"),
        ({"configs": []}, "configs"), ({"type": 13, "key": "one part"}, "key"),
    ],
)  # fmt: skip
def test_a_preview_that_is_not_complete_names_the_field(board, change, named):
    body = {"type": 1, "key": "k", "base_url": board.mock.base_url, "model": "gpt-4o", **change}
    board.mock.reset()
    assert named in refusal(board.raw_admin("POST", "/api/channel/test-preview", json=body))
    if named != "model":
        several = {**body, "models": ["gpt-4o"]}
        assert named in refusal(board.raw_admin("POST", "/api/channel/test-preview-all?stream=true", json=several))
    assert board.mock.stats()["requests"] == 0


def test_a_preview_of_nothing_is_refused(board):
    body = {"type": 1, "key": "k", "base_url": board.mock.base_url}
    for models in ({}, {"models": []}, {"models": None}):
        answer = board.raw_admin("POST", "/api/channel/test-preview-all?stream=true", json={**body, **models})
        assert refusal(answer) == "no models to test"
    for content in (b"", b"{", b"[1]"):
        assert refusal(board.raw_admin("POST", "/api/channel/test-preview", content=content))


def test_results_that_the_registry_does_not_take_are_told_all_the_same(own_board):
    board = own_board
    channel = board.channel({"fine": "gpt-4o", "broken": "mock-status-500"})
    board.processes["channel-registry"].kill()
    assert tried(board, channel, "fine")["success"] is True
    assert len(board.admin("GET", f"/api/channel/{channel['id']}/test?return_success=true")) == 2
    log = board.processes["gateway"].output
    eventually(lambda: "results of channel tests were not saved" in log(), 5, "the line in the log")
    metrics = httpx.get(board.url("gateway") + "/metrics", trust_env=False).text.splitlines()
    unsaved = [float(line.split()[-1]) for line in metrics if line.startswith("gateway_channel_tests_unsaved_total{")]
    assert sum(unsaved) == 3
    board.start("channel-registry")
    assert tried(board, channel, "fine")["success"] is True
    assert [one["model"] for one in stored(board, channel)["channel_tests"]] == ["fine"]


def test_a_key_that_cannot_be_read_is_a_failed_test(make_board):
    board = make_board().start_all()
    channel = board.channel({"sealed": "gpt-4o"})
    board.processes["gateway"].stop()
    board.settings = {"gateway": {"SECRETS_KEY": "another key that opens nothing"}}
    board.start("gateway")
    test = tried(board, channel, "sealed")
    assert test["success"] is False and test["code"] == 502 and "SECRETS_KEY" in test["response"]


@pytest.mark.parametrize("query", ["", "?stream=true"])
def test_nobody_tests_without_the_admin_key(board, query):
    channel = board.channel({"guarded": "gpt-4o"})
    token = board.admin("POST", "/api/token/tests-team?auto_create_group=true", json={"name": f"t{time.time_ns()}"})["key"]
    board.wait_current()
    board.mock.reset()
    body = {"type": 1, "key": "k", "base_url": board.mock.base_url, "model": "gpt-4o", "models": ["gpt-4o"]}
    for method, path in (
        ("GET", f"/api/channel/{channel['id']}/test"),
        ("GET", f"/api/channel/{channel['id']}/test/guarded"),
        ("GET", f"/api/channel/{channel['id']}/test/guarded/"),
        ("GET", f"//api//channel/{channel['id']}/test/guarded"),
        ("GET", "/api/channels/test"),
        ("POST", "/api/channel/test-preview"),
        ("POST", "/api/channel/test-preview-all"),
    ):
        for key in (None, "Bearer wrong", f"Bearer {token}", f"Bearer sk-{token}", "Bearer"):
            headers = {"Authorization": key} if key else {}
            answer = board.http.request(
                method, board.url("gateway") + path + query, headers=headers, json=body if method == "POST" else None)
            assert answer.status_code == 401, (method, path, key)
            assert answer.json() == {"message": "unauthorized, no access token provided", "success": False}
    assert board.mock.stats()["requests"] == 0
