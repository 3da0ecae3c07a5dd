"""Images, sound, moderations and rerank through the gateway, with OpenAI's SDK where it has the call.

The mock provider tells in its answers which parts of a form it got, and refuses what OpenAI would refuse.
"""

import base64
import http.server
import io
import json
import socket
import threading
import time
import zlib

import httpx
import openai
import pytest

from harness.processes import eventually

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.7\nnothing to see\n"
SOUND = bytes(range(256)) * 20_480  # 5 MiB


@pytest.fixture(scope="module")
def board(tmp_path_factory, postgres):
    """A board that takes uploads of any usual size, and fetches from a host that is listed by its name."""
    from harness.board import Board

    made = Board(tmp_path_factory.mktemp("operations"), postgres, {"gateway": {"RETRY_TIMES": "0", "MEDIA_FETCH_ALLOW": "localhost"}})
    try:
        yield made.start_all()
    finally:
        made.remove()


@pytest.fixture
def client(board):
    with board.openai() as made:
        yield made


def usage(board, raw):
    record = board.record(raw.headers["x-request-id"])
    return record["usage"].get("input_tokens"), record["usage"].get("output_tokens"), record["code"]


# Images.


def test_an_image(board, client):
    model = board.model("mock-image")
    raw = client.images.with_raw_response.generate(model=model, prompt="a cat", n=2)
    answer = raw.parse()
    assert [image.b64_json for image in answer.data] == ["bW9jaw=="] * 2
    assert answer.data[0].revised_prompt == "prompt=a cat"
    assert answer.usage.total_tokens == 20
    assert usage(board, raw) == (11, 9, 200)


def test_images_as_they_are_drawn(board, client):
    model = board.model("mock-image")
    events = list(client.images.generate(model=model, prompt="a cat", stream=True, partial_images=2))
    assert [event.type for event in events] == [
        "image_generation.partial_image", "image_generation.partial_image", "image_generation.completed",
    ]  # fmt: skip
    assert events[-1].usage.input_tokens == 11
    record = board.record_of(model)
    assert (record["usage"]["input_tokens"], record["usage"]["output_tokens"], record["is_stream"]) == (11, 9, True)


def test_an_edit_of_two_images_keeps_both_in_order(board, client):
    model = board.model("mock-image")
    other = PNG + b"\0more"
    raw = client.images.with_raw_response.edit(
        model=model,
        prompt="put them together — žluťoučký",
        image=[("first.png", PNG, "image/png"), ("druhý.png", other, "image/png")],
        mask=("mask.png", PNG, "image/png"),
        size="1024x1024",
    )
    parts = raw.parse().data[0].revised_prompt.split("|")
    assert "prompt=put them together — žluťoučký" in parts and "size=1024x1024" in parts and "model=mock-image" in parts
    files = [part for part in parts if "image/png" in part]
    assert [file.split(":", 1)[1] for file in files] == [
        f"image/png:{len(PNG)}:{zlib.adler32(PNG)}",
        f"image/png:{len(other)}:{zlib.adler32(other)}",
        f"image/png:{len(PNG)}:{zlib.adler32(PNG)}",
    ]
    assert files[0].startswith("image[]=first.png") and files[2].startswith("mask=mask.png")
    assert usage(board, raw) == (11, 9, 200)


def test_an_edit_streamed(board, client):
    model = board.model("mock-image")
    events = list(client.images.edit(model=model, prompt="x", image=("a.png", PNG, "image/png"), stream=True))
    assert events[-1].type == "image_edit.completed"
    assert board.record_of(model)["usage"]["output_tokens"] == 9


def test_a_variation(board, client):
    model = board.model("mock-image")
    raw = client.images.with_raw_response.create_variation(model=model, image=("a.png", PNG, "image/png"), n=3)
    assert len(raw.parse().data) == 3
    seen = board.mock.seen()[-1]
    assert seen.target == "/v1/images/variations"
    assert usage(board, raw) == (11, 9, 200)


