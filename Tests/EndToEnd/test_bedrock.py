"""AWS Bedrock: every client's SDK against channels whose streams come in Amazon's frames, signed calls and API keys.

The mock provider makes each signature again with the secret `secret-of-{access key}`, refuses what Bedrock would refuse, and cuts its frames in their middle.
"""

import base64
import functools
import http.client
import http.server
import json
import re
import threading
import urllib.parse

import anthropic
import pytest
from google.genai import errors

from test_matrix import CLIENTS, PIXEL, Messages

KEY = "us-east-1|AKIDBEDROCK|secret-of-AKIDBEDROCK"
SESSION_KEY = "us-east-1|ASIABEDROCK|secret-of-ASIABEDROCK|IQoJb3JpZ2luX2VjEXAMPLE//////////wE="
API_KEY = "us-east-1|ABSKQmVkcm9jaw=="
SONNET = "claude-sonnet-4-5-20250929"

both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture(scope="module")
def board(tmp_path_factory, postgres):
    """A board that fetches media from a host that is listed by its name."""
    from harness.board import Board

    settings = {"gateway": {"RETRY_TIMES": "0", "MEDIA_FETCH_ALLOW": "localhost"}}
    made = Board(tmp_path_factory.mktemp("bedrock"), postgres, settings)
    try:
        yield made.start_all()
    finally:
        made.remove()


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request, board):
    made = request.param(board)
    yield made
    made.sdk.close()


@pytest.fixture
def claude(board):
    made = Messages(board)
    yield made
    made.sdk.close()


@pytest.fixture(scope="module")
def channels():
    return {}


@pytest.fixture
def make(board, channels):
    """A model on a channel of this kind; each is made once."""

    def model(behaviour, key=KEY, fresh=False):
        if fresh or (behaviour, key) not in channels:
            channels[behaviour, key] = board.model(behaviour, type=33, key=key, base_url=board.mock.origin)
        return channels[behaviour, key]

    return model


def status_of(error):
    return error.code if isinstance(error, errors.APIError) else error.status_code


# What every client does.


def test_text_and_usage(client, make):
    told = client.ask(make("mock-answer"))
    assert told.text.startswith("The switchboard connects") and told.usage == (11, 3, 9)
    assert told.finish == client.ends["stop"]


def test_streamed_text_and_usage(client, make, board):
    model = make("mock-stream-n5-d5")
    told = client.ask(model, stream=True)
    assert told.text == "w0 w1 w2 w3 w4 " and told.usage == (11, 3, 5) and told.finish == client.ends["stop"]
    assert board.record_of(model)["upstream_id"] == "bedrock-mock"


def test_frames_that_come_byte_by_byte(client, make):
    assert client.ask(make("mock-split-utf8"), stream=True).text == "Žluťoučký 模型 🙂 end"


def test_bedrocks_own_counts_where_the_events_have_none(client, make, board):
    model = make("mock-no-usage-n5", fresh=True)
    if isinstance(client, Messages):
        # The events pass as they are; the record has the counts.
        with client.sdk.messages.stream(model=model, max_tokens=9, messages=[{"role": "user", "content": "x"}]) as events:
            assert [event.type for event in events][-1] == "message_stop"
    else:
        assert client.ask(model, stream=True).usage == (11, 3, 5)
    usage = board.record_of(model)["usage"]
    assert (usage["input_tokens"], usage["cached_tokens"], usage["output_tokens"]) == (11, 3, 5)


@both
def test_tools_in_parallel_and_the_turn_after_them(client, make, stream):
    model = make("mock-tools-2")
    told = client.ask(model, tools=True, stream=stream)
    assert told.calls == [("get_weather", {"city": "Paris"})] * 2 and told.finish == client.ends["tools"]
    last = client.ask(model, tools=True, stream=stream, history=client.results(told))
    assert last.text and not last.calls


@both
def test_thinking(client, make, stream):
    told = client.ask(make("mock-reasoning"), thinks=True, stream=stream)
    assert told.thought == "first I think" and told.text


def test_an_image_and_a_system_prompt(client, make, board):
    marker = f"Answer as {client.title} would."
    assert client.ask(make("mock-answer"), image=True, system=marker).text
    body = json.loads(board.mock.seen_with(marker)[-1].body)
    assert PIXEL in json.dumps(body["messages"]) and marker in json.dumps(body["system"])
    assert body["anthropic_version"] == "bedrock-2023-05-31" and not {"model", "stream"} & set(body)


# Errors.


