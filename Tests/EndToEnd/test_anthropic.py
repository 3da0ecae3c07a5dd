"""The official Anthropic SDK against the gateway, and OpenAI's SDK against a channel that speaks Anthropic's protocol.

The mock provider refuses what Anthropic would refuse, so a wrong conversion fails here with 400.
"""

import json

import anthropic
import httpx
import openai
import pytest

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOL = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
OPENAI_TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": TOOL["input_schema"]},
}
THINKING = {"type": "enabled", "budget_tokens": 2000}
# Channel types: the upstream speaks Anthropic's protocol, or OpenAI's.
CLAUDE, OPENAI = 14, 1


@pytest.fixture
def client(board):
    made = anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0)
    yield made
    made.close()


def ask(client, model, **arguments):
    return client.messages.create(**{"model": model, "max_tokens": 4000, "messages": QUESTION, **arguments})


def collect(client, model, **arguments):
    with client.messages.stream(**{"model": model, "max_tokens": 4000, "messages": QUESTION, **arguments}) as stream:
        kinds = [event.type for event in stream]
        return stream.get_final_message(), kinds


both = pytest.mark.parametrize("type", [CLAUDE, OPENAI], ids=["anthropic", "openai"])


# Anthropic's SDK.


@both
def test_a_plain_message(board, client, type):
    model = board.model("claude-sonnet-4-5", type=type)
    raw = client.messages.with_raw_response.create(model=model, max_tokens=100, messages=QUESTION, system="Be brief.")
    answer = raw.parse()
    assert (answer.model, answer.role, answer.type) == (model, "assistant", "message")
    assert answer.content[0].text.startswith("The switchboard connects")
    assert answer.stop_reason == "end_turn"
    assert answer.id.startswith("msg_")
    # Eleven tokens went in, three of them came from the cache: Anthropic tells them apart, the record has the sum.
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens) == (8, 3, 9)
    assert answer._request_id == raw.headers["x-request-id"]
    log = board.record(answer._request_id)
    assert (log["usage"]["input_tokens"], log["usage"]["cached_tokens"], log["usage"]["output_tokens"]) == (11, 3, 9)
    assert log["mode"] == 12 and log["outcome"] == "completed"


@both
def test_a_stream(board, client, type):
    model = board.model("mock-stream-n5-d5", type=type)
    answer, kinds = collect(client, model)
    assert answer.content[0].text == "w0 w1 w2 w3 w4 "
    assert answer.model == model and answer.stop_reason == "end_turn"
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop" and kinds.count("content_block_start") == 1
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens) == (8, 3, 5)
    log = board.record_of(model)
    assert (log["usage"]["input_tokens"], log["usage"]["output_tokens"], log["is_stream"]) == (11, 5, True)


