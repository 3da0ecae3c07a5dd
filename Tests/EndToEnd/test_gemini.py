"""Channels that speak Gemini's protocol: Google's SDK, whose calls pass, and OpenAI's and Anthropic's, whose calls are converted.

The mock provider refuses what Google would refuse, so a wrong conversion fails here with 400.
"""

import base64
import contextlib
import json

import anthropic
import httpx
import openai
import pydantic
import pytest
from google import genai
from google.genai import errors, types

from harness.mock import Mock

QUESTION = "What is the weather in Paris?"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1, "default": "Paris", "title": "City"},
        "unit": {"enum": ["c", "f"], "type": ["string", "null"]},
        "days": {"type": "array", "items": {"$ref": "#/$defs/day"}},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"day": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}, "additionalProperties": False}},
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = "data:image/png;base64," + PIXEL
SIGNATURE = "c2lnbmF0dXJl"
CHAT_TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA}}
RESPONSES_TOOL = {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}
CLAUDE_TOOL = {"name": "get_weather", "description": "The weather.", "input_schema": SCHEMA}
# A model of each generation that thinks in its own way; the middle of the name chooses the mock's answer.
MODELS = ["gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemini-3-flash"]
generations = pytest.mark.parametrize("name", MODELS)
both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture
def make(board):
    """Models on channels of Google's type."""
    return lambda upstream, **fields: board.model(upstream, type=24, **fields)


@pytest.fixture
def google(board):
    options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
    made = genai.Client(api_key=board.admin_key, vertexai=False, http_options=options)
    yield made
    made.close()


@pytest.fixture
def chat(board):
    made = board.openai()
    yield made
    made.close()


@pytest.fixture
def claude(board):
    made = anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0)
    yield made
    made.close()


def sent(board) -> dict:
    """The body of the last request as the provider got it."""
    return json.loads(board.mock.seen()[-1].body)


def google_ask(client, model, contents=QUESTION, stream=False, **config):
    """The parts of an answer, and its last chunk."""
    arguments = {"model": model, "contents": contents, "config": types.GenerateContentConfig(**config)}
    if stream:
        chunks = list(client.models.generate_content_stream(**arguments))
    else:
        chunks = [client.models.generate_content(**arguments)]
    parts = [part for chunk in chunks for one in chunk.candidates or [] for part in (one.content and one.content.parts) or []]
    return parts, chunks[-1]


def chat_ask(client, model, messages=None, stream=False, **more):
    """The message of an answer as a dictionary, why it ended, and its counts."""
    arguments = {"model": model, "messages": messages or [{"role": "user", "content": QUESTION}], **more}
    if not stream:
        answer = client.chat.completions.create(**arguments)
        choice = answer.choices[0]
        return choice.message.model_dump(exclude_none=True), choice.finish_reason, answer.usage
    message, finish, usage, ids = {"role": "assistant", "content": ""}, None, None, set()
    for chunk in client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **arguments):
        ids.add((chunk.id, chunk.created, chunk.model))
        usage = chunk.usage or usage
        for choice in chunk.choices:
            assert finish is None
            finish = choice.finish_reason
            delta = choice.delta.model_dump(exclude_none=True)
            if isinstance(delta.get("content"), str):
                message["content"] += delta["content"]
            message["reasoning_content"] = message.get("reasoning_content", "") + delta.get("reasoning_content", "")
            for key in ("extra_content", "annotations"):
                if key in delta:
                    message[key] = delta[key]
            for call in delta.get("tool_calls", []):
                calls = message.setdefault("tool_calls", [])
                # The name, then the arguments; indexes count up over the stream.
                index = call.pop("index")
                if index == len(calls):
                    calls.append(call)
                else:
                    assert index == len(calls) - 1
                    calls[index]["function"]["arguments"] += call["function"]["arguments"]
    assert len(ids) == 1
    return {key: value for key, value in message.items() if value}, finish, usage


