"""The press inside a printing process: loaded once, with its fonts, styles and templates."""

import base64
import gc
import os
import unicodedata
import zlib
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree  # nosec B405

from cssselect2 import ElementWrapper  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import TypeAdapter
from pydyf import PDF, Stream  # type: ignore[import-untyped]

from domain.model import Model
from domain.money import Money
from domain.policies import PolicySheet
from domain.quotes import CoverItem, InsuredPerson, Period, Quote
from gateways.brand import Brand
from gateways.documents import UnprintableSheet
from gateways.policy_view import PolicyView, view_of

TEMPLATES = Path(__file__).parent.parent / "templates" / "policies"
FONTS = TEMPLATES / "fonts"

os.environ["FONTCONFIG_FILE"] = str(FONTS / "fonts.conf")  # read when WeasyPrint is imported

from weasyprint import CSS, HTML, Document, Page  # noqa: E402
from weasyprint.text.fonts import FontConfiguration  # noqa: E402
from weasyprint.urls import URLFetcher  # noqa: E402

SPECIMEN = PolicySheet(
    number="POL-0000-000000",
    issued_on=date(2000, 1, 1),
    purchase_id="pur_specimen",
    verify_url="https://insurer.example/policies/POL-0000-000000/verify",
    quote=Quote(
        quote_id="specimen",
        tenant_id="ten_specimen",
        product_name="Specimen",
        insured_persons=(InsuredPerson(name="Specimen"),),
        cover=(CoverItem(name="Specimen", limit=Money(minor=1, currency="SGD"), note="None"),),
        period=Period(starts_on=date(2000, 1, 1), ends_on=date(2000, 1, 1)),
        price=Money(minor=1, currency="SGD"),
        customer_email="nobody@insurer.example",
        valid_until=datetime(2000, 1, 1, tzinfo=UTC),
        created_at=datetime(2000, 1, 1, tzinfo=UTC),
    ),
)


class Clause(Model):
    number: str
    heading: str
    text: str


class _Wording(Model):
    """A clause as it is kept; ``{brand}`` stands for the insurer's name."""

    heading: str
    text: str


class _Terms(Model):
    """What makes one lay-out of the general terms another than the next."""

    pages_before: int
    brand: Brand
    is_test: bool


class WellFormedSource(HTML):  # type: ignore[misc]
    """Without a browser's parser and style sheet: they would cost a tenth of a policy.

    Ours is well-formed, and ``policy.css`` says all. That sheet gives each element five footnotes.
    WeasyPrint has no public way to leave them out; ``test_policy_press.py`` says when it changed.
    """

    def __init__(self, text: str, fetcher: URLFetcher) -> None:
        # Nobody else's XML: the template is ours, and what is put into it is escaped.
        root = ElementTree.fromstring(text)  # nosec B314
        self.base_url, self.url_fetcher, self.media_type = None, fetcher, "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = root

    def _ua_stylesheets(self, *_: bool) -> list[CSS]:
        return []


class Press:
    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        self._style = CSS(filename=TEMPLATES / "policy.css", font_config=self._fonts)
        self._test_style = CSS(filename=TEMPLATES / "test.css", font_config=self._fonts)
        templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        self._policy_page = templates.get_template("policy.html")
        self._terms_page = templates.get_template("terms.html")
        self._wordings = TypeAdapter(tuple[_Wording, ...]).validate_json(
            (TEMPLATES / "clauses.json").read_bytes()
        )
        self._mark = _data_uri((TEMPLATES / "mark.svg").read_bytes())
        self._glyphs = _glyphs()
        self._fetcher = URLFetcher(allowed_protocols=("data",))
        self._terms: dict[_Terms, list[Page]] = {}

    def print(self, sheet: PolicySheet, brand: Brand) -> bytes:
        """The schedule, and behind it the general terms, which are the same for everybody.

        Each is laid out with empty pages in the other's place, so that all pages are counted.
        """
        view = view_of(sheet)
        places = len(self._terms_behind(1, brand, view.is_test))
        schedule = self._schedule(view, brand, places)
        pages = schedule.pages[:-places]
        pages += self._terms_behind(len(pages), brand, view.is_test)
        pdf = schedule.copy(pages).write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_tags=True,
            pdf_identifier=sheet.number.encode(),
            finisher=_compress_once,
        )
        assert isinstance(pdf, bytes)
        return pdf

    def _schedule(self, view: PolicyView, brand: Brand, places: int) -> Document:
        text = self._policy_page.render(
            policy=view, brand=brand, mark=self._mark, pages_behind=places
        )
        return self._laid_out(text, view.is_test)

    def _terms_behind(self, places: int, brand: Brand, is_test: bool) -> list[Page]:
        """Laid out once for each number of pages before them: that takes longer than drawing."""
        key = _Terms(pages_before=places, brand=brand, is_test=is_test)
        if key not in self._terms:
            text = self._terms_page.render(
                brand=brand, terms=_columns(self._wordings, brand), pages_before=places
            )
            self._terms[key] = self._laid_out(text, is_test).pages[places:]
        return self._terms[key]

    def _laid_out(self, text: str, is_test: bool) -> Document:
        return WellFormedSource(self._legible(text), self._fetcher).render(
            stylesheets=[self._style, self._test_style] if is_test else [self._style],
            font_config=self._fonts,
        )

    def _legible(self, text: str) -> str:
        """Leave out pictures that no font of ours has; never a letter: it may be of a name."""
        unknown = set(text) - self._glyphs
        ornaments = {c for c in unknown if _is_ornament(c)}
        if letters := {c for c in unknown - ornaments if unicodedata.category(c) != "Cf"}:
            codes = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(letters))
            raise UnprintableSheet(f"no font of ours has {codes}")
        return text.translate({ord(ornament): None for ornament in ornaments})

    def warm_up(self, brand: Brand) -> None:
        """Print once, then keep the collector away from all that now stays for good."""
        self.print(SPECIMEN, brand)
        gc.collect()
        gc.freeze()


def _compress_once(_: Document, pdf: PDF) -> None:
    """What pydyf itself compresses, it does twice: the identifier is taken over the same bytes."""
    for stream in pdf.objects:
        if isinstance(stream, Stream) and stream.compress:
            stream.compress = False
            _, _, content = stream.data.partition(b"\nstream\n")
            stream.stream = [zlib.compress(content.removesuffix(b"\nendstream"))]
            stream.extra["Filter"] = "/FlateDecode"


def _glyphs() -> frozenset[str]:
    drawn = {code for font in FONTS.glob("*.?tf") for code in TTFont(font).getBestCmap()}
    return frozenset({"\n"} | {chr(code) for code in drawn})


def _is_ornament(character: str) -> bool:
    """An emoji or a part of one: a symbol, its shade, its frame, or the choice of its style."""
    return unicodedata.category(character) in ("So", "Sk", "Me") or character in "\ufe0e\ufe0f"


def _columns(wordings: tuple[_Wording, ...], brand: Brand) -> tuple[tuple[Clause, ...], ...]:
    """Two columns of about the same length, in reading order."""
    clauses = tuple(
        Clause(number=str(n), heading=w.heading, text=w.text.replace("{brand}", brand.name))
        for n, w in enumerate(wordings, start=1)
    )
    lengths = [len(clause.text) for clause in clauses]
    split = next(n for n in range(len(lengths)) if 2 * sum(lengths[: n + 1]) >= sum(lengths)) + 1
    return clauses[:split], clauses[split:]


@cache
def press() -> Press:
    return Press()


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
