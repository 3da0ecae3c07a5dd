"""The part of deploy/bench with large numbers: services of its own over a database of its own that holds 10 000 channels and 100 000 tokens."""

import http.client
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import threading
import time

import bench_process as process

CHANNELS, TOKENS, GROUPS = 10_000, 100_000, 1_000
MODELS, MODELS_EACH = 800, 20
CHANGES = 100
WORK = pathlib.Path(os.environ["BENCH_WORK"])
BIN = pathlib.Path(os.environ["BENCH_BIN"])
KEY = os.environ["BENCH_KEY"]
DATABASE = "large"


def log(text: str):
    print(f"bench: {text}", flush=True)


def call(port: int, method: str, path: str, body=None, headers: dict | None = None, timeout: float = 120) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Authorization": f"Bearer {KEY}", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def admin(port: int, method: str, path: str, body=None) -> dict:
    status, text = call(port, method, path, body)
    answer = json.loads(text)
    if status != 200 or not answer["success"]:
        sys.exit(f"{method} {path}: {status} {text[:500]!r}")
    return answer.get("data") or {}


def psql(database: str, *arguments: str, script=None) -> str:
    done = subprocess.run(
        [os.environ["BENCH_PSQL"], "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", os.environ["BENCH_SOCKET"], "-U", "switchboard",
         "-d", database, *arguments],
        stdin=script, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


class Service:
    """One process of ours, started and stopped as often as wanted."""

    def __init__(self, name: str, program: str, port: int, **settings: str):
        self.name, self.program, self.port, self.settings = name, program, port, settings
        self.child: subprocess.Popen | None = None

    def start(self, limit: float = 60) -> float:
        """Milliseconds from the start to the first 200 of /readyz."""
        environment = {**os.environ, "LISTEN": f"127.0.0.1:{self.port}", **self.settings}
        with open(WORK / f"{self.name}.log", "ab") as output:
            begun = time.monotonic()
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", BIN / self.program, "serve"],
                env=environment, stdout=output, stderr=output,
            )  # fmt: skip
        while True:
            try:
                if call(self.port, "GET", "/readyz", timeout=5)[0] == 200:
                    return (time.monotonic() - begun) * 1000
            except (OSError, http.client.HTTPException):
                pass
            if self.child.poll() is not None or time.monotonic() - begun > limit:
                sys.exit(f"{self.name} does not become ready; its log is {WORK / self.name}.log")
            time.sleep(0.005)

    def stop(self):
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def threads(self) -> dict[str, float]:
        assert self.child is not None
        return process.thread_cpu(self.child.pid)

    def cpu(self) -> float:
        """µs."""
        return sum(self.threads().values())

    def resident(self) -> float:
        """MB."""
        assert self.child is not None
        return process.resident(self.child.pid) / 1024

    def metric(self, name: str) -> float:
        text = call(self.port, "GET", "/metrics")[1].decode()
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " ")), 0.0)

    def wait_for(self, metric: str, least: float, limit: float = 60):
        deadline = time.monotonic() + limit
        while self.metric(metric) < least:
            if time.monotonic() > deadline:
                sys.exit(f"{self.name}: {metric} does not reach {least}")
            time.sleep(0.02)


def channel(number: int, types: list[int]) -> dict:
    """Each of the types in turn; the key has a form that every type takes."""
    models = [f"model-{(number * 7 + place * 41) % MODELS}" for place in range(MODELS_EACH)]
    return {
        "type": types[number % len(types)], "name": f"channel {number}", "key": f"sk-{number:06}:ak|{number * 7919:032x}",
        "base_url": f"https://host-{number}.example/v1", "models": models, "priority": number % 100,
        "model_mapping": {models[0]: f"upstream-{number}"} if number % 5 == 0 else {},
        "sets": ["default", "eu"] if number % 3 == 0 else [],
    }  # fmt: skip


def fill(registry: Service):
    types = sorted(int(number) for number in admin(registry.port, "GET", "/api/channels/type_metas"))[:40]
    begun, used = time.monotonic(), registry.cpu()
    admin(registry.port, "POST", "/api/channels", [channel(number, types) for number in range(1, CHANNELS + 1)])
    log(f"{CHANNELS} channels in one batch: {time.monotonic() - begun:.1f} s, {(registry.cpu() - used) / 1e6:.1f} s of the registry's CPU")
    script = WORK / "tenants.sql"
    with open(script, "wb") as output:
        subprocess.run([BIN / "load-client", "tenants", "--groups", str(GROUPS), "--tokens", str(TOKENS)], stdout=output, check=True)
    with open(script) as text:
        psql(DATABASE, script=text)
    registry.wait_for("channel_registry_tokens", TOKENS)
    shown = admin(registry.port, "GET", f"/api/tokens/{TOKENS}")
    if len(shown["key"]) != 48:
        sys.exit(f"the registry cannot open the key of a token of the script: {shown}")


