"""Every client against every protocol of the upstream: what the official SDKs give back, and what reached the provider.

Clients are OpenAI's SDK (chat, responses), Anthropic's and Google's; upstreams are `UPSTREAMS`. Every pair runs the same cases, also where both sides speak one protocol. README's
table under "Protocols" names the pairs; a test here compares it with them. What only one protocol has is tested in the file of that protocol.
"""

import base64
import dataclasses
import functools
import json
import pathlib
import re
from collections.abc import Callable

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from test_vertex import Issuer

QUESTION = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = "data:image/png;base64," + PIXEL
THOUGHT = "first I think"


@dataclasses.dataclass
class Upstream:
    """A protocol of providers, and a channel type that speaks it."""

    # The head of its column in README.
    title: str
    type: int
    # What its addresses end in, so that no vendor's second route is taken for it.
    path: str
    # Whether a request asks for thoughts, and how much of them where it is said: a word or a number.
    thinking: Callable[[dict], object]
    # The whole of what the model is told before the conversation.
    system: Callable[[dict], object]
    # The name of a model that is spoken to in this protocol only; any other name does where there is none.
    model: str = ""
    # How the mock tells its pieces of a thought apart.
    thought: str = THOUGHT
    # Whether its models think also when nobody says so, and show it.
    always_thinks: bool = False
    # The callers whose protocol it speaks under a name of its own.
    passes: tuple = ()
    # How an answer can break off in its protocol.
    cuts: tuple = ("length", "filter")
    # The input tokens of the mock that are told to come from a cache.
    cached: int = 3
    # A key in the form of the type, or what makes one; any text does where there is none.
    key: str | Callable[[], str] = ""
    # What names of models end in where they say the protocol.
    suffix: str = ""
    # The end of the channel's address.
    root: str = "/v1"
    configs: dict = dataclasses.field(default_factory=dict)

    def channel(self, board, behaviour):
        """The model of a new channel, whose calls the mock answers by this name."""
        segment = f"/{behaviour}" if self.model else ""
        base = board.mock.origin + segment + self.root
        key = self.key() if callable(self.key) else self.key
        fields = {"key": key} if key else {}
        return board.model(self.model or behaviour + self.suffix, type=self.type, configs=self.configs, base_url=base, **fields)


def told_by_role(body, key):
    return [one for one in body[key] if one.get("role") in ("system", "developer")]


def google_budget(config):
    return config.get("thinkingBudget") or config.get("thinking_budget")


@functools.cache
def issuer():
    """Gives tokens to who shows a service account; ends with the process."""
    return Issuer()


