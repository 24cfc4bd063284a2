"""A call with a secret, a lookup, two messages: what the tests of the driver are made of."""

from __future__ import annotations

from ivr.flow.bundle import Bundle
from ivr.simulator import Act, Press, Quiet, Speak
from tests.talk import load_texts, write_flow

NPWP = "021832415000000"
FLOW = """
  hello: {type: say, say: Selamat pagi., next: ask}
  ask:
    type: collect
    say: Masukkan NPWP.
    as: npwp
    sensitive: true
    into: npwp
    confirm: last4
    next: find
  find:
    type: lookup
    source: people
    with: {npwp: "{npwp}"}
    into: person
    meanwhile: Mohon tunggu.
    found: phone
    not_found: phone
    failed: phone
  phone: {type: collect, say: Nomor telepon., digits: "4", into: phone, next: year}
  year: {type: collect, say: Tahun., digits: "4", public: true, into: year, next: speak}
  speak:
    type: record
    say: Silakan bicara.
    into: message
    case: pengaduan
    on_nothing: end
    next: again
  again:
    type: record
    say: Silakan bicara lagi.
    into: second
    case: aspirasi
    on_nothing: end
    next: end
  end: {type: hangup, say: "Terima kasih, {phone}."}
"""
SOURCES = """
sources:
  people:
    table: people
    key: [npwp]
    kinds: {npwp: npwp}
    fields:
      name: {personal: true, words: {x: Contoh}}
"""

ACTS: list[Act] = [
    Quiet(),
    Press(f"{NPWP}#"),
    Quiet(),
    Press("1"),
    Quiet(),
    Press("4711"),
    Quiet(),
    Press("2025"),
    Quiet(),
    Speak(3000),
    Press("#"),
    Quiet(),
    Speak(2000),
    Press("#"),
]


def load() -> Bundle:
    """The hotline of the call."""
    return load_texts(
        {
            "main.yaml": write_flow("main", FLOW),
            "sources.yaml": SOURCES,
            "data/people.yaml": f"- {{npwp: '0{NPWP}', name: x}}\n",
        }
    )
