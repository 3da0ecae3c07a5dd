"""The measurements of deploy/bench: runs wrk and load-client against nginx and the gateway in turn, prints medians and ratios."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

import bench_conversions
import bench_large
import bench_process as process

ROUNDS = int(os.environ["BENCH_ROUNDS"])
SECONDS = int(os.environ["BENCH_SECONDS"])
WORK = pathlib.Path(os.environ["BENCH_WORK"])
LOAD = pathlib.Path(os.environ["BENCH_BIN"]) / "load-client"
KEY = os.environ["BENCH_KEY"]
PORTS = dict(pair.split("=") for pair in os.environ["BENCH_PORTS"].split())
PIDS = {name: int(pid) for name, pid in (pair.split("=") for pair in os.environ["BENCH_PIDS"].split())}
STREAM_MODEL = "mock-stream-n600-d100-s160-t"
BEHIND = ("channel-registry", "log-collector", "postgres", "mock")


def cpu(name: str) -> float:
    return process.family_cpu(PIDS[name])


def resident(name: str) -> int:
    return process.resident(PIDS[name])


def script(name: str, body: dict) -> pathlib.Path:
    """A request for wrk, which counts what is no 200."""
    path = WORK / f"{name}.lua"
    path.write_text(
        f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {KEY}"
wrk.body = [==[{json.dumps(body)}]==]
function done(summary)
    local e = summary.errors
    local errors = e.connect + e.read + e.write + e.timeout + e.status
    io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration, errors))
end
"""
    )
    return path


def wrk(target: str, lua: pathlib.Path, seconds: float, path: str = "/v1/chat/completions") -> tuple[int, int]:
    done = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", lua, f"http://127.0.0.1:{PORTS[target]}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    requests, duration, errors = map(int, next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:])
    if errors:
        sys.exit(f"{target}: {errors} of {requests} calls failed\n{done.stdout}")
    return requests, duration


