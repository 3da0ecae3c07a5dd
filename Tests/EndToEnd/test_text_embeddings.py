"""Channels of Jina and of text-embeddings-inference: embeddings with OpenAI's SDK, rerank as FastGPT calls it."""

import json

import httpx
import openai
import pytest

JINA, TEI = 47, 48


@pytest.fixture
def client(board):
    made = board.openai()
    yield made
    made.close()


def rerank(board, model, query="q", **fields):
    body = {"model": model, "query": query, "documents": ["a", "b", {"text": "c"}], **fields}
    return httpx.post(board.url("gateway") + "/v1/rerank", headers=board.authorization, json=body, trust_env=False)


@pytest.mark.parametrize("type", [JINA, TEI], ids=["jina", "tei"])
def test_embeddings(board, client, type):
    model = board.model("vectors", type=type)
    answer = client.embeddings.create(model=model, input=[f"one {type}", "two"])
    assert len(answer.data) == 2 and answer.model == model and answer.usage.prompt_tokens == 11
    sent = json.loads(board.mock.seen_with(f"one {type}")[-1].body)
    # The SDK asks for base64 by itself.
    if type == JINA:
        assert sent["input"] == [{"text": "one 47"}, {"text": "two"}]
        assert sent["embedding_type"] == "base64" and "encoding_format" not in sent
    else:
        assert sent["input"] == ["one 48", "two"]


def test_rerank_of_jina(board):
    model = board.model("jina-reranker-v2", type=JINA)
    answer = rerank(board, model)
    assert answer.status_code == 200 and answer.json()["meta"]["tokens"]["input_tokens"] == 11
    assert board.record(answer.headers["x-request-id"])["usage"]["input_tokens"] == 11


def test_rerank_of_tei(board):
    model = board.model("bge-reranker", type=TEI)
    answer = rerank(board, model, top_n=2, return_documents=True)
    told = answer.json()
    assert [row["index"] for row in told["results"]] == [2, 1]
    assert [row["document"] for row in told["results"]] == [{"text": "c"}, {"text": "b"}]
    assert told["model"] == model
    log = board.record(answer.headers["x-request-id"])
    assert log["usage"]["input_tokens"] == told["meta"]["tokens"]["input_tokens"] > 0
    assert log["usage_source"] == "estimated" and log["mode"] == 10


def test_errors_of_tei(board, client):
    model = board.model("bge-reranker", type=TEI)
    answer = rerank(board, model, query="mock-status-429")
    assert answer.status_code == 429 and answer.json()["error"]["type"] == "backend"
    answer = rerank(board, model, documents=[{"image": "https://x.test/i.png"}])
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "documents[0]"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