@both
def test_tools_and_the_turn_after_them(board, client, type):
    model = board.model("mock-tools-2", type=type)
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        answer = one(client, model, tools=[TOOL], tool_choice={"type": "auto"})
        calls = [block for block in answer.content if block.type == "tool_use"]
        assert [call.input for call in calls] == [{"city": "Paris"}] * 2 and answer.stop_reason == "tool_use"
        assert len({call.id for call in calls}) == 2
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"} for call in calls]
        history = [*QUESTION, {"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
        last = one(client, model, tools=[TOOL], messages=history)
        assert last.content[0].type == "text" and last.stop_reason == "end_turn"


@both
def test_thinking(board, client, type):
    model = board.model("mock-reasoning", type=type)
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        answer = one(client, model, thinking=THINKING)
        assert [block.type for block in answer.content] == ["thinking", "text"]
        assert answer.content[0].thinking == "first I think"
        assert answer.content[0].signature == ("c2lnbmF0dXJl" if type == CLAUDE else "")


def test_thoughts_go_back_signed(board, client):
    model = board.model("claude-sonnet-4-5", type=CLAUDE)
    first = ask(client, model, thinking=THINKING, tools=[TOOL])
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[2].id, "content": "sunny"}
    history = [*QUESTION, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    assert ask(client, model, thinking=THINKING, tools=[TOOL], messages=history).stop_reason == "end_turn"


def test_what_arrives_upstream_is_the_request_with_only_the_listed_edits(board, client):
    model = board.model("mock-echo", type=CLAUDE, key="sk-ant-upstream")
    answer = ask(
        client,
        model,
        system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        metadata={"user_id": "user-7"},
        extra_headers={"anthropic-beta": "context-1m-2025-08-07,new-thing", "Cookie": "session=1"},
        extra_query={"beta": "true"},
    )
    echo = json.loads(answer.content[0].text)
    assert json.loads(echo["body"]) == {
        "model": "mock-echo",
        "max_tokens": 4000,
        "messages": QUESTION,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "metadata": {"user_id": "user-7"},
    }
    headers = {name.lower(): value for name, value in echo["headers"]}
    assert headers["x-api-key"] == "sk-ant-upstream" and "authorization" not in headers and "cookie" not in headers
    assert headers["anthropic-version"] and headers["anthropic-beta"] == "new-thing"
    assert echo["target"] == "/v1/messages?beta=true"
    assert board.admin_key not in json.dumps(echo)
    assert board.record_of(model)["user"] == "user-7"


def test_count_tokens_asks_an_upstream_that_counts_and_estimates_for_others(board, client):
    claude = board.model("claude-sonnet-4-5", type=CLAUDE)
    raw = client.messages.with_raw_response.count_tokens(model=claude, messages=QUESTION, system="s", tools=[TOOL])
    assert raw.parse().input_tokens > 10
    seen = board.mock.seen_with("claude-sonnet-4-5")[-1]
    assert seen.target == "/v1/messages/count_tokens" and "max_tokens" not in json.loads(seen.body)
    log = board.record(raw.headers["x-request-id"])
    assert log["code"] == 200 and log["mode"] == 12 and log["usage_source"] == "unknown"
    other = board.model("gpt-4o", type=OPENAI)
    raw = client.messages.with_raw_response.count_tokens(model=other, messages=[{"role": "user", "content": "x" * 400}])
    assert 100 <= raw.parse().input_tokens <= 110
    assert not board.mock.seen_with("x" * 400), "nothing is sent for an estimate"
    assert board.record(raw.headers["x-request-id"])["code"] == 200


@both
@pytest.mark.parametrize(
    ("upstream", "error", "status", "kind"),
    [
        ("mock-status-400", anthropic.BadRequestError, 400, "invalid_request_error"),
        ("mock-status-401", anthropic.AuthenticationError, 401, "authentication_error"),
        ("mock-status-429", anthropic.RateLimitError, 429, "rate_limit_error"),
        ("mock-500", anthropic.InternalServerError, 500, "api_error"),
        ("mock-close", anthropic.InternalServerError, 502, "api_error"),
        ("mock-error-200", anthropic.APIStatusError, None, None),
    ],
)
def test_errors_have_anthropics_shape(board, client, type, upstream, error, status, kind):
    model = board.model(upstream, type=type)
    for one in (ask, collect):
        with pytest.raises(error) as caught:
            one(client, model)
        body = caught.value.body
        assert body["type"] == "error" and body["error"]["message"] and body["request_id"]
        if status:
            assert (caught.value.status_code, body["error"]["type"]) == (status, kind)


def test_an_overloaded_anthropic_asks_for_another_try(board, client):
    model = board.model("mock-status-529", type=CLAUDE)
    with pytest.raises(anthropic.RateLimitError) as caught:
        ask(client, model)
    assert caught.value.body["error"]["type"] == "overloaded_error"


def test_errors_before_the_call_is_read_have_anthropics_shape(board, client):
    with pytest.raises(anthropic.NotFoundError) as caught:
        ask(client, "no-such-model")
    assert caught.value.body["error"]["type"] == "not_found_error"
    stranger = anthropic.Anthropic(base_url=board.url("gateway"), api_key="sk-wrong", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as caught:
        ask(stranger, "any")
    assert caught.value.body["error"]["type"] == "authentication_error"
    answer = httpx.post(
        board.url("gateway") + "/v1/messages", headers={"x-api-key": board.admin_key}, json={"max_tokens": 1}, trust_env=False
    )
    assert answer.status_code == 400 and answer.json()["error"]["message"].startswith("model: ")
    version = {"anthropic-version": "2023-06-01"}
    for path, status in (("/v1/messages", 405), ("/v1/nothing", 404)):
        answer = httpx.get(board.url("gateway") + path, headers=version, trust_env=False)
        assert (answer.status_code, answer.json()["type"]) == (status, "error")


def test_a_malformed_member_is_named(board, client):
    model = board.model("gpt-4o", type=OPENAI)
    blocks = [{"type": "text", "text": "a"}, {"type": "voice"}]
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(client, model, messages=[{"role": "user", "content": blocks}])
    assert "messages.0.content.1.type" in caught.value.body["error"]["message"]


@both
def test_a_stream_whose_error_comes_first_is_an_http_error(board, client, type):
    model = board.model("mock-error-first", type=type)
    with pytest.raises(anthropic.APIStatusError) as caught:
        collect(client, model)
    assert caught.value.status_code >= 400 and caught.value.body["type"] == "error"


@both
def test_an_error_in_the_middle_of_a_stream_is_an_event(board, client, type):
    model = board.model("mock-error-in-stream", type=type)
    text = ""
    with pytest.raises(anthropic.APIStatusError) as caught, client.messages.stream(
        model=model, max_tokens=100, messages=QUESTION
    ) as stream:
        for piece in stream.text_stream:
            text += piece
    assert text.startswith("w0 ") and caught.value.body["type"] == "error"
    assert board.record_of(model)["outcome"] == "failed"


@pytest.mark.parametrize(
    ("type", "upstream"),
    [
        (CLAUDE, "mock-cut-mid-stream"),
        (CLAUDE, "mock-reset-mid-stream"),
        (CLAUDE, "mock-no-finish"),
        (OPENAI, "mock-cut-mid-stream"),
        (OPENAI, "mock-reset-mid-stream"),
    ],
)
def test_a_cut_stream_is_told_and_recorded(board, client, type, upstream):
    model = board.model(upstream, type=type)
    with pytest.raises(anthropic.APIStatusError) as caught:
        collect(client, model)
    assert caught.value.body["error"]["type"] == "api_error"
    assert board.record_of(model)["outcome"] == "upstreamCut"


@both
@pytest.mark.parametrize("upstream", ["mock-crlf", "mock-no-done", "mock-split-utf8", "mock-json-for-stream"])
def test_streams_of_odd_forms(board, client, type, upstream):
    model = board.model(upstream, type=type)
    answer, kinds = collect(client, model)
    assert answer.stop_reason == "end_turn" and kinds[-1] == "message_stop"
    if upstream == "mock-split-utf8":
        assert answer.content[0].text == "Žluťoučký 模型 🙂 end"


def test_the_list_of_models(board, client):
    models = [board.model("claude-sonnet-4-5", type=CLAUDE) for _ in range(3)]
    listed = list(client.models.list(limit=2))
    assert set(models) <= {model.id for model in listed} and len({model.id for model in listed}) == len(listed)
    assert all(model.type == "model" and model.created_at for model in listed)
    assert client.models.retrieve(models[0]).display_name == models[0]
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")
    plain = httpx.get(board.url("gateway") + "/v1/models", headers=board.authorization, trust_env=False).json()
    assert plain["object"] == "list", "clients of OpenAI's protocol get its list"


# OpenAI's SDK, where the channel speaks Anthropic's protocol.


def test_chat_at_anthropic(board):
    model = board.model("claude-sonnet-4-5", type=CLAUDE)
    messages = [
        {"role": "system", "content": "One."},
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]
    raw = board.openai().chat.completions.with_raw_response.create(
        model=model, messages=messages, temperature=1.5, top_p=0.5, stop=["END", " "], user="u", seed=1, n=1
    )
    answer = raw.parse()
    assert answer.choices[0].message.content.startswith("The switchboard connects")
    assert answer.choices[0].finish_reason == "stop" and answer.model == model
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 9, 20)
    assert answer.usage.prompt_tokens_details.cached_tokens == 3
    assert board.record(raw.headers["x-request-id"])["usage"]["cached_tokens"] == 3
    sent = json.loads(board.mock.seen_with("One.")[-1].body)
    assert sent["temperature"] == 1 and "top_p" not in sent and sent["stop_sequences"] == ["END"]
    assert sent["metadata"] == {"user_id": "u"} and sent["max_tokens"] == 64000


def test_a_chat_stream_at_anthropic(board):
    model = board.model("mock-stream-n4", type=CLAUDE)
    options = {"include_usage": True}
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True, stream_options=options)
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "w0 w1 w2 w3 "
    assert chunks[-1].choices == [] and chunks[-1].usage.prompt_tokens == 11 and chunks[-1].usage.completion_tokens == 4
    assert len({chunk.id for chunk in chunks}) == 1


def test_chat_tools_at_anthropic_and_the_turn_after_them(board):
    model = board.model("mock-tools-2", type=CLAUDE)
    client = board.openai()
    with client.chat.completions.stream(model=model, messages=QUESTION, tools=[OPENAI_TOOL]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}] * 2
    history = [*QUESTION, message.model_dump(exclude_none=True, exclude={"parsed"})]
    history += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    history += [{"role": "user", "content": "And tomorrow?"}]
    for arguments in ({"tools": [OPENAI_TOOL], "parallel_tool_calls": False}, {"tools": [OPENAI_TOOL], "reasoning_effort": "high"}):
        answer = client.chat.completions.create(model=model, messages=history, **arguments)
        assert answer.choices[0].message.content
    # Calls in the history want their tools declared, also when the caller has none now.
    assert client.chat.completions.create(model=model, messages=history[:-1]).choices[0].message.content


