"""Pictures of pages become words, inside the sandbox's child: RapidOCR on ONNX Runtime, loaded with the first picture."""

from __future__ import annotations

import base64
import functools
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from kontorist.reading.lines import laid_out
from kontorist.reading.refused import Refused

LONGEST = 842.0  # points: every picture counts as a page of A4, which the distances in layouts expect
SMALLEST = 500  # pixels of the longer side: logos, signatures and icons are no documents
NARROWEST = 250  # of the shorter: a banner below a signature is none, the receipt of a till is
MAX_PIXELS = 60_000_000
_TOO_MANY = f"The picture has more than {MAX_PIXELS // 1_000_000} million dots."
MAX_FRAMES = 20
_PIXELS = 2000  # of the longer side: more makes it slower and not better
_DETECTED = (
    1280  # of the longer side where lines are looked for: their letters are then read from all pixels, at a third less memory
)
_UNSURE = 0.8
_WEAK = 0.5
_OVERLOOKED = re.compile(r"(?<=\d)(?=[a-zäöüß]{3,}$)|(?<=\d[.,]\d\d)(?=(?:EUR|USD|CHF|GBP|€)$)|(?<=[^\W\d]{4}:)(?=\w)")
Box = tuple[float, float, float, float]


def size(data: bytes) -> list[dict[str, Any]]:
    """Number, width and height in points of each page of a picture; none when it is too small to be a document."""
    with _open(data) as picture:
        if max(picture.size) < SMALLEST or min(picture.size) < NARROWEST:
            return []
        return [{"number": n + 1, "width": w, "height": h} for n, (w, h) in enumerate(_sizes(picture))]


def shown(data: bytes, page: int, pixels: int) -> str:
    """A page of a picture as PNG, as base64; upright as the camera says."""
    target = io.BytesIO()
    _frame(data, page, pixels).save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


def read(data: bytes, page: int = 1) -> dict[str, Any]:
    """The words of a page of a picture. `turn` says by how many degrees the text is turned clockwise on the page."""
    picture = _frame(data, page, _PIXELS)
    scale = LONGEST / max(picture.size)
    lines, quarter = _upright(picture)
    tilt = _tilt(lines)
    upright = picture.rotate(quarter, expand=True).size
    words = [word for line in lines for word in _words(line, tilt, upright, scale)]
    text, placed = laid_out(words)
    scores = [score for line in lines for _, score, _ in line]
    width, height = (side * scale for side in upright)
    return {
        "number": page,
        "width": round(width, 2),
        "height": round(height, 2),
        "text": text,
        "words": placed,
        "turn": quarter + tilt,
        "confidence": round(sum(scores) / len(scores), 3) if scores else 0.0,
    }


# pictures --------------------------------------------------------------------


def _open(data: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        if data[4:8] == b"ftyp":
            _register_heif()
        picture = Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "HEIF", "AVIF"])
    except Image.DecompressionBombError as error:
        raise Refused(_TOO_MANY) from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise Refused("The picture is broken and cannot be opened.") from error
    if picture.width * picture.height > MAX_PIXELS:
        raise Refused(_TOO_MANY)
    return picture


@functools.cache
def _register_heif() -> None:
    """HEIC, which Pillow cannot read by itself; it opens AVIF without this."""
    from pi_heif import register_heif_opener

    register_heif_opener()


def _sizes(picture: Image.Image) -> list[tuple[float, float]]:
    sizes = []
    for number in range(min(getattr(picture, "n_frames", 1), MAX_FRAMES) if picture.format == "TIFF" else 1):
        picture.seek(number)
        width, height = picture.size
        if picture.getexif().get(0x0112, 1) >= 5:  # the camera was held upright
            width, height = height, width
        scale = LONGEST / max(width, height)
        sizes.append((round(width * scale, 2), round(height * scale, 2)))
    return sizes


def _frame(data: bytes, page: int, pixels: int) -> Image.Image:
    """One page in colours, not larger than so many pixels, on white where it is transparent."""
    with _open(data) as picture:
        if page > 1:
            try:
                picture.seek(page - 1)
            except EOFError as error:
                raise Refused(f"The picture has no page {page}.") from error
        picture.draft("RGB", (pixels, pixels))
        try:
            turned = ImageOps.exif_transpose(picture)
            if turned.mode in {"RGBA", "LA", "P", "PA"}:
                clear = turned.convert("RGBA")
                turned = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
            turned = turned.convert("RGB")
        except (OSError, ValueError, SyntaxError) as error:
            raise Refused("The picture is broken and cannot be opened.") from error
        turned.thumbnail((pixels, pixels))
        return turned


