"""What a conversion costs beside the pass-through of OpenAI's protocol, plain and streamed, in interleaved rounds."""

import statistics
from collections.abc import Callable

PROMPT = "Benchmark prompt. " * 55
# Streams of 600 chunks of 160 bytes, a chunk every 50 ms; the rest of the name chooses the channel.
STREAM = "mock-stream-n600-d50-s160-t"
MODELS = {"openai": ("gpt-4o", STREAM), "anthropic": ("claude-bench", STREAM + "-anthropic")}
BUDGET = 3


def chat(model: str, stream: bool) -> tuple[str, dict, str]:
    body = {"model": model, "messages": [{"role": "user", "content": PROMPT}]}
    return "/v1/chat/completions", body | ({"stream": True} if stream else {}), "data: [DONE]"


def messages(model: str, stream: bool) -> tuple[str, dict, str]:
    body = {"model": model, "max_tokens": 1024, "messages": [{"role": "user", "content": PROMPT}]}
    return "/v1/messages", body | ({"stream": True} if stream else {}), "message_stop"


def gemini(model: str, stream: bool) -> tuple[str, dict, str]:
    body = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}
    return f"/v1beta/models/{model}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}", body, ""


# The first is what the others are compared with.
CASES: dict[str, tuple[Callable, str]] = {
    "OpenAI client, OpenAI upstream": (chat, "openai"),
    "Anthropic client, OpenAI upstream": (messages, "openai"),
    "OpenAI client, Anthropic upstream": (chat, "anthropic"),
    "Gemini client, OpenAI upstream": (gemini, "openai"),
    "Anthropic client, Anthropic upstream": (messages, "anthropic"),
}


def measure(cost: Callable, per_chunk: Callable, row: Callable, rounds: int):
    """Measures each case `rounds` times in turn.

    `cost(name, path, body)` and `per_chunk(name, path, body, last)` answer CPU µs; `row` takes a line of the table.
    """
    plain: dict[str, list[float]] = {name: [] for name in CASES}
    streamed: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(rounds):
        for place, (name, (make, upstream)) in enumerate(CASES.items()):
            path, body, _ = make(MODELS[upstream][0], False)
            if number == 0:
                cost(f"conversion-{place}", path, body)
            plain[name].append(cost(f"conversion-{place}", path, body))
    for _ in range(max(1, rounds // 2)):
        for name, (make, upstream) in CASES.items():
            path, body, last = make(MODELS[upstream][1], True)
            streamed[name].append(per_chunk(name, path, body, last))
    first = next(iter(CASES))
    for what, found, unit in (("CPU per call", plain, "µs"), ("CPU per chunk", streamed, "µs")):
        base = statistics.median(found[first])
        for name in CASES:
            row(f"{what}, {name}", statistics.median(found[name]), base, unit, None if name == first else BUDGET)
