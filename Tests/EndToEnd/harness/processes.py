"""Child processes, ports and bounded waiting."""

import ctypes
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARIES = pathlib.Path(os.environ.get("SWITCHBOARD_BIN", ROOT / ".build" / "release"))


def free_port() -> int:
    """A port below the range that the kernel gives to outgoing connections, so that none of those takes it meanwhile."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def eventually(check, seconds: float = 10, what: str = "the condition"):
    """Calls `check` until it answers something true and returns that; fails after the time with what it answered last."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer, problem = check(), None
        except (AssertionError, httpx.HTTPError, OSError, KeyError, IndexError) as error:
            answer, problem = None, error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s; last: {problem or answer!r}")
        time.sleep(0.03)


def _die_with_parent():
    # PR_SET_PDEATHSIG: nothing stays behind when pytest is killed.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """One executable that a test started; its output goes to a file."""

    def __init__(self, name: str, arguments: list, environment: dict, log: pathlib.Path, user: int | None = None):
        self.name = name
        self.log = log
        with open(log, "ab") as sink:
            self.child = subprocess.Popen(
                [str(argument) for argument in arguments],
                env={"PATH": os.environ["PATH"], **environment},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=user,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def is_running(self) -> bool:
        return self.child.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: int):
        if self.is_running:
            self.child.send_signal(number)

    def wait(self, seconds: float = 20) -> int:
        """The exit code; a process that does not end in time is a failure."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s:\n{self.output()[-2000:]}") from None

    def stop(self, seconds: float = 20) -> int:
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait(10)

    def wait_ready(self, url: str, seconds: float = 20):
        """Until `url` answers 200; at once a failure when the process ends."""

        def check():
            if not self.is_running:
                raise RuntimeError(f"{self.name} ended with {self.child.returncode}:\n{self.output()[-3000:]}")
            return httpx.get(url, timeout=2, trust_env=False).status_code == 200

        eventually(check, seconds, f"{self.name} to be ready ({self.output()[-1500:]})")
