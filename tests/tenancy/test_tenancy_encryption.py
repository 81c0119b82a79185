"""Encrypted columns: what is stored cannot be read, moved or changed unnoticed, and keys can be changed."""

import base64
import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tenancy import encryption
from tenancy.encryption import (
    AES_256_GCM,
    SM4_GCM,
    DecryptionError,
    Encrypted,
    Key,
    KeyRing,
    KeyRingError,
    Keys,
)

NAME = "欧阳测试"


def in_memory(*algorithms: str) -> KeyRing:
    keys = {
        f"k{number}": Key(algorithm, bytes([number]) * encryption.KEY_BYTES[algorithm])
        for number, algorithm in enumerate(algorithms)
    }
    return KeyRing(Keys(keys, f"k{len(keys) - 1}", b"l" * 32))


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[KeyRing]:
    before = encryption._Process.ring
    made = KeyRing.create(tmp_path / "keys.json")
    encryption.use(made)
    yield made
    encryption.use(before)


class Base(DeclarativeBase):
    pass


class Contact(Base):
    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(Encrypted("contact.name"))
    note: Mapped[str | None] = mapped_column(Encrypted("contact.note"))


@pytest.mark.parametrize("algorithm", [AES_256_GCM, SM4_GCM])
@given(value=st.text())
def test_what_was_sealed_opens(algorithm: str, value: str) -> None:
    ring = in_memory(algorithm)
    token = ring.encrypt(value, "person.name")
    assert ring.decrypt(token, "person.name") == value
    assert token.isascii()


def test_equal_texts_look_different_and_hide_the_text(ring: KeyRing) -> None:
    tokens = {ring.encrypt(NAME, "person.name") for _ in range(20)}
    assert len(tokens) == 20
    assert not any(NAME.encode() in base64.urlsafe_b64decode(token.split(".")[2] + "==") for token in tokens)


def test_a_value_moved_to_another_column_does_not_open(ring: KeyRing) -> None:
    with pytest.raises(DecryptionError, match=r"person\.phone"):
        ring.decrypt(ring.encrypt(NAME, "person.name"), "person.phone")


@pytest.mark.parametrize("algorithm", [AES_256_GCM, SM4_GCM])
def test_every_changed_byte_is_noticed(algorithm: str) -> None:
    ring = in_memory(algorithm)
    form, key_id, body = ring.encrypt(NAME, "person.name").split(".")
    sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        token = ".".join([form, key_id, base64.urlsafe_b64encode(changed).decode().rstrip("=")])
        with pytest.raises(DecryptionError):
            ring.decrypt(token, "person.name")


@pytest.mark.parametrize("token", ["", NAME, "tx1.k0", "tx1.k0.AAAA", "tx2.k0." + "A" * 60, "tx1.k0.*" + "A" * 60])
def test_what_is_no_token_is_said_to_be_none(token: str) -> None:
    with pytest.raises(DecryptionError, match="not a sealed token"):
        in_memory(AES_256_GCM).decrypt(token, "person.name")


def test_the_key_id_cannot_be_exchanged() -> None:
    one_secret = Key(AES_256_GCM, b"s" * 32)
    ring = KeyRing(Keys({"a": one_secret, "b": one_secret}, "a", b"l" * 32))
    token = ring.encrypt(NAME, "person.name")
    with pytest.raises(DecryptionError):
        ring.decrypt(token.replace("tx1.a.", "tx1.b."), "person.name")


def test_old_values_open_after_a_rotation_to_another_algorithm(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = KeyRing.create(path)
    token = before.encrypt(NAME, "person.name")
    after = KeyRing.rotate(path, SM4_GCM)
    assert after.decrypt(token, "person.name") == NAME
    assert after.needs_rotation(token)
    assert not after.needs_rotation(after.encrypt(NAME, "person.name"))
    assert after.lookup(NAME) == before.lookup(NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_a_running_process_follows_a_rotation_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running = KeyRing.create(path)
    elsewhere = KeyRing.rotate(path)
    assert running.decrypt(elsewhere.encrypt(NAME, "person.name"), "person.name") == NAME
    assert running.current == elsewhere.current


def test_rotations_at_the_same_time_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    with ThreadPoolExecutor(8) as pool:
        tokens = [pool.submit(lambda: KeyRing.rotate(path).encrypt(NAME, "a.b")) for _ in range(24)]
    ring = KeyRing.from_file(path)
    assert [ring.decrypt(token.result(), "a.b") for token in tokens] == [NAME] * 24


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    def create(_number: int) -> str | None:
        try:
            return KeyRing.create(tmp_path / "keys.json").current
        except KeyRingError:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [key_id for key_id in pool.map(create, range(24)) if key_id is not None]
    assert made == [KeyRing.from_file(tmp_path / "keys.json").current]


def test_a_lost_key_is_named(tmp_path: Path) -> None:
    token = KeyRing.create(tmp_path / "lost.json").encrypt(NAME, "person.name")
    with pytest.raises(DecryptionError, match=token.split(".")[1]):
        KeyRing.create(tmp_path / "keys.json").decrypt(token, "person.name")


def test_a_ring_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = KeyRing.create(path, SM4_GCM)
    content = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyRing.from_file(path).decrypt(made.encrypt(NAME, "a.b"), "a.b") == NAME
    with pytest.raises(KeyRingError, match="exists already"):
        KeyRing.create(path)
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o601])
def test_a_ring_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    path.chmod(mode)
    with pytest.raises(KeyRingError, match="set 0600"):
        KeyRing.from_file(path)


