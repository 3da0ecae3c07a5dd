"""OpenAI's, Anthropic's and Google's SDKs on Cohere channels: chat, embeddings and rerank.

The mock provider refuses what Cohere would refuse, so a wrong conversion fails here with 400.
"""

import json

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import types

QUESTION = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COHERE = 35


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


@pytest.fixture
def make(board):
    def model(upstream, **fields):
        return board.model(upstream, type=COHERE, base_url=board.mock.origin, **fields)

    return model


def ask(client, model, **arguments):
    messages = [{"role": "user", "content": QUESTION}]
    return client.chat.completions.create(**{"model": model, "messages": messages, **arguments})


def test_chat(board, client, make):
    model = make("command-a")
    raw = client.chat.completions.with_raw_response.create(
        model=model,
        messages=[
            {"role": "system", "content": "Answer Cohere."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]},
        ],
        top_p=1,
        presence_penalty=-1,
        stop=["a", "b"],
        max_tokens=50,
        user="u",
    )
    answer = raw.parse()
    assert answer.model == model and answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content.startswith("The switchboard connects")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 9, 20)
    seen = board.mock.seen_with("Answer Cohere.")[-1]
    sent = json.loads(seen.body)
    assert seen.target == "/v2/chat" and seen.headers["authorization"].startswith("Bearer sk-upstream-")
    assert sent["p"] == 0.99 and sent["presence_penalty"] == 0 and sent["stop_sequences"] == ["a", "b"]
    log = board.record(raw.headers["x-request-id"])
    assert (log["usage"]["input_tokens"], log["usage"]["output_tokens"], log["mode"]) == (11, 9, 1)


@pytest.mark.parametrize("upstream", ["mock-stream-n5-d5", "mock-crlf-n5"])
def test_a_stream(board, client, make, upstream):
    model = make(upstream)
    chunks = list(ask(client, model, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "w0 w1 w2 w3 w4 "
    assert chunks[-1].usage.prompt_tokens == 11 and chunks[-1].usage.completion_tokens == 5
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert board.record_of(model)["usage"]["output_tokens"] == 5


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_tools_with_names_that_cohere_does_not_take(client, make, stream):
    model = make("mock-tools-2")
    tool = {"type": "function", "function": {"name": "get-weather", "parameters": SCHEMA}}
    arguments = {"model": model, "tools": [tool], "tool_choice": "required"}
    messages = [{"role": "user", "content": QUESTION}]

    def create():
        if not stream:
            return client.chat.completions.create(messages=messages, **arguments).choices[0].message
        with client.chat.completions.stream(messages=messages, **arguments) as events:
            return events.get_final_completion().choices[0].message

    message = create()
    assert message.content == "Let me look."
    assert [call.function.name for call in message.tool_calls] == ["get-weather"] * 2
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}] * 2
    messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    arguments["tool_choice"] = "auto"
    assert create().content


def test_thinking_and_formats(board, client, make):
    model = make("mock-answer")
    answer = ask(client, model, reasoning_effort="low", messages=[{"role": "user", "content": "cohere thinks"}])
    assert answer.choices[0].message.reasoning_content == "first I think"
    assert json.loads(board.mock.seen_with("cohere thinks")[-1].body)["thinking"] == {"type": "enabled", "token_budget": 2048}
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}
    assert ask(client, model, response_format=form, messages=[{"role": "user", "content": "cohere formats"}])
    sent = json.loads(board.mock.seen_with("cohere formats")[-1].body)
    assert sent["response_format"] == {"type": "json_object", "json_schema": SCHEMA}


def test_other_callers(board, make):
    model = make("mock-reasoning")
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as sdk:
        with sdk.messages.stream(model=model, max_tokens=100, messages=[{"role": "user", "content": "a"}]) as events:
            answer = events.get_final_message()
        assert [block.type for block in answer.content] == ["thinking", "text"] and answer.stop_reason == "end_turn"
        assert answer.usage.input_tokens + answer.usage.cache_read_input_tokens == 11
    options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
    with genai.Client(api_key=board.admin_key, vertexai=False, http_options=options) as sdk:
        answer = sdk.models.generate_content(model=model, contents="a")
        assert answer.text.startswith("The switchboard connects")
    with board.openai() as sdk:
        answer = sdk.responses.create(model=model, input="a")
        assert answer.output_text and answer.status == "completed"


def test_embeddings(board, client, make):
    model = make("embed-v4.0")
    answer = client.embeddings.create(model=model, input=["cohere one", "two"], extra_body={"input_type": "query"})
    assert [list(row.embedding) for row in answer.data] == [[0, 0.25, -1.5], [1, 0.25, -1.5]]
    assert answer.usage.prompt_tokens == 11 and answer.model == model
    seen = board.mock.seen_with("cohere one")[-1]
    assert seen.target == "/v2/embed" and json.loads(seen.body)["input_type"] == "search_query"


def test_rerank(board, make):
    model = make("rerank-v3.5")
    body = {"model": model, "query": "q", "documents": ["a", {"text": "b"}, "c"], "top_n": 2, "return_documents": True}
    answer = httpx.post(board.url("gateway") + "/v1/rerank", headers=board.authorization, json=body, trust_env=False)
    told = answer.json()
    assert [row["index"] for row in told["results"]] == [2, 1] and told["results"][0]["document"] == {"text": "c"}
    assert told["meta"]["tokens"]["input_tokens"] > 0
    log = board.record(answer.headers["x-request-id"])
    assert log["usage"]["input_tokens"] == told["meta"]["tokens"]["input_tokens"] and log["usage_source"] == "estimated"


@pytest.mark.parametrize(
    ("upstream", "error", "status"),
    [
        ("mock-status-401", openai.AuthenticationError, 401),
        ("mock-status-498", openai.BadRequestError, 400),
        ("mock-retry-after-7", openai.RateLimitError, 429),
        ("mock-error-200", openai.InternalServerError, 500),
        ("mock-error-first", openai.InternalServerError, 500),
        ("command-r-internet", openai.BadRequestError, 400),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_errors(client, make, upstream, error, status, stream):
    if upstream == "mock-error-first" and not stream:
        pytest.skip("only of streams")
    with pytest.raises(error) as caught:
        list(ask(client, make(upstream), stream=stream))
    assert caught.value.status_code == status and caught.value.body["message"]


@pytest.mark.parametrize("upstream", ["mock-error-in-stream", "mock-cut-mid-stream", "mock-no-finish"])
def test_a_broken_stream_is_told_and_recorded(board, client, make, upstream):
    model = make(upstream)
    with pytest.raises(openai.APIError):
        list(ask(client, model, stream=True))
    assert board.record_of(model)["outcome"] in ("failed", "upstreamCut")
