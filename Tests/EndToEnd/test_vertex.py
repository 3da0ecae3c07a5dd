"""Vertex AI end to end: the official SDKs of OpenAI, Anthropic and Google on a channel with a service account.

The issuer of tokens is here; it verifies each assertion with Python's own cryptography. The mock provider refuses what Vertex AI would refuse.
"""

import base64
import concurrent.futures
import http.server
import json
import threading
import time
import urllib.parse

import anthropic
import openai
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google import genai
from google.genai import errors, types

VERTEX = 42
QUESTION = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EMAIL = "gateway@project-1.iam.test"


class Issuer(http.server.ThreadingHTTPServer):
    """Gives tokens for good assertions; what it was asked and what it answers can be looked at and set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.audience = self.url
        self.paths: list[str] = []
        self.claims: list[dict] = []
        self.faults: list[str] = []
        self.lifetime = 3600
        self.seconds = 0.0
        self.names: list[str] = []
        self.refusal: tuple[int, dict] | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"

    def account(self, form=serialization.PrivateFormat.PKCS8, **changes) -> str:
        pem = self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        file = {
            "type": "service_account",
            "project_id": "project-1",
            "private_key_id": "kid-1",
            "private_key": pem,
            "client_email": EMAIL,
            "token_uri": self.url,
            **changes,
        }
        return json.dumps({name: value for name, value in file.items() if value is not None})

    def check(self, body: str):
        """Notes the claims of an assertion, or what is wrong with it."""
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        assert form["grant_type"] == JWT_BEARER
        head, claims, signature = form["assertion"].split(".")

        def raw(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        self.key.public_key().verify(raw(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        assert json.loads(raw(head)) == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
        told = json.loads(raw(claims))
        assert told["iss"] == told["sub"] == EMAIL and told["aud"] == self.audience
        assert told["scope"] == "https://www.googleapis.com/auth/cloud-platform"
        assert told["exp"] - told["iat"] == 3600 and abs(told["iat"] - time.time()) < 60
        self.claims.append(told)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        issuer = self.server
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        issuer.paths.append(self.path)
        if not self.path.endswith("/token"):
            return self.send_error(502)
        try:
            issuer.check(body)
        except Exception as fault:
            issuer.faults.append(repr(fault))
        time.sleep(issuer.seconds)
        status, answer = issuer.refusal or (
            200,
            {
                "access_token": issuer.names.pop(0) if issuer.names else f"ya29.token-{len(issuer.claims)}",
                "expires_in": issuer.lifetime,
                "token_type": "Bearer",
            },
        )
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.shutdown()
    made.server_close()
    assert not made.faults


@pytest.fixture
def make(board, issuer):
    """A model on a Vertex AI channel of its own."""

    def model(name, **fields):
        key = fields.pop("key", None) or "us-east5|" + issuer.account()
        return board.model(name, type=VERTEX, key=key, base_url=board.mock.origin, **fields)

    return model


@pytest.fixture
def claude(board):
    with anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0) as made:
        yield made


@pytest.fixture
def google(board):
    options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
    made = genai.Client(api_key=board.admin_key, vertexai=False, http_options=options)
    yield made
    made.close()


# Both publishers, by name of the model at the provider.
publishers = pytest.mark.parametrize("suffix", ["-gemini", "-claude"])
both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def targets(board, model):
    """The addresses and tokens of the calls that reached the provider for this model."""
    return [
        (seen.target, seen.headers.get("authorization")) for seen in board.mock.seen() if f"/{model}:" in seen.target
    ]


def chat_text(sdk, model, stream=False, **more):
    arguments = {"model": model, "messages": [{"role": "user", "content": QUESTION}], **more}
    if not stream:
        return sdk.chat.completions.create(**arguments).choices[0].message.content
    chunks = sdk.chat.completions.create(stream=True, **arguments)
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


# The SDKs.


@both
@publishers
def test_openai_sdk(board, make, issuer, suffix, stream):
    name = f"mock-stream-n4-d1-openai{stream}{suffix}".lower()
    text = chat_text(board.openai(), make(name), stream)
    assert text == "w0 w1 w2 w3 " if stream else text.startswith("The switchboard connects")
    verb = {"-gemini": ["generateContent", "streamGenerateContent?alt=sse"], "-claude": ["rawPredict", "streamRawPredict?alt=sse"]}
    publisher = {"-gemini": "google", "-claude": "anthropic"}[suffix]
    place = f"/v1/projects/project-1/locations/us-east5/publishers/{publisher}/models/{name}:{verb[suffix][stream]}"
    assert targets(board, name) == [(place, "Bearer ya29.token-1")]
    assert len(issuer.claims) == 1


@both
@publishers
def test_anthropic_sdk(make, claude, suffix, stream):
    arguments = {
        "model": make(f"mock-stream-n4-d1{suffix}"),
        "max_tokens": 500,
        "messages": [{"role": "user", "content": QUESTION}],
    }
    if stream:
        with claude.messages.stream(**arguments) as events:
            answer = events.get_final_message()
        assert answer.content[0].text == "w0 w1 w2 w3 "
    else:
        answer = claude.messages.create(**arguments)
        assert answer.content[0].text.startswith("The switchboard connects")
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (8, 3)


@both
@publishers
def test_google_sdk(make, google, suffix, stream):
    arguments = {"model": make(f"mock-stream-n4-d1{suffix}"), "contents": QUESTION}
    if stream:
        assert "".join(one.text or "" for one in google.models.generate_content_stream(**arguments)) == "w0 w1 w2 w3 "
    else:
        assert google.models.generate_content(**arguments).text.startswith("The switchboard connects")


@both
@publishers
def test_tools_and_the_turn_after_them(board, make, suffix, stream):
    sdk, model = board.openai(), make(f"mock-tools-2{suffix}")
    messages = [{"role": "user", "content": QUESTION}]
    if stream:
        calls = {}
        for chunk in sdk.chat.completions.create(model=model, messages=messages, tools=[TOOL], stream=True):
            for choice in chunk.choices:
                for call in choice.delta.tool_calls or []:
                    one = calls.setdefault(call.index, {"id": call.id, "name": call.function.name, "arguments": ""})
                    one["arguments"] += call.function.arguments or ""
        calls = list(calls.values())
    else:
        answer = sdk.chat.completions.create(model=model, messages=messages, tools=[TOOL])
        calls = [
            {"id": call.id, "name": call.function.name, "arguments": call.function.arguments}
            for call in answer.choices[0].message.tool_calls
        ]
    assert [(call["name"], json.loads(call["arguments"])) for call in calls] == [("get_weather", {"city": "Paris"})] * 2
    messages.append(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
                for call in calls
            ],
        }
    )
    messages += [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in calls]
    last = sdk.chat.completions.create(model=model, messages=messages, tools=[TOOL])
    assert last.choices[0].message.content


def test_google_sdk_with_tools_leaves_no_ids(make, google):
    """Vertex AI refuses ids of calls, which the SDK sends back; the gateway takes them out of the bytes that pass."""
    model = make("mock-tools-1-gemini")
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", parameters_json_schema=SCHEMA)])
    config = types.GenerateContentConfig(tools=[tool])
    contents = [types.Content(role="user", parts=[types.Part(text=QUESTION)])]
    answer = google.models.generate_content(model=model, contents=contents, config=config)
    call = answer.function_calls[0]
    result = types.FunctionResponse(id="call-1", name=call.name, response={"result": "sunny"})
    turn = types.Content(
        role="model", parts=[types.Part(function_call=types.FunctionCall(id="call-1", name=call.name, args=call.args))]
    )
    contents += [turn, types.Content(role="user", parts=[types.Part(function_response=result)])]
    assert google.models.generate_content(model=model, contents=contents, config=config).text


def test_responses_of_claude(board, make):
    answer = board.openai().responses.create(model=make("mock-answer-claude"), input=QUESTION, store=False)
    assert answer.output_text.startswith("The switchboard connects")


def test_counts(make, claude, google):
    messages = [{"role": "user", "content": QUESTION}]
    assert claude.messages.count_tokens(model=make("mock-answer-claude"), messages=messages).input_tokens > 0
    assert google.models.count_tokens(model=make("mock-answer-gemini"), contents=QUESTION).total_tokens > 0


def test_a_count_that_the_gateway_estimates_costs_no_token(make, claude, issuer):
    messages = [{"role": "user", "content": QUESTION}]
    assert claude.messages.count_tokens(model=make("mock-answer-estimate-gemini"), messages=messages).input_tokens > 0
    assert not issuer.claims


def test_embeddings(board, make, google):
    model = make("text-embedding-005")
    answer = board.openai().embeddings.create(model=model, input=["a b", "c"], dimensions=3)
    assert [len(row.embedding) for row in answer.data] == [3, 3] and answer.data[1].embedding[0] == 1
    assert answer.usage.prompt_tokens == 3
    told = google.models.embed_content(model=model, contents=["a b", "c"])
    assert [len(one.values) for one in told.embeddings] == [8, 8]


# Errors.


@both
@publishers
def test_a_limit(board, make, claude, google, suffix, stream):
    with pytest.raises(openai.RateLimitError):
        chat_text(board.openai(), make(f"mock-status-429{suffix}"), stream)
    with pytest.raises(anthropic.RateLimitError):
        claude.messages.create(
            model=make(f"mock-status-429{suffix}"), max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=stream
        )
    with pytest.raises(errors.ClientError) as caught:
        ask = google.models.generate_content_stream if stream else google.models.generate_content
        list(ask(model=make(f"mock-status-429{suffix}"), contents="hi"))
    assert caught.value.code == 429 and caught.value.status == "RESOURCE_EXHAUSTED"


# Keys and tokens.


def test_api_keys_go_in_their_own_header(board, make):
    names = {"mock-answer-express-gemini": "global|key-1", "mock-answer-project-gemini": "us-east5|project-2|key-1"}
    for name, key in names.items():
        assert chat_text(board.openai(), make(name, key=key))
        seen = [one for one in board.mock.seen() if f"/{name}:" in one.target][-1]
        assert seen.headers["x-goog-api-key"] == "key-1" and "authorization" not in seen.headers
        assert ("/projects/project-2/locations/us-east5/" in seen.target) == ("project" in name)


def test_a_key_in_pkcs1(board, make, issuer):
    form = serialization.PrivateFormat.TraditionalOpenSSL
    assert chat_text(board.openai(), make("mock-answer-gemini", key="global|" + issuer.account(form)))
    assert len(issuer.claims) == 1


def test_many_calls_at_once_cost_one_token(board, make, issuer):
    issuer.seconds = 0.5
    model = make("mock-answer-many-gemini")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: chat_text(board.openai(), model), range(20)))
    assert all(answers) and len(issuer.claims) == 1
    assert {token for _, token in targets(board, "mock-answer-many-gemini")} == {"Bearer ya29.token-1"}


def test_a_token_is_renewed_before_its_end(board, make, issuer):
    # Shorter than the margin of five minutes: used for half of its life.
    issuer.lifetime = 2
    model = make("mock-answer-short-gemini")
    assert chat_text(board.openai(), model) and chat_text(board.openai(), model)
    assert len(issuer.claims) == 1
    time.sleep(1.1)
    assert chat_text(board.openai(), model)
    assert [token for _, token in targets(board, "mock-answer-short-gemini")] == [
        "Bearer ya29.token-1",
        "Bearer ya29.token-1",
        "Bearer ya29.token-2",
    ]


@both
@publishers
def test_a_token_that_is_not_taken_is_fetched_anew_once(board, make, issuer, suffix, stream):
    issuer.names = ["expired-1"]
    name = f"mock-answer-again-{stream}{suffix}".lower()
    model = make(name)
    assert chat_text(board.openai(), model, stream)
    assert [token for _, token in targets(board, name)] == ["Bearer expired-1", "Bearer ya29.token-2"]
    # That was one attempt.
    record = board.record_of(model)
    assert record["code"] == 200 and not record.get("retry_times")


def test_a_second_refusal_counts(board, make, issuer):
    issuer.names = ["expired-1", "expired-2"]
    with pytest.raises(openai.AuthenticationError):
        chat_text(board.openai(), make("mock-answer-twice-gemini"))
    assert len(issuer.claims) == 2


def test_a_refused_account_is_told_without_its_key(board, make, issuer):
    issuer.refusal = (400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"})
    with pytest.raises(openai.AuthenticationError) as caught:
        chat_text(board.openai(), make("mock-answer-refused-gemini"))
    assert "invalid_grant: Invalid grant: account not found" in caught.value.message
    assert "PRIVATE KEY" not in str(caught.value.body) and not targets(board, "mock-answer-refused-gemini")


def test_an_issuer_in_trouble_is_a_failure_of_the_attempt(board, make, issuer):
    issuer.refusal = (500, {})
    model = make("mock-answer-trouble-gemini")
    with pytest.raises(openai.InternalServerError) as caught:
        chat_text(board.openai(), model)
    assert caught.value.status_code == 502 and "token" in caught.value.message
    closed = issuer.account(token_uri="http://127.0.0.1:1/token")
    with pytest.raises(openai.InternalServerError) as caught:
        chat_text(board.openai(), make("mock-answer-closed-gemini", key="global|" + closed))
    assert "could not be fetched" in caught.value.message


def test_another_channel_answers_when_there_is_no_token(make_board, issuer):
    board = make_board({"gateway": {"RETRY_TIMES": "1"}}).start_all()
    issuer.refusal = (400, {"error": "invalid_grant"})
    key = "global|" + issuer.account()
    vertex = board.channel({"shared": "mock-answer-gemini"}, type=VERTEX, key=key, base_url=board.mock.origin, priority=1_000_000)
    board.channel({"shared": "mock-answer"}, priority=1)
    answers = [board.chat("shared") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    records = [board.record(answer.headers["x-request-id"]) for answer in answers]
    failed = [one for record in records for one in record["attempts"] if one["channel"] == vertex["id"]]
    assert failed and all(one["error"] == "upstream_status" for one in failed)
    # A refusal answers for the issuer for a second.
    assert len(issuer.claims) < 3


def test_tokens_are_fetched_through_the_proxy_of_the_channel(make, board, issuer):
    """Nothing but the proxy knows the name of this issuer."""
    issuer.audience = "http://issuer.invalid/token"
    key = "global|" + issuer.account(token_uri=issuer.audience)
    model = make("mock-answer-proxy-gemini", key=key, proxy_url=f"http://127.0.0.1:{issuer.server_port}")
    board.chat(model)
    assert issuer.paths[0] == "http://issuer.invalid/token" and len(issuer.claims) == 1
    # The call itself went there too, and found no upstream.
    assert issuer.paths[1].startswith(board.mock.origin)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"private_key": "not a key"}, "private_key"),
        ({"client_email": None}, "client_email"),
        ({"project_id": ""}, "project_id"),
        ({"type": "authorized_user"}, "type"),
    ],
)
def test_a_malformed_account_names_the_member(board, make, issuer, changes, word):
    with pytest.raises(openai.InternalServerError) as caught:
        chat_text(board.openai(), make("mock-answer-gemini", key="global|" + issuer.account(**changes)))
    assert caught.value.code == "channel_misconfigured" and word in caught.value.message
    assert not issuer.claims


def test_channel_tests_fetch_tokens_too(board, make, issuer):
    issuer.names = ["expired-1"]
    model = make("mock-answer-probe-gemini")
    channel = [one for one in board.channels() if model in one["models"]][0]
    told = board.admin("GET", f"/api/channel/{channel['id']}/test/{model}")
    assert told["success"] is True, told
    assert len(issuer.claims) == 2