SECRET = base64.b64encode(b"k" * 32).decode()
BROKEN = {
    "text": "no ring",
    "list": [],
    "empty": {},
    "no current": {"current": "x", "lookup": SECRET, "keys": {}},
    "short key": {
        "current": "a",
        "lookup": SECRET,
        "keys": {"a": {"algorithm": AES_256_GCM, "secret": "aaaa"}},
    },
    "strange": {"current": "a", "lookup": SECRET, "keys": {"a": {"algorithm": "DES", "secret": SECRET}}},
    "no base64": {
        "current": "a",
        "lookup": SECRET,
        "keys": {"a": {"algorithm": AES_256_GCM, "secret": "%%"}},
    },
    "no lookup": {"current": "a", "lookup": "", "keys": {"a": {"algorithm": AES_256_GCM, "secret": SECRET}}},
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_ring_is_refused_without_showing_secrets(tmp_path: Path, content: object) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(KeyRingError) as caught:
        KeyRing.from_file(path)
    assert SECRET not in str(caught.value)


def test_a_missing_ring_and_an_unknown_algorithm_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="missing"):
        KeyRing.from_file(tmp_path / "keys.json")
    with pytest.raises(KeyRingError, match="SM4-GCM"):
        KeyRing.create(tmp_path / "keys.json", "DES")
    assert list(tmp_path.iterdir()) == []


def test_a_ring_never_shows_its_secrets() -> None:
    ring = in_memory(AES_256_GCM)
    assert repr(ring) == "KeyRing(current='k0', ids=['k0'])"
    assert "\\x00" not in repr(ring._keys)


def test_lookup_finds_other_spellings_and_depends_on_the_key(tmp_path: Path) -> None:
    ring = in_memory(AES_256_GCM)
    assert ring.lookup("Wang.Wu@Example.org ") == ring.lookup("wang.wu@example.org")
    assert ring.lookup("１３８ 0000") == ring.lookup("1380000")
    assert ring.lookup("张三") != ring.lookup("张四")
    assert ring.lookup("张三") != KeyRing.create(tmp_path / "keys.json").lookup("张三")
    assert len(ring.lookup("张三")) == 64


def test_a_column_is_sealed_in_the_table_and_open_in_the_object(ring: KeyRing) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Contact(id=1, name=NAME))
        session.commit()
        stored = session.execute(text("select name from contact")).scalar_one()
        assert NAME not in stored
        assert ring.decrypt(stored, "contact.name") == NAME
        assert session.scalars(select(Contact)).one().name == NAME
        assert session.scalars(select(Contact).where(Contact.note.is_(None), Contact.name.is_not(None))).one().id == 1
        session.execute(text("update contact set note = name"))
        session.expire_all()
        with pytest.raises(DecryptionError, match=r"contact\.note"):
            session.scalars(select(Contact)).one()
    engine.dispose()


def test_an_encrypted_column_refuses_comparison_and_order() -> None:
    for build in (
        lambda: Contact.name == NAME,
        lambda: Contact.name.in_([NAME]),
        lambda: Contact.name.like("欧%"),
        Contact.name.desc,
        lambda: Contact.name == Contact.note,
    ):
        with pytest.raises(TypeError, match="lookup column"):
            build()
    assert str(Contact.name == None) == "contact.name IS NULL"  # noqa: E711


def test_without_a_ring_nothing_is_written(ring: KeyRing) -> None:
    encryption.use(None)
    with pytest.raises(KeyRingError, match=r"encryption\.use"):
        encryption.in_use()
    with pytest.raises(KeyRingError):
        Encrypted("a.b").process_bind_param(NAME, create_engine("sqlite://").dialect)


def test_the_type_spells_itself_for_migrations() -> None:
    kind = Encrypted("person.email")
    assert repr(kind) == "Encrypted('person.email')"
    assert kind.cache_ok
    assert kind.copy().context == "person.email"
