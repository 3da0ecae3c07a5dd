"""OpenAI's SDK on `/v1/responses`: against a channel that speaks the protocol itself, and against channels that speak OpenAI chat or Anthropic's;
and its chat calls of a model that speaks nothing but Responses.

The mock provider refuses what OpenAI would refuse, so a wrong conversion fails here with 400.
"""

import http.server
import json
import threading

import httpx
import openai
import pydantic
import pytest

QUESTION = "What is the weather in Paris?"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "name": "get_weather", "description": "The weather.", "parameters": SCHEMA, "strict": True}
CHAT_TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA}}
# Channel types: the upstream speaks Responses, OpenAI chat, Anthropic's protocol.
NATIVE, CHAT, CLAUDE = 1, 36, 14

every = pytest.mark.parametrize("type", [NATIVE, CHAT, CLAUDE], ids=["native", "chat", "anthropic"])
converted = pytest.mark.parametrize("type", [CHAT, CLAUDE], ids=["chat", "anthropic"])


def ask(client, model, **arguments):
    return client.responses.create(**{"model": model, "input": QUESTION, **arguments})


def collect(client, model, **arguments):
    """The final response of a stream as the SDK put it together from the events, and the types of those."""
    with client.responses.stream(**{"model": model, "input": QUESTION, **arguments}) as stream:
        events = list(stream)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        return stream.get_final_response(), [event.type for event in events]


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


# Answers.


@every
def test_a_plain_response(board, client, type):
    model = board.model("gpt-4o", type=type)
    raw = client.responses.with_raw_response.create(
        model=model, input=QUESTION, instructions="Be brief.", metadata={"k": "v"}, temperature=0.5
    )
    answer = raw.parse()
    assert (answer.model, answer.object, answer.status) == (model, "response", "completed")
    assert answer.output_text.startswith("The switchboard connects")
    assert answer.output[0].type == "message" and answer.output[0].role == "assistant"
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (11, 9, 20)
    assert answer.usage.input_tokens_details.cached_tokens == 3
    log = board.record(raw.headers["x-request-id"])
    assert (log["usage"]["input_tokens"], log["usage"]["cached_tokens"], log["usage"]["output_tokens"]) == (11, 3, 9)
    assert log["mode"] == 16 and log["outcome"] == "completed"
    if type != NATIVE:
        assert answer.store is False and answer.instructions == "Be brief." and answer.metadata == {"k": "v"}


