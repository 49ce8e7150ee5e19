"""What the press takes of WeasyPrint's insides: an upgrade that changes them fails here first."""

import pytest
from weasyprint import CSS, HTML

from gateways.brand import Brand
from gateways.policy_press import WellFormedSource, press
from gateways.policy_view import view_of
from tests.gateways.policy_samples import sheet

TEXT = "<html><head><title>A policy</title></head><body><p>One &amp; all</p></body></html>"


class SourceReadAsHtml(HTML):  # type: ignore[misc]
    def _ua_stylesheets(self, *_: bool) -> list[CSS]:
        return []


def test_our_source_holds_what_weasyprints_own_holds() -> None:
    theirs = HTML(string=TEXT)
    ours = WellFormedSource(TEXT, theirs.url_fetcher)
    assert vars(ours).keys() == vars(theirs).keys(), "give WellFormedSource what HTML holds now"
    assert ours.wrapper_element.etree_element is ours.etree_element


def test_weasyprint_asks_our_source_for_its_style_sheet_and_gets_none() -> None:
    asked: list[object] = []

    class Watched(WellFormedSource):
        def _ua_stylesheets(self, *forms: bool) -> list[CSS]:
            asked.append(forms)
            return super()._ua_stylesheets(*forms)

    Watched(TEXT, HTML(string=TEXT).url_fetcher).render()
    assert asked, "WeasyPrint lays its style sheet by another way now: see WellFormedSource"


@pytest.mark.slow
def test_a_policy_read_as_xml_prints_as_one_read_as_html() -> None:
    pressed = press()
    text = pressed._policy_page.render(
        policy=view_of(sheet()), brand=Brand(), mark=pressed._mark, pages_behind=1
    )
    sources = (
        WellFormedSource(text, pressed._fetcher),
        SourceReadAsHtml(string=text, url_fetcher=pressed._fetcher),
    )
    ours, theirs = (
        source.write_pdf(
            stylesheets=[pressed._style], font_config=pressed._fonts, pdf_identifier=b"same"
        )
        for source in sources
    )
    assert ours == theirs
