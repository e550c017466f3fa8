"""Mails that are built to fill the memory or to last for ever; `python -m tests.connectors.mail.bombs` reads each of them."""

from __future__ import annotations

import io
import json
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from connectors.mail.item import item_of
from connectors.mail.transport import Fetched
from tests.connectors.mail.conftest import letter


def _with(name: str, media: str, data: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.example", name
    message.set_content("Anbei.\n")
    main, _, sub = media.partition("/")
    message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def zip_bomb() -> bytes:
    """Three hundred megabytes of nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("null.txt", "w", force_zip64=True) as file:
        for _ in range(300):
            file.write(bytes(2**20))
    return _with("bombe.zip", "application/zip", out.getvalue())


def lying_zip() -> bytes:
    """It claims a hundred bytes and holds two hundred megabytes."""
    packed = _zeros(200)
    size = struct.pack("<III", 0, len(packed), 100)
    local = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0" + size + struct.pack("<HH", 5, 0) + b"a.txt"
    entry = b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0" + size + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"a.txt"
    data = local + packed
    end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0" + struct.pack("<IIH", len(entry), len(data), 0)
    return _with("luege.zip", "application/zip", data + entry + end)


def zip_with_a_hundred_thousand_files() -> bytes:
    """A table of contents that alone would fill the memory."""
    entry = b"PK\x01\x02" + bytes(42)
    end = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff" + struct.pack("<IIH", 46 * 100_000, 34, 0)
    return _with("viele.zip", "application/zip", b"PK\x03\x04" + bytes(30) + entry * 100_000 + end)


def pdf_bomb() -> bytes:
    """A page whose content is six hundred megabytes, packed twice."""
    packed = zlib.compress(_zlib(600), 9)
    body = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(packed) + packed + b"\nendstream"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        body,
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
    return _with(
        "bombe.pdf", "application/pdf", data + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(data)
    )


def _zlib(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def billion_laughs() -> bytes:
    """Entities of entities of entities."""
    steps = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    return _with(
        "rechnung.xml", "application/xml", f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{steps}]><x>&a11;</x>'.encode()
    )


def xxe() -> bytes:
    """An invoice that wants to read a file of ours."""
    return _with(
        "rechnung.xml", "text/xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
    )


def deep_mime() -> bytes:
    """Containers in containers, five thousand of them."""
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n' for i in range(5_000))
    return f"From: a@b.example\nSubject: tief\n{head}Content-Type: text/plain\n\ntief\n".encode()


def many_parts() -> bytes:
    """Twenty thousand parts."""
    part = b"--x\nContent-Type: text/plain\n\nTeil\n"
    return b'From: a@b.example\nContent-Type: multipart/mixed; boundary="x"\n\n' + part * 20_000 + b"--x--\n"


def mails_in_mails() -> bytes:
    """A thousand mails, each inside the one before."""
    return b"From: a@b.example\nContent-Type: message/rfc822\n\n" * 1_000 + b"From: a@b.example\n\ninnen\n"


def picture_bomb() -> bytes:
    """A PNG of 50,000 by 50,000 points in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0))
    return _with("bild.png", "image/png", b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", _zlib(100)) + chunk(b"IEND", b""))


def large_attachment() -> bytes:
    """No bomb: twenty-five megabytes, as scanners send them."""
    return _with("scan.bin", "application/octet-stream", bytes(range(256)) * (25 * 4096))


def endless_line() -> bytes:
    """A header field of twenty megabytes."""
    return b"From: a@b.example\nSubject: " + b"=?utf-8?q?" + b"x" * 20_000_000 + b"?=\n\nText\n"


def false_winmail() -> bytes:
    """A winmail.dat that promises four gigabytes of RTF."""
    rtf = struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0x75465A4C, 0) + b"\0" * 1_000
    properties = struct.pack("<IHHII", 1, 258, 0x1009, 1, len(rtf)) + rtf
    data = struct.pack("<IH", 0x223E9F78, 1) + struct.pack("<BII", 1, 0x69003, len(properties)) + properties + b"\0\0"
    return _with("winmail.dat", "application/ms-tnef", data)


def many_fields() -> bytes:
    """Two hundred thousand header fields."""
    return b"From: a@b.example\n" + b"".join(b"X-%d: x\n" % n for n in range(200_000)) + b"\nText\n"


def many_recipients() -> bytes:
    """A hundred thousand recipients in one field."""
    return b"From: a@b.example\nTo: " + b", ".join(b"<a%d@b.example>" % n for n in range(100_000)) + b"\n\nText\n"


def many_words_to_decode() -> bytes:
    """A subject of a hundred thousand encoded words, each in another charset."""
    words = b" ".join(b"=?%s?q?=41?=" % (b"utf-8" if n % 2 else b"iso-8859-%d" % (n % 15 + 1)) for n in range(100_000))
    return b"From: a@b.example\nSubject: " + words + b"\n\nText\n"


def many_attachments() -> bytes:
    """Ten thousand attachments."""
    part = b"--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF-1.4\n"
    return b'From: a@b.example\nContent-Type: multipart/mixed; boundary="x"\n\n' + part * 10_000 + b"--x--\n"


def boundary_of_boundaries() -> bytes:
    """A body of two megabytes of lines that nearly are the boundary."""
    return b'From: a@b.example\nContent-Type: multipart/mixed; boundary="' + b"-" * 60 + b'"\n\n' + (b"-" * 61 + b"\n") * 33_000


BOMBS: list[Callable[[], bytes]] = [
    zip_bomb, lying_zip, zip_with_a_hundred_thousand_files, pdf_bomb, billion_laughs, xxe, deep_mime, many_parts, mails_in_mails,
    picture_bomb, large_attachment, endless_line, false_winmail, many_fields, many_recipients, many_words_to_decode, many_attachments,
    boundary_of_boundaries,
]  # fmt: skip


def main() -> None:
    """Read each bomb, and after it an ordinary mail; a line of figures for each."""
    for bomb in BOMBS:
        data = bomb()
        began = time.perf_counter()
        item = item_of(Fetched("1", data), source="x", folder="INBOX", languages=["de"], max_size=50 * 2**20)
        seconds = time.perf_counter() - began
        after = item_of(Fetched("2", letter()), source="x", folder="INBOX", languages=["de"], max_size=50 * 2**20)
        mail = item.data["mail"]
        problems = [a["problem"] for a in mail["attachments"] if a["problem"]]
        texts = "".join(a["text"] for a in mail["attachments"])
        line = {
            "bomb": bomb.__name__,
            "bytes": len(data),
            "seconds": round(seconds, 2),
            "mb": _peak(),
            "said": [*item.warnings, *problems],
            "leaked": "root:" in texts,
            "documents": len(item.documents),
            "largest": max(len(d.data) for d in item.documents),
            "after": after.title,
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)
    from kontorist.reading import sandbox

    sandbox.stop()
    print(
        json.dumps({"bomb": "child processes", "mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}), flush=True
    )


def _peak() -> int:
    """Megabytes that this program held at most; `ru_maxrss` would count what its parent held before it (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


if __name__ == "__main__":
    main()
