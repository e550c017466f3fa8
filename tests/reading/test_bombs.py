"""Bombs: each is refused (or read as the little that it is) within thirty seconds and 512 MB, and the next document is read."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS, MEGABYTES = 30, 512
CHILD = """
import json, resource, sys, time
from pathlib import Path
from kontorist.core.errors import NotReadable
from kontorist.einvoice.document import find_invoice
from kontorist.reading import sandbox, text_of
from kontorist.reading.bank import read_statements

path = Path(sys.argv[1])
data, said = path.read_bytes(), []
own = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])  # ru_maxrss counts the parent, too
before = own()
began = time.monotonic()
for read in (lambda: text_of(path.name, "", data), lambda: find_invoice(path.name, "", data), lambda: read_statements(path.name, data)):
    try:
        read()
        said.append("")
    except NotReadable as error:
        said.append(str(error))
seconds = time.monotonic() - began
good = text_of("good.txt", "text/plain", b"Guten Tag")[0].text
sandbox.stop()
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
peak = (own() - before + children) / 1024  # without what the program needs before it reads anything
print(json.dumps({"said": said, "seconds": seconds, "mb": peak, "good": good}))
"""


def deflated(size: int, unit: bytes = b"0 0 m 1 1 l S\n") -> bytes:
    """A few kilobytes that become `size` bytes: one packed block, again and again."""
    block = unit * (1 << 16)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    times, check = size // len(block), 1
    for _ in range(times):
        check = zlib.adler32(block, check)
    return b"\x78\xda" + part * times + zlib.compressobj(9, zlib.DEFLATED, -15).flush() + check.to_bytes(4, "big")


def pdf(*objects: bytes, root: str = "1 0 R") -> bytes:
    """A PDF of these objects, numbered from 1."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % one for one in places)
    return bytes(out + b"trailer << /Size %d /Root %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root.encode(), start))


def stream(data: bytes, about: bytes = b"/Filter /FlateDecode") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), about) + data + b"\nendstream"


def one_page(content: bytes, resources: bytes = b"<< >>", *more: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % resources
    return pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, content, *more)


def huge_text() -> bytes:
    font = b"<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    return one_page(stream(deflated(400 << 20, b"BT /F 9 Tf (Rechnung) Tj ET\n")), font)


def attachment() -> bytes:
    catalog = b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(factur-x.xml) 3 0 R] >> >> >>"
    spec = b"<< /Type /Filespec /F (factur-x.xml) /EF << /F 4 0 R >> >>"
    return pdf(catalog, b"<< /Type /Pages /Kids [] /Count 0 >>", spec, stream(deflated(1 << 30, b"<a>aaaaaaaaaa</a>")))


def picture() -> bytes:
    image = b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode"
    return one_page(
        stream(zlib.compress(b"q 595 0 0 842 0 0 cm /I Do Q")),
        b"<< /XObject << /I 5 0 R >> >>",
        stream(deflated(1 << 30, b"\0" * 16), image),
    )


def nested_streams() -> bytes:
    data = deflated(1 << 30, b"\0" * 16)
    return one_page(stream(zlib.compress(data, 9), b"/Filter [/FlateDecode /FlateDecode]"))


def endless_kids() -> bytes:
    return pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000000 >>")


def laughs(name: str = "Invoice") -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE {name} [<!ENTITY l0 "ha">{entities}]><{name}>&l11;</{name}>'.encode()


def quadratic() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "' + b"A" * 50_000 + b'">]><a>' + b"&x;" * 50_000 + b"</a>"


def xxe(target: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{target}">]><a>&x;</a>'.encode()


def picture_file() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = (65_000).to_bytes(4, "big") * 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x08\x02\0\0\0")
        + chunk(b"IDAT", deflated(1 << 30, b"\0" * 16))
        + chunk(b"IEND", b"")
    )


def zip_in_zip() -> bytes:
    import io
    import zipfile

    data = b"\0" * (64 << 20)
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(4):
                archive.writestr(f"{number}.zip", data)
        data = out.getvalue()
    return data


def loop_of_tables() -> bytes:
    """A table of objects whose predecessor is itself."""
    data = one_page(stream(zlib.compress(b"q Q")))
    start = data.rindex(b"xref")
    return data.replace(b"trailer << ", b"trailer << /Prev %d " % start)


def objects_in_a_stream() -> bytes:
    """A stream of objects that becomes a gigabyte, and in which the catalog is said to be."""
    packed = deflated(1 << 30, b"1 0 2 9 << /A 1 >> ")
    about = b"/Type /ObjStm /N 50000000 /First 10 /Filter /FlateDecode"
    table = b"".join(b"\x02" + (1).to_bytes(2, "big") + bytes([n]) for n in range(3))
    body = b"%PDF-1.7\n1 0 obj\n" + stream(packed, about) + b"\nendobj\n"
    index = b"/Type /XRef /Size 6 /W [1 2 1] /Index [2 3] /Root 2 0 R"
    return body + b"5 0 obj\n" + stream(table, index) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


