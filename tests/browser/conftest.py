"""The whole product, started once as its users start it, and visitors who look at it with Chromium."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from open_portal.demonstration import files

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300
PATIENCE_MS = 60_000
JOB_SECONDS = 120
CHINESE, ENGLISH = "zh_Hans_CN", "en"
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    (event) => console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI));"""


@dataclass(frozen=True)
class Portal:
    """The running product: where it answers, where its state lies, its process and those it started."""

    address: str
    home: Path
    process: subprocess.Popen[bytes]
    children: tuple[int, ...]

    def environment(self) -> dict[str, str]:
        """What a further command needs to work on the same state."""
        return environment(self.home, int(self.address.rpartition(":")[2]))

    def ask(self, path: str, **headers: str) -> tuple[int, bytes]:
        """What the portal answers a program: status and body, whatever the status is."""
        request = urllib.request.Request(self.address + path, headers=headers)  # noqa: S310 - our own address
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@dataclass
class Visitor:
    """A browser window with one visitor's cookies; everything that went wrong in it is written down."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write down errors of the console, of scripts and of the content policy, and requests to other hosts."""
        page, host = self.page, urlsplit(self.address).netloc
        page.add_init_script(TELL_VIOLATIONS)
        page.on("console", lambda line: self._note(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: None if self._ours(request.url, host) else self._note(request.url))

    def _note(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")

    @staticmethod
    def _ours(url: str, host: str) -> bool:
        parts = urlsplit(url)
        return parts.netloc == host or parts.scheme in {"data", "about"}

    def go(self, path: str) -> Response:
        """Open an address; it must be found."""
        response = self.page.goto(path if "://" in path else self.address + path)
        assert response is not None
        assert response.status == 200, f"{path}: {response.status}"
        return response

    def sign_in(self, login: str) -> "Visitor":
        """Sign in through the form as an account of the demonstration."""
        self.go("/sign-in")
        self.fill({"login": login, "password": files.PASSWORD})
        self.press("#main-content form[method=post] button[type=submit]")
        assert not self.page.url.endswith("/sign-in"), self.text()
        return self

    def fill(self, values: Mapping[str, str]) -> None:
        """Type into fields, by their names; a field of choices takes the code of one."""
        for name, value in values.items():
            control = self.page.locator(f'#main-content [name="{name}"]')
            if control.first.get_attribute("type") in {"radio", "checkbox"}:
                self.page.locator(f'#main-content [name="{name}"][value="{value}"]').check()
            elif control.evaluate("one => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def press(self, selector: str) -> None:
        """Press a button or follow a link and wait for the page behind it."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def button(self, text: str) -> None:
        """Press the button that bears this text."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=text).first.click()

    def follow(self, text: str) -> None:
        """Follow the link that bears this text."""
        with self.page.expect_navigation():
            self.page.locator("#main-content a", has_text=text).first.click()

    def text(self) -> str:
        """What can be read on the page."""
        return self.page.locator("#main-content").inner_text()

    def download(self, selector: str, folder: Path) -> Path:
        """Take a file along; its name is the one the portal proposes."""
        with self.page.expect_download() as taken:
            self.page.locator(selector).first.click()
        path = folder / taken.value.suggested_filename
        taken.value.save_as(path)
        return path

    def wait_for(self, path: str, wanted: Callable[[str], bool]) -> str:
        """Look at a page again until it says what is wanted; the text it then has."""
        end = time.monotonic() + JOB_SECONDS
        while time.monotonic() < end:
            self.go(path)
            if wanted(found := self.text()):
                return found
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{path} never said it:\n{found}")

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        return max(width, 0)


def environment(home: Path, port: int) -> dict[str, str]:
    """The environment of a command of ours: none of the caller's own settings, a home and a port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIAOXI_")}
    return {**kept, "TIAOXI_HOME": str(home), "TIAOXI_PORT": str(port)}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip("There is no Chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portal(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The product with its demonstration, started by its one command and ended as a person would end it."""
    folder = tmp_path_factory.mktemp("portal")
    port = free_port()
    address, log = f"http://127.0.0.1:{port}", folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "open_portal", "run"],
            cwd=ROOT,
            env=environment(folder / "home", port),
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_well(address, process, log)
        children = children_of(process.pid)
        yield Portal(address, folder / "home", process, children)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert len(children) == 2
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_well(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the portal says that it is well."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the portal did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def children_of(pid: int) -> tuple[int, ...]:
    """The processes that a process has started."""
    return tuple(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


@pytest.fixture
def visit(chromium: Browser, portal: Portal) -> Iterator[Callable[..., Visitor]]:
    """Opens a window for a new visitor; at the end nothing may have gone wrong in any of them."""
    opened: list[Visitor] = []

    def enter(language: str = CHINESE, *, width: int = 1280, login: str | None = None, **given: Any) -> Visitor:
        context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True, **given)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "language", "value": language, "url": portal.address}])
        visitor = Visitor(context.new_page(), portal.address)
        visitor.watch()
        opened.append(visitor)
        return visitor.sign_in(login) if login else visitor

    yield enter
    for visitor in opened:
        visitor.page.context.close()
    assert [complaint for visitor in opened for complaint in visitor.complaints] == []
