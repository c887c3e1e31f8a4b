"""``GET /api/health``: one value for each start of the server, one for each generation."""

import dataclasses

from fastapi import FastAPI
from fastapi.testclient import TestClient
from ui_askers import ScriptedAsker

from index.errors import IndexDamagedError
from ui.health import add_health


def client_of(backend):
    app = FastAPI()
    add_health(app, backend)
    return TestClient(app)


def test_a_start_of_the_server_has_a_name_of_its_own():
    first, second = (client_of(ScriptedAsker()) for _ in range(2))
    boot = first.get("/api/health").json()["boot"]
    assert len(boot) == 16
    assert first.get("/api/health").json()["boot"] == boot
    assert second.get("/api/health").json()["boot"] != boot


def test_the_generation_is_the_one_that_is_served_now(monkeypatch):
    backend = ScriptedAsker()
    client = client_of(backend)
    response = client.get("/api/health")
    assert response.json()["generation"] == "g000001"
    assert response.headers["cache-control"] == "no-store"
    newer = dataclasses.replace(backend.summary(), generation="g000002")
    monkeypatch.setattr(backend, "summary", lambda: newer)
    assert client.get("/api/health").json()["generation"] == "g000002"


def test_a_damaged_index_is_not_a_server_that_is_gone(monkeypatch):
    backend = ScriptedAsker()

    def damaged():
        raise IndexDamagedError("catalogue.sqlite differs from its hash; run: youju index")

    monkeypatch.setattr(backend, "summary", damaged)
    response = client_of(backend).get("/api/health")
    assert response.status_code == 200
    assert response.json()["generation"] is None
