"""The sentences of `ivr.flow.differences`, in English and Indonesian, one for each kind of change.

Parts of sentences, such as `flow`, stand in others as their `{subject}`. Names of fields and node
kinds are words of the language, the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    # what differs
    "hotline": "the hotline",
    "flow": "flow {name}",
    "node": "node {name}",
    "option": "option {name} of {menu}",
    "source": "source {name}",
    "webhook": "webhook {name}",
    "calendar": "calendar {name}",
    "part": "{subject}, {field}",
    # how
    "gone": "{subject} is gone",
    "new": "{subject} is new",
    "new-flow": "{subject} is new: “{title}”, {nodes} nodes",
    "new-node": "{subject} is new ({type})",
    "new-option": "{subject} is new: key {key}",
    "new-option-leads": "{subject} is new: key {key}, leads to {target}",
    "order": "{subject} offers its options in another order: {names}",
    "kind": "{subject} is now a {type} instead of a {before}",
    "unset": "{subject}: {field} is no longer set ({before})",
    "set": "{subject}: {field} is now {value}",
    "changed": "{subject}: {field} is now {value} instead of {before}",
    "leads-nowhere": "{subject} no longer leads to {before}",
    "leads": "{subject} now leads to {target}",
    "leads-elsewhere": "{subject} now leads to {target} instead of {before}",
    "target-with": "{target} with {given}",
    "none": "none",
    # texts, data, holidays
    "text-gone": "text {id} ({language}) is gone: “{before}”",
    "text-new": "text {id} ({language}) is new: “{text}”",
    "text-changed": "text {id} ({language}) is now “{text}” instead of “{before}”",
    "row": "data of source {name}, row {row}",
    "rows": "data of source {name}: rows new {new}, gone {gone}",
    "rows-order": "data of source {name}: rows in another order",
    "year-known": "holidays of the year {year} are now known",
    "year-unknown": "holidays of the year {year} are now not known",
    "holiday": "holiday on {day}: {name} instead of {before}",
}

INDONESIAN: Mapping[str, str] = {
    # yang berbeda
    "hotline": "layanan",
    "flow": "alur {name}",
    "node": "simpul {name}",
    "option": "pilihan {name} dari {menu}",
    "source": "sumber {name}",
    "webhook": "webhook {name}",
    "calendar": "kalender {name}",
    "part": "{subject}, {field}",
    # perbedaannya
    "gone": "{subject} tidak ada lagi",
    "new": "{subject} baru ditambahkan",
    "new-flow": "{subject} baru ditambahkan: “{title}”, {nodes} simpul",
    "new-node": "{subject} baru ditambahkan ({type})",
    "new-option": "{subject} baru ditambahkan: tombol {key}",
    "new-option-leads": "{subject} baru ditambahkan: tombol {key}, menuju {target}",
    "order": "{subject} menawarkan pilihannya dalam urutan lain: {names}",
    "kind": "{subject} kini berjenis {type}, sebelumnya {before}",
    "unset": "{subject}: {field} tidak ditetapkan lagi ({before})",
    "set": "{subject}: {field} kini {value}",
    "changed": "{subject}: {field} kini {value}, sebelumnya {before}",
    "leads-nowhere": "{subject} tidak lagi menuju {before}",
    "leads": "{subject} kini menuju {target}",
    "leads-elsewhere": "{subject} kini menuju {target}, sebelumnya {before}",
    "target-with": "{target} dengan {given}",
    "none": "tidak ada",
    # teks, data, hari libur
    "text-gone": "teks {id} ({language}) tidak ada lagi: “{before}”",
    "text-new": "teks {id} ({language}) baru ditambahkan: “{text}”",
    "text-changed": "teks {id} ({language}) kini “{text}”, sebelumnya “{before}”",
    "row": "data sumber {name}, baris {row}",
    "rows": "data sumber {name}: {new} baris ditambahkan, {gone} baris dihapus",
    "rows-order": "data sumber {name}: urutan barisnya lain",
    "year-known": "hari libur tahun {year} kini diketahui",
    "year-unknown": "hari libur tahun {year} kini tidak diketahui",
    "holiday": "hari libur {day}: {name}, sebelumnya {before}",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "id": INDONESIAN}
