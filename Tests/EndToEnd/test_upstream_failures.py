"""Everything that can go wrong with a provider; the caller is told the truth and the record too."""

import json

import httpx
import pytest
from harness.processes import eventually, free_port


def chat(board, upstream: str, **fields):
    model = board.model(upstream)
    return model, board.chat(model, **fields)


def check_failed(board, model: str, answer: httpx.Response, *statuses: int) -> dict:
    """An error in OpenAI form with one of the statuses, and a record that says the same."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error"]["message"]
    assert board.mock.origin.removeprefix("http://") not in answer.text, "the provider's address is not told"
    log = board.record(answer.headers["x-request-id"])
    assert log["code"] == answer.status_code and log["outcome"] != "completed" and log["model"] == model
    assert "input_tokens" not in log["usage"]
    detail = board.admin("GET", f"/api/logs/detail/{log['id']}")
    if answer.status_code != 429:
        assert model in detail["request_body"] or answer.status_code in (401, 402, 403, 404, 405)
    return log


def test_a_provider_that_refuses_connections(board):
    model = board.model("gpt-4o", base_url=f"http://127.0.0.1:{free_port()}/v1")
    check_failed(board, model, board.chat(model), 502, 503)
    check_failed(board, model, board.chat(model, stream=True), 502, 503)


def test_a_provider_whose_name_does_not_resolve(board):
    model = board.model("gpt-4o", base_url="http://no-such-host.invalid/v1")
    check_failed(board, model, board.chat(model), 502, 503)


@pytest.mark.parametrize("upstream", ["mock-reset", "mock-close"])
@pytest.mark.parametrize("streams", [False, True])
def test_a_provider_that_breaks_off_before_its_answer(board, upstream, streams):
    check_failed(board, *chat(board, upstream, stream=streams), 502, 503)


@pytest.mark.parametrize("upstream", ["mock-cut-json", "mock-reset-mid-stream"])
def test_a_plain_answer_that_is_cut_is_never_a_success(board, upstream):
    log = check_failed(board, *chat(board, upstream), 502, 503)
    assert log["outcome"] in ("upstreamCut", "failed")


@pytest.mark.parametrize("upstream", ["mock-cut-mid-stream", "mock-reset-mid-stream"])
def test_a_stream_that_is_cut_does_not_end_as_if_it_were_whole(board, upstream):
    model = board.model(upstream)
    text, is_whole = "", True
    try:
        body = {"model": model, "messages": [], "stream": True}
        with board.http.stream("POST", "/v1/chat/completions", headers=board.authorization, json=body) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_text():
                text += piece
    except httpx.RemoteProtocolError:
        is_whole = False
    assert '"w4 "' in text, "what came before the cut is delivered"
    assert "[DONE]" not in text
    errors = [line for line in text.splitlines() if line.startswith("data: ") and '"error"' in line]
    assert errors or not is_whole, "the caller is told by an error event or by the cut itself"
    if errors:
        assert json.loads(errors[-1].removeprefix("data: "))["error"]["message"]
    assert board.record_of(model)["outcome"] == "upstreamCut"


@pytest.mark.parametrize("characters, is_cut", [(30_000, True), (100, False)])
def test_the_record_of_a_cut_stream_has_the_beginning_of_its_request(board, characters, is_cut):
    model = board.model("mock-cut-mid-stream")
    # Two bytes each, so that a cut inside a character would show.
    body = {"model": model, "messages": [{"role": "user", "content": "ü" * characters}], "stream": True}
    sent = json.dumps(body, ensure_ascii=False)
    try:
        headers = board.authorization | {"content-type": "application/json"}
        with board.http.stream("POST", "/v1/chat/completions", headers=headers, content=sent.encode()) as answer:
            assert answer.status_code == 200
            answer.read()
    except httpx.RemoteProtocolError:
        pass
    detail = board.admin("GET", f"/api/logs/detail/{board.record_of(model)['id']}")
    assert detail.get("request_body_truncated", False) is is_cut
    kept = detail["request_body"]
    assert len(kept.encode()) <= 8 * 1024 and sent.startswith(kept.removesuffix("..."))
    assert kept == sent if not is_cut else len(kept) > 4000 and kept.endswith("...")


def test_a_stream_without_done_but_with_its_end_is_whole(board):
    model = board.model("mock-no-done")
    answer = board.chat(model, stream=True)
    assert "w9 " in answer.text and '"finish_reason":"stop"' in answer.text
    assert board.record_of(model)["outcome"] == "completed"


def test_a_stream_that_ends_without_finish_reason_and_done_is_cut(board):
    model = board.model("mock-no-finish")
    answer = board.chat(model, stream=True)
    assert "w9 " in answer.text


def test_a_slow_provider_is_waited_for(board):
    model, answer = chat(board, "mock-slow-head-1500")
    assert answer.status_code == 200
    log = board.record(answer.headers["x-request-id"])
    assert log["created_at"] - log["request_at"] >= 1400


@pytest.mark.parametrize("upstream", ["mock-html", "mock-invalid-json"])
def test_an_answer_that_is_no_json_is_an_error(board, upstream):
    check_failed(board, *chat(board, upstream), 500, 502)


def test_a_page_instead_of_a_stream_is_an_error(board):
    check_failed(board, *chat(board, "mock-html", stream=True), 500, 502)


def test_an_error_inside_a_200_is_an_error(board):
    model, answer = chat(board, "mock-error-200")
    log = check_failed(board, model, answer, *range(400, 600))
    assert "mock error 400" in log["content"]


def test_an_error_as_the_first_event_is_an_error(board):
    model, answer = chat(board, "mock-error-first", stream=True)
    assert "mock error in stream" in answer.text and "[DONE]" not in answer.text
    assert board.record_of(model)["outcome"] != "completed"


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503, 529])
def test_the_status_of_a_provider_is_passed_on(board, status, streams):
    model, answer = chat(board, f"mock-status-{status}", stream=streams)
    check_failed(board, model, answer, status)
    assert answer.json()["error"]["message"] == f"mock error {status}"
    assert answer.json()["error"]["code"] == f"mock_{status}"


def test_retry_after_reaches_the_caller(board):
    model, answer = chat(board, "mock-retry-after-7")
    check_failed(board, model, answer, 429)
    assert answer.headers["retry-after"] == "7"


def test_an_error_in_plain_text_becomes_one_in_openai_form(board):
    model, answer = chat(board, "mock-500-text")
    check_failed(board, model, answer, 500)
    assert "internal trouble" in answer.json()["error"]["message"]


def test_a_page_as_error_becomes_one_in_openai_form(board):
    check_failed(board, *chat(board, "mock-502-html"), 502)


def test_a_huge_error_is_bounded(board):
    model, answer = chat(board, "mock-error-huge-4")
    check_failed(board, model, answer, 500, 502)
    assert len(answer.content) < 256 * 1024


def test_a_redirect_is_never_followed(board):
    board.mock.reset()
    check_failed(board, *chat(board, "mock-redirect"), 500, 502)
    assert not [request for request in board.mock.seen() if "trap" in request.target]


def test_a_plain_answer_to_a_stream_is_told_truly(board):
    model, answer = chat(board, "mock-json-for-stream", stream=True)
    if answer.status_code == 200:
        assert "The switchboard" in answer.text
    else:
        check_failed(board, model, answer, 502)


def test_a_stream_that_falls_silent_ends_with_the_caller(board):
    # Paced, since an end of the caller's stream just after its request may only mean that it has said everything.
    model = board.model("mock-stall-mid-stream-d60")
    body = {"model": model, "messages": [{"role": "user", "content": model}], "stream": True}
    with board.http.stream("POST", "/v1/chat/completions", headers=board.authorization, json=body) as answer:
        text = ""
        for piece in answer.iter_text():
            text += piece
            if "w4 " in text:
                break
    eventually(lambda: board.mock.seen_with(f'"content":"{model}"')[-1].outcome == "aborted", 5, "the end upstream")
    assert board.record_of(model)["outcome"] == "cancelledByClient"


def test_another_channel_takes_over_before_the_first_byte(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "3"}}).start_all()
    for upstream, priority in (("mock-500", 1000), ("mock-reset", 1000), ("gpt-4o", 1)):
        board.channel({"shared": upstream}, priority=priority)
    retried = None
    for _ in range(5):
        for streams in (False, True):
            answer = board.chat("shared", stream=streams)
            assert answer.status_code == 200, answer.text
            log = board.record(answer.headers["x-request-id"])
            assert log["code"] == 200 and log["model"] == "shared"
            if log.get("retry_times"):
                retried = log
    assert retried, "with these weights some call tried a broken channel first"
    assert len(retried["attempts"]) == retried["retry_times"] + 1


def test_a_fault_of_the_request_is_not_retried(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "3"}}).start_all()
    for number in range(3):
        board.channel({"strict": "mock-status-400"}, name=f"strict {number}")
    board.mock.reset()
    assert board.chat("strict").status_code == 400
    assert board.mock.stats()["requests"] == 1


def test_a_stream_is_not_retried_after_its_first_byte(make_board):
    board = make_board({"gateway": {"RETRY_TIMES": "3"}}).start_all()
    for number in range(3):
        board.channel({"once": "mock-cut-mid-stream"}, name=f"once {number}")
    board.mock.reset()
    try:
        assert "[DONE]" not in board.chat("once", stream=True).text
    except httpx.RemoteProtocolError:
        pass
    assert board.mock.stats()["requests"] == 1