@every
def test_a_stream(board, client, type):
    model = board.model("mock-stream-n5-d5", type=type)
    answer, types = collect(client, model)
    assert answer.output_text == "w0 w1 w2 w3 w4 " and answer.model == model and answer.status == "completed"
    assert types[:2] == ["response.created", "response.in_progress"] and types[-1] == "response.completed"
    assert types.count("response.output_text.delta") == 5
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 5)
    log = board.record_of(model)
    assert (log["usage"]["input_tokens"], log["usage"]["output_tokens"], log["is_stream"]) == (11, 5, True)
    # The bare stream too: every event is one of the SDK's types, and none ends it early.
    events = list(ask(client, model, stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == answer.output_text
    assert events[-1].response.status == "completed"


@every
def test_tools_and_the_turn_after_them(board, client, type):
    model = board.model("mock-tools-2", type=type)
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        answer = one(client, model, tools=[TOOL], tool_choice="auto")
        calls = [item for item in answer.output if item.type == "function_call"]
        assert [json.loads(call.arguments) for call in calls] == [{"city": "Paris"}] * 2
        assert len({call.call_id for call in calls}) == 2 and answer.status == "completed"
        history = [{"role": "user", "content": QUESTION}, *(item.to_dict() for item in answer.output)]
        for item in history:
            item.pop("parsed_arguments", None)
        history += [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
        last = one(client, model, tools=[TOOL], input=history)
        assert last.output[-1].type == "message" and last.output_text


@every
def test_custom_tools_take_text(board, client, type):
    model = board.model("gpt-4o", type=type)
    tool = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        answer = one(client, model, tools=[tool])
        call = answer.output[-1]
        assert call.type == "custom_tool_call" and call.name == "apply_patch"
        # The mock's chat and Anthropic sides call with the arguments of the weather: they are told as they are.
        assert call.input == ("city\nParis" if type == NATIVE else '{"city":"Paris"}')
        result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "done"}
        history = [{"role": "user", "content": QUESTION}, call.to_dict(), result]
        assert one(client, model, tools=[tool], input=history).output_text


@every
def test_reasoning(board, client, type):
    upstream = "mock-reasoning" if type != CLAUDE else "claude-sonnet-4-5"
    model = board.model(upstream, type=type)
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        answer = one(client, model, reasoning={"effort": "low", "summary": "auto"})
        assert [item.type for item in answer.output] == ["reasoning", "message"]
        thought = answer.output[0]
        told = [part.text for part in thought.summary]
        assert told == (["first", "I think"] if type == NATIVE else ["first I think"])
        assert thought.encrypted_content == (None if type == CHAT else "c2lnbmF0dXJl")
        # It goes back with the next turn; Anthropic wants it signed, and gets it so.
        history = [{"role": "user", "content": QUESTION}, *(item.to_dict() for item in answer.output)]
        history.append({"role": "user", "content": "go on"})
        assert one(client, model, reasoning={"effort": "low"}, input=history).output_text


@every
def test_structured_output(board, client, type):
    class City(pydantic.BaseModel):
        city: str

    model = board.model("mock-echo", type=type)
    answer = client.responses.create(
        model=model,
        input="x",
        text={"format": {"type": "json_schema", "name": "city", "schema": City.model_json_schema(), "strict": False}},
    )
    sent = json.loads(json.loads(answer.output_text)["body"])
    if type == NATIVE:
        assert sent["text"]["format"]["name"] == "city"
    elif type == CHAT:
        assert sent["response_format"]["type"] in ("json_schema", "json_object")


@every
@pytest.mark.parametrize("upstream", ["mock-crlf", "mock-split-utf8", "mock-json-for-stream"])
def test_streams_of_odd_forms(board, client, type, upstream):
    model = board.model(upstream, type=type)
    answer, types = collect(client, model)
    assert answer.status == "completed" and types[-1] == "response.completed" and answer.output_text
    if upstream == "mock-split-utf8":
        assert answer.output_text == "Žluťoučký 模型 🙂 end"


def test_a_refusal_and_a_cut_answer(board, client):
    model = board.model("mock-refusal", type=NATIVE)
    for one in (ask, lambda *a, **k: collect(*a, **k)[0]):
        assert one(client, model).output[0].content[0].refusal == "I cannot."
    model = board.model("gpt-4o", type=NATIVE)
    short = ask(client, model, max_output_tokens=16)
    assert short.status == "incomplete" and short.incomplete_details.reason == "max_output_tokens"


# Errors.


@every
@pytest.mark.parametrize(
    ("upstream", "error", "status"),
    [
        ("mock-status-400", openai.BadRequestError, 400),
        ("mock-status-401", openai.AuthenticationError, 401),
        ("mock-retry-after-7", openai.RateLimitError, 429),
        ("mock-500", openai.InternalServerError, 500),
        ("mock-close", openai.InternalServerError, 502),
        ("mock-error-200", openai.APIStatusError, None),
    ],
)
def test_errors(board, client, type, upstream, error, status):
    model = board.model(upstream, type=type)
    for one in (ask, collect):
        with pytest.raises(error) as caught:
            one(client, model)
        assert caught.value.body["message"] and status in (None, caught.value.status_code)
        if status == 429:
            assert caught.value.response.headers["retry-after"] == "7"


@every
def test_a_failure_before_the_first_output_is_an_http_error(board, client, type):
    model = board.model("mock-error-first", type=type)
    with pytest.raises(openai.APIStatusError) as caught:
        collect(client, model)
    assert caught.value.body["message"]
    if type == NATIVE:
        assert caught.value.status_code == 429 and caught.value.body["code"] == "rate_limit_exceeded"


@every
def test_a_failure_in_the_middle_is_an_event(board, client, type):
    model = board.model("mock-error-in-stream", type=type)
    events = list(ask(client, model, stream=True))
    assert "response.output_text.delta" in [event.type for event in events]
    assert events[-1].type == "response.failed" and events[-1].response.error.message
    assert board.record_of(model)["outcome"] == "failed"


@every
@pytest.mark.parametrize("upstream", ["mock-cut-mid-stream", "mock-reset-mid-stream", "mock-no-finish"])
def test_a_cut_stream_is_told_and_recorded(board, client, type, upstream):
    if (type, upstream) == (CHAT, "mock-no-finish"):
        pytest.skip("a chat stream that says [DONE] is complete")
    model = board.model(upstream, type=type)
    events = list(ask(client, model, stream=True))
    assert events[-1].type in ("error", "response.failed")
    assert board.record_of(model)["outcome"] == "upstreamCut"


def test_a_failed_response_is_an_http_error(board, client):
    model = board.model("mock-error-in-stream", type=NATIVE)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, model)
    assert caught.value.body["code"] == "rate_limit_exceeded"


@converted
def test_what_only_a_channel_that_keeps_can_do_is_refused_and_named(board, client, type):
    model = board.model("gpt-4o", type=type)
    for arguments, param in (
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            ask(client, model, **arguments)
        assert caught.value.param == param and "is not possible here" in caught.value.body["message"]
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, model, input=[{"role": "user", "content": "x"}, {"type": "telepathy"}])
    assert caught.value.param == "input[1].type"
    answer = ask(client, model)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)