UPSTREAMS = {
    "chat": Upstream(
        "OpenAI chat", 1, "/chat/completions", configs={"disable_responses": True},
        thinking=lambda body: body.get("reasoning_effort"),
        system=lambda body: told_by_role(body, "messages"),
    ),
    "responses": Upstream(
        "OpenAI Responses", 1, "/responses", model="gpt-5.2", thought="first\n\nI think",
        thinking=lambda body: body.get("reasoning", {}).get("effort"),
        system=lambda body: body.get("instructions") or told_by_role(body, "input"),
    ),
    "anthropic": Upstream(
        "Anthropic", 14, "/messages",
        thinking=lambda body: body.get("thinking", {}).get("budget_tokens"),
        system=lambda body: body["system"],
    ),
    "gemini": Upstream(
        "Gemini", 24, "Content", model="gemini-2.5-flash", always_thinks=True,
        thinking=lambda body: google_budget(body.get("generationConfig", {}).get("thinkingConfig", {})),
        system=lambda body: body["systemInstruction"],
    ),
    "bedrock": Upstream(
        "AWS Bedrock", 33, "/invoke", root="", passes=("Anthropic",), key="us-east-1|AKIDBEDROCK|secret-of-AKIDBEDROCK",
        thinking=lambda body: body.get("thinking", {}).get("budget_tokens"),
        system=lambda body: body["system"],
    ),
    "vertex-gemini": Upstream(
        "Vertex AI, Gemini", 42, "Content", root="", model="gemini-2.5-flash", always_thinks=True, passes=("Gemini",),
        key="us-east5|project-1|AIza-mock",
        thinking=lambda body: google_budget(body.get("generationConfig", {}).get("thinkingConfig", {})),
        system=lambda body: body["systemInstruction"],
    ),
    "vertex-claude": Upstream(
        "Vertex AI, Claude", 42, "Predict", root="", suffix="-claude-4-5", passes=("Anthropic",),
        key=lambda: "us-east5|" + issuer().account(),
        thinking=lambda body: body.get("thinking", {}).get("budget_tokens"),
        system=lambda body: body["system"],
    ),
    "cohere": Upstream(
        "Cohere", 35, "/v2/chat", root="", cuts=("length",),
        thinking=lambda body: body.get("thinking", {}).get("token_budget"),
        system=lambda body: told_by_role(body, "messages"),
    ),
    "ollama": Upstream(
        "Ollama", 30, "/api/chat", root="", cuts=("length",), cached=0,
        thinking=lambda body: body.get("think"),
        system=lambda body: told_by_role(body, "messages"),
    ),
}  # fmt: skip
# What the clients ask for is a low effort, or a budget of 2000 tokens; a number stands for an effort and the other way round.
THINKING = {"chat": {"low"}, "responses": {"low"}, "anthropic": {2000, 2048}, "gemini": {2000, 2048}, "bedrock": {2000, 2048}, "vertex-gemini": {2000, 2048}, "vertex-claude": {2000, 2048}, "cohere": {2000, 2048}, "ollama": {True}}


@dataclasses.dataclass
class Told:
    """What a client understood, whatever its protocol."""

    text: str
    thought: str
    # Names and arguments.
    calls: list
    # All input tokens, those from the cache, output tokens.
    usage: tuple
    # Why it ended, in the client's own words.
    finish: str
    # What goes back into the history in front of the results.
    turn: list
    ids: list


