"""Takes the pictures in this folder of the Dagster web UI, after `make demo`.

Needs Chromium on the path and the package `playwright` (neither is locked: nothing else here uses them).
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

PORT = 3939
HERE = Path(__file__).parent
URL = f"http://127.0.0.1:{PORT}"
PARTITION = "1997-10-13-06:00"
PAGES = {
    "asset_graph.png": f"{URL}/asset-groups",
    "partition.png": f"{URL}/assets/activations/batch/loyalty_programme?view=partitions&partition={PARTITION}",
    "analysis.png": f"{URL}/assets/analysis/loyal_customers/overlap",
}
HEIGHTS = {"asset_graph.png": 1440}
"""Of pages that show more than others."""


def main() -> None:
    """Start the UI, look at each page, take its picture."""
    arguments = [
        str(Path(sys.executable).with_name("activation")),
        "ui",
        "--port",
        str(PORT),
        "--sandbox-port",
        "8799",
    ]
    with subprocess.Popen(arguments) as server:
        try:
            _wait()
            _shoot()
        finally:
            server.terminate()


def _wait() -> None:
    for _ in range(120):
        try:
            urlopen(f"{URL}/server_info", timeout=2)
        except (URLError, OSError):
            time.sleep(1)
        else:
            return
    raise SystemExit("the Dagster web UI did not start")


def _shoot() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        for name, address in PAGES.items():
            page.set_viewport_size({"width": 1600, "height": HEIGHTS.get(name, 1000)})
            page.goto(address)
            _settle(page)
            if name == "asset_graph.png":
                page.keyboard.press("Alt+KeyE")  # expand all groups
                page.wait_for_timeout(2000)
            if name == "analysis.png":
                page.get_by_text("[Show Markdown]").last.click()  # the picture
                page.wait_for_timeout(2000)
            page.screenshot(path=HERE / name)
        browser.close()


def _settle(page: Page) -> None:
    """Wait for the data; a first visit is greeted by a dialog."""
    page.wait_for_timeout(4000)
    skip = page.get_by_role("button", name="Skip")
    if skip.count():
        skip.click()
    page.wait_for_timeout(3000)


if __name__ == "__main__":
    main()
