"""The description of the API, and what follows from it: every route is walked without rights, and schemathesis tries them with odd values."""

import re

import pytest

FREE = {("GET", "/api/status"), ("GET", "/openapi.json"), ("GET", "/docs")}


@pytest.fixture(scope="module")
def document(board) -> dict:
    return board.http.get("/openapi.json").json()


@pytest.fixture(scope="module")
def token(board) -> str:
    """The key of a tenant."""
    made = board.admin("POST", "/api/token/walkers?auto_create_group=true", json={"name": "walker"})
    board.wait_current()
    return made["key"]


def routes_of(document: dict) -> list[tuple[str, str, dict]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def filled(path: str, operation: dict) -> str:
    """The path with the examples of its parameters."""
    places = {each["name"]: each["schema"] for each in operation.get("parameters", []) if each["in"] == "path"}
    return re.sub(r"\{(\w+)\}", lambda match: str(places[match[1]]["examples"][0]), path)


def refused(answer, path: str):
    """A 401 in the form of the route: the envelope, or the error of its protocol."""
    assert answer.status_code == 401, f"{path}: {answer.status_code} {answer.text[:300]}"
    body = answer.json()
    if path.startswith("/api/"):
        assert body == {"message": "unauthorized, no access token provided", "success": False}, path
    else:
        assert body["error"]["message"], path
    assert answer.headers["x-request-id"]


def test_the_document_is_cacheable_and_needs_no_key(board):
    answer = board.http.get("/openapi.json")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    assert answer.json()["openapi"].startswith("3.1")
    again = board.http.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content
    assert board.http.get("/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_page_is_one_file_with_a_strict_policy(board):
    answer = board.http.get("/docs")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "*" not in policy
    assert not re.search(r"https?://|\bsrc=|<link", answer.text)


def test_every_route_is_closed_without_a_key_and_with_a_wrong_one(board, document):
    walked = set()
    for method, path, operation in routes_of(document):
        if (method, path) in FREE:
            assert operation["security"] == []
            assert board.http.request(method, path).status_code == 200
            continue
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": ""}, {"x-internal-key": "wrong"}):
            answer = board.http.request(method, filled(path, operation), headers=headers, content=b"{not json")
            refused(answer, path)
        walked.add((method, path))
    assert len(walked) > 80 and len(walked) == len(routes_of(document)) - len(FREE)


def test_a_tenants_token_opens_the_relay_and_nothing_under_api(board, document, token):
    for headers in ({"Authorization": f"Bearer sk-{token}"}, {"Authorization": token}, {"x-api-key": token}):
        for method, path, operation in routes_of(document):
            if path.startswith("/api/") and (method, path) not in FREE:
                refused(board.http.request(method, filled(path, operation), headers=headers, content=b"{}"), path)
        assert board.http.get("/v1/models", headers=headers).status_code == 200
    refused(board.http.get("/api/channels/all", params={"key": token}), "/api/channels/all")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_operational_routes_are_open(board, path):
    assert board.http.get(path).status_code == 200


def test_what_is_not_described_is_not_there(board, document):
    """Other methods of every path, and paths that look like routes, answer 404 or 405 with any key."""
    known = {(method, path) for method, path, _ in routes_of(document)}
    for path, item in document["paths"].items():
        example = filled(path, next(iter(item.values())))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            if (method, path) in known or fits(known, method, example):
                continue
            answer = board.http.request(method, example, headers=board.authorization, content=b"{}")
            assert answer.status_code in (404, 405), f"{method} {path}: {answer.status_code}"
    for path in ("/api", "/api/", "/api/nothing", "/api/internal/v1/snapshot", "/internal/v1/snapshot", "/v1/nothing"):
        assert board.http.get(path, headers=board.authorization).status_code == 404, path


def fits(known: set, method: str, path: str) -> bool:
    """Whether another template takes the path: `/api/tokens/search` is `/api/tokens/{id}` for a method that search lacks."""
    return any(
        method == other and re.fullmatch(re.sub(r"\{model\}", ".+", re.sub(r"\{(?!model)\w+\}", "[^/]+", template)), path)
        for other, template in known
    )