def responses_ask(client, model, input=QUESTION, stream=False, **more):
    arguments = {"model": model, "input": input, "store": False, **more}
    if not stream:
        return client.responses.create(**arguments)
    with client.responses.stream(**arguments) as events:
        for _ in events:
            pass
        return events.get_final_response()


def claude_ask(client, model, messages=None, stream=False, **more):
    messages = messages or [{"role": "user", "content": QUESTION}]
    arguments = {"model": model, "max_tokens": 4000, "messages": messages, **more}
    if not stream:
        return client.messages.create(**arguments)
    with client.messages.stream(**arguments) as events:
        for _ in events:
            pass
        return events.get_final_message()


# Google's SDK: what is sent and answered passes.


@generations
@both
def test_plain_and_streamed(board, google, make, name, stream):
    model = make(name)
    parts, last = google_ask(google, model, stream=stream, system_instruction="Be brief.", temperature=0.5)
    text = "".join(part.text for part in parts if part.text and not part.thought)
    assert text.startswith("w0 w1 " if stream else "The switchboard connects")
    assert last.candidates[0].finish_reason == types.FinishReason.STOP and last.response_id == "resp-mock"
    usage = last.usage_metadata
    assert (usage.prompt_token_count, usage.cached_content_token_count) == (11, 3)
    log = board.record_of(model)
    assert (log["usage"]["input_tokens"], log["usage"]["cached_tokens"]) == (11, 3)
    assert log["usage"]["output_tokens"] == (10 if stream else 9)
    assert log["mode"] == 21 and log["outcome"] == "completed" and bool(log.get("is_stream")) is stream
    seen = board.mock.seen()[-1]
    action = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert seen.target == f"/v1/models/{name}:{action}"


