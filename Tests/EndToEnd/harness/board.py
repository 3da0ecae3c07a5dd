"""The three services together, and the calls that FastGPT and OpenAI clients make on them."""

import itertools
import pathlib
import secrets
import time

import httpx
import openai

from .mock import Mock
from .postgres import Postgres
from .processes import BINARIES, Process, eventually, free_port

_numbers = itertools.count(1)


class Board:
    """PostgreSQL, registry, collector, gateway and a mock provider, each on a port of its own and with random keys."""

    def __init__(self, folder: pathlib.Path, postgres: Postgres, settings: dict | None = None):
        self.folder = folder
        self.postgres = postgres
        self.database = f"board{next(_numbers)}_{secrets.token_hex(4)}"
        postgres.create(self.database)
        self.admin_key = "admin-" + secrets.token_hex(16)
        self.internal_key = "internal-" + secrets.token_hex(16)
        self.secrets_key = "sealing-" + secrets.token_hex(16)
        self.ports = {name: free_port() for name in ("gateway", "channel-registry", "log-collector")}
        self.settings = settings or {}
        self.processes: dict[str, Process] = {}
        self.mock = Mock(folder)
        self.http = httpx.Client(base_url=self.url("gateway"), trust_env=False, timeout=30)

    # Processes.

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def environment(self, name: str) -> dict:
        shared = {
            "LISTEN": f"127.0.0.1:{self.ports[name]}",
            "ADMIN_KEY": self.admin_key,
            "INTERNAL_KEY": self.internal_key,
            "SECRETS_KEY": self.secrets_key,
            "DRAIN_SECONDS": "15",
            "LOG_LEVEL": "debug",
            "REGISTRY_URL": self.url("channel-registry"),
            "COLLECTOR_URL": self.url("log-collector"),
        }
        if name == "gateway":
            own = {"STATE_DIR": str(self.folder / "state")}
        else:
            own = {"SQL_DSN": self.postgres.dsn(self.database)}
        return {**shared, **own, **self.settings.get("all", {}), **self.settings.get(name, {})}

    def start(self, name: str, ready: bool = True) -> Process:
        (self.folder / "state").mkdir(exist_ok=True)
        process = Process(name, [BINARIES / name, "serve"], self.environment(name), self.folder / f"{name}.log")
        self.processes[name] = process
        if ready:
            process.wait_ready(self.url(name) + "/readyz")
        return process

    def start_all(self) -> "Board":
        for name in ("channel-registry", "log-collector", "gateway"):
            self.start(name, ready=False)
        for name in ("channel-registry", "log-collector", "gateway"):
            self.processes[name].wait_ready(self.url(name) + "/readyz")
        return self

    def remove(self):
        for process in self.processes.values():
            if process.is_running:
                process.kill()
        self.mock.stop()
        self.http.close()

    def logs(self) -> str:
        """Everything that the three services wrote."""
        return "".join(process.output() for process in self.processes.values())

    def query(self, statement: str) -> str:
        return self.postgres.query(self.database, statement)

    # Admin calls, as FastGPT makes them.

    @property
    def authorization(self) -> dict:
        return {"Authorization": f"Bearer {self.admin_key}"}

    def raw_admin(self, method: str, path: str, **arguments) -> httpx.Response:
        headers = {**self.authorization, **arguments.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **arguments)

    def admin(self, method: str, path: str, **arguments):
        """Makes an admin call that must succeed, checks its envelope and returns `data`."""
        answer = self.raw_admin(method, path, **arguments)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"].startswith("application/json")
        envelope = answer.json()
        assert set(envelope) <= {"data", "message", "success"}, envelope
        assert envelope["success"] is True, envelope
        return envelope.get("data")

    def channels(self) -> list[dict]:
        return self.admin("GET", "/api/channels/all?page=1&perPage=10")

    def channel(self, models: dict[str, str] | None = None, **fields) -> dict:
        """Adds a channel for `models` (requested name → name upstream) and waits until the gateway routes to it."""
        name = fields.pop("name", f"channel {next(_numbers)}")
        models = models or {}
        body = {
            "type": 1,
            "name": name,
            "base_url": self.mock.base_url,
            "models": list(models),
            "model_mapping": {key: value for key, value in models.items() if key != value},
            "key": "sk-upstream-" + secrets.token_hex(8),
            "priority": 1,
            **fields,
        }
        self.admin("POST", "/api/channel/", json=body)
        created = [channel for channel in self.channels() if channel["name"] == name]
        assert len(created) == 1
        self.wait_current()
        for model in models:
            self.wait_routed(model)
        return created[0]

    def model(self, upstream: str, **fields) -> str:
        """A model name that nobody used yet, on a channel of its own, which the mock takes as `upstream`."""
        requested = f"model-{next(_numbers)}"
        self.channel({requested: upstream}, **fields)
        return requested

    def wait_current(self):
        """Until the gateway has the registry's newest revision; another channel of a known model shows in no list."""
        wanted = int(self.query("SELECT revision FROM registry.settings"))

        def check():
            lines = httpx.get(self.url("gateway") + "/metrics", trust_env=False).text.splitlines()
            return [line for line in lines if line.startswith("gateway_snapshot_revision ") and float(line.split()[1]) >= wanted]

        eventually(check, 5, f"revision {wanted} at the gateway")

    def wait_routed(self, model: str, routed: bool = True):
        def check():
            listed = self.http.get("/v1/models", headers=self.authorization).json()
            return (model in [entry["id"] for entry in listed["data"]]) is routed

        eventually(check, 5, f"model {model} to be {'routed' if routed else 'gone'}")

    # Relay calls.

    def chat(self, model: str, stream: bool = False, text: str = "hi", **fields) -> httpx.Response:
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        if stream:
            body["stream"] = True
        return self.http.post("/v1/chat/completions", headers=self.authorization, json=body)

    def openai(self, **arguments) -> openai.OpenAI:
        settings = {"base_url": self.url("gateway") + "/v1", "api_key": self.admin_key, "max_retries": 0, **arguments}
        return openai.OpenAI(**settings)

    # The ledger.

    def search(self, **filters) -> dict:
        """The log search with the query that FastGPT sends."""
        now = int(time.time() * 1000)
        query = {
            "result_only": "true",
            "request_id": "",
            "channel": "",
            "model_name": "",
            "code_type": "all",
            "start_timestamp": now - 86_400_000,
            "end_timestamp": now + 86_400_000,
            "p": 1,
            "per_page": 20,
            **filters,
        }
        return self.admin("GET", "/api/logs/search", params=query)

    def record(self, request_id: str, seconds: float = 10) -> dict:
        """The log line of one call, when it has arrived."""

        def check():
            found = self.search(request_id=request_id)
            assert found["total"] <= 1
            return found["logs"]

        return eventually(check, seconds, f"the record of {request_id}")[0]

    def record_of(self, model: str, seconds: float = 10) -> dict:
        """The newest log line of a model."""
        return eventually(lambda: self.search(model_name=model)["logs"], seconds, f"a record of {model}")[0]