def chats(name: str, prompt: int) -> dict:
    """CPU µs per request and requests per second by target; what the parts behind the gateway use for it too."""
    lua = script(name, {"model": "gpt-4o", "messages": [{"role": "user", "content": "Benchmark prompt. " * (prompt // 18)}]})
    costs = {name: [] for name in ("nginx", "gateway", *BEHIND)}
    rates = {"nginx": [], "gateway": []}
    for target in ("nginx", "gateway"):
        wrk(target, lua, 1)
    for _ in range(ROUNDS):
        for target in ("nginx", "gateway"):
            before = {name: cpu(name) for name in (target, *BEHIND)}
            requests, duration = wrk(target, lua, SECONDS)
            costs[target].append((cpu(target) - before[target]) / requests)
            rates[target].append(requests / duration * 1e6)
            if target == "gateway":
                for name in BEHIND:
                    costs[name].append((cpu(name) - before[name]) / requests)
    return {"cost": costs, "rate": rates}


def load(mode: str, target: str, body: dict, *arguments: str) -> dict:
    done = subprocess.run(
        [LOAD, mode, "--port", PORTS[target], "--key", KEY, "--body", json.dumps(body), *arguments],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{mode} on {target}: {done.stderr}")
    return json.loads(done.stdout)


def latencies() -> dict:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Benchmark prompt. " * 50}]}
    found = {target: {"p50": [], "p99": []} for target in PORTS}
    for _ in range(ROUNDS):
        for target in PORTS:
            answer = load("latency", target, body, "--requests", str(400 * SECONDS), "--warmup", "100")
            found[target]["p50"].append(answer["p50_us"])
            found[target]["p99"].append(answer["p99_us"])
    return found


def streams(count: int = 1000) -> dict:
    """One after the other, the gateway first: its memory per stream is then that of a fresh process."""
    body = {"model": STREAM_MODEL, "stream": True, "messages": [{"role": "user", "content": "Benchmark prompt."}]}
    found = {"gateway": [], "nginx": []}
    for _ in range(max(1, ROUNDS // 2)):
        for target in ("gateway", "nginx"):
            pids = "+".join(map(str, process.family(PIDS[target])))
            answer = load(
                "streams", target, body, "--streams", str(count), "--seconds", str(SECONDS * 2), "--watch", f"{target}={pids}"
            )
            if answer["failures"] or answer["streams"] != count:
                sys.exit(f"streams on {target}: {answer}")
            found[target].append(answer)
    return found


rows: list[tuple[str, str, str, str, str, str]] = []


def row(what: str, gateway: float, nginx: float | None, unit: str, budget: float | None, of_ratio: bool = True):
    ratio = gateway / nginx if nginx else None
    judged = ratio if of_ratio else gateway
    verdict = "" if budget is None or judged is None else ("ok" if judged <= budget else "OVER")
    limit = "" if budget is None else (f"≤ {budget:g} ×" if of_ratio else f"≤ {budget:g} {unit}")
    rows.append(
        (
            what, f"{gateway:.1f} {unit}", "" if nginx is None else f"{nginx:.1f} {unit}",
            "" if ratio is None or not of_ratio else f"{ratio:.2f} ×", limit, verdict,
        )
    )  # fmt: skip


def calls():
    """The gateway beside nginx."""
    median = statistics.median
    idle = {name: resident(name) for name in ("gateway", "channel-registry", "log-collector")}
    streamed = streams()
    small = chats("small", 1000)
    large = chats("large", 32000)
    timed = latencies()

    def chat_row(what: str, result: dict):
        row(what, median(result["cost"]["gateway"]), median(result["cost"]["nginx"]), "µs", 1.5)

    chat_row("CPU per chat, 1 KB/1 KB, 32 connections", small)
    for name in BEHIND:
        row(f"… of {name} for each", median(small["cost"][name]), None, "µs", None)
    chat_row("CPU per chat, 32 KB prompt", large)
    row("Calls per second, 1 KB/1 KB", median(small["rate"]["gateway"]), median(small["rate"]["nginx"]), "/s", None)

    def each(target: str, value) -> float:
        return median(value(answer) for answer in streamed[target])

    def per_chunk(target: str) -> float:
        return each(target, lambda answer: answer["cpu_us"][target] / answer["chunks"])

    row("CPU per chunk, 1 000 paced streams", per_chunk("gateway"), per_chunk("nginx"), "µs", 1.3)

    def memory(target: str) -> float:
        first = streamed[target][0]
        return (first["rss_kib"][target] - first["idle_rss_kib"][target]) / first["streams"]

    row("Memory per stream", memory("gateway"), memory("nginx"), "KB", 16, of_ratio=False)
    for share in ("p50", "p99"):
        row(f"Chunk latency {share}", *(each(t, lambda a: a[share + "_us"]) for t in ("gateway", "nginx")), "µs", None)
    stalls = sum(answer["stalls"] for answer in streamed["gateway"])
    row("Stalled streams (silent over 1 s)", stalls, sum(answer["stalls"] for answer in streamed["nginx"]), "", 0, of_ratio=False)
    for share, budget in (("p50", 100), ("p99", 500)):
        direct = median(timed["direct"][share])
        added = {target: median(timed[target][share]) - direct for target in ("gateway", "nginx")}
        row(f"Added latency {share}, one connection", added["gateway"], added["nginx"], "µs", budget, of_ratio=False)
    for name, budget in (("gateway", 25), ("channel-registry", 30), ("log-collector", 30)):
        row(f"Resident memory idle, {name}", idle[name] / 1024, None, "MB", budget, of_ratio=False)
    for pair in os.environ["BENCH_START"].split():
        name, milliseconds = pair.split("=")
        row(f"Start to ready, {name}", float(milliseconds), None, "ms", 200, of_ratio=False)


def large():
    """One column is used: nothing is compared here."""

    def add(what: str, value: float, unit: str, budget: float | None, beside: str = ""):
        row(what, value, None, unit, budget, of_ratio=False)
        if beside:
            rows[-1] = (*rows[-1][:2], beside, *rows[-1][3:])

    bench_large.measure(add, repeats=5 if ROUNDS <= 3 else 15)


def conversions():
    """Conversions beside the pass-through: the second column is the pass-through."""

    def cost(name: str, path: str, body: dict) -> float:
        lua = script(name, body)
        before = cpu("gateway")
        requests, _ = wrk("gateway", lua, SECONDS, path)
        return (cpu("gateway") - before) / requests

    def per_chunk(name: str, path: str, body: dict, last: str) -> float:
        pids = "+".join(map(str, process.family(PIDS["gateway"])))
        answer = load(
            "streams", "gateway", body, "--path", path, "--last", last, "--streams", "300", "--ramp", "1",
            "--seconds", str(SECONDS), "--watch", f"gateway={pids}",
        )  # fmt: skip
        if answer["failures"] or answer["streams"] != 300:
            sys.exit(f"streams of {name}: {answer}")
        return answer["cpu_us"]["gateway"] / answer["chunks"]

    bench_conversions.measure(cost, per_chunk, row, ROUNDS)


def show(second: str = "nginx"):
    """Prints the rows so far and forgets them."""
    table = [("What", "gateway", second, "ratio", "budget", ""), *rows]
    rows.clear()
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    print()
    for number, line in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print()


part = os.environ["BENCH_PART"]
if part in ("all", "calls"):
    calls()
    show()
if part in ("all", "conversions"):
    conversions()
    show("pass-through")
if part in ("all", "large"):
    large()
    show()
