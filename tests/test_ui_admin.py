"""Who may administer the page."""

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from ui.admin import Admin


def request(authorization=None):
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
    return Request({"type": "http", "headers": headers})


def status(admin, authorization=None):
    try:
        admin.check(request(authorization))
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
