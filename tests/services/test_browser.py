"""The chat page in a real browser: on a small screen, right to left, with JavaScript on and off."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from channels.web import Web
from services.app import clock
from services.privacy.identifiers import Keys
from services.store.engine import open_store
from tests.services.deployment import deploy, settle
from tests.services.served import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no browser here: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[str]:
    file = tmp_path_factory.mktemp("web") / "haqdar.db"
    shutil.copy(migrated_sqlite, file)
    store = open_store(f"sqlite:///{file}")
    settle(store, keys)

    with served(deploy(store, keys, channels={"web": Web(secure=False)}, clock=clock)) as client:
        yield str(client.base_url)
    store.close()


@pytest.fixture(params=[True, False], ids=["javascript", "no javascript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=request.param)
    asked: list[str] = []
    opened = context.new_page()
    opened.on("request", lambda sent: asked.append(sent.url))
    yield opened
    hosts = {url.split("/")[2] for url in asked}
    assert len(hosts) == 1, "no third party is asked"
    assert not any("9000000000012" in url for url in asked), "and no number is in an address"
    context.close()


def say(page: Page, text: str) -> None:
    page.fill("textarea", text)
    page.click("button.s")
    page.wait_for_load_state()


def fits(page: Page) -> bool:
    box = page.locator("html").bounding_box()
    overflow = page.locator("body *").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > 321 || e.getBoundingClientRect().left < -1)"
        ".filter(e => !e.classList.contains('h')).length"
    )
    return bool(box and box["width"] <= 320 and overflow == 0)


def test_an_urdu_conversation_on_a_small_screen(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/ur/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert fits(page)
    say(page, "السلام علیکم")
    assert page.locator("button[name=choice]").count() >= 5
    page.locator("button[name=choice]").first.click()
    page.wait_for_load_state()
    say(page, "9000000000012")
    lines = page.locator("li").all_inner_texts()
    assert "0012" in lines[-1]
    assert "9000000000012" not in page.content()
    assert fits(page)
    bubble = page.locator("li.b").last.bounding_box()
    own = page.locator("li.u").last.bounding_box()
    assert bubble
    assert own
    assert bubble["x"] + bubble["width"] > own["x"] + own["width"], "right to left: the bot is on the right"
    shot = tmp_path / "urdu.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 5000


def test_a_reference_stands_on_one_line(page: Page, address: str) -> None:
    page.goto(f"{address}/ur/")
    say(page, "دکاندار نے 500 کاٹ لیے")
    say(page, "ضلع کیچ، کل، دکان پر")
    say(page, "نہیں")
    say(page, "نہیں بتانا")
    pieces = "all => all.map(e => e.getClientRects().length)"
    counted = page.locator("li").last.locator("bdi").evaluate_all(pieces)
    assert len(counted) == 2, "the reference and the helpline"
    assert set(counted) == {1}


def test_everything_can_be_tapped_and_reached(page: Page, address: str) -> None:
    page.goto(f"{address}/en/")
    say(page, "menu")
    page.click("nav summary")
    for target in page.locator("button, nav summary, nav a, footer a").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44, target.inner_text()
    page.keyboard.press("Tab")
    assert page.locator(":focus").count() == 1
    assert page.locator("label[for=t]").count() == 1


def test_forgetting_on_a_shared_phone(page: Page, address: str) -> None:
    page.goto(f"{address}/ur-Latn/")
    say(page, "salam")
    assert page.locator("li").count() == 2
    page.click("button.f")
    page.wait_for_load_state()
    assert page.locator("li").count() == 0
    page.go_back()
    assert "Assalam" not in page.locator("body").inner_text()