@both
@pytest.mark.parametrize("behaviour, status", [("mock-status-429", 429), ("mock-status-403", 403), ("mock-status-424", 500), ("mock-status-503", 503), ("mock-error-200", 429)])
def test_an_error_answer(client, make, behaviour, status, stream):
    with pytest.raises(client.error) as caught:
        client.ask(make(behaviour, fresh=True), stream=stream)
    assert status_of(caught.value) == status and "mock error" in str(caught.value)


@pytest.mark.parametrize("behaviour", ["mock-exception-429", "mock-exception-400", "mock-error-in-stream", "mock-broken-checksum", "mock-cut-mid-stream"])
def test_a_stream_that_fails_is_an_error_of_the_client(client, make, board, behaviour):
    model = make(behaviour, fresh=True)
    with pytest.raises(client.error):
        client.ask(model, stream=True)
    assert board.record_of(model)["outcome"] in ("failed", "upstreamCut")


def test_an_exception_before_anything_was_sent_is_an_ordinary_error(client, make):
    with pytest.raises(client.fault) as caught:
        client.ask(make("mock-error-first", fresh=True), stream=True)
    assert status_of(caught.value) == 429


@pytest.mark.parametrize("status, type", [(429, "rate_limit_error"), (500, "api_error"), (400, "invalid_request_error"), (408, "api_error"), (503, "overloaded_error")])
def test_what_a_claude_client_hears_of_an_exception(claude, make, status, type):
    with claude.sdk.messages.stream(model=make(f"mock-exception-{status}", fresh=True), max_tokens=9, messages=[{"role": "user", "content": "x"}]) as events:
        with pytest.raises(anthropic.APIError) as caught:
            for _ in events:
                pass
    assert caught.value.body["error"]["type"] == type and "Exception" in caught.value.body["error"]["message"]


# Credentials.


@both
@pytest.mark.parametrize("key", [KEY, SESSION_KEY, API_KEY], ids=["signed", "session", "api-key"])
def test_keys(claude, make, board, key, stream):
    marker = f"key of {len(key)} letters, {stream}"
    assert claude.ask(make("mock-answer", key=key), system=marker, stream=stream).text
    headers = board.mock.seen_with(marker)[-1].headers
    if key == API_KEY:
        assert headers["authorization"] == "Bearer ABSKQmVkcm9jaw==" and "x-amz-date" not in headers
    else:
        names = "content-type;host;x-amz-content-sha256;x-amz-date" + (";x-amz-security-token" if key == SESSION_KEY else "")
        scope = rf"{key.split('|')[1]}/\d{{8}}/us-east-1/bedrock/aws4_request"
        assert re.fullmatch(rf"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature=[0-9a-f]{{64}}", headers["authorization"])
    assert "secret-of" not in str(headers)


@pytest.mark.parametrize("key", ["us-east-1|AKIDBEDROCK|another", "us-east-1|ASIABEDROCK|secret-of-ASIABEDROCK", "us-east-1|invalid"])
def test_a_key_that_does_not_fit(client, make, board, key):
    with pytest.raises(client.error) as caught:
        client.ask(make("mock-answer", key=key, fresh=True))
    assert status_of(caught.value) == 403
    # AWS repeats what was signed; that is not for callers.
    assert "secret-host" not in str(caught.value) and "another" not in str(caught.value)


def test_the_form_of_a_key_is_checked_when_it_is_saved(board):
    for key in ["us-east-1", "|k", "us-east-1|a||", "a|b|c|d|e"]:
        answer = board.raw_admin("POST", "/api/channel/", json={"type": 33, "name": key, "models": ["m"], "key": key})
        assert not answer.json()["success"] and "key" in answer.json()["message"]


# Addresses and bodies.


@pytest.mark.parametrize(
    "upstream, path",
    [
        (SONNET, f"us.anthropic.{SONNET}-v1%3A0"),
        ("global.anthropic.claude-opus-4-6-v1", "global.anthropic.claude-opus-4-6-v1"),
        ("arn:aws:bedrock:us-east-1:123:inference-profile/x", "arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Ainference-profile%2Fx"),
    ],
)
def test_the_address_names_the_model(claude, make, board, upstream, path):
    # The signature is right though the path is encoded: the mock checks it.
    for stream, verb in [(False, "invoke"), (True, "invoke-with-response-stream")]:
        marker = f"address of {upstream} {stream}"
        assert claude.ask(make(upstream), system=marker, stream=stream).text
        assert board.mock.seen_with(marker)[-1].target == f"/model/{path}/{verb}"


