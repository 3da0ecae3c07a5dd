"""Error rates, bans and rates of traffic: what gateways see of channels, shared, and shown by the monitor routes."""

import uuid

import httpx
import pytest

from harness.processes import BINARIES, Process, eventually, free_port

# A second gateway of the same board.
SECOND = "second-gateway"


def start_second(board) -> Process:
    board.ports[SECOND] = free_port()
    environment = board.environment("gateway")
    environment["LISTEN"] = f"127.0.0.1:{board.ports[SECOND]}"
    environment["STATE_DIR"] = str(board.folder / "second-state")
    (board.folder / "second-state").mkdir()
    process = Process(SECOND, [BINARIES / "gateway", "serve"], environment, board.folder / f"{SECOND}.log")
    board.processes[SECOND] = process
    process.wait_ready(board.url(SECOND) + "/readyz")
    return process


def chat(board, model: str, gateway: str = "gateway", key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else board.authorization
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return httpx.post(
        board.url(gateway) + "/v1/chat/completions", headers=headers, json=body, trust_env=False, timeout=30
    )


def served_by(board, answer: httpx.Response) -> int:
    """The channel of a call's last attempt."""
    return board.record(answer.headers["x-request-id"])["channel"]


def banned(board) -> dict:
    return board.admin("GET", "/api/monitor/banned_channels")


def bans_at(board, gateway: str) -> int:
    lines = httpx.get(board.url(gateway) + "/metrics", trust_env=False).text.splitlines()
    return int(float(next(line for line in lines if line.startswith("gateway_channel_bans ")).split()[1]))


def unique() -> str:
    # A colon and a slash, as names of models have them.
    return f"vendor/{uuid.uuid4().hex[:8]}:8b"


def test_a_failing_model_is_banned_and_traffic_moves_until_an_administrator_clears_it(board):
    model = unique()
    bad = board.channel({model: "mock-status-500"}, max_error_rate=0.5)["id"]
    for _ in range(9):
        assert chat(board, model).status_code == 500
    assert model not in banned(board), "nine attempts say nothing"
    good = board.channel({model: "gpt-4o"})["id"]
    eventually(lambda: chat(board, model).status_code == 500, 20, "a tenth error")
    eventually(lambda: board.admin("GET", f"/api/monitor/{bad}")[model] == 1, 5, "the error rate")
    eventually(lambda: banned(board).get(model) == [bad], 5, "the ban to be shown")
    answers = [chat(board, model) for _ in range(20)]
    assert all(answer.status_code == 200 for answer in answers)
    assert served_by(board, answers[-1]) == good

    runtime = board.admin("GET", "/api/monitor/runtime_metrics")
    pair = runtime["channel_models"][str(bad)][model]
    assert pair["banned"] and pair["errors"] == pair["requests"] >= 10 and pair["error_rate"] == 1
    assert runtime["models"][model]["banned_channels"] == 1
    assert runtime["models"][model]["accessible_sets"] == ["default"]
    assert bans_at(board, "gateway") >= 1

    assert board.admin("DELETE", f"/api/monitor/{bad}/{model}") is None
    assert model not in banned(board)
    # Within about a second the gateway knows, and the channel is drawn again.
    eventually(lambda: chat(board, model).status_code == 500, 10, "the channel to be drawn again")


def test_one_lack_of_permission_bans_only_where_the_channel_says_so(board):
    for upstream, flag, isBanned in [
        ("mock-status-401", False, False),
        ("mock-status-500", True, False),
        ("mock-status-403", True, True),
    ]:
        model = unique()
        channel = board.channel({model: upstream}, enabled_no_permission_ban=flag)["id"]
        assert chat(board, model).status_code == int(upstream.split("-")[-1])
        eventually(lambda: model in board.admin("GET", f"/api/monitor/{channel}"), 5, "the report")
        assert (banned(board).get(model) == [channel]) is isBanned
        if isBanned:
            # The last resort is better than none, and says why it was taken.
            answer = chat(board, model)
            assert answer.status_code == 403
            assert board.record(answer.headers["x-request-id"])["attempts"][0]["reason"] == "banned"
        board.admin("DELETE", f"/api/monitor/{channel}")
    assert model not in banned(board)


def test_a_changed_channel_is_no_longer_banned(board):
    model = unique()
    channel = board.channel({model: "mock-status-401"}, enabled_no_permission_ban=True)
    chat(board, model)
    eventually(lambda: banned(board).get(model) == [channel["id"]], 5, "the ban")
    board.admin("PUT", f"/api/channel/{channel['id']}", json={**channel, "model_mapping": {model: "gpt-4o"}})
    assert model not in banned(board)
    eventually(lambda: chat(board, model).status_code == 200, 5, "the mended channel")


def test_two_gateways_share_what_they_see(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "0"}}).start_all()
    start_second(board)
    model = unique()
    bad = board.channel({model: "mock-status-500"}, max_error_rate=0.5)["id"]
    eventually(lambda: chat(board, model, SECOND).status_code == 500, 5, "the model on the second gateway")
    for _ in range(5):
        assert chat(board, model).status_code == 500
    # Six errors: too few for either gateway alone, and still too few together.
    eventually(
        lambda: board.admin("GET", "/api/monitor/runtime_metrics")["channel_models"][str(bad)][model]["errors"] == 6,
        5,
        "both reports",
    )
    assert model not in banned(board)
    # The first hears of the second's error with its next report, and its own ninth completes ten.
    for _ in range(4):
        chat(board, model)
    eventually(lambda: chat(board, model).status_code == 500 and banned(board).get(model) == [bad], 8, "the ban")
    good = board.channel({model: "gpt-4o"})["id"]
    for gateway in ("gateway", SECOND):
        eventually(lambda: bans_at(board, gateway) == 1, 5, f"the ban at {gateway}")
        eventually(lambda: chat(board, model, gateway).status_code == 200, 5, f"the good channel at {gateway}")
    answers = [chat(board, model, gateway) for gateway in ("gateway", SECOND) for _ in range(10)]
    assert all(answer.status_code == 200 for answer in answers)
    assert served_by(board, answers[-1]) == good

    board.admin("DELETE", "/api/monitor/")
    for gateway in ("gateway", SECOND):
        eventually(lambda: chat(board, model, gateway).status_code == 500, 10, f"{gateway} to draw the channel again")


