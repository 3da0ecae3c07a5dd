"""A private PostgreSQL cluster on a unix socket, for one test session or one test."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from .processes import Process, eventually


def _binaries() -> pathlib.Path:
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    return pathlib.Path(shutil.which("postgres")).resolve().parent


class Postgres:
    """Started on construction; root runs it as user postgres, or nobody, because PostgreSQL refuses root."""

    def __init__(self):
        self.bin = _binaries()
        self.user = None
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sb-pg-", dir="/tmp"))
        if os.getuid() == 0:
            names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
            self.user = names.get("postgres", names.get("nobody"))
            os.chown(self.home, self.user, -1)
        self._run(
            "initdb", "-D", self.home / "data", "-U", "switchboard", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth-local=trust", "--auth-host=reject", "--no-sync",
        )  # fmt: skip
        self.process = None
        self.start()

    def _run(self, tool: str, *arguments, user: bool = True) -> str:
        done = subprocess.run(
            [self.bin / tool, *map(str, arguments)],
            user=self.user if user else None,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        log = self.home.with_name(self.home.name + ".log")
        self.process = Process(
            "postgres",
            [self.bin / "postgres", "-D", self.home / "data", "-c", "listen_addresses=",
             "-c", f"unix_socket_directories={self.home}", "-c", "fsync=off", "-c", "max_connections=200"],
            {},
            log,
            user=self.user,
        )  # fmt: skip
        eventually(self._answers, 30, "PostgreSQL")

    def _answers(self) -> bool:
        try:
            return self.query("postgres", "SELECT 1") == "1"
        except AssertionError:
            return False

    def stop(self):
        """The fast way: open connections are cut."""
        self.process.signal(signal.SIGINT)
        self.process.wait(30)

    def remove(self):
        if self.process.is_running:
            self.process.signal(signal.SIGQUIT)
            self.process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.with_name(self.home.name + ".log").unlink(missing_ok=True)

    def dsn(self, database: str) -> str:
        return f"postgres://switchboard@/{database}?host={self.home}"

    def create(self, database: str):
        self.query("postgres", f'CREATE DATABASE "{database}"')

    def query(self, database: str, statement: str) -> str:
        """The answer as psql prints it without decoration."""
        return self._run(
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-U", "switchboard",
            "-d", database, "-c", statement, user=False,
        ).strip()  # fmt: skip

    def dump(self, database: str) -> str:
        return self._run("pg_dump", "-h", self.home, "-U", "switchboard", "-d", database, user=False)