@pytest.mark.parametrize("choice", ["required", "none", "auto", {"type": "function", "function": {"name": "get_weather"}}])
def test_chat_tool_choices_at_anthropic(board, choice):
    model = board.model("claude-sonnet-4-5", type=CLAUDE)
    answer = board.openai().chat.completions.create(
        model=model, messages=QUESTION, tools=[OPENAI_TOOL], tool_choice=choice, reasoning_effort="low"
    )
    assert bool(answer.choices[0].message.tool_calls) is (choice != "none")


@pytest.mark.parametrize("upstream", ["claude-sonnet-4-5", "claude-3-7-sonnet-latest", "claude-opus-4-7"])
@pytest.mark.parametrize("effort", ["minimal", "high", "xhigh"])
def test_chat_reasoning_at_anthropic(board, upstream, effort):
    model = board.model(upstream, type=CLAUDE)
    answer = board.openai().chat.completions.create(
        model=model, messages=QUESTION, reasoning_effort=effort, max_tokens=50, temperature=0.5
    )
    message = answer.choices[0].message
    assert message.reasoning_content == "first I think" and message.signature == "c2lnbmF0dXJl"
    # The signed thought goes back with the next turn.
    history = [*QUESTION, message.model_dump(exclude_none=True), {"role": "user", "content": "go on"}]
    again = board.openai().chat.completions.create(model=model, messages=history, reasoning_effort=effort)
    assert again.choices[0].message.reasoning_content
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, reasoning_effort=effort, stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "first I think"


def test_chat_errors_at_anthropic(board):
    for upstream, error in (
        ("mock-status-400", openai.BadRequestError),
        ("mock-status-401", openai.AuthenticationError),
        ("mock-status-529", openai.RateLimitError),
        ("mock-error-first", openai.APIStatusError),
    ):
        model = board.model(upstream, type=CLAUDE)
        with pytest.raises(error) as caught:
            list(board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True))
        assert caught.value.body["message"]
    model = board.model("mock-cut-mid-stream", type=CLAUDE)
    with pytest.raises(openai.APIError):
        list(board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True))
    assert board.record_of(model)["outcome"] == "upstreamCut"
