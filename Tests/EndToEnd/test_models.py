"""Model configs and options: what the registry is told, gateways show."""

import uuid

from harness.processes import eventually


def owners(board) -> dict:
    listed = board.http.get("/v1/models", headers=board.authorization).json()
    return {entry["id"]: entry["owned_by"] for entry in listed["data"]}


def test_the_list_of_models_names_owners_from_the_catalogue_and_from_configs(board):
    own = f"own/{uuid.uuid4().hex}"
    board.channel({"claude-3-haiku-20240307": "mock-model", own: "mock-model"})
    assert owners(board)["claude-3-haiku-20240307"] == "anthropic"
    assert owners(board)[own] == "switchboard"
    board.admin("POST", f"/api/model_config/{own}", json={"owner": "us", "type": 1, "price": {"input_price": 0.1}})
    eventually(lambda: owners(board)[own] == "us")
    assert board.admin("GET", f"/api/model_config/{own}")["price"] == {"input_price": 0.1}
    board.admin("DELETE", f"/api/model_config/{own}")
    eventually(lambda: owners(board)[own] == "switchboard")


def test_a_channel_without_models_serves_the_defaults_of_its_type(make_board):
    board = make_board({"channel-registry": {"DEFAULT_CHANNEL_MODEL_MAPPING": '{"1":{"default-model":"mock-model"}}'}})
    board.start_all()
    board.channel(models={}, name="empty")
    assert "default-model" not in owners(board)
    board.admin("PUT", "/api/option/DefaultChannelModels", content='{"1":["default-model"]}')
    board.wait_routed("default-model")
    answer = board.http.post(
        "/v1/chat/completions",
        headers=board.authorization,
        json={"model": "default-model", "messages": [{"role": "user", "content": "hi"}]},
    )
    assert answer.status_code == 200 and answer.json()["model"] == "default-model"
    shown = board.admin("GET", "/api/option/DefaultChannelModelMapping")
    assert shown["value"] == "{}" and shown["source"] == "environment"
    # Options of the environment are read at the start: gateways hear of others when the registry comes back with them.
    board.processes["channel-registry"].stop()
    board.settings["channel-registry"]["DEFAULT_CHANNEL_MODELS"] = '{"1":["another-model"]}'
    board.start("channel-registry")
    board.wait_routed("another-model")
    board.wait_routed("default-model", routed=False)


def test_a_model_without_a_config_is_refused_only_where_the_operator_says_so(make_board):
    board = make_board({"channel-registry": {"DISABLE_MODEL_CONFIG": "false"}})
    board.start_all()
    body = {"type": 1, "name": "strict", "models": ["b", "a"], "base_url": board.mock.base_url, "key": "k"}
    answer = board.raw_admin("POST", "/api/channel/", json=body)
    assert answer.status_code == 400 and answer.json()["message"] == "model config not found: [a b]"
    board.admin("POST", "/api/model_configs/", json=[{"model": "a", "type": 1}, {"model": "b", "type": 1}])
    board.admin("POST", "/api/channel/", json=body)
    board.wait_routed("a")


def test_a_malformed_option_in_the_environment_is_named_at_the_start(make_board):
    board = make_board({"channel-registry": {"DEFAULT_CHANNEL_MODELS": '{"2":[]}', "LOG_STORAGE_HOURS": "30d"}})
    process = board.start("channel-registry", ready=False)
    assert process.wait() != 0
    assert "DEFAULT_CHANNEL_MODELS" in process.output() and "invalid channel type: 2" in process.output()
    assert "LOG_STORAGE_HOURS" not in process.output()