class Chat:
    """OpenAI's SDK, `chat.completions`."""

    title = "OpenAI chat"
    fault = openai.RateLimitError
    error = openai.APIError
    ends = {"stop": "stop", "tools": "tool_calls", "length": "length", "filter": "content_filter"}

    def __init__(self, board):
        self.sdk = board.openai()

    def ask(self, model, stream=False, tools=False, image=False, system=None, thinks=False, history=()):
        content = [{"type": "text", "text": QUESTION}]
        if image:
            content.append({"type": "image_url", "image_url": {"url": DATA_URL}})
        messages = [{"role": "user", "content": content if image else QUESTION}, *history]
        if system:
            messages.insert(0, {"role": "system", "content": system})
        more = {}
        if tools:
            more["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
        if thinks:
            more["reasoning_effort"] = "low"
        arguments = {"model": model, "messages": messages, **more}
        if not stream:
            answer = self.sdk.chat.completions.create(**arguments)
            message = answer.choices[0].message
            return self.told(message.model_dump(exclude_none=True), answer.usage, answer.choices[0].finish_reason)
        message, usage, finish = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": []}, None, None
        for chunk in self.sdk.chat.completions.create(stream=True, stream_options={"include_usage": True}, **arguments):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                assert not finish, "nothing follows the end"
                finish = choice.finish_reason
                delta = choice.delta
                message["content"] += delta.content or ""
                message["reasoning_content"] += getattr(delta, "reasoning_content", None) or ""
                for call in delta.tool_calls or []:
                    if call.index == len(message["tool_calls"]):
                        begun = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": ""}}
                        message["tool_calls"].append(begun)
                    message["tool_calls"][call.index]["function"]["arguments"] += call.function.arguments or ""
        return self.told({key: value for key, value in message.items() if value}, usage, finish)

    def told(self, message, usage, finish):
        calls = message.get("tool_calls", [])
        return Told(
            message.get("content", ""),
            message.get("reasoning_content", ""),
            [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls],
            (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens),
            finish,
            [message],
            [call["id"] for call in calls],
        )

    def results(self, told):
        return [*told.turn, *({"role": "tool", "tool_call_id": one, "content": "sunny"} for one in told.ids)]


class Failed(Exception):
    """A stream of responses told that it failed."""


class Responses:
    """OpenAI's SDK, `responses`."""

    title = "OpenAI Responses"
    fault = openai.RateLimitError
    error = (openai.APIError, Failed)
    ends = {"stop": "completed", "tools": "completed", "length": "max_output_tokens", "filter": "content_filter"}

    def __init__(self, board):
        self.sdk = board.openai()

    def ask(self, model, stream=False, tools=False, image=False, system=None, thinks=False, history=()):
        content = [{"type": "input_text", "text": QUESTION}]
        if image:
            content.append({"type": "input_image", "image_url": DATA_URL, "detail": "auto"})
        arguments = {"model": model, "input": [{"role": "user", "content": content}, *history], "store": False}
        if system:
            arguments["instructions"] = system
        if tools:
            arguments["tools"] = [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}]
        if thinks:
            arguments["reasoning"] = {"effort": "low", "summary": "auto"}
        if stream:
            with self.sdk.responses.stream(**arguments) as events:
                for event in events:
                    # The SDK leaves it to the caller to see them.
                    if event.type in ("response.failed", "error"):
                        raise Failed(event)
                answer = event.response
        else:
            answer = self.sdk.responses.create(**arguments)
        calls = [item for item in answer.output if item.type == "function_call"]
        thoughts = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
        return Told(
            answer.output_text,
            "\n\n".join(thoughts),
            [(call.name, json.loads(call.arguments)) for call in calls],
            (answer.usage.input_tokens, answer.usage.input_tokens_details.cached_tokens, answer.usage.output_tokens),
            answer.incomplete_details.reason if answer.status == "incomplete" else answer.status,
            [{"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments} for call in calls],
            [call.call_id for call in calls],
        )

    def results(self, told):
        return [*told.turn, *({"type": "function_call_output", "call_id": one, "output": "sunny"} for one in told.ids)]


class Messages:
    """Anthropic's SDK."""

    title = "Anthropic"
    fault = anthropic.RateLimitError
    error = anthropic.APIError
    ends = {"stop": "end_turn", "tools": "tool_use", "length": "max_tokens", "filter": "refusal"}

    def __init__(self, board):
        self.sdk = anthropic.Anthropic(base_url=board.url("gateway"), api_key=board.admin_key, max_retries=0)

    def ask(self, model, stream=False, tools=False, image=False, system=None, thinks=False, history=()):
        content = [{"type": "text", "text": QUESTION}]
        if image:
            content.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}})
        arguments = {"model": model, "max_tokens": 4000, "messages": [{"role": "user", "content": content}, *history]}
        if system:
            arguments["system"] = system
        if tools:
            arguments["tools"] = [{"name": "get_weather", "input_schema": SCHEMA}]
        if thinks:
            arguments["thinking"] = {"type": "enabled", "budget_tokens": 2000}
        if stream:
            with self.sdk.messages.stream(**arguments) as events:
                answer = events.get_final_message()
        else:
            answer = self.sdk.messages.create(**arguments)
        calls = [block for block in answer.content if block.type == "tool_use"]
        cached = answer.usage.cache_read_input_tokens or 0
        return Told(
            "".join(block.text for block in answer.content if block.type == "text"),
            "".join(block.thinking for block in answer.content if block.type == "thinking"),
            [(call.name, call.input) for call in calls],
            (answer.usage.input_tokens + cached, cached, answer.usage.output_tokens),
            answer.stop_reason,
            [{"role": "assistant", "content": answer.content}],
            [call.id for call in calls],
        )

    def count(self, model):
        return self.sdk.messages.count_tokens(model=model, messages=[{"role": "user", "content": QUESTION}]).input_tokens

    def results(self, told):
        blocks = [{"type": "tool_result", "tool_use_id": one, "content": "sunny"} for one in told.ids]
        return [*told.turn, {"role": "user", "content": blocks}]


