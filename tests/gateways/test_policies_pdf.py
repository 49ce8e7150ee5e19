"""The policy as it is printed: what stands on it, that it never varies, and what cannot print."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from urllib.parse import unquote

import pytest
import segno
from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject

from gateways.brand import Brand
from gateways.documents import UnprintableSheet
from gateways.policy_press import press
from gateways.policy_view import view_of
from gateways.weasyprint_policies import WeasyPrintPolicies
from tests.gateways.policy_samples import NUMBER, VERIFY_URL, cover, money, person, sheet

pytestmark = pytest.mark.slow

BRAND = Brand()


@pytest.fixture(scope="module")
async def printer() -> AsyncIterator[WeasyPrintPolicies]:
    policies = WeasyPrintPolicies(1, BRAND)
    await policies.warm_up()
    yield policies
    await policies.close()


async def printed(printer: WeasyPrintPolicies, **changes: object) -> PdfReader:
    return PdfReader(BytesIO(await printer.print_policy(sheet(**changes))))


def text_of(pdf: PdfReader) -> str:
    said = " ".join(page.extract_text() for page in pdf.pages)
    return " ".join(said.replace("\u00a0", " ").split())


def inside(holder: PdfObject | None, *path: str) -> DictionaryObject:
    """The dictionary at the end of a path through others, each perhaps kept by reference."""
    for name in path:
        assert isinstance(holder, DictionaryObject)
        holder = holder[name]
    resolved = holder.get_object() if holder is not None else None
    assert isinstance(resolved, DictionaryObject)
    return resolved


def is_stamped(page: PageObject) -> bool:
    """Whether a picture lies under all that is written."""
    content = page.get_contents()
    assert content is not None
    under, _, _ = content.get_data().partition(b"BT\n")
    return b" Do\n" in under


def children_of(node: DictionaryObject) -> list[DictionaryObject]:
    held = node.get("/K")
    listed = held if isinstance(held, ArrayObject) else [held]
    found = [child.get_object() for child in listed if child is not None]
    return [child for child in found if isinstance(child, DictionaryObject)]


def tagged(pdf: PdfReader) -> list[DictionaryObject]:
    """The structure of the document, as a screen reader meets it."""
    found: list[DictionaryObject] = []
    waiting = [inside(pdf.trailer, "/Root", "/StructTreeRoot")]
    while waiting:
        node = waiting.pop()
        waiting += children_of(node)
        found += [node] if "/S" in node else []
    return found


def fonts_of(pdf: PdfReader) -> dict[str, bool]:
    """Every font that is used, and whether its outlines travel with the document."""
    fonts: dict[str, bool] = {}
    for page in pdf.pages:
        for reference in inside(page, "/Resources", "/Font").values():
            descendants = inside(reference)["/DescendantFonts"]
            assert isinstance(descendants, ArrayObject)
            font = inside(descendants[0])
            outlines = {"/FontFile2", "/FontFile3"} & set(inside(font, "/FontDescriptor"))
            fonts[str(font["/BaseFont"])] = bool(outlines)
    return fonts


def links_of(pdf: PdfReader) -> set[str]:
    annotations = [inside(each) for page in pdf.pages for each in page.get("/Annots", [])]
    return {str(inside(annotation, "/A")["/URI"]) for annotation in annotations}


async def test_the_policy_says_all_that_was_bought(printer: WeasyPrintPolicies) -> None:
    pdf = await printed(printer)
    text = text_of(pdf)
    for said in (
        *("Paybind Insurance", "Traveller Plus", NUMBER, "20 November 2026", "In force"),
        *("1 December 2026 to 14 December 2026", "14 days"),
        *("Tan Wei Ling", "12 April 1988", "Arjun Ramasamy", "Not stated"),
        *("Medical expenses abroad", "SGD 500,000.00", "Hospital, surgery, dental care"),
        *("Evacuation and repatriation", "Not limited"),
        *("Net premium SGD 137.61", "GST 9 % SGD 12.39", "Total paid SGD 150.00"),
        *("If you need to claim", "1. The contract", "9. Data, complaints and law"),
        *("Q-2026-0042", "pur_abcdefghijklmnopqrstuv", "https://insure.test/policies/"),
    ):
        assert said in text
    assert VERIFY_URL in links_of(pdf)


async def test_nobody_is_told_to_call_an_insurer_without_a_telephone() -> None:
    said = [press().print(sheet(), Brand(telephone=number)) for number in (None, "+65 6123 4567")]
    without, with_one = (text_of(PdfReader(BytesIO(pdf))) for pdf in said)
    assert "call the local emergency services. " in without
    assert "call the local emergency services, then us. " in with_one
    assert "or call +65 6123 4567" in with_one


async def test_every_page_says_which_one_it_is_and_of_which_policy(
    printer: WeasyPrintPolicies,
) -> None:
    pdf = await printed(printer, insured_persons=tuple(person(f"P {n}") for n in range(50)))
    assert len(pdf.pages) > 2
    for position, page in enumerate(pdf.pages, start=1):
        assert f"Page {position} of {len(pdf.pages)}" in page.extract_text()
    *schedule, terms = (page.extract_text() for page in pdf.pages)
    assert all(f"Policy {NUMBER}" in page for page in schedule)
    assert "General terms, part of every policy" in terms


async def test_every_page_of_a_test_says_that_it_is_one(printer: WeasyPrintPolicies) -> None:
    insured = tuple(person(f"P {n}") for n in range(50))
    pdf = await printed(printer, livemode=False, insured_persons=insured)
    for page in pdf.pages:
        assert "TEST, gives no cover." in page.extract_text()
        assert is_stamped(page)
    assert "In force" not in text_of(pdf)
    assert "valid without a handwritten signature" not in text_of(pdf)
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Test policy {NUMBER}: Traveller Plus"


async def test_what_was_really_paid_bears_no_mark_of_a_test(printer: WeasyPrintPolicies) -> None:
    pdf = await printed(printer)
    assert "test" not in text_of(pdf).replace("insure.test", "").lower()
    assert not any(is_stamped(page) for page in pdf.pages)


async def test_the_usual_policy_has_two_pages(printer: WeasyPrintPolicies) -> None:
    assert len((await printed(printer)).pages) == 2


async def test_a_screen_reader_can_follow_it(printer: WeasyPrintPolicies) -> None:
    pdf = await printed(printer)
    root = inside(pdf.trailer, "/Root")
    assert str(inside(root, "/MarkInfo")["/Marked"]) == "True"
    assert str(root["/Lang"]) == "en"
    assert str(inside(root, "/ViewerPreferences")["/DisplayDocTitle"]) == "True"
    metadata = root["/Metadata"].get_object()
    assert isinstance(metadata, StreamObject)
    assert b'pdfuaid:part="1"' in metadata.get_data()
    pictures = [str(each.get("/Alt")) for each in tagged(pdf) if str(each["/S"]) == "/Figure"]
    assert f"QR code that leads to {VERIFY_URL}" in pictures
    tags = [str(each["/S"]) for each in tagged(pdf)]
    assert tags.count("/H1") == 1
    assert {"/H2", "/H3", "/P", "/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/Figure"} <= set(tags)
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Policy {NUMBER}: Traveller Plus"


async def test_all_text_is_marked_for_the_screen_reader(printer: WeasyPrintPolicies) -> None:
    for page in (await printed(printer)).pages:
        content = page.get_contents()
        assert content is not None
        drawn = content.get_data()
        assert drawn.count(b"<</MCID ") >= drawn.count(b"BT\n") > 20


async def test_every_font_is_ours_and_travels_with_it(printer: WeasyPrintPolicies) -> None:
    fonts = fonts_of(await printed(printer, insured_persons=(person("陈伟强"),)))
    families = {name.partition("+")[2].replace("-", " ").split(" ")[0] for name in fonts}
    assert families == {"Inter", "Droid"}
    assert all(fonts.values())


async def test_the_pdf_is_small_enough_for_a_mail(printer: WeasyPrintPolicies) -> None:
    assert len(await printer.print_policy(sheet())) < 120_000


async def test_another_sheet_is_another_document(printer: WeasyPrintPolicies) -> None:
    one = await printer.print_policy(sheet())
    assert one == await printer.print_policy(sheet())
    assert one != await printer.print_policy(sheet(customer_name="Someone Else"))


async def test_it_is_known_by_its_number_and_dated_when_the_policy_was_drawn(
    printer: WeasyPrintPolicies,
) -> None:
    pdf = await printed(printer)
    identifiers = pdf.trailer["/ID"]
    assert isinstance(identifiers, ArrayObject)
    assert NUMBER in str(identifiers[0])
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date is not None
    assert pdf.metadata.creation_date.date() == sheet().issued_on


def test_the_code_to_scan_is_the_address_of_the_public_page() -> None:
    drawn = unquote(view_of(sheet()).verify_code)
    again = unquote(segno.make(VERIFY_URL, error="m", micro=False, mask=2).svg_data_uri(border=0))
    path = re.compile(r" d='([^']+)'")
    assert path.findall(drawn) == path.findall(again) != []


async def test_names_are_text_and_never_markup(printer: WeasyPrintPolicies) -> None:
    name = "<img src=file:///etc/passwd><b>O'Hara & Söhne</b>"
    text = text_of(await printed(printer, insured_persons=(person(name),), product_name=name))
    assert text.count(name) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Ánh Tuyết",
        "Ωμέγα Παπαδόπουλος",
        "Щербаков Юрий",
        "محمد بن عبد الله",
        "דוד בן־גוריון",
        "தமிழ்ச்செல்வி முருகன்",
        "สมชาย ใจดี",
        "प्रिया शर्मा",
        "সুমন চট্টোপাধ্যায়",
        "김민준",
        "さくら 田中",
        "陳大文",
        "e\u0301le\u0300ne",
        "W" * 200,
    ],
)
async def test_names_of_many_scripts_are_printed(printer: WeasyPrintPolicies, name: str) -> None:
    fonts = fonts_of(await printed(printer, insured_persons=(person(name),)))
    assert all(fonts.values())


async def test_the_longest_policy_is_printed_whole(printer: WeasyPrintPolicies) -> None:
    pdf = await printed(
        printer,
        insured_persons=tuple(person(f"Person number {n} " + "x" * 180) for n in range(50)),
        cover=tuple(
            cover(f"Benefit {n} " + "y" * 180, money(10**14), "z" * 200) for n in range(100)
        ),
    )
    text = text_of(pdf)
    assert all(f"Person number {n}" in text for n in range(50))
    assert all(f"Benefit {n}" in text for n in range(100))
    assert text.count("SGD 1,000,000,000,000.00") == 100


@pytest.mark.parametrize("benefits", [8, 17, 20, 23, 26, 29])
async def test_the_terms_stand_side_by_side_wherever_the_page_ends(
    printer: WeasyPrintPolicies, benefits: int
) -> None:
    covers = tuple(cover(f"Benefit number {n}", money(100_000)) for n in range(benefits))
    pages = [page.extract_text() for page in (await printed(printer, cover=covers, tax=None)).pages]
    clauses = ("1. The contract", "5. Your duties", "9. Data, complaints")
    held = [[clause in page for page in pages] for clause in clauses]
    assert held[0] == held[1] == held[2]
    assert sum(held[0]) == 1


async def test_every_currency_has_its_own_decimals(printer: WeasyPrintPolicies) -> None:
    text = text_of(
        await printed(
            printer,
            price=money(15_000, "JPY"),
            tax=None,
            cover=(cover("Abroad", money(1_234_567, "KWD")), cover("At home", money(5, "RSD"))),
        )
    )
    assert "Premium JPY 15,000 Total paid JPY 15,000" in text
    assert "No tax is shown separately" in text
    assert "KWD 1,234.567" in text
    assert "RSD 0.05" in text


async def test_a_picture_that_no_font_has_is_left_out(printer: WeasyPrintPolicies) -> None:
    text = text_of(await printed(printer, product_name="Family \u2708\ufe0f Trip \U0001f3d6"))
    assert "Family Trip" in text


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"customer_name": "\u10a0\U00010380"}, "no font of ours has U.10A0, U.10380"),
        ({"insured_persons": (person("\ue000"),)}, "no font of ours has U.E000"),
        ({"cover": (cover("Nothing", money(0)),)}, "cover item 1 of Q-2026-0042 covers nothing"),
        ({"price": money(0), "tax": None}, "quote Q-2026-0042 has no price"),
    ],
)
async def test_a_sheet_that_can_never_be_printed_says_why(
    printer: WeasyPrintPolicies, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(UnprintableSheet, match=complaint):
        await printer.print_policy(sheet(**changes))
