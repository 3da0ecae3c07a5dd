"""The official OpenAI SDK against the gateway."""

import json

import openai
import pytest

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def test_a_plain_chat(board):
    model = board.model("gpt-4o-upstream")
    raw = board.openai().chat.completions.with_raw_response.create(model=model, messages=QUESTION, temperature=0.25)
    answer = raw.parse()
    assert answer.model == model
    assert answer.choices[0].message.content.startswith("The switchboard connects")
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 9)
    assert answer.system_fingerprint == "fp_mock"
    log = board.record(raw.headers["x-request-id"])
    assert log["usage"]["cached_tokens"] == 3 and log["usage"]["reasoning_tokens"] == 2
    assert log["outcome"] == "completed"


def test_what_arrives_upstream_is_the_request_with_only_the_listed_edits(board):
    model = board.model("mock-echo", key="sk-upstream-echo")
    answer = board.openai().chat.completions.create(
        model=model,
        messages=QUESTION,
        extra_body={"vendor_field": {"a": [1.50, "x", None]}, "seed": 12345678901234567890},
        extra_headers={"X-Custom": "y", "Cookie": "session=1", "X-Api-Key": "leak"},
    )
    echo = json.loads(answer.choices[0].message.content)
    body = json.loads(echo["body"])
    assert body.pop("model") == "mock-echo"
    assert body == {"messages": QUESTION, "vendor_field": {"a": [1.50, "x", None]}, "seed": 12345678901234567890}
    assert "1.5" in echo["body"] and "12345678901234567890" in echo["body"]
    headers = {name.lower(): value for name, value in echo["headers"]}
    assert headers["authorization"] == "Bearer sk-upstream-echo"
    assert headers["content-type"].startswith("application/json")
    assert headers["host"] == board.mock.origin.removeprefix("http://")
    for private in ("cookie", "x-api-key", "aiproxy-channel", "x-forwarded-for"):
        assert private not in headers, private
    assert board.admin_key not in json.dumps(echo)


def test_a_stream(board):
    model = board.model("mock-stream-n5-d10")
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True)
    chunks = list(stream)
    assert {chunk.model for chunk in chunks} == {model}
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "w0 w1 w2 w3 w4 "
    assert any(chunk.usage for chunk in chunks), "usage is filled though nobody asked"
    log = board.record_of(model)
    assert log["usage"]["output_tokens"] == 5 and log["is_stream"] is True and log["usage_source"] == "measured"


def test_the_usage_chunk_of_a_caller_who_asked_is_the_last_and_has_no_choices(board):
    model = board.model("gpt-4o")
    options = {"include_usage": True}
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True, stream_options=options)
    chunks = list(stream)
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 21
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_caller_who_declined_usage_gets_none_and_the_record_has_it(board):
    model = board.model("gpt-4o")
    options = {"include_usage": False}
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True, stream_options=options)
    assert all(chunk.usage is None and chunk.choices for chunk in stream)
    assert board.record_of(model)["usage"]["output_tokens"] == 10


def test_a_stream_with_tool_calls(board):
    model = board.model("gpt-4o")
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, tools=TOOLS, stream=True)
    name, arguments, reason = "", "", None
    for chunk in stream:
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            for call in choice.delta.tool_calls or []:
                assert call.index == 0
                name += call.function.name or ""
                arguments += call.function.arguments or ""
    assert (name, json.loads(arguments), reason) == ("get_weather", {"city": "Paris"}, "tool_calls")


def test_parallel_tool_calls_and_the_turn_after_them(board):
    model = board.model("mock-tools-2")
    client = board.openai()
    with client.chat.completions.stream(model=model, messages=QUESTION, tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}] * 2
    history = [*QUESTION, message.model_dump(exclude_none=True, exclude={"parsed"})]
    history += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    answer = client.chat.completions.create(model=model, messages=history, tools=TOOLS)
    assert answer.choices[0].message.content and not answer.choices[0].message.tool_calls


def test_reasoning_content_is_kept(board):
    model = board.model("mock-reasoning")
    answer = board.openai().chat.completions.create(model=model, messages=QUESTION)
    assert answer.choices[0].message.reasoning_content == "first I think"
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "first I think"


