"""How codes and identifiers are read: received text in, normalised value out, `ValueError` for what the rule refuses.

Order for every scheme: trim, Unicode NFKC, the scheme's case rule, its pattern, its checksum.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, ValidationInfo, field_validator

from contracts.types import Shape

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ROR = re.compile(r"0[0-9a-hj-km-np-tv-z]{6}[0-9]{2}")
_SCHAC = re.compile(r"(?=.{3,64}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
_ERASMUS = re.compile(r"(?:IRL|LUX|[A-Z]{2} |[A-Z] {2})[A-Z][A-Z-]*[A-Z][0-9]{2,3}")
_PIC = re.compile(r"[0-9]{9}")
_OID = re.compile(r"E[0-9]{8}")
_ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")
_ACADEMIC_YEAR = re.compile(r"([0-9]{4})/([0-9]{4})")
_REGISTRATION_NUMBER = re.compile(r"[A-Z]{2,5}-[0-9]{4}-(?:[0-9]{4}|[1-9][0-9]{4,})")
_EWP_ID = re.compile(r"[\x21-\x7E]{1,64}")


def _clean(text: str) -> str:
    return unicodedata.normalize("NFKC", text.strip()).strip()


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"not {what}")
    return value


def ror(text: str) -> str:
    """The full address `https://ror.org/…`; letters i, l, o, u do not occur and the last two digits are a checksum."""
    code = re.sub(r"\Ahttps?://(?:www\.)?ror\.org/", "", _clean(text).lower())
    _matching(_ROR, code, "a ROR id such as https://ror.org/01r9htc13")
    number = 0
    for letter in code[:7]:
        number = number * 32 + _BASE32.index(letter)
    if int(code[7:]) != 98 - (number * 100) % 97:
        raise ValueError("not a ROR id: its checksum is wrong")
    return f"https://ror.org/{code}"


def schac(text: str) -> str:
    """The HEI id: shaped as a domain name, and never compared with web addresses."""
    return _matching(_SCHAC, _clean(text).lower(), "a SCHAC id such as uw.edu.pl")


def erasmus(text: str) -> str:
    """The Erasmus code; the spaces after a short country prefix are part of it."""
    return _matching(_ERASMUS, _clean(text).upper(), "an Erasmus code such as 'B  BRUXEL04'")


def pic(text: str) -> str:
    return _matching(_PIC, _clean(text), "a PIC of nine digits")


def oid(text: str) -> str:
    return _matching(_OID, _clean(text).upper(), "an OID such as E10209446")


def orcid(text: str) -> str:
    """The four groups without the address; the last character is an ISO 7064 mod 11-2 check."""
    code = re.sub(r"\Ahttps?://orcid\.org/", "", _clean(text), flags=re.IGNORECASE)
    code = _matching(_ORCID, code.upper(), "an ORCID such as 0000-0002-1825-0097")
    total = 0
    for digit in code.replace("-", "")[:15]:
        total = (total + int(digit)) * 2
    if code[-1] != "0123456789X"[(12 - total % 11) % 11]:
        raise ValueError("not an ORCID: its check character is wrong")
    return code


def academic_year(text: str) -> str:
    """`2026/2027` in the north, `2026/2026` in the south."""
    value = _clean(text)
    years = _ACADEMIC_YEAR.fullmatch(value)
    if not years or int(years[2]) - int(years[1]) not in (0, 1):
        raise ValueError("not an academic year such as 2026/2027")
    return value


def registration_number(text: str) -> str:
    return _matching(_REGISTRATION_NUMBER, text, "a registration number such as ULB-2026-0042")


def write_registration_number(prefix: str, year: int, number: int) -> str:
    """`ULB-2026-0042`: at least four digits, from 0001."""
    return registration_number(f"{prefix}-{year:04d}-{number:04d}")


def ewp_id(text: str) -> str:
    return _matching(_EWP_ID, text, "an EWP id of 1 to 64 visible characters")


class IdentifierScheme(StrEnum):
    ROR = "ror"
    SCHAC = "schac"
    ERASMUS = "erasmus"
    PIC = "pic"
    OID = "oid"


READERS: Final[Mapping[IdentifierScheme, Callable[[str], str]]] = {
    IdentifierScheme.ROR: ror,
    IdentifierScheme.SCHAC: schac,
    IdentifierScheme.ERASMUS: erasmus,
    IdentifierScheme.PIC: pic,
    IdentifierScheme.OID: oid,
}


def normalised(scheme: IdentifierScheme, text: str) -> str:
    """The value as it is stored and compared; raises `ValueError` when the scheme refuses the text."""
    return READERS[scheme](text)


def claim_key(scheme: IdentifierScheme, value: str) -> str:
    """Under which a normalised value belongs to one partner."""
    return f"{scheme}:{value}"


class Identifier(Shape):
    """A value that its scheme admits, normalised."""

    scheme: IdentifierScheme
    value: str

    @field_validator("value")
    @classmethod
    def _admitted(cls, value: str, info: ValidationInfo) -> str:
        scheme = info.data.get("scheme")
        return normalised(scheme, value) if scheme else value


Orcid = Annotated[str, AfterValidator(orcid)]
AcademicYear = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^\d{4}/\d{4}$"), AfterValidator(academic_year)
]
RegistrationNumber = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2,5}-\d{4}-\d{4,}$"), AfterValidator(registration_number)
]
EwpId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$"), AfterValidator(ewp_id)]