def test_what_arrives_upstream_is_the_request(board, google, make):
    model = make("mock-echo-gemini-2.0", key="upstream-key")
    body = (
        '{"contents":[{"parts":[{"text":"a\\u00e9"}]}, {"role":"model", "parts":{"text":"b"}},{"role":"user","parts":[{"text":"c"}]}],'
        '"generation_config":{"top_k":40.0,"max_output_tokens":"100"},"safetySettings":[]}'
    )
    answer = board.http.post(
        f"/v1beta/models/{model}:generateContent",
        content=body,
        headers={"x-goog-api-key": board.admin_key, "x-goog-api-client": "test", "cookie": "a=b", "content-type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    echo = json.loads(answer.json()["candidates"][0]["content"]["parts"][0]["text"])
    assert echo["body"] == body.replace('{"parts":[{"text":"a', '{"role":"user","parts":[{"text":"a')
    headers = {name.lower(): value for name, value in echo["headers"]}
    assert headers["x-goog-api-key"] == "upstream-key"
    assert not {"authorization", "cookie"} & set(headers) and board.admin_key not in json.dumps(echo)


def test_the_bytes_of_an_answer_and_of_events_pass(board, make):
    model = make("mock-crlf-n3-gemini-2.0")
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    keys = {"x-goog-api-key": board.admin_key}
    ours = board.http.post(f"/v1beta/models/{model}:streamGenerateContent?alt=sse", json=body, headers=keys)
    theirs = board.mock.client.post(
        "/v1/models/mock-crlf-n3-gemini-2.0:streamGenerateContent?alt=sse", json=body, headers={"x-goog-api-key": "k"}
    )
    data = [line for line in theirs.text.split("\r\n") if line.startswith("data: ")]
    assert len(data) == 4 and ours.text == "".join(line + "\n\n" for line in data)
    assert ours.headers["content-type"].startswith("text/event-stream")
    # Without `alt=sse` the same is one array; upstream it is a stream of events all the same.
    array = board.http.post(f"/v1beta/models/{model}:streamGenerateContent", json=body, headers=keys)
    assert array.json() == [json.loads(line.removeprefix("data: ")) for line in data]
    assert array.headers["content-type"].startswith("application/json")
    assert board.mock.seen()[-1].target.endswith("?alt=sse")
    plain = board.http.post(f"/v1beta/models/{model}:generateContent", json=body, headers=keys)
    same = board.mock.client.post("/v1/models/mock-crlf-n3-gemini-2.0:generateContent", json=body, headers={"x-goog-api-key": "k"})
    assert plain.content == same.content


@generations
@both
def test_tools_and_the_turn_after_them(google, make, name, stream):
    model = make(f"mock-tools-2-{name}")
    declaration = types.FunctionDeclaration(name="get_weather", parameters_json_schema=SCHEMA)
    config = {"tools": [types.Tool(function_declarations=[declaration])]}
    parts, _ = google_ask(google, model, stream=stream, **config)
    calls = [part.function_call for part in parts if part.function_call]
    assert [(call.name, call.args) for call in calls] == [("get_weather", {"city": "Paris"})] * 2
    results = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": "sunny"}))
        for call in calls
    ]
    question = types.Content(role="user", parts=[types.Part(text=QUESTION)])
    turn = types.Content(role="model", parts=parts)
    parts, _ = google_ask(google, model, [question, turn, types.Content(role="user", parts=results)], stream=stream, **config)
    assert any(part.text for part in parts) and not any(part.function_call for part in parts)


def test_calls_without_their_signatures_pass_all_the_same(board, google, make):
    model = make("gemini-3-pro-preview")
    declaration = types.FunctionDeclaration(name="get_weather", parameters_json_schema=SCHEMA)
    config = {"tools": [types.Tool(function_declarations=[declaration])]}
    call = types.FunctionCall(name="get_weather", args={})
    result = types.FunctionResponse(name="get_weather", response={"result": 1})
    history = [
        types.Content(role="user", parts=[types.Part(text="x")]),
        types.Content(role="model", parts=[types.Part(function_call=call), types.Part(function_call=call)]),
        types.Content(role="user", parts=[types.Part(function_response=result)] * 2),
    ]
    assert google_ask(google, model, history, **config)[0][0].text
    signed = [part.get("thoughtSignature") for part in sent(board)["contents"][1]["parts"]]
    assert signed == ["skip_thought_signature_validator", None]


@both
def test_several_candidates(google, make, stream):
    model = make("mock-stream-n3-gemini-2.0")
    arguments = {"model": model, "contents": "x", "config": types.GenerateContentConfig(candidate_count=3)}
    if stream:
        chunks = list(google.models.generate_content_stream(**arguments))
    else:
        chunks = [google.models.generate_content(**arguments)]
    assert [[one.index for one in chunk.candidates] for chunk in chunks] == [[0, 1, 2]] * len(chunks)


def test_counts_and_embeddings(board, google, make):
    model = make("gemini-2.5-flash")
    assert google.models.count_tokens(model=model, contents=QUESTION).total_tokens >= 10
    assert board.mock.seen()[-1].target == "/v1/models/gemini-2.5-flash:countTokens"
    model = make("gemini-embedding-001")
    config = types.EmbedContentConfig(output_dimensionality=3, task_type="RETRIEVAL_QUERY")
    answer = google.models.embed_content(model=model, contents=["a", "b"], config=config)
    assert [one.values for one in answer.embeddings] == [[0, 0.25, 0.5], [1, 1.25, 1.5]]
    assert board.mock.seen()[-1].target == "/v1/models/gemini-embedding-001:batchEmbedContents"
    one = board.http.post(
        f"/v1beta/models/{model}:embedContent",
        json={"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 2},
        headers={"x-goog-api-key": board.admin_key},
    )
    assert one.json() == {"embedding": {"values": [0, 0.25]}}


# The same for clients of other protocols.


@generations
@both
def test_chat(board, chat, make, name, stream):
    model = make(name)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": ""}]},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "three"},
        {"role": "user", "content": "four"},
    ]
    message, finish, usage = chat_ask(
        chat, model, messages, stream, temperature=0.5, top_p=0.9, seed=2**40, stop=["a", "b"], max_completion_tokens=100
    )
    assert message["content"].startswith("w0 w1 " if stream else "The switchboard connects") and finish == "stop"
    assert (usage.prompt_tokens, usage.completion_tokens) == (11, 10 if stream else 9)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens == 3
    thinks = name != "gemini-2.0-flash"
    assert usage.completion_tokens_details.reasoning_tokens == (2 if thinks else 0)
    assert message.get("reasoning_content") == ("first I think" if thinks else None)
    body = sent(board)
    assert [part["text"] for part in body["systemInstruction"]["parts"]] == ["Be brief.", "Be kind."]
    assert [one["role"] for one in body["contents"]] == ["user", "model", "user"]
    assert [part["text"] for part in body["contents"][0]["parts"]] == ["one", "two"]
    config = body["generationConfig"]
    assert (config["temperature"], config["topP"], config["stopSequences"], config["maxOutputTokens"]) == (0.5, 0.9, ["a", "b"], 100)


@generations
@both
def test_chat_tools(board, chat, make, name, stream):
    model = make(f"mock-tools-2-{name}")
    message, finish, _ = chat_ask(chat, model, stream=stream, tools=[CHAT_TOOL], tool_choice="auto")
    calls = message["tool_calls"]
    assert finish == "tool_calls" and [json.loads(call["function"]["arguments"]) for call in calls] == [{"city": "Paris"}] * 2
    ids = [call["id"] for call in calls]
    assert len(set(ids)) == 2
    if name != "gemini-2.0-flash":
        assert calls[0]["extra_content"]["google"]["thought_signature"] == SIGNATURE
    # Results in another order than that of the calls; Google gets them in order, with the names of the functions.
    results = [{"role": "tool", "tool_call_id": one, "content": f'{{"call":"{one}"}}'} for one in reversed(ids)]
    history = [{"role": "user", "content": QUESTION}, message, *results]
    again, finish, _ = chat_ask(chat, model, history, stream, tools=[CHAT_TOOL])
    assert again["content"] and finish == "stop"
    turn, results = sent(board)["contents"][1:]
    assert [part["functionResponse"]["response"]["call"] for part in results["parts"]] == ids
    if name != "gemini-2.0-flash":
        signed = [part for part in turn["parts"] if "functionCall" in part]
        assert [part.get("thoughtSignature") for part in signed] == [SIGNATURE, None]


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "gemini-3-flash"])
def test_choices_of_tools(board, chat, make, name):
    model = make(name)
    other = {"type": "function", "function": {"name": "now"}}
    cases = [
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "now"}}, {"mode": "ANY", "allowedFunctionNames": ["now"]}),
        ("auto", {"mode": "AUTO"} if "2.5" in name else None),
    ]
    for choice, config in cases:
        message, finish, _ = chat_ask(chat, model, tools=[CHAT_TOOL, other], tool_choice=choice)
        assert sent(board).get("toolConfig", {}).get("functionCallingConfig") == config
        assert (finish == "tool_calls") is (choice != "none")
        if config and "allowedFunctionNames" in config:
            assert [call["function"]["name"] for call in message["tool_calls"]] == ["now"]