# What a channel keeps.


def test_a_kept_response_is_read_listed_and_deleted(board, client):
    model = board.model("gpt-4o", type=NATIVE)
    first = ask(client, model)
    streamed, _ = collect(client, model)
    assert streamed.id != first.id
    for made in (first, streamed):
        again = client.responses.retrieve(made.id)
        assert again.id == made.id and again.output_text
    items = client.responses.input_items.list(first.id)
    assert items.data[0].content[0].text == QUESTION
    events = list(client.responses.retrieve(first.id, stream=True))
    assert events[0].response.id == first.id and events[-1].type == "response.completed"
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.retrieve(first.id)
    assert "not found" in caught.value.body["message"]
    raw = client.responses.with_raw_response.retrieve(streamed.id)
    log = board.record(raw.headers["x-request-id"])
    assert log["mode"] == 17 and log["code"] == 200


def test_a_conversation_goes_on_at_the_channel_that_keeps_it(board, client):
    model = board.model("gpt-4o", type=NATIVE, key="sk-upstream-first")
    first = ask(client, model)
    # Another channel with the same model: without the id half of the calls would go there.
    board.channel({model: "gpt-4o"}, type=NATIVE, key="sk-upstream-second")
    for _ in range(6):
        raw = client.responses.with_raw_response.create(model=model, input="And then?", previous_response_id=first.id)
        answer = raw.parse()
        assert answer.previous_response_id == first.id
        seen = board.mock.seen_with("previous_response_id")[-1]
        assert seen.headers["authorization"] == "Bearer sk-upstream-first"
        assert first.id.startswith(json.loads(seen.body)["previous_response_id"])
    stream = ask(client, model, input="And then?", previous_response_id=first.id, stream=True)
    assert next(iter(stream)).response.previous_response_id == first.id


def test_a_background_response_is_cancelled(board, client):
    model = board.model("gpt-4o", type=NATIVE)
    made = ask(client, model, background=True)
    assert made.status == "queued"
    assert client.responses.retrieve(made.id).status == "in_progress"
    assert client.responses.cancel(made.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(ask(client, model).id)


class Background(http.server.BaseHTTPRequestHandler):
    """A vendor whose responses are made in the background, and are done when they are read for the second time."""

    reads = 0

    def answer(self, status, usage=None):
        response = {
            "id": "resp_late", "object": "response", "created_at": 1, "status": status, "background": True, "model": "gpt-late",
            "output": [], "usage": usage, "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        }  # fmt: skip
        body = json.dumps(response).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer("queued")

    def do_GET(self):
        Background.reads += 1
        usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
        self.answer(*(("in_progress",) if Background.reads < 2 else ("completed", usage)))

    def log_message(self, *_):
        pass


def test_a_background_response_is_counted_once_when_it_is_read(board, client):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Background)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        model = board.model("gpt-late", type=NATIVE, base_url=f"http://127.0.0.1:{server.server_port}")
        made = ask(client, model, background=True)
        records = []
        for status in ("in_progress", "completed", "completed"):
            raw = client.responses.with_raw_response.retrieve(made.id)
            assert raw.parse().status == status
            records.append(board.record(raw.headers["x-request-id"]))
    finally:
        server.shutdown()
        server.server_close()
    assert [record["usage"].get("output_tokens", 0) for record in records] == [0, 7, 0]
    assert records[1]["model"] == "gpt-late"


def test_what_was_counted_when_it_was_made_is_not_counted_again(board, client):
    made = ask(client, board.model("gpt-4o", type=NATIVE))
    for arguments in ({}, {"stream": True}):
        raw = client.responses.with_raw_response.retrieve(made.id, **arguments)
        if arguments:
            list(raw.parse())
        assert board.record(raw.headers["x-request-id"])["usage"].get("output_tokens", 0) == 0


def test_what_is_not_kept_is_not_found(board, client):
    model = board.model("gpt-4o", type=NATIVE)
    loose = ask(client, model, store=False)
    for id in (loose.id, "resp_unknown", "resp_1_sb1_0123456789abcdef"):
        for call in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
            with pytest.raises(openai.NotFoundError):
                call(id)
        with pytest.raises(openai.NotFoundError) as caught:
            ask(client, model, previous_response_id=id)
        assert caught.value.param == "previous_response_id"


def test_another_token_and_a_changed_id_do_not_see_it(board, client):
    model = board.model("gpt-4o", type=NATIVE)
    keys = []
    for name in ("first", "second"):
        token = board.admin("POST", f"/api/token/responses?auto_create_group=true", json={"name": f"{name}-{model}"})
        keys.append(token["key"] if token["key"].startswith("sk-") else "sk-" + token["key"])
    board.wait_current()
    owner, other = (board.openai(api_key=key) for key in keys)
    made = ask(owner, model)
    assert owner.responses.retrieve(made.id).id == made.id
    for stranger in (other, client):
        with pytest.raises(openai.NotFoundError):
            stranger.responses.retrieve(made.id)
        with pytest.raises(openai.NotFoundError):
            ask(stranger, model, previous_response_id=made.id)
    for place in (5, len(made.id) - 1, made.id.rindex("_sb") + 3):
        changed = made.id[:place] + ("0" if made.id[place] != "0" else "1") + made.id[place + 1 :]
        with pytest.raises(openai.NotFoundError):
            owner.responses.retrieve(changed)


def test_the_keeping_channel_is_off(board, client):
    model = board.model("gpt-4o", type=NATIVE)
    made = ask(client, model)
    id = next(one["id"] for one in board.channels() if model in one["models"])
    board.admin("POST", f"/api/channel/{id}/status", json={"status": 2})
    board.wait_current()
    with pytest.raises(openai.InternalServerError) as caught:
        client.responses.retrieve(made.id)
    assert caught.value.status_code == 503


# Chat calls of a model that speaks only Responses.


def test_chat_at_responses(board, client):
    model = board.model("gpt-5", type=NATIVE)
    messages = [
        {"role": "system", "content": "One."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": [{"type": "text", "text": "c"}]},
    ]
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=messages, max_tokens=5, temperature=1, stop=["x"], user="u", reasoning_effort="none"
    )
    answer = raw.parse()
    assert answer.model == model and answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content and answer.choices[0].message.reasoning_content == "first\n\nI think"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 9)
    seen = board.mock.seen_with("One.")[-1]
    sent = json.loads(seen.body)
    assert seen.target == "/v1/responses" and sent["store"] is False and sent["max_output_tokens"] == 16
    assert sent["reasoning"] == {"effort": "minimal"} and "temperature" not in sent and "stop" not in sent
    assert board.record(raw.headers["x-request-id"])["mode"] == 1