def test_without_the_registry_a_gateway_bans_by_its_own_view_and_reports_later(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "0"}}).start_all()
    model = unique()
    bad = board.channel({model: "mock-status-500"}, max_error_rate=0.5)["id"]
    board.channel({model: "gpt-4o"})
    board.processes["channel-registry"].stop()
    statuses = []
    eventually(
        lambda: statuses.append(chat(board, model).status_code) or statuses[-30:] == [200] * 30, 30, "the ban to work"
    )
    assert statuses.count(500) >= 5
    board.start("channel-registry")
    eventually(lambda: banned(board).get(model) == [bad], 10, "the ban to be reported")

    def errors() -> int:
        return board.admin("GET", "/api/monitor/runtime_metrics")["channel_models"][str(bad)][model]["errors"]

    eventually(lambda: errors() >= statuses.count(500), 5, "the counts of the last second too")
    assert errors() == statuses.count(500), "each attempt is counted once"


def test_rates_of_groups_tokens_and_models(board):
    group, model = f"fastgpt:{uuid.uuid4().hex[:8]}", unique()
    board.channel({model: "gpt-4o"})
    key = board.admin("POST", f"/api/token/{group}?auto_create_group=true", json={"name": "t:1"})["key"]
    board.wait_current()
    for _ in range(3):
        assert chat(board, model, key=key).status_code == 200
    used = board.record_of(model)["usage"]["total_tokens"]

    def rate():
        found = board.admin("GET", "/api/monitor/group_summary_metrics", params={"groups": f"{group},none"})["groups"]
        return found[group]["rpm"] == 3 and found

    found = eventually(rate, 5, "three calls")
    assert found[group]["tpm"] == 3 * used and found["none"]["rpm"] == 0
    assert board.admin("GET", f"/api/monitor/group_token_metrics/{group}")["tokens"]["t:1"]["rpm"] == 3
    assert board.admin("GET", f"/api/monitor/group_model_metrics/{group}")["models"][model]["rpm"] == 3
    items = board.admin("GET", f"/api/monitor/group_tokenname_model_metrics/{group}")["items"]
    assert [(item["group"], item["token_name"], item["model"], item["rpm"]) for item in items] == [
        (group, "t:1", model, 3)
    ]
    asked = {"items": [{"group": group, "token_name": "t:1"}, {"group": group, "token_name": ""}]}
    items = board.admin("POST", "/api/monitor/batch_group_token_metrics", json=asked)["items"]
    assert len(items) == 1 and items[0]["tpm"] == 3 * used
    models = board.admin("GET", f"/api/dashboard/{group}/models")
    assert model in [entry["model"] for entry in models]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_wrong_channel_id_is_refused_through_the_gateway(board, method):
    answer = board.raw_admin(method, "/api/monitor/abc")
    assert answer.status_code == 400
    assert answer.json() == {"message": "Invalid channel ID", "success": False}
