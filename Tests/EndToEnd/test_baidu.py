"""Channels of Baidu: Qianfan of version 2 with an access key, and Wenxin of version 1; both fetch a token with the channel's key first."""

import concurrent.futures
import hashlib
import hmac
import json
import secrets

import anthropic
import httpx
import openai
import pytest

V1, V2 = 15, 13


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


@pytest.fixture
def make(board):
    def model(upstream, type=V1, key=None):
        key = key or f"id{secrets.token_hex(4)}|secret{secrets.token_hex(4)}"
        base = board.mock.origin + ("/v2" if type == V2 else "")
        return board.model(upstream, type=type, base_url=base, key=key), key

    return model


def ask(client, model, **arguments):
    return client.chat.completions.create(**{"model": model, "messages": [{"role": "user", "content": "hi"}], **arguments})


def tokens(board, key):
    """The requests for tokens that were made with a key."""
    client_id = key.split("|")[0]
    return [one for one in board.mock.seen() if "/token" in one.target and client_id in one.target + one.headers.get("authorization", "")]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_wenxin_chat(board, client, make, stream):
    model, key = make("mock-stream-n3")
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]
    options = {"stream_options": {"include_usage": True}} if stream else {}
    answer = ask(client, model, messages=messages, stream=stream, max_tokens=1, temperature=0, user="me", **options)
    if stream:
        chunks = list(answer)
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "w0 w1 w2 "
        usage = chunks[-1].usage
    else:
        assert answer.choices[0].message.content.startswith("The switchboard") and answer.choices[0].finish_reason == "stop"
        usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (11, 9)
    seen = board.mock.seen_with("Be kind.")[-1]
    sent = json.loads(seen.body)
    assert seen.target.startswith("/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/mock-stream-n3?access_token=token.")
    assert [one["content"] for one in sent["messages"]] == ["a\nb", "c", "d"] and sent["system"] == "Be kind."
    assert sent["max_output_tokens"] == 2 and sent["temperature"] == 0.01 and sent["user_id"] == "me"
    assert board.record_of(model)["usage"]["input_tokens"] == 11
    assert key.split("|")[1] not in board.logs()


def test_one_token_serves_all_and_is_fetched_once(board, client, make):
    model, key = make("eb-instant")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: ask(client, model).choices[0].message.content, range(16)))
    assert len(tokens(board, key)) == 1


def test_a_token_that_is_no_longer_good_is_fetched_anew(board, client, make):
    model, key = make("mock-stale")
    assert ask(client, model).choices[0].message.content
    assert len(tokens(board, key)) == 2
    assert len(board.record_of(model)["attempts"]) == 1 if "attempts" in board.record_of(model) else True


def test_wenxin_for_anthropic(board, make):
    model, _ = make("ernie-4.0-8k")
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as sdk:
        answer = sdk.messages.create(model=model, max_tokens=9, messages=[{"role": "user", "content": "hi"}])
        assert answer.content[0].text and answer.usage.input_tokens == 11
    assert "/chat/completions_pro?" in board.mock.seen()[-1].target


def test_wenxin_embeddings_and_rerank(board, client, make):
    model, _ = make("bge-large-zh")
    answer = client.embeddings.create(model=model, input=["baidu one", "two"])
    assert [list(row.embedding) for row in answer.data] == [[0, 0.25], [1, 0.25]] and answer.usage.prompt_tokens == 11
    assert "/embeddings/bge_large_zh?" in board.mock.seen_with("baidu one")[-1].target
    model, _ = make("bce-reranker-base_v1")
    body = {"model": model, "query": "q", "documents": ["a", "b"], "top_n": 1}
    told = httpx.post(board.url("gateway") + "/v1/rerank", headers=board.authorization, json=body, trust_env=False).json()
    assert [row["index"] for row in told["results"]] == [1] and told["meta"]["tokens"]["input_tokens"] == 11


@pytest.mark.parametrize(
    ("upstream", "status"),
    [("mock-status-336003", 400), ("mock-status-17", 403), ("mock-status-18", 429), ("mock-status-336100", 500)],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_errors_of_wenxin(client, make, upstream, status, stream):
    model, _ = make(upstream)
    with pytest.raises(openai.APIStatusError) as caught:
        list(ask(client, model, stream=stream))
    assert caught.value.status_code == status and caught.value.body["message"].startswith("mock error")


def test_errors_in_streams_of_wenxin(board, client, make):
    model, _ = make("mock-error-in-stream")
    with pytest.raises(openai.APIError):
        list(ask(client, model, stream=True))
    model, _ = make("mock-no-finish")
    with pytest.raises(openai.APIError):
        list(ask(client, model, stream=True))
    assert board.record_of(model)["outcome"] == "upstreamCut"


@pytest.mark.parametrize("type", [V1, V2], ids=["v1", "v2"])
def test_a_key_that_gets_no_token(board, client, make, type):
    model, _ = make("ernie", type=type, key="wrong|wrong" if type == V2 else "id|wrong")
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(client, model)
    assert "no token was given for the channel's key" in caught.value.body["message"]
    assert "wrong" not in caught.value.body["message"]


def test_qianfan_with_an_access_key(board, client, make):
    model, key = make("ERNIE-Character-8K", type=V2)
    answer = ask(client, model, messages=[{"role": "user", "content": "to qianfan"}])
    assert answer.choices[0].message.content and answer.model == model
    seen = board.mock.seen_with("to qianfan")[-1]
    assert seen.target == "/v2/chat/completions" and json.loads(seen.body)["model"] == "ernie-char-8k"
    access, secret = key.split("|")
    assert seen.headers["authorization"] == f"Bearer bce-v3/token.{access}.1"
    # The signature, computed again as Baidu describes it.
    asked = tokens(board, key)[-1]
    assert asked.method == "GET" and asked.target == "/v1/BCE-BEARER/token?expireInSeconds=86400"
    prefix, signature = asked.headers["authorization"].rsplit("/host/", 1)
    signing_key = hmac.new(secret.encode(), prefix.encode(), hashlib.sha256).hexdigest()
    host = asked.headers["host"].replace(":", "%3A")
    canonical = f"GET\n/v1/BCE-BEARER/token\nexpireInSeconds=86400\nhost:{host}"
    assert signature == hmac.new(signing_key.encode(), canonical.encode(), hashlib.sha256).hexdigest()
    assert len(tokens(board, key)) == 1


def test_qianfan_rerank(board, make):
    model, _ = make("BCE-Reranker", type=V2)
    body = {"model": model, "query": "qianfan ranks", "documents": ["a"]}
    answer = httpx.post(board.url("gateway") + "/v1/rerank", headers=board.authorization, json=body, trust_env=False)
    assert answer.status_code == 200
    seen = board.mock.seen_with("qianfan ranks")[-1]
    assert seen.target == "/v2/rerankers" and json.loads(seen.body)["model"] == "bce-reranker"
