"""The mock provider's process and what it saw."""

import dataclasses
import pathlib

import httpx

from .processes import BINARIES, Process, eventually


@dataclasses.dataclass
class Seen:
    """One request as the provider received it."""

    method: str
    target: str
    headers: dict
    body: str
    outcome: str
    chunks: int


class Mock:
    def __init__(self, folder: pathlib.Path, name: str = "mock"):
        self.process = Process(name, [BINARIES / "mock-provider", "--port", "0"], {}, folder / f"{name}.log")
        line = eventually(lambda: self.process.output().strip(), 10, "the mock provider's port")
        self.origin = "http://" + line.split()[-1]
        self.client = httpx.Client(base_url=self.origin, trust_env=False)

    @property
    def base_url(self) -> str:
        return self.origin + "/v1"

    def stats(self) -> dict:
        return self.client.get("/__mock/stats").json()

    def reset(self):
        self.client.delete("/__mock/stats")

    def seen(self) -> list[Seen]:
        """The last requests, oldest first; header names in lower case."""
        return [
            Seen(
                entry["method"],
                entry["target"],
                {name.lower(): value for name, value in entry["headers"]},
                entry["body"],
                entry["outcome"],
                entry["chunks"],
            )
            for entry in self.stats()["recent"]
        ]

    def seen_with(self, marker: str) -> list[Seen]:
        """The requests whose body holds a marker."""
        return [request for request in self.seen() if marker in request.body]

    def stop(self):
        self.client.close()
        self.process.kill()
