"""Requests that are wrong, and callers that leave."""

import json
import socket
import time

import pytest
from conftest import BODY_LIMIT
from harness.processes import eventually


def post(board, body: bytes, path="/v1/chat/completions", headers=None):
    sent = {**board.authorization, "Content-Type": "application/json", **(headers or {})}
    return board.http.post(path, headers=sent, content=body)


def check_error(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-request-id"]
    error = answer.json()["error"]
    assert isinstance(error["message"], str) and error["message"]
    return error


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b'"text"', b"12", b"null", b'{"model":"x"', b'{"model":"x"} trailing',
        b'{"messages":[]}', b'{"model":5,"messages":[]}', b'{"model":null,"messages":[]}', b'{"model":["x"]}',
        b'{"model":"","messages":[]}', b'{"model":"x","stream":"yes"}', b"\xff\xfe{}", b'{"model":"\xff"}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"])
def test_a_malformed_request_is_a_400(board, body, path):
    check_error(post(board, body, path), 400)


def test_an_unknown_model_is_a_404_with_its_code(board):
    error = check_error(post(board, b'{"model":"nobody-has-this","messages":[]}'), 404)
    assert error["code"] == "model_not_found" and "nobody-has-this" in error["message"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer sk-" + "x" * 48])
def test_a_missing_or_wrong_key_is_a_401(board, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = board.http.post("/v1/chat/completions", headers=headers, json={"model": "x", "messages": []})
    check_error(answer, 401)
    check_error(board.http.get("/v1/models", headers=headers), 401)
    if authorization and len(authorization) > 12:
        assert authorization.removeprefix("Bearer ") not in answer.text


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-goog-api-key"])
def test_the_key_is_taken_from_the_headers_of_other_clients_too(board, header):
    assert board.http.get("/v1/models", headers={header: board.admin_key}).status_code == 200


def test_a_body_over_the_limit_is_a_413(board):
    body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "a" * BODY_LIMIT}]}).encode()
    check_error(post(board, body), 413)

    def pieces():
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    # Without a declared length the limit acts while the body comes; the server may close before all was sent.
    with raw(board) as link:
        link.sendall(head(board, "Transfer-Encoding: chunked"))
        try:
            for piece in pieces():
                link.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            link.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        assert b" 413 " in link.recv(65536).split(b"\r\n")[0]


def test_a_body_just_under_the_limit_is_relayed_whole(board):
    model = board.model("mock-echo")
    text = "é" * ((BODY_LIMIT - 4096) // 2)
    answer = post(board, json.dumps({"model": model, "messages": [{"role": "user", "content": text}]},
                                    ensure_ascii=False).encode())  # fmt: skip
    echo = json.loads(answer.json()["choices"][0]["message"]["content"])
    assert json.loads(echo["body"])["messages"][0]["content"] == text


def test_unknown_paths_and_methods_are_told_in_json(board):
    check_error(board.http.get("/v1/nothing", headers=board.authorization), 404)
    assert board.http.get("/v1/chat/completions", headers=board.authorization).status_code in (404, 405)
    assert board.http.get("/nothing").status_code == 404
    assert board.http.get("/internal/v1/snapshot", headers=board.authorization).status_code == 404


def test_every_answer_has_a_request_id_of_its_own(board):
    ids = set()
    for _ in range(50):
        ids.add(board.http.get("/v1/models", headers=board.authorization).headers["x-request-id"])
        ids.add(board.http.get("/v1/models").headers["x-request-id"])
    assert len(ids) == 100


# Callers on a bare socket.


def head(board, *lines: str, path="/v1/chat/completions", method="POST") -> bytes:
    return "\r\n".join(
        [
            f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{board.ports['gateway']}",
            f"Authorization: Bearer {board.admin_key}", "Content-Type: application/json", *lines, "", "",
        ]
    ).encode()  # fmt: skip


def raw(board) -> socket.socket:
    return socket.create_connection(("127.0.0.1", board.ports["gateway"]), timeout=20)


def send(board, link: socket.socket, model: str, **fields):
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": model}], **fields}).encode()
    link.sendall(head(board, f"Content-Length: {len(body)}") + body)


def read_until(link: socket.socket, marker: bytes) -> bytes:
    got = b""
    while marker not in got:
        piece = link.recv(65536)
        assert piece, got
        got += piece
    return got


def outcome_upstream(board, model: str) -> str:
    return board.mock.seen_with(f'"content": "{model}"')[-1].outcome


@pytest.mark.parametrize("reset", [False, True])
def test_a_caller_that_leaves_in_the_middle_of_a_stream_ends_the_upstream_call(board, reset):
    model = board.model("mock-stream-n1000-d20")
    with raw(board) as link:
        send(board, link, model, stream=True)
        read_until(link, b"w2 ")
        if reset:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    eventually(lambda: outcome_upstream(board, model) == "aborted", 2, "the provider to see the end")
    log = board.record_of(model)
    assert log["outcome"] == "cancelledByClient" and log["code"] != 200
    assert log["is_stream"] is True


@pytest.mark.parametrize("streams", [False, True])
def test_a_caller_that_leaves_before_the_answer_ends_the_upstream_call(board, streams):
    model = board.model("mock-slow-head-20000")
    with raw(board) as link:
        send(board, link, model, stream=streams)
        eventually(lambda: board.mock.seen_with(f'"content": "{model}"'), 5, "the provider to be called")
    eventually(lambda: outcome_upstream(board, model) == "aborted", 2, "the provider to see the end")
    assert board.record_of(model)["outcome"] == "cancelledByClient"


def test_a_caller_that_leaves_while_it_sends_is_no_call(board):
    with raw(board) as link:
        link.sendall(head(board, "Content-Length: 1000") + b'{"model":')
    assert board.chat(board.model("gpt-4o")).status_code == 200


def test_a_caller_that_does_not_read_pauses_the_provider(board):
    model = board.model("mock-stream-n100000-s1000")
    with raw(board) as link:
        send(board, link, model, stream=True)
        read_until(link, b"w2 ")

        def chunks() -> int:
            return board.mock.seen_with(f'"content": "{model}"')[-1].chunks

        def steady() -> bool:
            before = chunks()
            time.sleep(0.3)
            return chunks() == before

        eventually(steady, 10, "the provider to be paused")
        assert chunks() < 50_000, "most of 100 MB waits at the provider"
    eventually(lambda: outcome_upstream(board, model) == "aborted", 5, "the provider to see the end")


def test_requests_of_one_connection_are_answered_in_order(board):
    slow, quick = board.model("mock-slow-head-300"), board.model("gpt-4o")
    with raw(board) as link:
        send(board, link, slow)
        send(board, link, quick)
        got = read_until(link, b"\r\n\r\n")
        while got.count(b'"usage"') < 2:
            got += link.recv(65536)
        assert got.index(slow.encode()) < got.index(quick.encode())


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: +5",),
        ("X-A: b", " folded: c"),
    ],
)
def test_requests_that_could_be_smuggled_are_refused_and_closed(board, lines):
    with raw(board) as link:
        link.sendall(head(board, *lines) + b"0\r\n\r\n" + head(board, "Content-Length: 0"))
        got = b""
        try:
            while piece := link.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        assert got.count(b"HTTP/1.1 ") == 1
        assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
