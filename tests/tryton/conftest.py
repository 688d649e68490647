"""One running Tryton for all tests here. Tests that look at a balance receive a lot of their own."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tracemill.demo.tryton import NotInstallable, People, Plant, Receipt, Rest, Server, Session, install, running, seed

_fresh = count(1)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    try:
        installed = install()
    except NotInstallable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"Tryton cannot be installed here: {error}")
    with running(installed, tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture(scope="package")
def plant(server: Server) -> Plant:
    return seed(server)


@pytest.fixture(scope="package")
def people(plant: Plant) -> People:
    return People(plant)


@pytest.fixture(scope="package")
def admin(server: Server, plant: Plant) -> Session:
    session = Session(server.base_url, server.database, "admin", server.admin_password)
    session.context = {"company": plant.company}
    return session


@pytest.fixture
def hub(plant: Plant) -> Rest:
    return plant.hub()


@pytest.fixture(scope="package")
def stocked(people: People) -> Receipt:
    """A lot in QUA for tests that do not look at its balance."""
    receipt = people.receive_shipment("ACME-SHARED", 100.0)
    people.put_away(receipt.shipment)
    return receipt


@pytest.fixture
def received(people: People) -> Receipt:
    """100 kg of a new lot, received, standing in IN."""
    return people.receive_shipment(f"ACME-{next(_fresh):04}", 100.0)


@pytest.fixture
def quarantined(people: People, received: Receipt) -> Receipt:
    """100 kg of a new lot, put away to QUA."""
    people.put_away(received.shipment)
    return received