class Gemini:
    """Google's SDK."""

    title = "Gemini"
    fault = errors.ClientError
    error = errors.APIError
    ends = {"stop": "STOP", "tools": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}

    def __init__(self, board):
        options = types.HttpOptions(base_url=board.url("gateway"), client_args={"trust_env": False})
        self.sdk = genai.Client(api_key=board.admin_key, vertexai=False, http_options=options)

    def ask(self, model, stream=False, tools=False, image=False, system=None, thinks=False, history=()):
        parts = [types.Part(text=QUESTION)]
        if image:
            parts.append(types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png"))
        config = types.GenerateContentConfig(system_instruction=system)
        if tools:
            declaration = types.FunctionDeclaration(name="get_weather", parameters_json_schema=SCHEMA)
            config.tools = [types.Tool(function_declarations=[declaration])]
        if thinks:
            config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
        arguments = {"model": model, "contents": [types.Content(role="user", parts=parts), *history], "config": config}
        if stream:
            chunks = list(self.sdk.models.generate_content_stream(**arguments))
        else:
            chunks = [self.sdk.models.generate_content(**arguments)]
        told = [part for chunk in chunks for one in chunk.candidates or [] for part in (one.content and one.content.parts) or []]
        calls = [part.function_call for part in told if part.function_call]
        usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
        # Gemini counts thoughts beside the output.
        output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        return Told(
            "".join(part.text for part in told if part.text and not part.thought),
            "".join(part.text for part in told if part.text and part.thought),
            [(call.name, call.args) for call in calls],
            (usage.prompt_token_count, usage.cached_content_token_count, output),
            [one.finish_reason.name for chunk in chunks for one in chunk.candidates or [] if one.finish_reason][-1],
            [types.Content(role="model", parts=told)],
            [call.id for call in calls],
        )

    def count(self, model):
        return self.sdk.models.count_tokens(model=model, contents=QUESTION).total_tokens

    def results(self, told):
        parts = [
            types.Part(function_response=types.FunctionResponse(id=one, name="get_weather", response={"result": "sunny"}))
            for one in told.ids
        ]
        return [*told.turn, types.Content(role="user", parts=parts)]


CLIENTS = [Chat, Responses, Messages, Gemini]


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request, board):
    made = request.param(board)
    yield made
    made.sdk.close()


@pytest.fixture(scope="module")
def channels():
    """Models by the upstream and the provider's name, so that each channel is made once."""
    return {}


@pytest.fixture(params=UPSTREAMS)
def upstream(request):
    return request.param


@pytest.fixture
def make(upstream, board, channels):
    def model(behaviour):
        if (upstream, behaviour) not in channels:
            channels[upstream, behaviour] = UPSTREAMS[upstream].channel(board, behaviour)
        return channels[upstream, behaviour]

    return model


both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def test_the_table_in_the_readme_names_these_pairs():
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    head, _, *rows = re.search(r"^\| Caller \\ upstream \|.*\n(?:\|.*\n)+", text, re.MULTILINE).group().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in [head, *rows]]
    assert cells[0][1:] == [one.title for one in UPSTREAMS.values()]
    assert [row[0] for row in cells[1:]] == [one.title for one in CLIENTS]
    # Where both sides speak one protocol the bytes pass.
    for row in cells[1:]:
        assert row[1:] == ["bytes" if row[0] in one.passes or row[0] == one.title else "converted" for one in UPSTREAMS.values()]


def check_usage(told, upstream, output):
    """Google's SDK has nothing where nothing came from a cache."""
    assert (told.usage[0], told.usage[1] or 0, told.usage[2]) == (11, UPSTREAMS[upstream].cached, output)


def test_text_and_usage(client, make, upstream):
    told = client.ask(make("mock-answer"))
    assert told.text.startswith("The switchboard connects") and not told.calls
    assert not told.thought or UPSTREAMS[upstream].always_thinks
    check_usage(told, upstream, 9)
    assert told.finish == client.ends["stop"]


