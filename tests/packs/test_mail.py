"""The mail pack: people read what happened, where, and what to do, in a text that needs no decoding."""

from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

import pytest

from tests.packs.test_shipped import read
from tracemill.connectors.mail.letter import write_letter
from tracemill.connectors.mail.spec import MailPackSpec
from tracemill.model.connector import Job

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def mail(number: str, value: dict[str, Any]) -> tuple[str, str]:
    spec = read("mail")
    assert isinstance(spec, MailPackSpec)
    job = Job(token="tm-0197", verb="notify", lot="", number=number, ids={"erp": number}, value=value)
    letter = write_letter(spec.operations["notify"], job, "hub@plant.example", [], NOW)
    message = message_from_bytes(letter.lines)
    assert message["Content-Transfer-Encoding"] == "7bit"
    return str(message["Subject"]), str(message.get_payload())


def test_procurement_reads_supplier_batch_order_quantity_and_what_to_do() -> None:
    subject, text = mail("L-2411-07", {
        "to": "procurement@plant.example", "topic": "rejection", "decision": "reject", "quantity": "96", "unit": "KGM",
        "defect": "VISC", "inspection": "SG-24-0118", "signer": "dr.weber", "item": "4711", "item_text": "Citric acid",
        "supplier": "ACME", "supplier_name": "Acme Chemicals", "supplier_batch": "ACM/7731",
        "purchase_order": "4500012345", "certificate": "COA-7731.pdf",
    })  # fmt: skip
    assert subject == "Rejected: lot L-2411-07, Citric acid, 96 KGM"
    for word in ("ACM/7731", "4500012345", "96 (unit: KGM)", "L-2411-07", "VISC", "Acme Chemicals (ACME)", "SG-24-0118",
                 "dr.weber", "COA-7731.pdf", "acknowledge", "tm-0197"):  # fmt: skip
        assert word in text
    assert "?" not in text


def test_those_on_call_read_where_how_much_and_what_to_do() -> None:
    subject, text = mail("L-2411-07", {
        "to": "oncall@plant.example", "topic": "unsafe", "lot_number": "L-2411-07", "quantity": "480 kg", "system_name": "erp",
        "title": "480 kg of L-2411-07 usable in erp beyond what quality allows", "next_action": "watch the restriction arrive",
        "place": "0001", "item": "4711", "item_text": "Citric acid", "fallback": "DLV-80018 is blocked, read back in WMS",
    })  # fmt: skip
    assert subject == "UNSAFE: 480 kg of L-2411-07 usable in erp beyond what quality allows"
    for word in (
        "0001",
        "480 kg",
        "Fallback:        DLV-80018 is blocked, read back in WMS",
        "by hand now",
        "watch the restriction arrive",
        "acknowledge",
        "tm-0197",
    ):
        assert word in text


@pytest.mark.parametrize("missing", ["item_text", "quantity", "supplier_batch"])
def test_a_missing_detail_never_keeps_a_mail_back(missing: str) -> None:
    value = {"to": "a@plant.example", "topic": "rejection", "item_text": "Citric acid", "quantity": "1", "supplier_batch": "B"}
    subject, text = mail("L-1", {name: word for name, word in value.items() if name != missing})
    assert "?" in subject + text


def test_a_topic_that_the_pack_has_no_text_for_still_says_what_is_known() -> None:
    subject, text = mail("L-1", {"to": "a@plant.example", "topic": "recall", "quantity": "5 kg"})
    assert subject == "[recall] Lot L-1: 5 kg"
    assert "tm-0197" in text
