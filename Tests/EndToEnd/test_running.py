"""Parts that are down, come back, start twice or stop while they work."""

import json
import signal
import subprocess
import threading
import time

import httpx
import pytest
from harness.board import Board
from harness.processes import BINARIES, eventually, free_port

SERVICES = ("gateway", "channel-registry", "log-collector")
QUESTION = {"messages": [{"role": "user", "content": "hi"}]}


def ready(board: Board, name: str) -> int:
    return httpx.get(board.url(name) + "/readyz", trust_env=False, timeout=5).status_code


def check_admin_down(board: Board, path: str):
    """A part that is down is told in the envelope, soon."""
    answer = board.raw_admin("GET", path)
    assert answer.status_code in (502, 503, 504), answer.text
    assert answer.json()["success"] is False and answer.json()["message"]


def test_the_gateway_starts_from_its_snapshot_without_the_others(own_board):
    board = own_board
    board.channel({"kept": "gpt-4o"}, key="sk-upstream-kept")
    for name in SERVICES:
        assert board.processes[name].stop() == 0
    board.start("gateway")
    answer = board.chat("kept")
    assert answer.status_code == 200
    assert board.mock.seen()[-1].headers["authorization"] == "Bearer sk-upstream-kept"
    check_admin_down(board, "/api/channels/all")
    check_admin_down(board, "/api/logs/search")
    # And its record is there when the collector is.
    board.start("channel-registry")
    board.start("log-collector")
    assert board.record(answer.headers["x-request-id"], 20)["code"] == 200
    board.channel({"new": "gpt-4o"})


def test_the_gateway_without_snapshot_and_registry_is_not_ready_until_the_registry_comes(make_board):
    board = make_board()
    gateway = board.start("gateway", ready=False)
    eventually(lambda: httpx.get(board.url("gateway") + "/livez", trust_env=False).status_code == 200, 10, "livez")
    assert ready(board, "gateway") == 503
    answer = board.chat("any")
    assert answer.status_code in (404, 503) and answer.json()["error"]["message"]
    board.start("channel-registry")
    gateway.wait_ready(board.url("gateway") + "/readyz")
    board.start("log-collector")
    assert board.chat(board.model("gpt-4o")).status_code == 200


def test_a_registry_that_dies_stops_no_call(own_board):
    board = own_board
    model = board.model("gpt-4o")
    board.processes["channel-registry"].kill()
    for streams in (False, True):
        assert board.chat(model, stream=streams).status_code == 200
    check_admin_down(board, "/api/channels/all")
    assert ready(board, "gateway") == 200
    board.start("channel-registry")
    board.channel({"after": "gpt-4o"})
    assert board.chat("after").status_code == 200


def test_records_wait_for_a_collector_that_is_down(own_board):
    board = own_board
    model = board.model("gpt-4o")
    board.processes["log-collector"].kill()
    ids = [board.chat(model).headers["x-request-id"] for _ in range(5)]
    check_admin_down(board, "/api/logs/search")
    board.start("log-collector")
    assert {board.record(one, 30)["request_id"] for one in ids} == set(ids)


def test_a_collector_that_is_killed_again_and_again_loses_and_doubles_nothing(own_board):
    board = own_board
    model = board.model("gpt-4o")
    ids = []
    for _ in range(3):
        for _ in range(20):
            answer = board.chat(model)
            assert answer.status_code == 200
            ids.append(answer.headers["x-request-id"])
        board.processes["log-collector"].kill()
        board.start("log-collector")
    eventually(lambda: board.search(model_name=model)["total"] >= len(ids), 30, "all records")
    stored = board.query(f"SELECT request_id FROM logs.calls WHERE model = '{model}'").split()
    assert sorted(stored) == sorted(ids)


def test_services_wait_for_a_postgres_that_comes_late(make_board, own_postgres):
    board = make_board(cluster=own_postgres)
    own_postgres.stop()
    for name in ("channel-registry", "log-collector"):
        board.start(name, ready=False)
    board.start("gateway", ready=False)
    for name in ("channel-registry", "log-collector"):
        eventually(lambda name=name: ready(board, name) == 503, 10, f"{name} to answer that it is not ready")
    own_postgres.start()
    for name in SERVICES:
        board.processes[name].wait_ready(board.url(name) + "/readyz", 30)
    assert board.chat(board.model("gpt-4o")).status_code == 200