def test_a_claude_request_passes_with_only_the_listed_edits(claude, make, board):
    sdk, model = claude.sdk, make(SONNET)
    sdk.messages.create(
        model=model,
        max_tokens=50,
        system=[{"type": "text", "text": "listed edits", "cache_control": {"type": "ephemeral"}}],
        messages=[{"role": "user", "content": "x"}],
        tools=[{"name": "f", "input_schema": {"type": "object"}, "input_examples": [{}], "defer_loading": True}],
        service_tier="auto",
        extra_headers={"anthropic-beta": "interleaved-thinking-2025-05-14,tool-examples-2025-10-29"},
        extra_body={"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}, {"type": "other"}]}},
    )
    seen = board.mock.seen_with("listed edits")[-1]
    assert json.loads(seen.body) == {
        "max_tokens": 50,
        "system": [{"type": "text", "text": "listed edits", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
        "anthropic_version": "bedrock-2023-05-31",
        "anthropic_beta": ["interleaved-thinking-2025-05-14"],
    }
    assert not {"anthropic-version", "anthropic-beta", "x-api-key"} & set(seen.headers)


def test_tokens_are_counted_by_the_gateway(claude, make):
    count = claude.sdk.messages.count_tokens(model=make("mock-answer"), messages=[{"role": "user", "content": "one two three"}])
    assert count.input_tokens > 0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The address of a server with one picture."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "pixel.png").write_bytes(base64.b64decode(PIXEL))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_a_picture_that_a_claude_client_names_by_address_is_fetched(claude, make, board, files):
    def ask(name):
        content = [
            {"type": "text", "text": f"picture {name}"},
            {"type": "image", "source": {"type": "url", "url": f"{files}/{name}"}, "cache_control": {"type": "ephemeral"}},
        ]
        return claude.sdk.messages.create(model=make("mock-answer"), max_tokens=9, messages=[{"role": "user", "content": content}])

    assert ask("pixel.png").content
    block = json.loads(board.mock.seen_with("picture pixel.png")[-1].body)["messages"][0]["content"][1]
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    assert block == {"type": "image", "source": source, "cache_control": {"type": "ephemeral"}}
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask("gone.png")
    assert "messages[0].content[1].source.url" in str(caught.value) and "404" in str(caught.value)


def test_a_picture_that_a_chat_client_names_by_address_is_fetched(board, make, files):
    with board.openai() as sdk:
        content = [{"type": "text", "text": "chat picture"}, {"type": "image_url", "image_url": {"url": f"{files}/pixel.png"}}]
        assert sdk.chat.completions.create(model=make("mock-answer"), messages=[{"role": "user", "content": content}]).choices
    assert PIXEL in board.mock.seen_with("chat picture")[-1].body.replace("\\/", "/")


def test_another_channel_answers_when_bedrock_throttles(board, make_board):
    own = make_board({"gateway": {"RETRY_TIMES": "3"}}).start_all()
    model = own.model("mock-error-first", type=33, key=KEY, base_url=own.mock.origin, priority=1000)
    own.channel({model: "mock-answer"}, type=33, key=API_KEY, base_url=own.mock.origin)
    for _ in range(3):
        assert own.chat(model, stream=True).status_code == 200


@pytest.fixture
def proxy():
    """The address of a proxy that hands requests on as they came, and the `Host` lines that it saw."""
    hosts = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            hosts.append(self.headers.get_all("host"))
            target = urllib.parse.urlsplit(self.path)
            onward = http.client.HTTPConnection(target.netloc, timeout=20)
            onward.putrequest("POST", self.path.split(target.netloc, 1)[1], skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                onward.putheader(name, value)
            onward.endheaders(self.rfile.read(int(self.headers["content-length"])))
            answer = onward.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", hosts
        server.shutdown()


def test_a_signature_holds_behind_a_proxy(claude, board, proxy):
    # Such calls, and those over TLS, are libcurl's.
    address, hosts = proxy
    model = board.model("arn:aws:bedrock:x/mock", type=33, key=SESSION_KEY, base_url=board.mock.origin, proxy_url=address)
    assert claude.ask(model).text and claude.ask(model, stream=True).text
    assert hosts == [[board.mock.origin.removeprefix("http://")]] * 2


def test_a_channel_test(board, make):
    model = make("mock-answer", fresh=True)
    channel = [one for one in board.channels() if model in one["models"]][0]
    told = board.admin("GET", f"/api/channel/{channel['id']}/test/{model}")
    assert told["success"], told
