"""What single vendors of OpenAI's protocol do differently, as a caller sees it."""

import contextlib
import http.server
import json
import threading

import anthropic
import pytest

QWEN = 17
MINIMAX = 27
SILICONFLOW = 43


@contextlib.contextmanager
def canned(status: int, content_type: str, body: bytes, pieces: int = 1):
    """A vendor that gives one answer to everything, in pieces; yields its address and the requests that came (path, headers, body)."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            step = -(-len(body) // pieces)
            for place in range(0, len(body), step):
                part = body[place : place + step]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


SOUND = bytes(range(256)) * 8


def speech_events() -> bytes:
    parts = [{"data": {"audio": SOUND[place : place + 512].hex(), "status": 1}} for place in range(0, len(SOUND), 512)]
    parts.append({"data": {"audio": "", "status": 2}, "extra_info": {"usage_characters": 11}})
    return b"".join(b"data: %s\n\n" % json.dumps({**part, "base_resp": {"status_code": 0}}).encode() for part in parts)


def test_minimax_speech_is_sound_for_openai_s_sdk(board):
    with canned(200, "text/event-stream", speech_events(), pieces=37) as (address, seen):
        model = board.model("speech-02-hd", type=MINIMAX, base_url=address + "/v1", key="secret|group 7")
        with board.openai().audio.speech.with_streaming_response.create(model=model, voice="v1", input="hello world") as answer:
            assert answer.headers["content-type"] == "audio/mpeg"
            assert answer.read() == SOUND
    path, headers, body = seen[0]
    assert path == "/v1/t2a_v2?GroupId=group%207" and headers["authorization"] == "Bearer secret"
    assert body["text"] == "hello world" and body["voice_setting"]["voice_id"] == "v1"
    log = board.record_of(model)
    assert log["code"] == 200 and log["usage"]["input_tokens"] == 11


def test_minimax_speech_that_fails_is_an_error_and_not_an_empty_sound(board):
    body = json.dumps({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}).encode()
    with canned(200, "application/json", body) as (address, _):
        model = board.model("speech-02-hd", type=MINIMAX, base_url=address)
        answer = board.http.post("/v1/audio/speech", headers=board.authorization, json={"model": model, "input": "x", "voice": "v"})
    assert answer.status_code == 429 and "rate limit" in answer.json()["error"]["message"]


def test_dashscope_reranks_in_its_own_form(board):
    body = {"output": {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2}]}, "usage": {"total_tokens": 12}}
    with canned(200, "application/json", json.dumps(body).encode()) as (address, seen):
        model = board.model("gte-rerank-v2", type=QWEN, base_url=address)
        question = {"model": model, "query": "q", "documents": ["a", "b"], "return_documents": True}
        answer = board.http.post("/v1/rerank", headers=board.authorization, json=question).json()
    assert [row["index"] for row in answer["results"]] == [1, 0] and answer["results"][0]["document"]["text"] == "b"
    assert answer["meta"]["tokens"]["input_tokens"] == 12
    assert seen[0][0] == "/api/v1/services/rerank/text-rerank/text-rerank" and seen[0][2]["input"]["documents"] == ["a", "b"]
    assert board.record_of(model)["usage"]["input_tokens"] == 12


def test_siliconflow_pictures(board):
    with canned(200, "application/json", b'{"images":[{"url":"https://i.test/1.png"}],"seed":1}') as (address, seen):
        model = board.model("Kwai-Kolors/Kolors", type=SILICONFLOW, base_url=address)
        answer = board.openai().images.generate(model=model, prompt="a cat", n=1, size="1024x1024")
    assert answer.data[0].url == "https://i.test/1.png"
    assert seen[0][2] == {"model": "Kwai-Kolors/Kolors", "prompt": "a cat", "batch_size": 1, "image_size": "1024x1024"}


def test_a_model_that_a_vendor_does_not_serve_in_this_way_is_told(board):
    model = board.model("wanx2.1-t2i-turbo", type=QWEN, base_url=board.mock.origin)
    answer = board.http.post("/v1/images/generations", headers=board.authorization, json={"model": model, "prompt": "x"})
    assert answer.status_code == 502 and "does not serve this call for model 'wanx2.1-t2i-turbo'" in answer.json()["error"]["message"]