def test_a_postgres_that_restarts_is_ridden_out(make_board, own_postgres):
    board = make_board(cluster=own_postgres).start_all()
    model = board.model("gpt-4o")
    first = board.chat(model).headers["x-request-id"]
    board.record(first)
    own_postgres.stop()
    second = board.chat(model)
    assert second.status_code == 200, "calls need no database"
    answer = board.raw_admin("GET", "/api/channels/all")
    assert answer.status_code in (200, 500, 502, 503, 504)
    if answer.status_code != 200:
        assert answer.json()["success"] is False and answer.json()["message"]
    own_postgres.start()
    for name in ("channel-registry", "log-collector"):
        board.processes[name].wait_ready(board.url(name) + "/readyz", 30)
    assert board.record(second.headers["x-request-id"], 30)["code"] == 200
    board.channel({"after restart": "gpt-4o"})
    assert board.chat("after restart").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_finishes_when_the_gateway_is_told_to_stop(own_board, number):
    board = own_board
    model = board.model("mock-stream-n30-d100")
    got = {"text": ""}
    begun = threading.Event()

    def call():
        body = {"model": model, "stream": True, **QUESTION}
        client = httpx.Client(base_url=board.url("gateway"), trust_env=False, timeout=30)
        with client.stream("POST", "/v1/chat/completions", headers=board.authorization, json=body) as answer:
            got["id"] = answer.headers["x-request-id"]
            for piece in answer.iter_text():
                got["text"] += piece
                begun.set()

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(10)
    gateway = board.processes["gateway"]
    gateway.signal(number)
    eventually(lambda: refuses(board), 5, "new connections to be refused")
    caller.join(20)
    assert not caller.is_alive()
    assert got["text"].rstrip().endswith("data: [DONE]") and "w29 " in got["text"]
    assert gateway.wait(20) == 0
    # The record left with it: there is no gateway to ask, so the collector's own route is.
    headers = board.authorization
    found = eventually(
        lambda: httpx.get(
            board.url("log-collector") + "/api/logs/search", params={"request_id": got["id"]}, headers=headers,
            trust_env=False,
        ).json()["data"]["logs"],
        10, "the record",
    )  # fmt: skip
    assert found[0]["outcome"] == "completed" and found[0]["usage"]["output_tokens"] == 30


def refuses(board: Board) -> bool:
    try:
        httpx.get(board.url("gateway") + "/livez", trust_env=False, timeout=1)
        return False
    except httpx.HTTPError:
        return True


def test_idle_services_stop_at_once(own_board):
    for name in SERVICES:
        started = time.monotonic()
        assert own_board.processes[name].stop() == 0, name
        assert time.monotonic() - started < 10, name


@pytest.mark.parametrize("name", SERVICES)
def test_a_second_instance_on_the_same_port_is_refused_and_the_first_serves_on(own_board, name):
    board = own_board
    first = board.processes[name]
    second = board.start(name, ready=False)
    assert second.wait(20) not in (0, None)
    port = str(board.ports[name])
    assert port in second.output().splitlines()[-1] or port in second.output()[-1500:]
    board.processes[name] = first
    assert first.is_running and ready(board, name) == 200
    for _ in range(20):
        assert httpx.get(board.url(name) + "/livez", trust_env=False).status_code == 200


def test_two_replicas_that_start_at_once_on_an_empty_database_both_come_up(make_board):
    board = make_board()
    twins = []
    for name in ("channel-registry", "log-collector"):
        for _ in range(2):
            board.ports[name] = free_port()
            twins.append((board.start(name, ready=False), board.url(name)))
    for process, url in twins:
        process.wait_ready(url + "/readyz", 30)
    for process, _ in twins:
        assert process.stop() == 0


def test_a_gateway_that_is_killed_comes_back(own_board):
    board = own_board
    model = board.model("gpt-4o")
    board.processes["gateway"].kill()
    board.start("gateway")
    assert board.chat(model).status_code == 200


def test_every_service_has_its_operational_routes(board):
    board.chat(board.model("gpt-4o"))
    for name in SERVICES:
        with httpx.Client(base_url=board.url(name), trust_env=False) as client:
            assert client.get("/livez").status_code == 200
            assert client.get("/readyz").status_code == 200
            metrics = client.get("/metrics")
            assert metrics.status_code == 200 and metrics.headers["content-type"].startswith("text/plain")
            for line in metrics.text.splitlines():
                assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2, line
            assert "# TYPE " in metrics.text


def test_every_log_line_is_one_json_object(board):
    board.chat(board.model("gpt-4o"))
    for name in SERVICES:
        for line in board.processes[name].output().splitlines():
            entry = json.loads(line)
            assert {"ts", "level", "service", "message"} <= set(entry), line


@pytest.mark.parametrize("name", SERVICES)
def test_the_command_line(name, make_board):
    board = make_board()

    def run(*arguments, environment=None):
        return subprocess.run(
            [BINARIES / name, *arguments], env=environment or board.environment(name), capture_output=True, text=True,
            timeout=30, cwd="/",
        )  # fmt: skip

    assert run("version").returncode == 0 and run("version").stdout.strip()
    help_text = run("--help")
    assert help_text.returncode == 0 and "serve" in help_text.stdout
    assert run("nonsense").returncode == 64
    assert run("serve", "--nonsense").returncode in (64, 78)
    checked = run("check-config")
    assert checked.returncode == 0
    for secret in (board.admin_key, board.internal_key, board.secrets_key):
        assert secret not in checked.stdout + checked.stderr
    if name != "gateway":
        assert run("migrate").returncode == 0
        assert run("migrate").returncode == 0, "a second time changes nothing"
    # Everything that is missing or wrong is named at once.
    poor = {"LISTEN": "nonsense", "LOOPS": "many"}
    refused = run("serve", environment=poor)
    assert refused.returncode not in (0, None)
    told = refused.stdout + refused.stderr
    for variable in ("ADMIN_KEY", "INTERNAL_KEY", "LISTEN"):
        assert variable in told, told


def test_automatic_migration_can_be_turned_off(make_board):
    board = make_board({"channel-registry": {"AUTO_MIGRATE": "false"}})
    registry = board.start("channel-registry", ready=False)
    eventually(
        lambda: not registry.is_running or ready(board, "channel-registry") == 503, 10, "a refusal to serve unmigrated"
    )
    assert board.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'registry'") == "0"
