"""schemathesis over `/openapi.json`: odd values for every parameter and body, with the three services over PostgreSQL.

No answer may be a 5xx, and each must have the status, the media type and the form that the description promises. Nothing is random: a
failure comes again with the next run.
"""

import pathlib
import subprocess
import sys

import pytest
from harness.board import Board

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Routes that call what a channel names: they are tried first, while the only channel is on loopback. The mock provider has no Responses.
CALLS = r"^/v1(?!/responses$)|/channel/{id}/test/|update_balance"
# A stream of channel tests without a result is empty and has no media type (contract admin-api §4.4), which OpenAPI cannot say.
STREAMS = r"/channel/{id}/test$|^/api/channels/test$"
# Routes that call what their body names, which here may be anything; they have tests of their own against loopback.
DIALS = r"import/oneapi|test-preview|/v1/responses$"
# Bodies of two dozen members: every boundary of each is tried on one of the routes that take them.
REPEATED = r"model_configs|^/api/group/.*model_config/"


@pytest.fixture(scope="module")
def described(tmp_path_factory, postgres):
    """A board of its own, since much of it is deleted and changed on the way; lists are not empty."""
    board = Board(tmp_path_factory.mktemp("described"), postgres, {"gateway": {"RETRY_TIMES": "0"}})
    try:
        board.start_all()
        board.channel({name: "gpt-4o" for name in ("gpt-4o-mini", "text-embedding-3-small")})
        board.admin("POST", "/api/token/team-a?auto_create_group=true", json={"name": "svc", "models": ["gpt-4o-mini"]})
        board.admin("POST", "/api/model_config/gpt-4o-mini", json={"type": 1, "price": {"input_price": 0.1}})
        board.admin("POST", "/api/group/team-a/model_configs", json=[{"model": "gpt-4o-mini", "rpm": 5}])
        assert board.chat("gpt-4o-mini").status_code == 200
        board.record_of("gpt-4o-mini")
        yield board
    finally:
        board.remove()


def run(board, folder: pathlib.Path, checks: str, phases: str, *arguments: str):
    """Runs schemathesis in a process of its own, bounded in examples and time."""
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", board.url("gateway") + "/openapi.json",
            "--header", f"Authorization: Bearer {board.admin_key}", "--checks", checks, "--phases", phases,
            "--max-examples", "6", "--generation-deterministic", "--workers", "2", "--request-timeout", "20",
            "--continue-on-failure", "--warnings", "off", "--no-color", *arguments,
        ],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "Tested: " in done.stdout


@pytest.mark.parametrize(
    ("checks", "phases", "arguments"),
    [
        (CHECKS, "examples,fuzzing", ("--include-path-regex", CALLS)),
        ("not_a_server_error", "examples,fuzzing", ("--include-path-regex", STREAMS)),
        (CHECKS, "examples,coverage", ("--exclude-path-regex", f"{CALLS}|{STREAMS}|{DIALS}|{REPEATED}")),
        (CHECKS, "fuzzing", ("--exclude-path-regex", f"{CALLS}|{STREAMS}|{DIALS}")),
    ],
    ids=["calls", "streams", "boundaries", "random"],
)
def test_no_value_breaks_a_route(described, tmp_path, checks, phases, arguments):
    run(described, tmp_path, checks, phases, *arguments)
    for name in ("channel-registry", "log-collector", "gateway"):
        assert described.processes[name].is_running, f"{name} ended"
