"""The list of institutions with an Erasmus charter (ECHE), read from the Commission's spreadsheet."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contracts.identifiers import IdentifierScheme
from contracts.types import Period, Url
from partners.imports.report import Remark

SOURCE: Final = "eche"
HEADER_ROW: Final = 2
COLUMNS: Final = (
    "Proposal number",
    "Erasmus Code",
    "PIC",
    "OID",
    "Legal Name",
    "Street",
    "Post Cd",
    "City",
    "Country Cd",
    "Website Url",
    "Erasmus Eche Start",
    "Erasmus Eche End",
)
SCHEMES: Final = {
    IdentifierScheme.ERASMUS: "Erasmus Code",
    IdentifierScheme.PIC: "PIC",
    IdentifierScheme.OID: "OID",
}
ROWS_LIMIT: Final = 100_000
UNPACKED_LIMIT_BYTES: Final = 200 * 1024 * 1024
TEXT_LIMIT: Final = 300
URL: Final[TypeAdapter[str]] = TypeAdapter(Url)
COUNTRY: Final = {"EL": "GR", "UK": "GB"}


class ShapeUnknown(ValueError):
    """The file is not the list it is announced to be; nothing of it is read."""


@dataclass(frozen=True, slots=True)
class ListedInstitution:
    """One row of the list; without a name or a country it is unreadable. `codes` are the texts as received."""

    number: int
    name: str
    country: str
    city: str | None
    address: str | None
    website: str | None
    codes: dict[IdentifierScheme, str]
    eche: Period | None
    remarks: tuple[Remark, ...]
    readable: bool


def read(content: bytes, countries: Iterable[str]) -> list[ListedInstitution]:
    """Every row with something in it, by its number in the sheet; raises `ShapeUnknown`."""
    known = frozenset(countries)
    cells = _sheet(content)
    header = next((row for number, row in cells if number == HEADER_ROW), ())
    if tuple(_text(cell) for cell in header[: len(COLUMNS)]) != COLUMNS:
        raise ShapeUnknown(f"row {HEADER_ROW} of the first sheet is not the header of the ECHE list")
    return [
        _institution(number, dict(zip(COLUMNS, row, strict=False)), known)
        for number, row in cells
        if any(_text(cell) for cell in row)
    ]


def _sheet(content: bytes) -> Iterator[tuple[int, tuple[object, ...]]]:
    import openpyxl  # noqa: PLC0415  # 18 MB and an eighth of a second, for something that is done once a year

    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_LIMIT_BYTES:
                raise ShapeUnknown("the spreadsheet unpacks to more than is read")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
            rows = list(_rows(book))
    except ShapeUnknown:
        raise
    except Exception as fault:
        raise ShapeUnknown(f"not a spreadsheet: {type(fault).__name__}") from fault
    return iter(rows)


def _rows(book: Any) -> Iterator[tuple[int, tuple[object, ...]]]:
    sheet = book.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(max_col=len(COLUMNS), values_only=True), start=1):
        if number > ROWS_LIMIT + HEADER_ROW:
            raise ShapeUnknown(f"more than {ROWS_LIMIT} rows")
        yield number, row
    book.close()


def _text(cell: object) -> str:
    """A cell as text: numbers lose nothing, lines and runs of spaces become one space."""
    return " ".join(_raw(cell).split())


def _raw(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _institution(number: int, row: dict[str, object], countries: frozenset[str]) -> ListedInstitution:
    remarks: list[Remark] = []
    name, code = _text(row["Legal Name"]), _text(row["Country Cd"]).upper()
    country = COUNTRY.get(code, code)
    if not name:
        remarks.append(Remark("name-missing", "Legal Name"))
    elif len(name) > TEXT_LIMIT:
        remarks.append(Remark("name-too-long", "Legal Name", name[:TEXT_LIMIT]))
    if country not in countries:
        remarks.append(Remark("country-unknown", "Country Cd", code))
    readable = not remarks
    address = ", ".join(filter(None, (_text(row["Street"]), _text(row["Post Cd"]))))
    return ListedInstitution(
        number=number,
        name=name,
        country=country,
        city=_fitting(_text(row["City"]), "city-too-long", "City", remarks),
        address=_fitting(address, "address-too-long", "Street", remarks),
        website=_website(_text(row["Website Url"]), remarks),
        codes={scheme: text for scheme, column in SCHEMES.items() if (text := _raw(row[column]).strip(" \t\r\n"))},
        eche=_period(row["Erasmus Eche Start"], row["Erasmus Eche End"], remarks),
        remarks=tuple(remarks),
        readable=readable,
    )


def _fitting(text: str, code: str, column: str, remarks: list[Remark]) -> str | None:
    if len(text) > TEXT_LIMIT:
        remarks.append(Remark(code, column, text[:TEXT_LIMIT]))
        return None
    return text or None


def _website(text: str, remarks: list[Remark]) -> str | None:
    """With `https://` where no scheme is written; `http://` is kept."""
    if not text:
        return None
    address = text if re.match(r"https?://", text, re.IGNORECASE) else f"https://{text}"
    try:
        return URL.validate_python(address)
    except ValidationError:
        remarks.append(Remark("website-unreadable", "Website Url", text[:TEXT_LIMIT]))
        return None


def _period(start: object, end: object, remarks: list[Remark]) -> Period | None:
    if start is None and end is None:
        return None
    try:
        return Period(from_=_day(start), to=_day(end) if end is not None else None)
    except ValueError:
        remarks.append(Remark("period-unreadable", "Erasmus Eche Start", f"{_text(start)} – {_text(end)}"))
        return None


def _day(cell: object) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell)
    if written := re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text):
        return date(int(written[3]), int(written[2]), int(written[1]))
    return date.fromisoformat(text)