@generations
@both
def test_responses(board, chat, make, name, stream):
    model = make(f"mock-tools-2-{name}")
    answer = responses_ask(chat, model, stream=stream, tools=[RESPONSES_TOOL], reasoning={"effort": "low", "summary": "auto"})
    thinks = name != "gemini-2.0-flash"
    kinds = [item.type for item in answer.output]
    # The signature of the first call is that of a thought without words in front of it.
    assert kinds == ["reasoning"] * thinks + ["message"] + ["reasoning"] * thinks + ["function_call"] * 2
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == [{"city": "Paris"}] * 2
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 9)
    assert answer.usage.output_tokens_details.reasoning_tokens == (2 if thinks else 0)
    history = [{"role": "user", "content": QUESTION}, *(item.to_dict() for item in answer.output)]
    for item in history:
        item.pop("parsed_arguments", None)
    history += [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
    last = responses_ask(chat, model, history, stream, tools=[RESPONSES_TOOL])
    assert last.output_text and last.status == "completed"
    if thinks:
        signed = [part for part in sent(board)["contents"][1]["parts"] if "functionCall" in part]
        assert [part.get("thoughtSignature") for part in signed] == [SIGNATURE, None]


@generations
@both
def test_claude(board, claude, make, name, stream):
    model = make(f"mock-tools-2-{name}")
    thinking = {"type": "enabled", "budget_tokens": 2000}
    answer = claude_ask(claude, model, stream=stream, tools=[CLAUDE_TOOL], thinking=thinking, system="Be brief.")
    thinks = name != "gemini-2.0-flash"
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": "Paris"}] * 2 and answer.stop_reason == "tool_use"
    assert all(call.id.startswith(("toolu_", "fc", "call_")) for call in calls) and len({call.id for call in calls}) == 2
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens) == (8, 3, 9)
    assert [block.thinking for block in answer.content if block.type == "thinking" and block.thinking] == ["first I think"] * thinks
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"} for call in calls]
    history = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": results},
    ]
    last = claude_ask(claude, model, history, stream, tools=[CLAUDE_TOOL], thinking=thinking)
    assert last.stop_reason == "end_turn"
    body = sent(board)
    parts = [part["functionResponse"] for part in body["contents"][2]["parts"]]
    assert [(part["name"], part["response"]) for part in parts] == [("get_weather", {"result": "sunny"})] * 2
    if thinks:
        signed = [part for part in body["contents"][1]["parts"] if "functionCall" in part]
        assert [part.get("thoughtSignature") for part in signed] == [SIGNATURE, None]