def test_a_chat_stream_at_responses(board, client):
    model = board.model("gpt-5", type=NATIVE)
    options = {"include_usage": True}
    messages = [{"role": "user", "content": QUESTION}]
    stream = client.chat.completions.create(model=model, messages=messages, stream=True, stream_options=options)
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices).startswith("w0 w1 w2 ")
    assert chunks[-1].choices == [] and chunks[-1].usage.prompt_tokens == 11
    assert len({chunk.id for chunk in chunks}) == 1


def test_chat_tools_at_responses_and_the_turn_after_them(board, client):
    model = board.model("gpt-5", type=NATIVE)
    question = [{"role": "user", "content": QUESTION}]
    with client.chat.completions.stream(model=model, messages=question, tools=[CHAT_TOOL]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}]
    history = [*question, message.model_dump(exclude_none=True, exclude={"parsed"})]
    history += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    answer = client.chat.completions.create(model=model, messages=history, tools=[CHAT_TOOL])
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop"


def test_a_reseller_without_responses_gets_chat(board, client):
    model = board.model("gpt-5", type=NATIVE, configs={"disable_responses": True})
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "reseller"}])
    assert answer.choices[0].message.content
    assert board.mock.seen_with("reseller")[-1].target == "/v1/chat/completions"
    assert ask(client, model).output_text, "and its calls in the protocol are converted"


def test_a_model_of_the_responses_type_is_tested_in_its_protocol(board):
    model = board.model("gpt-5", type=NATIVE)
    board.admin("POST", f"/api/model_config/{model}", json={"type": 16})
    board.wait_current()
    id = next(one["id"] for one in board.channels() if model in one["models"])
    test = board.admin("GET", f"/api/channel/{id}/test/{model}")
    assert test["success"] is True and test["mode"] == 16, test
    assert board.mock.seen()[-1].target == "/v1/responses"


def test_errors_of_wrong_paths(board, client):
    answer = httpx.put(
        board.url("gateway") + "/v1/responses/resp_1", headers=board.authorization, json={}, trust_env=False
    )
    assert answer.status_code == 405 and "GET" in answer.headers["allow"] and "DELETE" in answer.headers["allow"]


@every
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_address_that_is_not_there_is_told_as_such(board, client, type, stream):
    model = board.model("mock-status-404", type=type)
    with pytest.raises(openai.NotFoundError):
        ask(client, model, stream=stream)
    assert board.record_of(model)["code"] == 404
