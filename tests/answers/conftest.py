"""The plant of the stories, for what is asked about it."""

from tests.scenarios.conftest import plant as plant
