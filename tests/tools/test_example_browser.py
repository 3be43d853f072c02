# SPDX-License-Identifier: MIT
"""The page among the examples in a browser: it shows what is made, and its controls change that."""

import os
import shutil
import sys
import tempfile
import unittest

from tests.tools import example_support, support

NEEDS = example_support.missing(
    modules={"gi": "python3-gst-1.0", "selenium": "python3-selenium"},
    programs={"chromium": "chromium", "chromedriver": "chromium-driver"})
if not NEEDS:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 45  # seconds


def open_browser(test):
    # The browser's last processes may still write into it while it is removed.
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    test.addCleanup(folder.cleanup)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1200,900", f"--user-data-dir={folder.name}/profile"):
        options.add_argument(word)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which root cannot have
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Service(shutil.which("chromedriver"), env=dict(os.environ, TMPDIR=folder.name))
    browser = webdriver.Chrome(service=driver, options=options)
    test.addCleanup(browser.quit)
    return browser


class Page(unittest.TestCase):
    """tools/examples/web/index.html"""

    def setUp(self):
        server = example_support.Server(
            self.addCleanup, sys.executable, example_support.EXAMPLES / "web/server.py",
            "--port", "0")
        self.browser = open_browser(self)
        self.browser.get(server.address)
        self.until(lambda: self.frames() > 0)

    def until(self, condition):
        WebDriverWait(self.browser, PATIENCE, poll_frequency=0.1).until(lambda _: condition())

    def element(self, css):
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def frames(self):
        return int(self.element("#now").get_attribute("data-frames") or 0)

    def move(self, css, value):
        self.browser.execute_script(
            "const input = document.querySelector(arguments[0]); input.value = arguments[1];"
            "input.dispatchEvent(new Event('input', {bubbles: true}));"
            "input.dispatchEvent(new Event('change', {bubbles: true}));", css, value)

    def assert_quiet_console(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_shows_one_picture_after_the_other(self):
        script = """const canvas = document.querySelector("#now");
                    return [Number(canvas.dataset.frames), canvas.toDataURL()]"""
        frames, drawn = self.browser.execute_script(script)
        self.until(lambda: self.frames() > frames)
        self.assertNotEqual(self.browser.execute_script(script)[1], drawn)
        self.assertEqual(self.element("#viewers").text, "one viewer")
        self.assertIn("model mini, 16 classes", self.element("#model").text)
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, "#wall img")) >= 16)
        logs = support.BUILD / "meson-logs"
        self.browser.save_screenshot(str(logs / "example-web.png"))
        self.assert_quiet_console()

    def test_shows_what_a_picture_may_become(self):
        self.move("#pace", 20)
        self.move("#steps", 50)
        script = """const canvas = document.querySelector("#now");
                    return [canvas.classList.contains("preview"),
                            document.querySelector("#facts").textContent.split(", ")[1]]"""
        shown = []

        def has_both():
            shown.append(tuple(self.browser.execute_script(script)))
            return len(set(shown)) > 3 and (False, None) in shown

        self.until(has_both)
        steps = {f"step {step} of 50" for step in (10, 20, 30, 40)}
        self.assertLessEqual({words for is_preview, words in shown if is_preview} - steps,
                             {f"step {step} of 10" for step in (2, 4, 6, 8)})
        self.assertEqual({words for is_preview, words in shown if not is_preview}, {None})
        self.assert_quiet_console()

    def test_classes_are_chosen(self):
        self.element("[data-name=heart]").click()
        self.until(lambda: self.element("#class").text.lower() == "heart")
        frames = self.frames()
        self.until(lambda: self.frames() > frames + 1)
        self.assertEqual(self.element("#class").text.lower(), "heart")
        self.element("[data-name=tree]").click()
        self.until(lambda: self.element("#class").text.lower() == "tree")
        pressed = self.browser.find_elements(By.CSS_SELECTOR, "[aria-pressed=true]")
        self.assertEqual([button.text for button in pressed], ["heart", "tree"])
        self.element("#all").click()
        self.until(lambda: self.element("#class").text.lower() == "ball")
        self.assert_quiet_console()

    def test_numbers_are_set_and_refused(self):
        self.move("#steps", 3)
        self.move("#seed", 11)
        self.until(lambda: "of seed 11" in self.element("#facts").text)
        self.assertEqual(self.element("#steps").get_attribute("value"), "3")
        self.assert_quiet_console()
        self.move("#seed", -1)
        self.until(lambda: "seed: expected a number" in self.element("#words").text)

    def test_another_window_follows(self):
        page = self.browser.current_url
        self.browser.switch_to.new_window("window")
        self.browser.get(page)
        self.until(lambda: self.element("#viewers").text == "2 viewers")
        self.element("[data-name=car]").click()
        self.browser.switch_to.window(self.browser.window_handles[0])
        self.until(lambda: self.element("#class").text.lower() == "car")
        self.assertEqual(self.element("[data-name=car]").get_attribute("aria-pressed"), "true")
        self.browser.switch_to.window(self.browser.window_handles[1])
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])
        self.until(lambda: self.element("#viewers").text == "one viewer")
        self.assert_quiet_console()


if __name__ == "__main__":
    example_support.main(NEEDS)