# recognition -----------------------------------------------------------------

_Word = tuple[str, float, list[list[float]]]
"""Text, score and the four corners in pixels."""


@functools.cache
def _engine() -> Callable[..., Any]:
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 2, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    detection = {"Det.limit_type": "max", "Det.limit_side_len": _DETECTED, "Rec.rec_batch_num": 2}
    engine: Callable[..., Any] = RapidOCR(
        params={"Global.log_level": "critical", "Global.use_cls": False, **threads, **detection}
    )
    return engine


def _recognized(picture: Image.Image) -> list[list[_Word]]:
    import numpy as np

    answer = _engine()(np.asarray(picture)[:, :, ::-1], return_word_box=True)
    results = answer.word_results if answer.txts else ()  # without text the library gives a line of another shape
    lines = [[(t, float(s), [list(map(float, c)) for c in box]) for t, s, box in line if t and box] for line in results]
    return [line for line in lines if line]


def _upright(picture: Image.Image) -> tuple[list[list[_Word]], int]:
    """The words, and the quarter turn (counter-clockwise, degrees) after which the text stands upright."""
    lines = _recognized(picture)
    if not lines:
        return lines, 0
    tall = sum(_is_tall(line) for line in lines) > len(lines) / 2
    if not tall and _sure(lines) >= _UNSURE:
        return lines, 0
    tries = [(lines, 0)] if not tall else []
    for quarter in (90, 270) if tall else (180,):
        tries.append((_recognized(picture.rotate(quarter, expand=True)), quarter))
        if _sure(tries[-1][0]) >= 0.95:
            break
    best = max(tries, key=lambda one: _sure(one[0]))
    return best if _sure(best[0]) >= _WEAK else ([], 0)  # a landscape, not a letter


def _is_tall(line: Sequence[_Word]) -> bool:
    xs, ys = ([corner[axis] for _, _, box in line for corner in box] for axis in (0, 1))
    return sum(len(text) for text, _, _ in line) > 2 and max(ys) - min(ys) > 1.5 * (max(xs) - min(xs))


def _sure(lines: Sequence[Sequence[_Word]]) -> float:
    scores = [score for line in lines for _, score, _ in line]
    return sum(scores) / len(scores) if scores else 0.0


def _tilt(lines: Sequence[Sequence[_Word]]) -> float:
    """By how many degrees long lines fall to the right."""
    slopes = []
    for line in lines:
        (x0, y0), (x1, y1) = line[0][2][0], line[-1][2][1]
        if x1 - x0 > 150:
            slopes.append(math.degrees(math.atan2(y1 - y0, x1 - x0)))
    found = median(slopes) if slopes else 0.0
    return round(found, 3) if 0.15 < abs(found) < 20 else 0.0


def _words(line: Sequence[_Word], tilt: float, size: tuple[int, int], scale: float) -> list[list[Any]]:
    """[text, x0, top, x1, bottom] in points on the page as it reads; all words of a line are equally high."""
    boxes = [_straight(box, tilt, size) for _, _, box in line]
    top, bottom = median(b[1] for b in boxes), median(b[3] for b in boxes)
    return [
        [part, x0 * scale, top * scale, x1 * scale, bottom * scale]
        for (text, _, _), box in zip(line, boxes, strict=True)
        for part, x0, x1 in _parted(text, box[0], box[2])
    ]


def _parted(text: str, x0: float, x1: float) -> Iterator[tuple[str, float, float]]:
    """A word, or two where the blank between a number and the word behind it was overlooked."""
    edge, begin = (x1 - x0) / len(text), 0
    for part in _OVERLOOKED.split(text):
        yield part, x0 + begin * edge, x0 + (begin + len(part)) * edge
        begin += len(part)


def _straight(corners: Sequence[Sequence[float]], tilt: float, size: tuple[int, int]) -> Box:
    turned = [turned_about(x, y, -tilt, size[0] / 2, size[1] / 2) for x, y in corners] if tilt else corners
    return min(p[0] for p in turned), min(p[1] for p in turned), max(p[0] for p in turned), max(p[1] for p in turned)


def turned_about(x: float, y: float, degrees: float, middle_x: float, middle_y: float) -> tuple[float, float]:
    """A point turned clockwise (as seen on a page) about a middle."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    dx, dy = x - middle_x, y - middle_y
    return middle_x + dx * cosine - dy * sine, middle_y + dx * sine + dy * cosine


JOBS: dict[str, Callable[..., Any]] = {"size": size, "shown": shown, "read": read}