@pytest.mark.parametrize("upstream", ["mock-split-utf8", "mock-crlf", "mock-close-delimited"])
@pytest.mark.parametrize("streams", [False, True])
def test_odd_but_valid_answers_arrive_whole(board, upstream, streams):
    model = board.model(upstream)
    client = board.openai()
    if streams:
        stream = client.chat.completions.create(model=model, messages=QUESTION, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    else:
        text = client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content
    if upstream == "mock-split-utf8":
        assert text == "Žluťoučký 模型 🙂 end"
    else:
        assert text.startswith("w0 w1 " if streams else "The switchboard")
    assert board.record_of(model)["outcome"] == "completed"


def test_large_answers_arrive_whole(board):
    model = board.model("mock-huge-6")
    client = board.openai()
    assert len(client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content) == 6 << 20
    stream = client.chat.completions.create(model=model, messages=QUESTION, stream=True)
    assert sum(len(chunk.choices[0].delta.content or "") for chunk in stream if chunk.choices) == 6 << 20


def test_a_completion_of_the_older_kind(board):
    model = board.model("gpt-3.5-turbo-instruct")
    client = board.openai()
    answer = client.completions.create(model=model, prompt="Once")
    assert answer.model == model and answer.choices[0].text.startswith("The switchboard")
    stream = client.completions.create(model=model, prompt="Once", stream=True)
    chunks = list(stream)
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices).startswith("w0 w1 ")
    assert {chunk.model for chunk in chunks} == {model}
    assert board.record_of(model)["mode"] == 2


def test_embeddings_as_floats_and_in_the_form_the_sdk_prefers(board):
    model = board.model("text-embedding-3-small")
    client = board.openai()
    expected = [[float(index) + 0.25 * place for place in range(8)] for index in range(2)]
    for arguments in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model=model, input=["Hi", "there"], **arguments)
        assert answer.model == model and answer.usage.total_tokens == 11
        assert [item.embedding for item in answer.data] == expected
    assert len(client.embeddings.create(model=model, input="Hi", dimensions=16).data[0].embedding) == 16
    log = board.record_of(model)
    assert log["mode"] == 3 and log["usage"]["input_tokens"] == 11 and log["endpoint"] == "/v1/embeddings"


def test_models(board):
    model = board.model("gpt-4o")
    client = board.openai()
    listed = client.models.list()
    assert model in [entry.id for entry in listed.data]
    entry = client.models.retrieve(model)
    assert (entry.id, entry.object) == (model, "model") and entry.owned_by and entry.created > 0
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"


def test_a_model_name_with_a_slash(board):
    board.channel({"vendor/model:free": "gpt-4o"})
    client = board.openai()
    assert client.chat.completions.create(model="vendor/model:free", messages=QUESTION).model == "vendor/model:free"


def test_errors_have_the_class_that_the_sdk_gives_their_status(board):
    client = board.openai()
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
    assert caught.value.code == "model_not_found" and "no-such-model" in caught.value.message
    with pytest.raises(openai.AuthenticationError):
        board.openai(api_key="sk-wrong").chat.completions.create(model="any", messages=QUESTION)
    for upstream, kind in (
        ("mock-status-400", openai.BadRequestError),
        ("mock-status-403", openai.PermissionDeniedError),
        ("mock-status-422", openai.UnprocessableEntityError),
        ("mock-status-429", openai.RateLimitError),
        ("mock-status-500", openai.InternalServerError),
    ):
        model = board.model(upstream)
        code = upstream.rsplit("-", 1)[1]
        for streams in (False, True):
            with pytest.raises(kind) as caught:
                client.chat.completions.create(model=model, messages=QUESTION, stream=streams)
            assert f"mock error {code}" in caught.value.message
            assert caught.value.type == "mock_error" and caught.value.code == f"mock_{code}"


def test_an_error_inside_a_stream_is_raised_after_the_text_so_far(board):
    model = board.model("mock-error-in-stream")
    stream = board.openai().chat.completions.create(model=model, messages=QUESTION, stream=True)
    text = ""
    with pytest.raises(openai.APIError) as caught:
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert text == "w0 w1 w2 w3 w4 " and "mock error in stream" in caught.value.message
    assert board.record_of(model)["outcome"] != "completed"


def test_the_retries_of_the_sdk_each_have_a_record(board):
    model = board.model("mock-status-503")
    with pytest.raises(openai.InternalServerError):
        board.openai(max_retries=1).chat.completions.create(model=model, messages=QUESTION)

    def both():
        return board.search(model_name=model)["total"] == 2

    from harness.processes import eventually

    eventually(both, 10, "two records")
