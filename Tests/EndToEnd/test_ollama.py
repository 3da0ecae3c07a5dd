"""OpenAI's, Anthropic's and Google's SDKs on Ollama channels: its own protocol for chat and embeddings.

The mock provider streams lines of JSON as Ollama does, gives calls no ids, and refuses what Ollama would refuse.
"""

import base64
import json

import anthropic
import openai
import pydantic
import pytest
from google import genai
from google.genai import types

QUESTION = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OLLAMA = 30

both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


@pytest.fixture
def make(board):
    def model(upstream, **fields):
        return board.model(upstream, type=OLLAMA, base_url=board.mock.origin, **fields)

    return model


def ask(client, model, **arguments):
    return client.chat.completions.create(**{"model": model, "messages": [{"role": "user", "content": QUESTION}], **arguments})


def test_chat(board, client, make):
    model = make("llama")
    raw = client.chat.completions.with_raw_response.create(
        model=model,
        messages=[
            {"role": "system", "content": "Answer Ollama."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]},
        ],
        max_tokens=50,
        temperature=0.5,
        stop=["a", "b"],
    )
    answer = raw.parse()
    assert answer.model == model and answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content.startswith("The switchboard connects")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 9, 20)
    seen = board.mock.seen_with("Answer Ollama.")[-1]
    sent = json.loads(seen.body)
    assert seen.target == "/api/chat" and sent["stream"] is False
    assert sent["messages"][1] == {"role": "user", "content": "a", "images": [PIXEL]}
    assert sent["options"] == {"temperature": 0.5, "num_predict": 50, "stop": ["a", "b"]}
    log = board.record(raw.headers["x-request-id"])
    assert (log["usage"]["input_tokens"], log["usage"]["output_tokens"]) == (11, 9)


@pytest.mark.parametrize("upstream", ["mock-stream-n5-d5", "mock-crlf-n5", "mock-split-utf8"])
def test_a_stream(board, client, make, upstream):
    model = make(upstream)
    chunks = list(ask(client, model, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == ("Žluťoučký 模型 🙂 end" if upstream == "mock-split-utf8" else "w0 w1 w2 w3 w4 ")
    assert chunks[-1].usage.prompt_tokens == 11
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert board.record_of(model)["usage"]["input_tokens"] == 11


@both
def test_counts_of_a_cached_prompt_are_estimated(board, client, make, stream):
    model = make("mock-no-usage-n5")
    options = {"stream_options": {"include_usage": True}} if stream else {}
    answer = ask(client, model, stream=stream, **options)
    usage = list(answer)[-1].usage if stream else answer.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens == (5 if stream else 9)
    log = board.record_of(model)
    assert log["usage"]["input_tokens"] == usage.prompt_tokens and log["usage"]["output_tokens"] == usage.completion_tokens


@both
def test_tools_and_the_turn_after_them(board, client, make, stream):
    model = make("mock-tools-2")
    arguments = {"model": model, "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]}
    messages = [{"role": "user", "content": QUESTION}]

    def create():
        if not stream:
            return client.chat.completions.create(messages=messages, **arguments).choices[0]
        with client.chat.completions.stream(messages=messages, **arguments) as events:
            return events.get_final_completion().choices[0]

    choice = create()
    calls = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls" and len({call.id for call in calls}) == 2
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}] * 2
    messages.append(choice.message.model_dump(exclude_none=True, exclude={"parsed"}))
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in calls]
    last = create()
    assert last.message.content and last.finish_reason == "stop"
    sent = json.loads(board.mock.seen_with('"tool_name"')[-1].body)
    assert sent["messages"][2] == {"role": "tool", "content": "sunny", "tool_name": "get_weather"}


@both
def test_thinking(board, client, make, stream):
    model = make("mock-answer-n3")
    answer = ask(client, model, stream=stream, reasoning_effort="low")
    if stream:
        thought = "".join(getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in answer if c.choices)
    else:
        thought = answer.choices[0].message.reasoning_content
    assert thought == "first I think"
    assert json.loads(board.mock.seen()[-1].body)["think"] is True


