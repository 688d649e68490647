"""The plant in memory that most of these stories happen in: started on each database."""

from collections.abc import Iterator

import pytest

from tests.scenarios.plant import Plant


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url)
    made.start()
    yield made
    made.stop()