PAGES = {
    "channels, first page": "/api/channels?per_page=100",
    "channels, last page": f"/api/channels?per_page=100&page={CHANNELS // 100}",
    "channels, by name": "/api/channels/search?per_page=100&order=name-asc",
    "channels, search": "/api/channels/search?per_page=100&keyword=channel%2099",
    "channels, search by model": "/api/channels/search?per_page=100&keyword=model-77",
    "tokens, first page": "/api/tokens?per_page=100",
    "tokens, last page": f"/api/tokens?per_page=100&page={TOKENS // 100}",
    "tokens, search by group": "/api/tokens/search?per_page=100&keyword=group-77",
    "tokens, search by a part of a key": "/api/tokens/search?per_page=100&keyword=abcd",
    "groups, first page": "/api/groups?per_page=100",
    "groups, search": "/api/groups/search?per_page=100&keyword=group-7",
}


def pages(registry: Service, repeats: int):
    """Milliseconds of CPU of the registry and of PostgreSQL's backends for each list page."""
    postgres = int(os.environ["BENCH_POSTGRES"])
    for what, path in PAGES.items():
        found = admin(registry.port, "GET", path)
        if not next(iter(found.values())):
            sys.exit(f"{path} finds nothing: {found}")
        costs = []
        behind, begun = process.family_cpu(postgres), time.monotonic()
        for _ in range(repeats):
            before = registry.cpu()
            admin(registry.port, "GET", path)
            costs.append((registry.cpu() - before) / 1000)
        wall = (time.monotonic() - begun) / repeats * 1000
        yield f"List page: {what}", statistics.median(costs), (process.family_cpu(postgres) - behind) / repeats / 1000, wall


class Watcher(threading.Thread):
    """Calls a gateway with a model until it is known there, and notes the moment."""

    def __init__(self, gateway: Service):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
        self.wanted: str | None = None
        self.wake, self.done = threading.Event(), threading.Event()
        self.seen, self.fault = 0.0, ""
        self.start()

    def run(self):
        while True:
            self.wake.wait()
            self.wake.clear()
            if self.wanted is None:
                return
            body = json.dumps({"model": self.wanted, "messages": [{"role": "user", "content": "hi"}]})
            deadline = time.monotonic() + 20
            self.fault = ""
            while True:
                self.connection.request(
                    "POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
                )
                answer = self.connection.getresponse()
                text = answer.read()
                self.seen = time.monotonic()
                if answer.status == 200:
                    break
                if answer.status != 404 or self.seen > deadline:
                    self.fault = f"{answer.status} {text[:300]!r}"
                    break
                time.sleep(0.001)
            self.done.set()

    def look(self, model: str | None):
        self.wanted = model
        self.done.clear()
        self.wake.set()


def changes(registry: Service, gateways: list[Service], channel_id: int) -> list[float]:
    """Milliseconds from the answer of an admin write to the first call that follows it, for each change and gateway."""
    watchers = [Watcher(gateway) for gateway in gateways]
    delays = []
    for number in range(CHANGES):
        model = f"fresh-{number}"
        for watcher in watchers:
            watcher.look(model)
        time.sleep(0.02)
        admin(registry.port, "PUT", f"/api/channel/{channel_id}", {"models": ["bench", model]})
        answered = time.monotonic()
        for watcher in watchers:
            if not watcher.done.wait(30) or watcher.fault:
                sys.exit(f"a changed channel does not become effective: {watcher.fault}")
            delays.append(max(0.0, watcher.seen - answered) * 1000)
    for watcher in watchers:
        watcher.look(None)
    return delays


def cost_of_change(registry: Service, gateway: Service, channel_id: int, count: int = 20) -> dict[str, float]:
    """Milliseconds of CPU per changed channel: of the gateway's loops, of its other threads, of the registry."""
    def loops(threads: dict[str, float]) -> float:
        return sum(used for name, used in threads.items() if name.startswith("gateway-"))

    # Saving the snapshot belongs to a change, but many changes share one.
    time.sleep(2)
    before, behind = gateway.threads(), registry.cpu()
    for number in range(count):
        admin(registry.port, "PUT", f"/api/channel/{channel_id}", {"models": ["bench", f"cost-{number}"]})
        time.sleep(0.1)
    time.sleep(2)
    after = gateway.threads()
    on_loops = (loops(after) - loops(before)) / count / 1000
    return {
        "loop": on_loops, "others": (sum(after.values()) - sum(before.values())) / count / 1000 - on_loops,
        "registry": (registry.cpu() - behind) / count / 1000,
    }  # fmt: skip