def test_formats(board, client, make):
    class City(pydantic.BaseModel):
        city: str

    model = make("llama")
    ask(client, model, response_format={"type": "json_object"}, messages=[{"role": "user", "content": "ollama any"}])
    assert json.loads(board.mock.seen_with("ollama any")[-1].body)["format"] == "json"
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": City.model_json_schema()}}
    ask(client, model, response_format=form, messages=[{"role": "user", "content": "ollama schema"}])
    assert json.loads(board.mock.seen_with("ollama schema")[-1].body)["format"]["properties"]["city"] == {"title": "City", "type": "string"}


@both
def test_responses(board, client, make, stream):
    model = make("mock-reasoning-n5")
    if stream:
        with client.responses.stream(model=model, input=QUESTION) as events:
            for _ in events:
                pass
            answer = events.get_final_response()
    else:
        answer = client.responses.create(model=model, input=QUESTION)
    assert answer.status == "completed" and answer.output_text and answer.model == model
    assert answer.usage.input_tokens == 11
    assert [item.type for item in answer.output] == ["reasoning", "message"]


@both
def test_anthropic(board, make, stream):
    model = make("mock-tools-1")
    arguments = {
        "model": model,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": QUESTION}],
        "tools": [{"name": "get_weather", "input_schema": SCHEMA}],
    }
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as sdk:

        def create():
            if not stream:
                return sdk.messages.create(**arguments)
            with sdk.messages.stream(**arguments) as events:
                return events.get_final_message()

        answer = create()
        call = answer.content[-1]
        assert answer.stop_reason == "tool_use" and call.input == {"city": "Paris"} and answer.usage.input_tokens == 11
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        arguments["messages"] += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
        assert create().content[-1].text


@both
def test_gemini(board, make, stream):
    model = make("mock-reasoning-n5")
    options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
    parts = [types.Part(text="a"), types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")]
    arguments = {"model": model, "contents": [types.Content(role="user", parts=parts)]}
    with genai.Client(api_key=board.admin_key, vertexai=False, http_options=options) as sdk:
        if stream:
            chunks = list(sdk.models.generate_content_stream(**arguments))
        else:
            chunks = [sdk.models.generate_content(**arguments)]
    assert "".join(chunk.text or "" for chunk in chunks)
    assert chunks[-1].usage_metadata.prompt_token_count == 11


def test_embeddings(board, client, make):
    model = make("nomic-embed-text")
    answer = client.embeddings.create(model=model, input=["ollama one", "two"])
    assert [list(row.embedding) for row in answer.data] == [[0, 0.25, -1.5], [1, 0.25, -1.5]]
    assert answer.usage.prompt_tokens == 11
    assert board.mock.seen_with("ollama one")[-1].target == "/api/embed"


@pytest.mark.parametrize(
    ("upstream", "error", "status"),
    [
        ("mock-status-404", openai.NotFoundError, 404),
        ("mock-retry-after-7", openai.RateLimitError, 429),
        ("mock-500-text", openai.InternalServerError, 500),
        ("mock-error-200", openai.InternalServerError, 500),
    ],
)
@both
def test_errors(client, make, upstream, error, status, stream):
    with pytest.raises(error) as caught:
        list(ask(client, make(upstream), stream=stream))
    assert caught.value.status_code == status and caught.value.body["message"]


def test_an_error_in_place_of_the_first_line(client, make):
    with pytest.raises(openai.InternalServerError) as caught:
        list(ask(client, make("mock-error-first"), stream=True))
    assert caught.value.body["message"] == "mock error in the stream"


@pytest.mark.parametrize("upstream", ["mock-error-in-stream", "mock-cut-mid-stream", "mock-no-finish"])
def test_a_broken_stream_is_told_and_recorded(board, client, make, upstream):
    model = make(upstream)
    with pytest.raises(openai.APIError):
        list(ask(client, model, stream=True))
    assert board.record_of(model)["outcome"] in ("failed", "upstreamCut")
