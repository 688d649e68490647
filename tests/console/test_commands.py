"""The page of commands that are not sent: what each would change, and approval by a form of ours with a reason."""

from pathlib import Path

import aiohttp

from tests.api.conftest import Served
from tests.console.showcase import shown
from tests.console.test_pages import Reader, enter
from tracemill.model.status import Mode


async def form_of(reader: Reader) -> tuple[str, list[str]]:
    """Return the token of the form, and the commands that can be chosen."""
    seen = await reader.page("/commands")
    token = next(str(a["value"]) for a in seen.all("input") if a.get("name") == "form")
    return token, [str(a["name"]) for a in seen.all("input") if a.get("type") == "checkbox"]


async def test_what_waits_is_approved_with_a_reason_and_then_sent(tmp_path: Path) -> None:
    async with shown(tmp_path, Mode.PROPOSE) as (plant, security, url), aiohttp.ClientSession() as session:
        await plant.receive_lot()
        await plant.settle(rounds=2)
        reader = await enter(Served(plant, security, session, url, ""))
        seen = await reader.page("/commands")
        assert "2 commands wait for approval" in seen.text
        assert "480 kg available → quarantine" in seen.text
        assert "open inspection, 480 kg" in seen.text
        assert "2 commands wait for approval" in (await reader.page("/")).text
        token, choices = await form_of(reader)
        assert len(choices) == 2
        chosen = dict.fromkeys(choices, "1")
        assert (await reader.send("/commands/approve", **chosen, reason="checked"))[0] == 403
        for form in ({"reason": "checked"}, {**chosen, "reason": " "}, {**chosen, "reason": "y" * 501}):
            assert (await reader.send("/commands/approve", form=token, **form))[0] == 409
        assert plant.erp.effects == []
        assert (await reader.send("/commands/approve", form=token, **chosen, reason="checked"))[0] == 303
        await plant.settle(rounds=5)
        assert plant.erp.stock["L-1"]["quarantine"] == 480
        status, body = await reader.send("/commands/approve", form=token, **chosen, reason="again")
        assert status == 409
        assert "does not wait for approval" in body
        assert "Nothing waits" in (await reader.page("/commands")).text


async def test_what_is_only_observed_is_shown_and_cannot_be_approved(tmp_path: Path) -> None:
    async with shown(tmp_path, Mode.OBSERVE) as (plant, security, url), aiohttp.ClientSession() as session:
        await plant.receive_lot()
        reader = await enter(Served(plant, security, session, url, ""))
        seen = await reader.page("/commands?system=erp")
        assert "480 kg available → quarantine" in seen.text
        assert not seen.all("checkbox")
        assert not [a for a in seen.all("input") if a.get("type") == "checkbox"]
        assert (await reader.twin("/commands.json"))["total"] == 2
        assert "No command for this system waits" in (await reader.page("/commands?system=wms")).text
        command = (await reader.twin("/commands.json?system=erp"))["items"][0]["id"]
        token = next(str(a["value"]) for a in seen.all("input") if a.get("name") == "form")
        status, body = await reader.send("/commands/approve", form=token, reason="x", **{f"command.{command}": "1"})
        assert status == 409
        assert "only observed" in body