@pytest.mark.parametrize(
    ("name", "effort", "budget", "wanted", "wanted_by_budget"),
    [
        ("gemini-2.0-flash", "high", 2000, None, None),
        ("gemini-2.5-flash", "low", 2000, {"thinkingBudget": 2048}, {"thinkingBudget": 2000}),
        ("gemini-2.5-flash", "none", None, {"thinkingBudget": 0, "includeThoughts": False}, None),
        ("gemini-2.5-pro", "none", 32000, {"thinkingBudget": 128, "includeThoughts": False}, {"thinkingBudget": 32000}),
        ("gemini-2.5-flash-lite", "high", 32000, {"thinkingBudget": 16384}, {"thinkingBudget": 24576}),
        ("gemini-3-pro-preview", "medium", 32000, {"thinkingLevel": "low"}, {"thinkingLevel": "high"}),
        ("gemini-3-flash", "minimal", 32000, {"thinkingLevel": "minimal"}, {"thinkingLevel": "high"}),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(board, chat, claude, make, name, effort, budget, wanted, wanted_by_budget):
    model = make(name)

    def config():
        return sent(board).get("generationConfig", {}).get("thinkingConfig")

    chat_ask(chat, model, reasoning_effort=effort)
    assert config() == (wanted and {"includeThoughts": True, **wanted})
    responses_ask(chat, model, reasoning={"effort": effort})
    assert config() == (wanted and {"includeThoughts": True, **wanted})
    if budget:
        claude_ask(claude, model, thinking={"type": "enabled", "budget_tokens": budget}, max_tokens=40000, stream=True)
        assert config() == (wanted_by_budget and {"includeThoughts": True, **wanted_by_budget})


def test_a_thought_of_one_turn_goes_back_signed_without_calls(board, chat, claude, make):
    model = make("gemini-3-pro-preview")
    for stream in (False, True):
        message, _, _ = chat_ask(chat, model, stream=stream)
        assert message["extra_content"]["google"]["thought_signature"] == SIGNATURE
        chat_ask(chat, model, [{"role": "user", "content": "x"}, message, {"role": "user", "content": "y"}], stream)
        assert SIGNATURE in [part.get("thoughtSignature") for part in sent(board)["contents"][1]["parts"]]
        answer = claude_ask(claude, model, stream=stream)
        history = [{"role": "user", "content": "x"}, {"role": "assistant", "content": answer.content}, {"role": "user", "content": "y"}]
        claude_ask(claude, model, history, stream)
        assert SIGNATURE in [part.get("thoughtSignature") for part in sent(board)["contents"][1]["parts"]]


@contextlib.contextmanager
def picture_server():
    """A server of one picture, on an address that is not public."""
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = base64.b64decode(PIXEL)
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/a.png"
    finally:
        server.shutdown()
        server.server_close()


def test_images_as_data_and_by_url(make_board):
    board = make_board({"gateway": {"MEDIA_FETCH_ALLOW": "127.0.0.1"}}).start_all()
    model = board.model("gemini-2.5-flash", type=24)
    chat = board.openai()
    claude = anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0)

    def blobs():
        parts = [part for content in sent(board)["contents"] for part in content["parts"]]
        return [part["inlineData"] for part in parts if "inlineData" in part]

    with picture_server() as url:
        for address in (DATA_URL, url):
            content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": address}}]
            chat_ask(chat, model, [{"role": "user", "content": content}])
            assert blobs() == [{"mimeType": "image/png", "data": PIXEL}]
            content = [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": address, "detail": "auto"}]
            responses_ask(chat, model, [{"role": "user", "content": content}])
            assert blobs() == [{"mimeType": "image/png", "data": PIXEL}]
            source = {"type": "url", "url": url}
            if address == DATA_URL:
                source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
            claude_ask(claude, model, [{"role": "user", "content": [{"type": "image", "source": source}]}])
            assert blobs() == [{"mimeType": "image/png", "data": PIXEL}]
    chat.close()
    claude.close()


class City(pydantic.BaseModel):
    city: str


@generations
def test_structured_output(board, chat, google, make, name):
    model = make(name)
    parsed = chat.chat.completions.parse(model=model, messages=[{"role": "user", "content": "x"}], response_format=City)
    assert parsed.choices[0].message.parsed == City(city="Paris")
    config = sent(board)["generationConfig"]
    assert config["responseMimeType"] == "application/json" and "city" in config["responseSchema"]["properties"]
    assert chat.responses.parse(model=model, input="x", text_format=City).output_parsed == City(city="Paris")
    message, _, _ = chat_ask(chat, model, response_format={"type": "json_object"})
    assert json.loads(message["content"]) == {"city": "Paris"}
    answer = google.models.generate_content(
        model=model, contents="x", config={"response_mime_type": "application/json", "response_schema": City}
    )
    assert answer.parsed == City(city="Paris")


@both
def test_a_limit_and_blocks(board, chat, claude, google, make, stream):
    message, finish, _ = chat_ask(chat, make("gemini-2.0-flash"), stream=stream, max_tokens=16)
    assert finish == "length"
    assert claude_ask(claude, make("gemini-2.0-flash"), stream=stream, max_tokens=16).stop_reason == "max_tokens"
    message, finish, _ = chat_ask(chat, make("mock-blocked"), stream=stream)
    assert finish == "content_filter" and not message.get("content")
    assert claude_ask(claude, make("mock-blocked"), stream=stream).stop_reason == "refusal"
    # The SDK's own reading of a stream takes nothing but a completed response.
    answer = chat.responses.create(model=make("mock-blocked"), input="x", stream=stream)
    if stream:
        answer = list(answer)[-1].response
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "content_filter")
    message, finish, _ = chat_ask(chat, make("mock-refusal"), stream=stream)
    assert (message["content"], finish) == ("I can", "content_filter")
    _, last = google_ask(google, make("mock-blocked"), stream=stream)
    assert last.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT and not last.candidates
    model = make("mock-blocked")
    chat_ask(chat, model, stream=stream)
    assert board.record_of(model)["outcome"] == "completed"


@both
def test_other_parts(chat, make, stream):
    message, finish, _ = chat_ask(chat, make("mock-code"), stream=stream)
    assert "print(2 + 2)" in message["content"] and message["content"].endswith("It is 4.") and finish == "stop"
    answer = chat.chat.completions.create(model=make("mock-picture"), messages=[{"role": "user", "content": "x"}], stream=stream)
    text = "".join(chunk.model_dump_json() for chunk in answer) if stream else answer.model_dump_json()
    assert "data:image/png;base64,iVBORw0KGgo=" in text


@both
def test_sources_of_a_search(chat, google, claude, make, stream):
    sources = [("https://example.com/paris", 0, 6), ("https://example.com/paris", 9, 12), ("https://example.org/sky", 9, 12)]
    for name in ("mock-grounded", "mock-grounded-gemini-3"):
        model = make(name)
        message, _, _ = chat_ask(chat, model, stream=stream, tools=[{"type": "function", "function": {"name": "web_search"}}])
        told = [one["url_citation"] for one in message["annotations"] if one["type"] == "url_citation"]
        assert [(one["url"], one["start_index"], one["end_index"]) for one in told] == sources
        assert message["content"] == "w0 ž1 w2 w3 " and told[0]["title"] == "Paris"
        answer = responses_ask(chat, model, stream=stream, tools=[{"type": "web_search"}])
        (text,) = [item for item in answer.output if item.type == "message"][0].content
        assert [(one.url, one.start_index, one.end_index) for one in text.annotations] == sources
        assert claude_ask(claude, model, stream=stream).content[-1].type in ("text", "thinking")
        _, last = google_ask(google, model, stream=stream)
        assert last.candidates[0].grounding_metadata.web_search_queries == ["weather paris", "paris today"]


def test_embeddings(board, chat, make):
    model = make("gemini-embedding-001")
    answer = chat.embeddings.create(model=model, input=["a", "b"], dimensions=4)
    assert [one.embedding for one in answer.data] == [[0, 0.25, 0.5, 0.75], [1, 1.25, 1.5, 1.75]]
    # Google counts nothing here: the tokens are estimated.
    assert [one.index for one in answer.data] == [0, 1] and answer.usage.prompt_tokens == 1
    log = board.record_of(model)
    assert (log["usage"]["input_tokens"], log["usage_source"]) == (1, "estimated")
    body = sent(board)
    assert [one["model"] for one in body["requests"]] == ["models/gemini-embedding-001"] * 2


def test_claude_counts_tokens(claude, make):
    model = make("gemini-2.5-flash")
    counted = claude.messages.count_tokens(model=model, messages=[{"role": "user", "content": QUESTION}])
    assert counted.input_tokens > 0


# Errors.


def test_errors(board, google, chat, claude, make):
    for upstream, code, word in (("mock-status-400", 400, "INVALID_ARGUMENT"), ("mock-status-503", 503, "UNAVAILABLE")):
        with pytest.raises(errors.APIError) as told:
            google_ask(google, make(upstream))
        assert (told.value.code, told.value.status, told.value.message) == (code, word, f"mock error {code}")
        with pytest.raises(openai.APIStatusError) as told:
            chat_ask(chat, make(upstream))
        assert told.value.status_code == code and told.value.body["message"] == f"mock error {code}"
        with pytest.raises(anthropic.APIStatusError) as told:
            claude_ask(claude, make(upstream))
        assert told.value.status_code == code
    # A key that Google does not know is told as 400, and is 401 to callers and to the health of the channel.
    model = make("gemini-2.5-flash", key="an-invalid-key")
    with pytest.raises(openai.AuthenticationError):
        chat_ask(chat, model)
    assert board.record_of(model)["code"] == 401
    with pytest.raises(openai.APIStatusError) as told:
        chat_ask(chat, make("mock-error-200"))
    assert told.value.status_code == 400
    # What Google refuses comes back with its words, and the key is nowhere among them.
    with pytest.raises(errors.ClientError, match="Cannot find field"):
        google.models.generate_content(
            model=make("gemini-2.5-flash"), contents="x", config={"http_options": {"extra_body": {"nonsense": 1}}}
        )


@pytest.mark.parametrize("upstream", ["mock-error-in-stream", "mock-cut-mid-stream", "mock-no-finish"])
def test_a_stream_that_fails(board, google, chat, claude, make, upstream):
    model = make(f"{upstream}-n6")
    said = "overloaded" if upstream == "mock-error-in-stream" else ""
    with pytest.raises(openai.APIError, match=said):
        chat_ask(chat, model, stream=True)
    log = board.record_of(model)
    assert log["outcome"] == ("failed" if said else "upstreamCut")
    with pytest.raises(errors.APIError, match=said):
        google_ask(google, make(f"{upstream}-n6"), stream=True)
    with pytest.raises(anthropic.APIError, match=said):
        claude_ask(claude, make(f"{upstream}-n6"), stream=True)


def test_an_error_first_in_a_stream_is_an_error_answer(chat, google, make):
    with pytest.raises(openai.APIStatusError) as told:
        chat_ask(chat, make("mock-error-first"), stream=True)
    assert told.value.status_code == 503
    with pytest.raises(errors.APIError) as told:
        google_ask(google, make("mock-error-first"), stream=True)
    assert (told.value.code, told.value.status) == (503, "UNAVAILABLE")


@both
def test_splits_and_line_ends(chat, google, make, stream):
    for upstream, text in (("mock-split-utf8", "Žluťoučký 模型 🙂 end"), ("mock-json-for-stream-s20", "The switchboard con")):
        message, _, _ = chat_ask(chat, make(upstream), stream=stream)
        assert message["content"].startswith(text)
        parts, _ = google_ask(google, make(upstream), stream=stream)
        assert "".join(part.text or "" for part in parts).startswith(text)


def test_googles_wait_is_that_of_the_caller(board, make):
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    answer = board.http.post(
        f"/v1beta/models/{make('mock-retry-after-12')}:generateContent", json=body, headers={"x-goog-api-key": board.admin_key}
    )
    assert answer.status_code == 429 and answer.headers["retry-after"] == "12"
    error = answer.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED" and error["details"][0]["retryDelay"] == "12s"
    for stream in (False, True):
        answer = board.chat(make("mock-retry-after-12"), stream=stream)
        assert answer.status_code == 429 and answer.headers["retry-after"] == "12"


def test_another_channel_takes_over_from_one_that_must_wait(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "1"}}).start_all()
    other = Mock(board.folder, "other")
    try:
        name = "two places"
        board.channel({name: "mock-retry-after-12"}, type=24, priority=1000)
        board.channel({name: "gemini-2.0-flash"}, type=24, base_url=other.base_url, priority=1)
        answers = [board.chat(name) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
    finally:
        other.stop()


# Channel tests.


def test_a_channel_test_in_googles_protocol(board, make):
    channel = board.channel({"probe-gemini": "gemini-2.0-flash", "probe-chat": "gemini-2.0-flash"}, type=24)
    board.admin("POST", "/api/model_config/probe-gemini", json={"owner": "us", "type": 21})
    board.wait_current()
    test = board.admin("GET", f"/api/channel/{channel['id']}/test/probe-gemini?success_body=true")
    assert (test["success"], test["code"], test["mode"]) == (True, 200, 21), test
    assert json.loads(test["response"])["candidates"][0]["finishReason"] == "STOP"
    assert sent(board) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    test = board.admin("GET", f"/api/channel/{channel['id']}/test/probe-chat?success_body=true")
    assert (test["success"], test["mode"]) == (True, 1) and json.loads(test["response"])["object"] == "chat.completion"
    failing = board.channel({"probe-failing": "mock-status-503"}, type=24)
    board.admin("POST", "/api/model_config/probe-failing", json={"owner": "us", "type": 21})
    board.wait_current()
    test = board.admin("GET", f"/api/channel/{failing['id']}/test/probe-failing")
    assert (test["success"], test["code"]) == (False, 503)
    assert json.loads(test["response"])["error"]["status"] == "UNAVAILABLE"
