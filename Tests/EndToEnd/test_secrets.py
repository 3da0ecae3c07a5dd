"""Keys of providers and of operators are in no log, no dump and no file."""

import pathlib

import httpx
from harness.processes import eventually

SERVICES = ("gateway", "channel-registry", "log-collector")


def test_no_key_is_ever_written_down(own_board):
    board = own_board
    key = "sk-upstream-very-secret-0123456789"
    board.channel({"good": "gpt-4o", "bad": "mock-status-401", "gone": "mock-reset"}, key=key, name="secret")
    (channel,) = board.channels()
    board.admin("PUT", f"/api/channel/{channel['id']}", json={"key": key + "-changed"})
    for model in ("good", "bad", "gone"):
        for streams in (False, True):
            board.chat(model, stream=streams)
    # Also in the places where a fault may quote what it got.
    board.http.get(f"/api/channels/all?key={board.admin_key}")
    board.raw_admin("POST", "/api/channel/", json={"type": 1, "name": "x", "models": 5, "key": key})
    board.raw_admin("POST", "/api/channel/", content=b'{"key":"' + key.encode() + b'", broken')
    board.http.get("/v1/models", headers={"Authorization": "Bearer sk-callers-wrong-key-987654321"})
    board.http.get("/v1/models?key=sk-callers-wrong-key-987654321")
    httpx.get(board.url("channel-registry") + "/internal/v1/snapshot",
              headers={"x-internal-key": "wrong-internal-key-123"}, trust_env=False)  # fmt: skip
    eventually(lambda: board.search()["total"] >= 6, 15, "the records")
    for name in SERVICES:
        assert board.processes[name].stop() == 0
    secrets = {
        "channel key": key,
        "admin key": board.admin_key,
        "internal key": board.internal_key,
        "sealing key": board.secrets_key,
        "caller's key": "sk-callers-wrong-key-987654321",
        "peer's key": "wrong-internal-key-123",
    }
    places = {"logs": board.logs(), "database": board.postgres.dump(board.database)}
    for file in pathlib.Path(board.folder / "state").rglob("*"):
        if file.is_file():
            places[str(file)] = file.read_bytes().decode(errors="replace")
    assert "registry.channels" in places["database"] and len(places) > 2
    for where, text in places.items():
        for what, secret in secrets.items():
            assert secret not in text, f"the {what} is in the {where}"


def test_the_keys_in_the_command_lines_and_files_of_the_state_are_for_the_owner_only(own_board):
    board = own_board
    board.model("gpt-4o")
    folder = board.folder / "state"
    files = eventually(lambda: [file for file in folder.rglob("*") if file.is_file()], 10, "a saved snapshot")
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