def tiff() -> bytes:
    """Sixty thousand by sixty thousand points in a strip of zlib."""
    packed = deflated(1 << 30, b"\0" * 16)
    entries = [
        (256, 4, 60_000),
        (257, 4, 60_000),
        (258, 3, 8),
        (259, 3, 8),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 60_000),
    ]
    entries.append((279, 4, len(packed)))
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + struct.pack("<H", len(entries)) + table + bytes(4)


def jpeg() -> bytes:
    """A head that says 65,500 by 65,500 points, and nothing behind it."""
    frame = struct.pack(">BHHB", 8, 65_500, 65_500, 3) + bytes((1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))
    scan = b"\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    part = lambda mark, body: b"\xff" + mark + struct.pack(">H", len(body) + 2) + body  # noqa: E731
    tables = (
        part(b"\xdb", b"\0" + b"\1" * 64)
        + part(b"\xc4", b"\0" + b"\1" + bytes(15) + b"\0")
        + part(b"\xc4", b"\x10" + b"\1" + bytes(15) + b"\0")
    )
    return b"\xff\xd8" + tables + part(b"\xc0", frame) + part(b"\xda", scan) + b"\0" * 2_000_000 + b"\xff\xd9"


def form_in_a_form() -> bytes:
    """Drawings that draw themselves."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>"
    return one_page(stream(zlib.compress(b"/F Do " * 20)), b"<< /XObject << /F 5 0 R >> >>", stream(b"/F Do " * 20, form))


XML, NO_TYPE = '<?xml version="1.0"?>', "document type declaration"
BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "billion laughs": ("laughs.xml", laughs, NO_TYPE),
    "billion laughs in UTF-16": ("laughs16.xml", lambda: laughs().decode().encode("utf-16"), NO_TYPE),
    "quadratic blow-up": ("quadratic.xml", quadratic, NO_TYPE),
    "file by entity": ("xxe.xml", lambda: xxe("file:///etc/passwd"), NO_TYPE),
    "address by entity": ("xxe2.xml", lambda: xxe("http://127.0.0.1:9/x"), NO_TYPE),
    "nested without end": ("deep.xml", f"{XML}{'<a>' * 1_000_000}".encode, "broken"),
    "ten megabytes of elements": ("wide.xml", f"{XML}<a>{'<b/>' * 2_500_000}</a>".encode, ""),
    "more than ten megabytes": ("large.xml", f"{XML}<a>{'x' * (11 << 20)}</a>".encode, "larger than 10 MB"),
    "a gigabyte of text on a page": ("text.pdf", huge_text, ""),
    "a gigabyte attached to a page": ("attached.pdf", attachment, ""),
    "a picture of 3.6 gigapixels": ("picture.pdf", picture, ""),
    "streams in streams": ("nested.pdf", nested_streams, ""),
    "pages that contain themselves": ("kids.pdf", endless_kids, ""),
    "a table of objects before itself": ("loop.pdf", loop_of_tables, ""),
    "a gigabyte of objects in a stream": ("objects.pdf", objects_in_a_stream, ""),
    "drawings that draw themselves": ("forms.pdf", form_in_a_form, ""),
    "a TIFF of 3.6 gigapixels": ("bomb.tif", tiff, "picture"),
    "a JPEG of 4 gigapixels": ("bomb.jpg", jpeg, "picture"),
    "a PNG of 4 gigapixels": ("bomb.png", picture_file, "picture"),
    "zips in zips": ("bomb.zip", zip_in_zip, "format that cannot be read"),
    "a line of twenty megabytes": ("line.csv", lambda: b"Buchungstag;Betrag\n" + b"A1B2" * (5 << 20), ""),
    "digits without end in a statement": (
        "digits.sta",
        lambda: b":20:A\n:25:1\n:28C:1\n:60F:C261101EUR0,00\n:61:" + b"1" * (10 << 20),
        "",
    ),
    "tags without end in a statement": (
        "tags.sta",
        lambda: (
            b":20:A\n:25:1\n:28C:1\n:60F:C261101EUR0,00\n:61:2611031103C1,NTRFX\n:86:166?20"
            + b"EREF+" * (2 << 20)
            + b"\n:62F:C261103EUR1,00\n"
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little_and_harms_nothing_else(tmp_path: Path, name: str) -> None:
    file, make, words = BOMBS[name]
    path = tmp_path / file
    path.write_bytes(make())

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=4 * SECONDS, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["seconds"] < SECONDS
    assert told["mb"] < MEGABYTES
    assert words in told["said"][0]
    assert "root:" not in done.stdout
    assert told["good"] == "Guten Tag"