def test_what_the_vendor_refuses_is_told_with_its_words(board, client):
    model = board.model("mock-image")
    with pytest.raises(openai.BadRequestError, match="image is no PNG"):
        client.images.edit(model=model, prompt="x", image=("a.png", b"GIF89a", "image/png"))


# Sound.


def test_speech_comes_as_it_is_spoken(board, client):
    model = board.model("mock-stream-n5-d100")
    started, times, sound = time.monotonic(), [], b""
    with client.audio.speech.with_streaming_response.create(model=model, voice="alloy", input="hello") as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        for piece in answer.iter_bytes():
            times.append(time.monotonic() - started)
            sound += piece
    assert len(sound) == 5000 and sound[1004] == 1 and sound[4999] == 4
    assert times[-1] - times[0] > 0.3, times
    assert board.record_of(model)["code"] == 200


def test_speech_as_events(board, client):
    model = board.model("mock-stream-n3")
    body = {"model": model, "voice": "alloy", "input": "hello", "stream_format": "sse"}
    answer = board.http.post("/v1/audio/speech", headers=board.authorization, json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in events] == ["speech.audio.delta"] * 3 + ["speech.audio.done"]
    record = board.record(answer.headers["x-request-id"])
    assert (record["usage"]["input_tokens"], record["usage"]["output_tokens"]) == (11, 9)


def test_speech_that_breaks_is_cut_and_not_ended(board):
    model = board.model("mock-cut-mid-stream")
    body = {"model": model, "voice": "alloy", "input": "hello", "stream_format": "sse"}
    answer = board.http.post("/v1/audio/speech", headers=board.authorization, json=body)
    assert "speech.audio.done" not in answer.text and '"error"' in answer.text
    record = board.record(answer.headers["x-request-id"])
    assert record["outcome"] == "upstreamCut"


def test_a_page_instead_of_sound_is_an_error(board, client):
    model = board.model("mock-html")
    with pytest.raises(openai.InternalServerError) as caught:
        client.audio.speech.create(model=model, voice="alloy", input="hello")
    assert caught.value.status_code == 502 and "text/html" in str(caught.value)


def test_a_large_recording_streams_through(board, client):
    model = board.model("mock-whisper")
    raw = client.audio.transcriptions.with_raw_response.create(model=model, file=("talk.mp3", SOUND, "audio/mpeg"))
    answer = raw.parse()
    assert answer.text == f"heard {len(SOUND)} bytes, sum {zlib.adler32(SOUND)}, of talk.mp3"
    assert usage(board, raw) == (11, 9, 200)


