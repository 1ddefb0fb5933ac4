"""A sheet as PDF: A4, one page, whatever the number of devices.

Chinese is set in STSong-Light, one of the fonts that PDF readers bring for Adobe-GB1, all else in Times, which each
of them has: nothing is embedded, the file is small, its text can be searched and copied.
"""

# The typesetter comes without types.
# mypy: disable-error-code="import-untyped"

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from hub.web.console.sheet import Row, Sheet

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_CHINESE, _LATIN = "STSong-Light", "Times-Roman"
# Type for a few devices, and smaller until all of them stand on one page.
_SIZES = (9, 8, 7, 6, 5, 4, 3.5)
_MARGIN_MM, _WIDTH_MM, _BETWEEN_MM = 15, 180, 8
# Shares of the width: device, model, place, installed, subsidy, result, heard, told, signal, battery.
_SHARES = (14, 10, 10, 11, 15, 10, 9, 9, 8, 7)


def draw_pdf(sheet: Sheet) -> bytes:
    """Return the PDF; what does not fit at the smallest type is cut from the list of open points, never a device."""
    for size in _SIZES:
        pdf, pages = _drawn(sheet, size, points=True)
        if pages == 1:
            return pdf
    return _drawn(sheet, _SIZES[-1], points=False)[0]


def _drawn(sheet: Sheet, size: float, *, points: bool) -> tuple[bytes, int]:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    _fonts()
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN_MM * mm,
        rightMargin=_MARGIN_MM * mm,
        topMargin=_MARGIN_MM * mm,
        bottomMargin=_MARGIN_MM * mm,
        title=f"{sheet.title} {sheet.number}",
        author=sheet.site,
        lang="zh-CN" if sheet.is_chinese else "en",
        invariant=True,  # the same test is the same file
    )
    document.build(list(_story(sheet, size, points=points)))
    return file.getvalue(), document.page


@cache
def _fonts() -> None:
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont

    registerFont(UnicodeCIDFont(_CHINESE))


def _text(words: str, size: float, **more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    # Latin words break between words, Chinese between any two characters.
    font = {"fontName": _LATIN} if _is_latin(words) else {"fontName": _CHINESE, "wordWrap": "CJK"}
    style = ParagraphStyle("text", fontSize=size, leading=size * 1.35, **font, **more)
    return Paragraph(escape(words), style)


def _is_latin(words: str) -> bool:
    try:
        words.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _story(sheet: Sheet, size: float, *, points: bool) -> "Iterator[Flowable]":
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    yield _text(sheet.title, 18)
    yield _text(f"{sheet.site} · {sheet.number}", 8)
    yield Spacer(1, 3 * mm)
    yield _text(sheet.verdict, 13)
    yield Spacer(1, 3 * mm)
    yield _head(sheet)
    yield Spacer(1, 3 * mm)
    yield _devices(sheet, size)
    if points and sheet.open_points:
        yield Spacer(1, 3 * mm)
        yield _text(sheet.open_points, size + 1.5)
        for row in sheet.rows:
            if row.why:
                yield _text(f"· {row.why}", size)
    yield Spacer(1, 4 * mm)
    yield _text(sheet.note, min(size, 8))
    yield Spacer(1, 6 * mm)
    yield _signatures(sheet)


def _head(sheet: Sheet) -> Any:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    pairs = [(_text(name, 8, textColor="#586A70"), _text(value, 10)) for name, value in sheet.head]
    rows = [[*pairs[n], *pairs[n + 1]] for n in range(0, len(pairs), 2)]
    return Table(rows, colWidths=[20 * mm, 70 * mm, 20 * mm, 70 * mm], style=[("VALIGN", (0, 0), (-1, -1), "TOP")])


def _devices(sheet: Sheet, size: float) -> Any:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    unit = _WIDTH_MM * mm / sum(_SHARES)
    rows = [[_text(name, size, textColor="#43545A") for name in sheet.columns]]
    rows += [[_text(value, size) for value in _cells(row)] for row in sheet.rows]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, -1), 0.4, "#7C8B8F"),
        ("LINEBELOW", (0, -1), (-1, -1), 0.4, "#7C8B8F"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), size / 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), size / 4),
    ]
    return Table(rows, colWidths=[share * unit for share in _SHARES], style=style, repeatRows=1)


def _cells(row: Row) -> tuple[str, ...]:
    # A word, not a colour, says what passed: the sheet is copied and faxed.
    return (
        *(row.name, row.model, row.place, row.installed, row.subsidy),
        *(row.result, row.heard, row.told, row.signal, row.battery),
    )


def _signatures(sheet: Sheet) -> Any:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    # A line for each, with room between them.
    names, labels, widths = [], [], []
    for one in sheet.signatures:
        names += [_text(one.name, 11), ""]
        labels += [_text(one.label, 8, textColor="#586A70"), ""]
        widths += [(_WIDTH_MM / len(sheet.signatures) - _BETWEEN_MM) * mm, _BETWEEN_MM * mm]
    style = [("LINEABOVE", (n, 1), (n, 1), 0.6, "#15242A") for n in range(0, len(names), 2)]
    return Table(
        [names, labels],
        colWidths=widths,
        rowHeights=[12 * mm, None],
        style=[("VALIGN", (0, 0), (-1, 0), "BOTTOM"), *style],
    )