def slowest(registry: Service, gateway: Service, channel_id: int) -> dict:
    """Latency of calls one after the other while channels change."""
    body = {"model": "bench", "messages": [{"role": "user", "content": "hi"}]}
    run = subprocess.Popen(
        [BIN / "load-client", "latency", "--port", str(gateway.port), "--key", KEY, "--body", json.dumps(body),
         "--requests", "8000", "--warmup", "100"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    number = 0
    while run.poll() is None:
        admin(registry.port, "PUT", f"/api/channel/{channel_id}", {"models": ["bench", f"slow-{number}"]})
        number += 1
        time.sleep(0.1)
    output = run.communicate()[0]
    if run.returncode != 0:
        sys.exit("calls fail while channels change")
    return json.loads(output)


def measure(row, repeats: int):
    """Adds the rows of this part: what, value, unit, budget."""
    ports = dict(pair.split("=") for pair in os.environ["BENCH_LARGE_PORTS"].split())
    psql("postgres", "-c", f"CREATE DATABASE {DATABASE}")
    dsn = os.environ["BENCH_DSN"].replace("/switchboard?", f"/{DATABASE}?")
    address = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    registry = Service("large-registry", "channel-registry", int(ports["registry"]), SQL_DSN=dsn)
    collector = Service("large-collector", "log-collector", int(ports["collector"]), SQL_DSN=dsn)
    gateways = [
        Service(f"large-gateway-{name}", "gateway", int(ports[name]), REGISTRY_URL=address["registry"],
                COLLECTOR_URL=address["collector"], STATE_DIR=str(WORK / f"state-{name}"))
        for name in ("one", "two")
    ]  # fmt: skip
    try:
        registry.start()
        collector.start()
        fill(registry)
        registry.stop()
        row("Large: registry, start to ready", registry.start(), "ms", None)
        settled = registry.resident()

        used = registry.cpu()
        query = {"epoch": "", "after": 0, "waitMilliseconds": 0}
        status, snapshot = call(
            registry.port, "POST", "/internal/v1/snapshot", query,
            {"x-internal-key": os.environ["INTERNAL_KEY"], "Content-Type": "application/json"},
        )  # fmt: skip
        if status != 200:
            sys.exit(f"the snapshot: {status} {snapshot[:300]!r}")
        row("Large: whole snapshot", len(snapshot) / 1e6, "MB", None)
        row("Large: CPU of the registry for the first whole snapshot", (registry.cpu() - used) / 1000, "ms", None)
        del snapshot

        row("Large: gateway, start from the registry", gateways[0].start(), "ms", None)
        for gateway in gateways[1:]:
            gateway.start()
        for gateway in gateways:
            deadline = time.monotonic() + 30
            while not pathlib.Path(gateway.settings["STATE_DIR"], "snapshot.json").exists():
                if time.monotonic() > deadline:
                    sys.exit("no snapshot is saved")
                time.sleep(0.05)
        starts, used = [], []
        for _ in range(5):
            for gateway in gateways:
                gateway.stop()
                starts.append(gateway.start())
                used.append(gateway.cpu() / 1000)
        row("Large: gateway, start from its snapshot", statistics.median(starts), "ms", 1000)
        row("… of that CPU", statistics.median(used), "ms", None)
        row("Large: resident memory, gateway", gateways[0].resident(), "MB", None)
        row("Large: resident memory, registry", settled, "MB", None)
        row("… with a prepared snapshot", registry.resident(), "MB", None)

        for what, cost, behind, wall in pages(registry, repeats):
            row(what, cost, "ms", 50)
            row("… of PostgreSQL / until the answer is there", behind, "ms", None, f"{wall:.1f} ms")
        row("Large: resident memory, registry after the searches", registry.resident(), "MB", None)

        live = {"type": 1, "name": "live", "key": "sk-live", "base_url": os.environ["BENCH_MOCK"], "models": ["bench"]}
        admin(registry.port, "POST", "/api/channel/", live)
        channel_id = admin(registry.port, "GET", "/api/channels/search?name=live")["channels"][0]["id"]
        time.sleep(1)
        delays = sorted(changes(registry, gateways, channel_id))
        row("A changed channel is effective, p50", statistics.median(delays), "ms", 100)
        row("A changed channel is effective, p99", delays[int(len(delays) * 0.99) - 1], "ms", 100)
        cost = cost_of_change(registry, gateways[0], channel_id)
        row("CPU of a gateway's loop per changed channel", cost["loop"], "ms", 20)
        row("… of its other threads, with saving", cost["others"], "ms", None)
        row("… of the registry", cost["registry"], "ms", None)
        calls = slowest(registry, gateways[0], channel_id)
        row("Calls while a channel changes ten times a second, p99", calls["p99_us"] / 1000, "ms", None)
        row("… the slowest of 8 000", calls["max_us"] / 1000, "ms", None)
        row("Large: resident memory, gateway after the changes", gateways[0].resident(), "MB", None)
    finally:
        for service in [*gateways, collector, registry]:
            service.stop()