def test_a_recording_without_a_declared_length(board):
    model = board.model("mock-whisper")
    head = (
        '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n' + model + "\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    ).encode()

    def body():
        yield head
        for start in range(0, len(SOUND), 100_000):
            yield SOUND[start : start + 100_000]
        yield b"\r\n--b--\r\n"

    headers = {**board.authorization, "content-type": "multipart/form-data; boundary=b"}
    answer = board.http.post("/v1/audio/transcriptions", headers=headers, content=body())
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == f"heard {len(SOUND)} bytes, sum {zlib.adler32(SOUND)}, of a.wav"


@pytest.mark.parametrize("format", ["json", "verbose_json", "text", "srt"])
def test_transcripts_in_every_form(board, client, format):
    model = board.model("mock-whisper")
    raw = client.audio.transcriptions.with_raw_response.create(
        model=model, file=("a.wav", b"RIFF", "audio/wav"), response_format=format
    )
    assert "heard 4 bytes" in raw.text
    kind = "application/json" if "json" in format else "text/plain"
    assert raw.headers["content-type"].startswith(kind)
    if format == "srt":
        assert raw.text.startswith("1\n00:00:00,000")
    assert board.record(raw.headers["x-request-id"])["code"] == 200


def test_a_transcript_as_it_is_heard(board, client):
    model = board.model("mock-whisper")
    events = list(
        client.audio.transcriptions.create(model=model, file=("a.wav", b"RIFF", "audio/wav"), stream=True)
    )
    assert events[-1].type == "transcript.text.done"
    assert "".join(event.delta for event in events[:-1]).strip() == events[-1].text
    assert board.record_of(model)["usage"]["input_tokens"] == 11


def test_a_translation(board, client):
    model = board.model("mock-whisper")
    answer = client.audio.translations.create(model=model, file=("a.wav", io.BytesIO(b"RIFF"), "audio/wav"))
    assert answer.text.startswith("heard 4 bytes")
    assert board.mock.seen()[-1].target == "/v1/audio/translations"


def test_a_caller_that_leaves_within_its_upload(board):
    model = board.model("mock-whisper")
    board.mock.reset()
    head = (
        '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n' + model + "\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="left.wav"\r\n\r\n'
    ).encode()
    with socket.create_connection(("127.0.0.1", board.ports["gateway"])) as caller:
        caller.sendall(
            (
                "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {board.admin_key}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000\r\n\r\n"
            ).encode()
            + head
        )
        caller.sendall(SOUND[: 3 * 1024 * 1024])
        eventually(lambda: board.mock.stats()["open"] >= 1, 5, "the upload at the provider")
    record = board.record_of(model)
    assert (record["code"], record["outcome"]) == (499, "cancelledByClient")
    eventually(lambda: board.mock.stats()["requests"] == 0, 5, "no request at the provider")


def test_several_uploads_at_once(board):
    model = board.model("mock-whisper")

    def upload(results, place):
        files = {"file": ("a.wav", SOUND, "audio/wav")}
        answer = board.http.post(
            "/v1/audio/transcriptions", headers=board.authorization, data={"model": model}, files=files
        )
        results[place] = answer.json()["text"]

    results = [None] * 4
    threads = [threading.Thread(target=upload, args=(results, place)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [f"heard {len(SOUND)} bytes, sum {zlib.adler32(SOUND)}, of a.wav"] * 4


# What is wrong with a request, in the caller's words.


def test_a_form_without_model(board):
    answer = board.http.post(
        "/v1/audio/transcriptions", headers=board.authorization, files={"file": ("a.wav", b"RIFF", "audio/wav")}
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == "model" and "model" in error["message"]


@pytest.mark.parametrize(
    ("type", "content", "word"),
    [
        ("application/json", b"{}", "multipart/form-data"),
        ("multipart/form-data", b"x", "boundary"),
        ("multipart/form-data; boundary=b", b"nonsense", "form"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n', "ends"),
    ],
)
def test_what_is_no_form(board, type, content, word):
    headers = {**board.authorization, "content-type": type}
    answer = board.http.post("/v1/images/edits", headers=headers, content=content)
    assert answer.status_code == 400 and word in answer.json()["error"]["message"], answer.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("images/generations", {}, "prompt"),
        ("images/generations", {"prompt": ""}, "prompt"),
        ("audio/speech", {"voice": "alloy"}, "input"),
        ("moderations", {}, "input"),
        ("rerank", {"query": "q"}, "documents"),
        ("rerank", {"documents": ["d"]}, "query"),
        ("rerank", {"query": "q", "documents": "d"}, "documents"),
    ],
)
def test_a_missing_member_is_named(board, path, body, field):
    model = board.model("mock-any")
    answer = board.http.post(f"/v1/{path}", headers=board.authorization, json={"model": model, **body})
    assert answer.status_code == 400 and answer.json()["error"]["param"] == field, answer.text


# Errors of upstreams.


@pytest.mark.parametrize(
    ("upstream", "status"), [("mock-status-429", 429), ("mock-500-text", 500), ("mock-close", 502), ("mock-status-401", 401)]
)
def test_errors_of_upstreams_reach_callers_of_forms(board, client, upstream, status):
    model = board.model(upstream)
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.transcriptions.create(model=model, file=("a.wav", b"RIFF", "audio/wav"))
    assert caught.value.status_code == status
    assert caught.value.response.json()["error"]["message"]


def test_an_upstream_that_refuses_within_a_large_upload(board, client):
    model = board.model("mock-status-429")
    with pytest.raises(openai.RateLimitError):
        client.audio.transcriptions.create(model=model, file=("a.wav", SOUND, "audio/wav"))


def test_an_error_within_a_stream_of_images(board, client):
    model = board.model("mock-error-in-stream")
    with pytest.raises(openai.APIError, match="mock error in stream"):
        list(client.images.generate(model=model, prompt="x", stream=True))
    assert board.record_of(model)["outcome"] != "completed"


# Moderations and rerank.


def test_moderations(board, client):
    model = board.model("mock-moderation")
    raw = client.moderations.with_raw_response.create(model=model, input=["bad", "good"])
    answer = raw.parse()
    assert [result.flagged for result in answer.results] == [True, False]
    assert answer.model == model
    assert board.record(raw.headers["x-request-id"])["code"] == 200


def test_rerank(board):
    model = board.model("mock-rerank")
    body = {"model": model, "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1}
    answer = board.http.post("/v1/rerank", headers=board.authorization, json=body)
    assert answer.status_code == 200 and answer.json()["results"][0]["relevance_score"] == 0.9
    seen = json.loads(board.mock.seen()[-1].body)
    assert seen == {**body, "model": "mock-rerank"}
    record = board.record(answer.headers["x-request-id"])
    assert record["usage"]["input_tokens"] == 11


# Media that a request names by address.


class Files(http.server.BaseHTTPRequestHandler):
    """A document, a way to it, and a way astray."""

    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/paper.pdf":
            self.send_response(200)
            self.send_header("Content-Length", str(len(PDF)))
            self.end_headers()
            self.wfile.write(PDF)
        else:
            host = "127.0.0.1" if self.path == "/astray" else "localhost"
            self.send_response(302)
            self.send_header("Location", f"http://{host}:{self.server.server_port}/paper.pdf")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def files():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Files.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask_about(board, model, url):
    """A caller of Anthropic's protocol, on a channel of OpenAI's, which takes no addresses of documents."""
    document = {"type": "document", "source": {"type": "url", "url": url}}
    content = [{"type": "text", "text": "look"}, document, document]
    body = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": content}]}
    return board.http.post("/v1/messages", headers=board.authorization, json=body)


def test_a_document_is_fetched_once_for_an_upstream_that_takes_bytes(board, files):
    model = board.model("mock-echo")
    answer = ask_about(board, model, files + "/elsewhere")
    assert answer.status_code == 200, answer.text
    sent = json.loads(json.loads(answer.json()["content"][0]["text"])["body"])
    parts = [part["file"]["file_data"] for part in sent["messages"][0]["content"] if part["type"] == "file"]
    assert parts == ["data:application/pdf;base64," + base64.b64encode(PDF).decode()] * 2
    assert Files.asked == ["/elsewhere", "/paper.pdf"]


def test_a_redirect_to_an_inner_address_is_not_followed(board, files):
    answer = ask_about(board, board.model("mock-echo"), files + "/astray")
    assert answer.status_code == 400 and answer.json()["type"] == "error"
    assert "not in the public internet" in answer.json()["error"]["message"]
    assert Files.asked == ["/astray"]


def test_an_inner_address_in_a_request_is_not_fetched(board):
    model = board.model("gemini-2.5-flash", type=24, base_url=board.mock.origin)
    url = f"{board.mock.origin}/__mock/stats"
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]
    before = board.mock.stats()["requests"]
    answer = board.http.post(
        "/v1/chat/completions",
        headers=board.authorization,
        json={"model": model, "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": content}]},
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == "messages[1].content[1].image_url.url"
    assert "not in the public internet" in error["message"]
    assert board.mock.stats()["requests"] == before


# Pictures that a vendor gives by address alone.


class Painter(http.server.BaseHTTPRequestHandler):
    """A vendor that answers with addresses whatever is asked, and counts nothing; the addresses lead to itself."""

    painted = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Painter.painted += 1
        origin = f"http://localhost:{self.server.server_port}"
        name = "cat.png" if self.path.startswith("/fine") else "gone.png"
        self.answer(200, json.dumps({"created": 1, "data": [{"url": f"{origin}/{name}"}, {"url": f"{origin}/{name}"}]}).encode())

    def do_GET(self):
        self.answer(*((200, PNG) if self.path == "/cat.png" else (404, b"{}")))

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def painter():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Painter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_pictures_by_address_come_as_data_to_who_asked_for_data(board, client, painter):
    model = board.model("painter", base_url=painter + "/fine")
    raw = client.images.with_raw_response.generate(model=model, prompt="a cat", n=2, response_format="b64_json")
    assert [base64.b64decode(image.b64_json) for image in raw.parse().data] == [PNG] * 2
    assert [image.url for image in raw.parse().data] == [None] * 2
    record = board.record(raw.headers["x-request-id"])
    assert (record["usage"]["output_tokens"], record["usage"]["image_output_tokens"]) == (2, 2)
    edit = client.images.edit(
        model=model, prompt="x", image=("a.png", PNG, "image/png"), extra_body={"response_format": "b64_json"}
    )
    assert base64.b64decode(edit.data[0].b64_json) == PNG
    plain = client.images.generate(model=model, prompt="a cat", n=2)
    assert plain.data[0].url.endswith("/cat.png") and plain.data[0].b64_json is None


def test_a_picture_that_cannot_be_had_is_an_error_and_is_not_painted_again(board, client, painter):
    model = board.model("painter", base_url=painter + "/broken")
    before = Painter.painted
    with pytest.raises(openai.InternalServerError, match="status 404"):
        client.images.generate(model=model, prompt="a cat", response_format="b64_json")
    assert Painter.painted == before + 1
    assert board.record_of(model)["code"] == 502


# Forms that are refused while they stream through.


@pytest.fixture(scope="module")
def narrow(tmp_path_factory, postgres):
    """A board that takes bodies of 3 MiB."""
    from harness.board import Board

    made = Board(tmp_path_factory.mktemp("narrow"), postgres, {"gateway": {"MAX_BODY_BYTES": str(3 * 1024 * 1024)}})
    try:
        yield made.start_all()
    finally:
        made.remove()


def begun_form(board, model):
    """A connection on which a chunked form has begun whose first 2 MiB are at the provider."""
    caller = socket.create_connection(("127.0.0.1", board.ports["gateway"]))
    head = (
        '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n' + model + "\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n'
    ).encode()
    first = head + SOUND[: 2 * 1024 * 1024]
    caller.sendall(
        (
            "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {board.admin_key}\r\nConnection: close\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
        ).encode()
        + f"{len(first):x}\r\n".encode()
        + first
        + b"\r\n"
    )
    eventually(lambda: board.mock.stats()["open"] >= 1, 5, "the upload at the provider")
    return caller


@pytest.mark.parametrize(
    ("rest", "status", "word"),
    [(f"{2 * 1024 * 1024:x}\r\n".encode() + SOUND[: 2 * 1024 * 1024], 413, "larger"), (b"nonsense\r\n", 400, "malformed")],
)
def test_a_form_that_goes_wrong_within_its_upload_is_the_callers_fault(narrow, rest, status, word):
    model = narrow.model("mock-whisper")
    narrow.mock.reset()
    answer = b""
    with begun_form(narrow, model) as caller:
        caller.sendall(rest)
        caller.settimeout(10)
        while data := caller.recv(65536):
            answer += data
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]
    assert word in json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["message"]
    record = narrow.record_of(model)
    assert (record["code"], record["outcome"]) == (status, "failed")
