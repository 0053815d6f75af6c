"""Takes the pictures in this folder of the Dagster web UI, after `make demo`.

Needs Chromium on the path and the package `playwright` (neither is locked: nothing else here uses them).
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import duckdb
from playwright.sync_api import Page, sync_playwright

from activation_platform.cli.demo.story import environment

PORT = 3939
HERE = Path(__file__).parent
URL, SANDBOX = f"http://127.0.0.1:{PORT}", 8799
PARTITION = "1997-10-13-06:00"
ACTIVATION = f"{URL}/assets/activations/batch/loyalty_programme"
PAGES = {
    "asset_graph.png": f"{URL}/asset-groups",
    "partition.png": f"{ACTIVATION}?view=partitions&partition={PARTITION}",
    "activation.png": ACTIVATION,
    "plots.png": ACTIVATION,
    "analysis.png": f"{URL}/assets/analysis/loyal_customers/overlap",
    "paused.png": f"{ACTIVATION}?view=checks&checkDetail=not_paused",
}
HEIGHTS = {"asset_graph.png": 1440, "activation.png": 1440, "plots.png": 1440}
"""Of pages that show more than others."""


def main() -> None:
    """Start the UI, look at each page, take its picture."""
    arguments = [
        str(Path(sys.executable).with_name("activation")),
        "ui",
        "--port",
        str(PORT),
        "--sandbox-port",
        str(SANDBOX),
    ]
    with subprocess.Popen(arguments) as server:
        try:
            _wait()
            _shoot()
            _rename("telephone", "phone")
        finally:
            server.terminate()


def _rename(column: str, name: str) -> None:
    """Rename a column that the model reads, and validate its source."""
    there = environment(f"http://127.0.0.1:{SANDBOX}")
    with duckdb.connect(there["SHOP_WAREHOUSE"]) as warehouse:
        warehouse.execute(f"alter table customers rename {column} to {name}")
    job = ["job", "execute", "-m", "activation_platform.definitions", "-j", "validate_source_shop"]
    subprocess.run([sys.executable, "-m", "dagster", *job], env={**os.environ, **there}, check=True)


def _until_told(page: Page) -> None:
    """Wait for the sensor that looks every half minute."""
    for _ in range(20):
        if page.get_by_text("paused: ").count():
            return
        page.wait_for_timeout(5000)
        page.reload()
        page.wait_for_timeout(3000)
    raise SystemExit("no activation was paused")


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
            if address == ACTIVATION:
                page.get_by_text("Latest check results").wait_for(timeout=60_000)
            if name == "plots.png":
                page.get_by_role("button", name="Plots").click()
                page.get_by_role("button", name="Events").click()  # the newest partitions have none
                page.get_by_text("Loading plots").wait_for(state="hidden", timeout=60_000)
                page.wait_for_timeout(2000)
            if name == "paused.png":
                _rename("phone", "telephone")
                _until_told(page)
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
