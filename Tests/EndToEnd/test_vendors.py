"""What single vendors of OpenAI's protocol do differently, as a caller sees it."""

import json

import anthropic
import pytest

QWEN = 17


def stream_only(board, behaviour: str = "") -> str:
    """A model that answers as a stream only."""
    return board.model("qwq-plus", type=QWEN, base_url=board.mock.origin + behaviour)


def test_a_model_that_only_streams_serves_a_plain_caller(board):
    model = stream_only(board)
    answer = board.openai().chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
    assert answer.object == "chat.completion" and answer.model == model
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    sent = json.loads(board.mock.seen_with("qwq-plus")[-1].body)
    assert sent["stream"] is True and sent["stream_options"] == {"include_usage": True}
    log = board.record_of(model)
    assert log["code"] == 200 and log["usage"]["output_tokens"] == answer.usage.completion_tokens


def test_its_tool_calls_and_thoughts_come_whole(board):
    model = stream_only(board, "/mock-tools-2")
    message = board.openai().chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}]).choices[0].message
    assert len(message.tool_calls) == 2 and all(call.function.arguments for call in message.tool_calls)
    model = stream_only(board, "/mock-reasoning")
    message = board.openai().chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}]).choices[0].message
    assert message.reasoning_content and message.content


def test_it_serves_an_anthropic_caller(board):
    model = stream_only(board)
    sdk = anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0)
    # The vendor's own route for Claude clients streams as it is asked, so that nothing is collected there.
    answer = sdk.messages.create(model=model, max_tokens=99, messages=[{"role": "user", "content": "hi"}])
    assert answer.type == "message" and answer.content[0].text and answer.stop_reason == "end_turn"


@pytest.mark.parametrize("behaviour", ["mock-cut-mid-stream", "mock-error-in-stream", "mock-reset-mid-stream"])
def test_a_stream_that_ends_badly_is_no_answer(board, behaviour):
    model = stream_only(board, "/" + behaviour)
    answer = board.chat(model)
    assert answer.status_code >= 500 and answer.json()["error"]["message"]
    log = board.record(answer.headers["x-request-id"])
    assert log["code"] == answer.status_code and log["outcome"] != "completed"
