"""Settings: one list with default and help, read from the environment; a wrong one stops the start and says which."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "TIAOXI_"
FACES = ("public", "apply", "desk", "admin", "api")


class SettingsError(ValueError):
    """A setting has a value that can't be used; the message names it and says what is expected."""


@dataclass(frozen=True)
class Setting:
    """One setting: its name, default as text, how it is read, and what it is for in both languages."""

    name: str
    default: str
    read: Callable[[str], Any]
    en: str
    zh: str


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError("a port from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError("a whole number from 1")
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() not in {"yes", "no"}:
        raise ValueError("yes or no")
    return text.lower() == "yes"


def _faces(text: str) -> frozenset[str]:
    names = frozenset(one.strip() for one in text.split(",") if one.strip())
    if not names or not names <= set(FACES):
        raise ValueError("a list of " + ", ".join(FACES))
    return names


def _url(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address like https://data.example.cn/huzhou")
    return text.rstrip("/")


def _database(text: str) -> str:
    if text and not re.match(r"^(sqlite:///|postgresql(\+psycopg)?://)", text):
        raise ValueError("sqlite:///PATH or postgresql://…")
    return text


def _blobs(text: str) -> str:
    if text and not re.match(r"^(file:///|s3://)", text):
        raise ValueError("file:///PATH or s3://BUCKET/PREFIX?…")
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _algorithm(text: str) -> str:
    if text not in {"sha256", "sm3"}:
        raise ValueError("sha256 or sm3")
    return text


def _mail(text: str) -> str:
    if text and urlsplit(text).scheme not in {"smtp", "smtps", "smtp+plain"}:
        raise ValueError("smtp://USER:PASSWORD@HOST:PORT, smtps://… or smtp+plain://localhost:PORT")
    return text


LIST = (
    Setting(
        "HOME", "./var", lambda text: Path(text).expanduser().absolute(), "folder for all state", "存放全部状态的目录"
    ),
    Setting("HOST", "127.0.0.1", str, "address the web server listens on", "网页服务监听的地址"),
    Setting("PORT", "8000", _port, "port the web server listens on", "网页服务监听的端口"),
    Setting(
        "DATABASE_URL",
        "",
        _database,
        "database; empty: SQLite in the home folder",
        "数据库地址;留空则为主目录中的 SQLite",
    ),
    Setting(
        "BLOB_URL",
        "",
        _blobs,
        "store of files; empty: a folder in the home folder",
        "文件存储;留空则为主目录中的文件夹",
    ),
    Setting(
        "BASE_URL",
        "",
        _url,
        "public address of the portal, may carry a path; empty: taken from host and port",
        "门户的公开地址,可带路径;留空则由监听地址得出",
    ),
    Setting(
        "FACES",
        ",".join(FACES),
        _faces,
        "which doors this process opens; the others answer 404",
        "本进程开放哪些入口,其余一律返回 404",
    ),
    Setting(
        "PROXIES",
        "",
        _names,
        "addresses of reverse proxies whose forwarded headers are trusted",
        "其转发头可信的反向代理地址",
    ),
    Setting("WEB_WORKERS", "2", _count, "web processes", "网页进程数"),
    Setting("WEB_THREADS", "4", _count, "threads in each web process", "每个网页进程的线程数"),
    Setting(
        "SECURE_COOKIES",
        "no",
        _yes,
        "send cookies over TLS only (yes in production)",
        "仅经加密连接发送 Cookie(生产环境设为 yes)",
    ),
    Setting(
        "DEMO",
        "yes",
        _yes,
        "load the demo data into an empty database at the first run",
        "首次运行且数据库为空时载入演示数据",
    ),
    Setting(
        "MAIL_URL",
        "",
        _mail,
        "mail server; empty: mails are files in the home folder",
        "邮件服务器;留空则邮件存为主目录中的文件",
    ),
    Setting("MAIL_FROM", "tiaoxi@localhost", str, "sender of mails", "邮件发件人"),
    Setting("AUDIT_HASH", "sha256", _algorithm, "hash of the audit chain", "审计链所用的散列算法"),
    Setting("MAX_UPLOAD_MB", "1024", _count, "largest file taken in, in MB", "可接收的最大文件(MB)"),
    Setting(
        "MEMORY_MB",
        "1024",
        _count,
        "memory for one table query or quality run, in MB",
        "单次查询或质量检测可用内存(MB)",
    ),
    Setting("RUN_SECONDS", "600", _count, "longest quality run, in seconds", "单次质量检测的最长时间(秒)"),
    Setting(
        "SEARCHES_PER_MINUTE",
        "120",
        _count,
        "searches with filters that one address may make in a minute without signing in, in each web process",
        "未登录时单个地址每分钟可进行的带筛选搜索次数(每个网页进程分别计数)",
    ),
    Setting(
        "AUTHORITY",
        "data-bureau",
        str,
        "key of the tenant that is the public-data authority",
        "公共数据主管部门的租户标识",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    home: Path
    host: str
    port: int
    database_url: str
    blob_url: str
    base_url: str
    faces: frozenset[str]
    proxies: tuple[str, ...]
    web_workers: int
    web_threads: int
    secure_cookies: bool
    demo: bool
    mail_url: str
    mail_from: str
    audit_hash: str
    max_upload_mb: int
    memory_mb: int
    run_seconds: int
    searches_per_minute: int
    authority: str

    @property
    def address(self) -> str:
        """The portal's public address without a trailing slash."""
        return self.base_url or f"http://{self.host}:{self.port}"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting; raise SettingsError for a value that can't be used or a name that doesn't exist."""
    given = {
        name.removeprefix(PREFIX): value
        for name, value in (os.environ if environment is None else environment).items()
        if name.startswith(PREFIX)
    }
    unknown = sorted(set(given) - {one.name for one in LIST})
    if unknown:
        raise SettingsError(f"{PREFIX}{unknown[0]}: there is no such setting / 没有这个设置项")
    values: dict[str, Any] = {}
    for one in LIST:
        text = given.get(one.name, one.default)
        try:
            values[one.name.lower()] = one.read(text)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{one.name}={text!r}: {one.en} / {one.zh}: expected {error}") from error
    home = values["home"]
    values["database_url"] = values["database_url"] or f"sqlite:///{home / 'tiaoxi.sqlite'}"
    values["database_url"] = re.sub(r"^postgresql://", "postgresql+psycopg://", values["database_url"])
    values["blob_url"] = values["blob_url"] or (home / "blobs").as_uri()
    return Settings(**values)


def table() -> str:
    """The settings as a Markdown table, for the documentation."""
    rows = ["| setting | default | English | 中文 |", "|---|---|---|---|"]
    rows += [f"| `{PREFIX}{one.name}` | `{one.default or ' '}` | {one.en} | {one.zh} |" for one in LIST]
    return "\n".join(rows) + "\n"
