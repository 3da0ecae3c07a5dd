"""Fixtures: `board` is shared by tests that only call it, `own_board` belongs to a test that stops or restarts parts."""

import pytest

from harness.board import Board
from harness.postgres import Postgres

# Small, so that the limit can be tried without sending 64 MiB.
BODY_LIMIT = 2 * 1024 * 1024


@pytest.fixture(scope="session")
def postgres():
    cluster = Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def board(tmp_path_factory, postgres):
    made = Board(
        tmp_path_factory.mktemp("board"), postgres, {"gateway": {"MAX_BODY_BYTES": str(BODY_LIMIT), "RETRY_TIMES": "0"}}
    )
    try:
        yield made.start_all()
    finally:
        made.remove()


@pytest.fixture
def make_board(tmp_path, postgres):
    """Boards that are not started yet: `make_board(settings)`."""
    made = []

    def make(settings: dict | None = None, cluster: Postgres | None = None) -> Board:
        folder = tmp_path / f"board{len(made)}"
        folder.mkdir()
        made.append(Board(folder, cluster or postgres, settings))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def own_board(make_board):
    return make_board().start_all()


@pytest.fixture
def own_postgres():
    """A cluster that a test may stop."""
    cluster = Postgres()
    yield cluster
    cluster.remove()
