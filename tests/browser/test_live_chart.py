"""What only a real browser shows: the picture moves with the thumb, keeps its zoom, and ends exact."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from pages.atlas import EXPLORERS
from pages.kit.controls import text
from tests.browser.conftest import PHONE, READY

VIEWS = [(explorer.address, view) for explorer in EXPLORERS for view in explorer.views]
EACH_VIEW = pytest.mark.parametrize(("address_", "view"), VIEWS, ids=[f"{a}-{v.id}" for a, v in VIEWS])


def chart(page):
    return page.locator(".phase-atlas-chart").first


def drawn(page) -> int:
    return int(chart(page).get_attribute("data-pictures"))


def thumb(page, key: str):
    """Centre of the thumb, and the track, of the slider `key`."""
    track = page.locator(f".st-key-{key} [data-orientation=horizontal] [data-orientation=horizontal]").first
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    left = page.locator(f".st-key-{key} [data-testid=stSliderThumbValue]").locator("..").evaluate("e => parseFloat(e.style.left)")
    return box["x"] + box["width"] * left / 100, box["y"] + box["height"] / 2, box


def sliders(page) -> list[str]:
    """Keys of the sliders the chart follows."""
    return page.evaluate("document.querySelector('.phase-atlas-chart').phaseAtlas.data.sliders.map(s => s.key)")


def wait_for_family(page, name: str) -> None:
    page.wait_for_function("name => document.querySelector('.phase-atlas-chart').phaseAtlas.valid(name)", arg=name, timeout=60_000)


def exact(page) -> None:
    """Wait until the exact picture of the present values stands, and no slider is still being replaced by another."""
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_function(
        "document.querySelector('.phase-atlas-chart').phaseAtlas.data.sliders"
        ".every(s => document.querySelectorAll(`.st-key-${s.key} input[type=range]`).length === 1)",
        timeout=60_000,
    )


@EACH_VIEW
def test_a_view_by_hand(visit, address_, view):
    """Drag a thumb, take every slider to both ends, click the map, choose a preset, open its link: one page, as a visitor has it."""
    page = visit(f"{address_}?view={view.id}")
    the_picture_moves_while_the_thumb_moves(page)
    reset(page)
    for key in sliders(page):
        it_goes_to_both_ends_by_keyboard(page, view, key)
        reset(page)
    if view.map:
        a_click_on_the_map_moves_the_sliders(page, view)
        reset(page)
    a_preset_gives_a_link(page, view)
    values = page.locator("[data-part=values]").first.text_content()
    again = visit(page.evaluate("location.href").split("/")[-1])
    expect(again.locator("[data-part=values]").first).to_have_text(values)


def reset(page) -> None:
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("() => !location.search.includes('&')", timeout=60_000)
    exact(page)


def the_picture_moves_while_the_thumb_moves(page) -> None:
    key = sliders(page)[0]
    x, y, track = thumb(page, key)
    page.mouse.move(x, y)
    wait_for_family(page, key.rsplit("-", 1)[1])
    page.mouse.down()
    before, states, blank = drawn(page), set(), 0
    for step in range(24):
        page.mouse.move(track["x"] + track["width"] * (0.1 + 0.8 * abs(1 - step / 12)), y)
        state, lines = page.evaluate(
            "(() => { const c = document.querySelector('.phase-atlas-chart');"
            " return [c.dataset.state, c.querySelectorAll('.scatterlayer .trace, .heatmaplayer image').length] })()"
        )
        states.add(state)
        blank += lines == 0
    assert drawn(page) - before >= 8
    assert "preview" in states
    assert blank == 0
    page.mouse.up()
    exact(page)


def it_goes_to_both_ends_by_keyboard(page, view, key: str) -> None:
    name = key.rsplit("-", 1)[1]
    control = next(control for control in view.controls if control.name == name)
    for end, value in zip(("Home", "End"), control.bounds, strict=True):
        page.locator(f".st-key-{key} input[type=range]").focus()
        page.keyboard.press(end)
        page.wait_for_function(
            "([name, moved]) => new URLSearchParams(location.search).has(name) === moved",
            arg=[name, value != control.start],
            timeout=60_000,
        )
        exact(page)
        assert page.locator("[data-testid=stException]").count() == 0
        assert chart(page).locator("[data-part=takeaway]").text_content()


def a_click_on_the_map_moves_the_sliders(page, view) -> None:
    page.get_by_role("tab", name="Phase diagram").click()
    plane = page.locator(".phase-atlas-chart").nth(1)
    plane.locator(".heatmaplayer image").wait_for(timeout=60_000)
    area = plane.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.click(box["x"] + 0.21 * box["width"], box["y"] + 0.83 * box["height"])
    for name in (view.map.x, view.map.y):
        page.wait_for_function("name => new URLSearchParams(location.search).has(name)", arg=name, timeout=60_000)
    exact(page)


def a_preset_gives_a_link(page, view) -> None:
    name = list(view.presets)[-1]
    page.get_by_role("button", name=name, exact=True).click()
    starts = {control.name: control.start for control in view.controls}
    for parameter, value in view.presets[name].items():
        if value != starts[parameter]:
            page.wait_for_function(
                "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[parameter, text(value)], timeout=60_000
            )
    exact(page)


def test_zoom_survives_a_slider(visit):
    page = visit("capacity?view=cover")
    area = page.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(area["x"] + 0.4 * area["width"], area["y"] + 0.3 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.7 * area["width"], area["y"] + 0.8 * area["height"], steps=5)
    page.mouse.up()
    shown = "[...document.querySelector('[data-part=plot]')._fullLayout.xaxis.range]"
    page.wait_for_function(f"() => {shown}[0] > 1")
    zoomed = page.evaluate(shown)
    page.locator(".st-key-capacity-cover-D input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('D=')")
    exact(page)
    assert page.evaluate(shown) == zoomed


def test_nonsense_in_a_link_is_answered_with_a_sentence(visit):
    page = visit("capacity?view=cover&alpha=nan&D=7000&colour=red")
    warning = page.get_by_role("alert").first
    for words in ("alpha=nan", "D=7000", "between 5 and 1000", "colour"):
        expect(warning).to_contain_text(words)
    expect(page.locator("[data-part=values]").first).to_contain_text("D = 1000")


def test_values_can_be_typed_one_after_the_other(visit):
    page = visit("capacity?view=gardner")
    page.get_by_role("button", name="Type values").click()
    boxes = page.locator("[data-testid=stPopoverBody] input[type=text]")
    for n, typed in enumerate(("0.123", "7")):
        boxes.nth(n).fill(typed)
        boxes.nth(n).press("Enter")
    page.wait_for_function("() => location.search.includes('alpha=0.123') && location.search.includes('kappa=')", timeout=30_000)
    expect(page.get_by_role("alert").first).to_contain_text("kappa=7 is not")


def test_an_unknown_view_is_answered_with_a_sentence(visit):
    page = visit("capacity?view=elsewhere")
    expect(page.get_by_role("alert").first).to_contain_text("view=elsewhere")


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda e: e.address)
def test_a_phone_sees_picture_and_sliders_together(visit, explorer):
    page = visit(explorer.address, PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    key = sliders(page)[0]
    page.locator(f".st-key-{key}").scroll_into_view_if_needed()
    plot = page.locator("[data-part=plot]").first.bounding_box()
    slider = page.locator(f".st-key-{key}").bounding_box()
    assert plot["y"] >= 0
    assert plot["y"] + plot["height"] <= slider["y"] + 1
    assert slider["y"] + slider["height"] <= PHONE["height"] + 1


def test_dark_mode_draws_light_on_dark(visit):
    page = visit("capacity", color_scheme="dark")
    colour = page.evaluate("document.querySelector('[data-part=plot]')._fullLayout.font.color")
    assert colour == "#f2f2f2"


def test_an_experiment_runs_and_its_dots_appear(visit):
    page = visit("capacity?view=cover&D=20")
    page.wait_for_selector("[data-part=plot] .errorbar", timeout=90_000)
    heights = "(document.querySelector('[data-part=plot]').data.find(d => d.error_y?.array)?.y ?? []).join()"
    first = page.evaluate(heights)
    page.get_by_role("tab", name="Experiment").click()

    def run(seed: str) -> None:
        page.get_by_label("seed").fill(seed)
        page.get_by_label("seed").press("Enter")
        page.get_by_role("button", name="Run", exact=True).click()

    run("7")
    page.wait_for_function(f"before => {heights} && {heights} !== before", arg=first, timeout=90_000)
    run("0")  # remembered: done before the page is drawn again
    page.wait_for_function(f"first => {heights} === first", arg=first, timeout=30_000)


def test_a_phone_shows_the_whole_question(visit):
    page = visit("capacity", PHONE, has_touch=True, is_mobile=True)
    bar = page.locator("[data-testid=stHeader]").bounding_box()
    question = page.locator("h2").first.bounding_box()
    assert question["y"] >= bar["y"] + bar["height"]


def test_fits_to_a_visitors_own_table_appear_by_themselves(visit, tmp_path):
    page = visit("your-data?view=table")
    page.wait_for_selector("[data-part=plot] .errorbar", timeout=60_000)
    random = np.random.default_rng(0)
    X = random.standard_normal((200, 4))
    table = tmp_path / "table.csv"
    np.savetxt(table, np.column_stack([X, X.sum(axis=1)]), delimiter=",", header="a,b,c,d,y", comments="")
    page.get_by_text("yours", exact=True).click()
    page.locator("input[type=file]").set_input_files(table)
    expect(page.get_by_text("200 rows, 4 features")).to_be_visible()
    page.wait_for_selector("[data-part=plot] .errorbar", timeout=60_000)


def test_an_experiment_can_be_cancelled(visit):
    page = visit("capacity?view=cover&D=400")
    page.get_by_role("tab", name="Experiment").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("Cancelled.")).to_be_visible(timeout=30_000)


def test_the_picture_can_be_taken_away(visit):
    page = visit("capacity?view=cover")
    for name, ending in (("PNG", ".png"), ("SVG", ".svg")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).first.click()
        assert download.value.suggested_filename.endswith(ending)
    page.get_by_role("tab", name="Take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Data (CSV)").click()
    assert "theory" in download.value.path().read_text()


def test_the_landing_page_leads_to_every_explorer(visit):
    page = visit("")
    for explorer in EXPLORERS:
        assert page.locator(f'a[href*="{explorer.address}"]').count() >= 1
    expect(page.get_by_text(re.compile("Phase Atlas")).first).to_be_visible()


def test_without_the_drawing_library_the_page_says_so(chromium, address):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/plotly-cartesian*", lambda route: route.abort())
    page.goto(f"{address}/capacity")
    expect(page.locator("[data-part=takeaway]").first).to_contain_text("could not be loaded", timeout=60_000)
    context.close()