def test_streamed_text_and_usage(client, make, upstream):
    told = client.ask(make("mock-stream-n5-d5"), stream=True)
    assert told.text == "w0 w1 w2 w3 w4 "
    check_usage(told, upstream, 5)
    assert told.finish == client.ends["stop"]


@both
def test_tools_in_parallel_and_the_turn_after_them(client, make, upstream, stream):
    model = make("mock-tools-2")
    told = client.ask(model, tools=True, stream=stream)
    assert told.calls == [("get_weather", {"city": "Paris"})] * 2 and told.finish == client.ends["tools"]
    # Gemini's own calls have no ids, and are told apart by their order.
    assert len(set(told.ids)) == 2 or told.ids == [None] * 2 and client.title in (UPSTREAMS[upstream].title, *UPSTREAMS[upstream].passes)
    last = client.ask(model, tools=True, stream=stream, history=client.results(told))
    assert last.text and not last.calls and last.finish == client.ends["stop"]


@both
def test_one_tool(client, make, stream):
    told = client.ask(make("mock-tools-1"), tools=True, stream=stream)
    assert told.calls == [("get_weather", {"city": "Paris"})] and told.finish == client.ends["tools"]


@both
@pytest.mark.parametrize("end", ["length", "filter"])
def test_an_answer_that_breaks_off_says_why(client, make, upstream, stream, end):
    if end not in UPSTREAMS[upstream].cuts:
        pytest.skip(f"{UPSTREAMS[upstream].title} has no such end")
    told = client.ask(make(f"mock-{end}"), stream=stream)
    assert told.text and told.finish == client.ends[end]


@both
def test_thinking(client, make, board, upstream, stream):
    marker = f"Think as {client.title} does, {stream}, for {upstream}."
    told = client.ask(make("mock-reasoning"), thinks=True, stream=stream, system=marker)
    assert told.thought == UPSTREAMS[upstream].thought and told.text and told.finish == client.ends["stop"]
    asked = json.loads(board.mock.seen_with(marker)[-1].body)
    assert UPSTREAMS[upstream].thinking(asked) in THINKING[upstream]


def test_nobody_thinks_unasked(client, make, board, upstream):
    marker = f"Do not think as {client.title} for {upstream}."
    assert client.ask(make("mock-answer"), system=marker).text
    assert UPSTREAMS[upstream].thinking(json.loads(board.mock.seen_with(marker)[-1].body)) is None


def test_an_image_and_a_system_prompt_reach_the_provider(client, make, board, upstream):
    marker = f"Answer as {client.__class__.__name__} would."
    assert client.ask(make("mock-answer"), image=True, system=marker).text
    seen = board.mock.seen_with(marker)[-1]
    assert seen.target.split("?")[0].endswith(UPSTREAMS[upstream].path)
    # Google's SDK sends the other alphabet, which its own provider takes as it is.
    assert PIXEL in seen.body.replace("\\/", "/") or base64.urlsafe_b64encode(base64.b64decode(PIXEL)).decode() in seen.body
    # An instruction stays one, it is not told as the user.
    body = json.loads(seen.body)
    assert marker in json.dumps(UPSTREAMS[upstream].system(body))


@pytest.mark.parametrize("kind", [Messages, Gemini], ids=["messages", "gemini"])
def test_tokens_are_counted_before_a_call(kind, make, board):
    client = kind(board)
    assert 1 <= client.count(make("mock-answer")) < 100
    client.sdk.close()


@both
def test_a_limit_is_told_with_its_wait(client, make, channels, stream):
    # A channel that reached its limit rests: each case has its own.
    channels.clear()
    with pytest.raises(client.fault) as caught:
        client.ask(make("mock-retry-after-7"), stream=stream)
    told = caught.value
    assert (told.code if isinstance(told, errors.APIError) else told.status_code) == 429
    assert told.response.headers["retry-after"] == "7"


@pytest.mark.parametrize("behaviour", ["mock-error-in-stream", "mock-cut-mid-stream"])
def test_a_stream_that_fails_is_an_error_of_the_client(client, make, channels, behaviour):
    channels.clear()
    with pytest.raises(client.error):
        client.ask(make(behaviour), stream=True)
