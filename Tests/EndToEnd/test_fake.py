"""Debug channels, which answer without a network: every kind of call with the official SDKs, recorded like any other."""

import time

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import errors, types

FAKE, FAILING = 53, 55


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


@pytest.fixture
def make(board):
    def model(type=FAKE, **configs):
        return board.model("fake-model", type=type, base_url="", configs=configs)

    return model


def gemini(board):
    options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
    return genai.Client(api_key=board.admin_key, vertexai=False, http_options=options)


def test_chat(board, client, make):
    model = make(response_prefix="You said: ", reasoning_text="hm", usage={"input_tokens": 5, "output_tokens": 7})
    raw = client.chat.completions.with_raw_response.create(model=model, messages=[{"role": "user", "content": "hello"}])
    answer = raw.parse()
    assert answer.choices[0].message.content == "You said: hello" and answer.model == model
    assert answer.choices[0].message.reasoning_content == "hm"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 7)
    log = board.record(raw.headers["x-request-id"])
    assert log["channel"] and log["code"] == 200 and log["outcome"] == "completed" and log["usage"]["input_tokens"] == 5


def test_a_stream_with_pauses(board, client, make):
    model = make(static_text="abcdefgh", stream_chunk_size=2, delay_ms=100)
    started = time.monotonic()
    chunks, times = [], []
    for chunk in client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], stream=True):
        chunks.append(chunk)
        times.append(time.monotonic() - started)
    assert [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content] == ["ab", "cd", "ef", "gh"]
    assert times[-1] - times[0] > 0.3, "the pieces come one by one"
    log = board.record_of(model)
    assert log["is_stream"] is True and log["usage"]["total_tokens"] > 0


def test_a_caller_that_leaves_ends_the_stream(board, make):
    model = make(static_text="x" * 100, stream_chunk_size=1, delay_ms=200)
    body = {"model": model, "messages": [{"role": "user", "content": "x"}], "stream": True}
    url = board.url("gateway") + "/v1/chat/completions"
    with httpx.stream("POST", url, headers=board.authorization, json=body, trust_env=False) as answer:
        next(answer.iter_lines())
    assert board.record_of(model)["outcome"] == "cancelledByClient"


def test_the_other_protocols(board, client, make):
    model = make(static_text="fixed", anthropic={"stop_reason": "max_tokens"}, gemini={"model_version": "gemini-x"})
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as sdk:
        arguments = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        for answer in (sdk.messages.create(**arguments), sdk.messages.stream(**arguments).__enter__().get_final_message()):
            assert answer.content[0].text == "fixed" and answer.stop_reason == "max_tokens"
        assert sdk.messages.count_tokens(model=model, messages=arguments["messages"]).input_tokens > 0
    with gemini(board) as sdk:
        answer = sdk.models.generate_content(model=model, contents="x")
        assert answer.text == "fixed" and answer.model_version == "gemini-x"
        told = sdk.models.generate_content_stream(model=model, contents="x")
        assert "".join(chunk.text or "" for chunk in told) == "fixed"
    assert client.completions.create(model=model, prompt="x").choices[0].text == "fixed"


def test_responses_are_there_again(client, make):
    model = make(static_text="fixed")
    made = client.responses.create(model=model, input="x")
    assert made.output_text == "fixed" and made.store is True
    again = client.responses.retrieve(made.id)
    assert again.id == made.id and again.output_text == "fixed"
    assert client.responses.input_items.list(made.id).data == []
    client.responses.delete(made.id)
    with client.responses.stream(model=model, input="x") as events:
        for _ in events:
            pass
        assert events.get_final_response().output_text == "fixed"


def test_embeddings_rerank_and_images(board, client, make):
    model = make(embedding={"dimensions": 4, "base": 1.0}, rerank={"base_score": 0.5, "step": 0.1}, image={"url": "https://x.test/i.png"})
    vectors = client.embeddings.create(model=model, input=["a", "b"])
    assert len(vectors.data) == 2 and len(vectors.data[0].embedding) == 4 and vectors.data[1].embedding[0] == 2
    body = {"model": model, "query": "q", "documents": ["a", "b"]}
    ranks = httpx.post(board.url("gateway") + "/v1/rerank", headers=board.authorization, json=body, trust_env=False).json()
    assert [row["relevance_score"] for row in ranks["results"]] == [0.5, 0.4]
    assert client.images.generate(model=model, prompt="a cat").data[0].url == "https://x.test/i.png"


def test_a_channel_test_needs_no_network(board, make):
    model = make(static_text="fixed")
    id = next(one["id"] for one in board.channels() if model in one["models"])
    test = board.admin("GET", f"/api/channel/{id}/test/{model}")
    assert test["success"] is True, test


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_type_that_fails(board, client, make, stream):
    model = make(type=FAILING, error_status_code=429, error_message="too much", error_code="busy")
    with pytest.raises(openai.RateLimitError) as caught:
        list(client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], stream=stream))
    assert caught.value.body["message"] == "too much" and caught.value.body["code"] == "busy"
    log = board.record_of(model)
    assert log["code"] == 429 and log["outcome"] == "failed" and log["channel"]
    other = make(type=FAILING)
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as sdk:
        with pytest.raises(anthropic.BadRequestError) as refused:
            sdk.messages.create(model=other, max_tokens=9, messages=[{"role": "user", "content": "x"}])
        assert refused.value.body["type"] == "error" and refused.value.body["error"]["message"] == "fake error"
    with gemini(board) as sdk, pytest.raises(errors.ClientError) as refused:
        sdk.models.generate_content(model=make(type=FAILING), contents="x")
    assert refused.value.code == 400
