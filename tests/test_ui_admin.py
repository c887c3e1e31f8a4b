"""Who may administer the page."""

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from index.errors import UsageError
from ui.admin import Admin
from ui.config import load_page_config


def request(authorization=None, *, header=None):
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
    headers += [(header.encode(), b"203.0.113.9")] if header else []
    return Request({"type": "http", "headers": headers})


def status(admin, authorization=None, *, header=None):
    try:
        admin.check(request(authorization, header=header))
    except HTTPException as refusal:
        return refusal.status_code
    return 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Bearer s3cret", 200),
        ("bearer  s3cret", 200),
        ("Bearer s3cre", 401),
        ("Bearer ", 401),
        ("Basic s3cret", 401),
        ("Bearer s3cret\u00e9", 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_a_token_is_needed_everywhere_once_it_is_set(given, expected, is_local):
    assert status(Admin("s3cret", is_local=is_local), given) == expected


def test_without_a_token_only_this_machine_may():
    assert status(Admin("", is_local=True)) == 200
    assert status(Admin("", is_local=False)) == 403
    assert status(Admin("", is_local=False), "Bearer ") == 403


@pytest.mark.parametrize(
    "header", ["forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto"]
)
def test_what_a_proxy_passes_on_is_not_of_this_machine(header):
    assert status(Admin("", is_local=True), header=header) == 403
    assert status(Admin("s3cret", is_local=True), "Bearer s3cret", header=header) == 200


def test_the_token_is_shown_nowhere(monkeypatch):
    monkeypatch.setenv("YOUJU_ADMIN_TOKEN", " s3cret ")
    config = load_page_config(None)
    assert config.admin_token == "s3cret"
    assert "s3cret" not in repr(config)


@pytest.mark.parametrize("token", ["口令", "s3cr\u00e9t", "s3\x07cret"])
def test_a_token_that_no_browser_can_send_is_refused_at_once(monkeypatch, token):
    monkeypatch.setenv("YOUJU_ADMIN_TOKEN", token)
    with pytest.raises(UsageError, match="YOUJU_ADMIN_TOKEN") as refusal:
        load_page_config(None)
    assert token not in str(refusal.value)


def test_only_a_page_of_this_machine_without_a_token_is_open():
    opened = [Admin(t, is_local=local).is_open for t in ("", "s3cret") for local in (True, False)]
    assert opened == [True, False, False, False]
