"""Arrays in torch's files are read; what a damaged one might name or call is looked at before."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from gnnlab.datasets.files.torch_files import load_tensors
from gnnlab.datasets.readers.links.ogb_links import _types

ARRAYS = {"first": np.arange(100), "second": np.arange(300, 900)}


@pytest.fixture(autouse=True)
def arrays_allowed() -> Iterator[None]:
    """As the reader does it whose files hold arrays."""
    with torch.serialization.safe_globals(_types()):
        yield


def saved(zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save(ARRAYS, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def changed(old: bytes, new: bytes) -> io.BytesIO:
    """The pickle of the zipped format with some of its bytes changed, once."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(True))) as given, zipfile.ZipFile(file, "w") as out:
        for name in given.namelist():
            content = given.read(name)
            if name.endswith("data.pkl"):
                assert old in content
                content = content.replace(old, new, 1)
            out.writestr(name, content)
    return file


@pytest.mark.parametrize("zipped", [True, False])
def test_arrays_of_any_length_are_read(zipped: bool) -> None:
    found = load_tensors(io.BytesIO(saved(zipped)))
    assert all(np.array_equal(found[key], ARRAYS[key]) for key in ARRAYS)


WRONG: dict[str, tuple[bytes, bytes, str]] = {
    "name": (b"c_codecs\nencode\n", b"c_codecs\n" + b"a" * 999 + b"\n", "1,007"),
    "called": (b"h\x07\x86", b"h\x07\x85", "800"),  # the encoding alone is what is passed
    "asked for again": (b"h\x10\x89h\x05", b"h\x10\x89h\x13", "800"),  # in the function's place
    "no encoding": (b"h\x07\x86", b"K\x07\x86", "800"),
}
"""What stands in a pickle, what damage makes of it, and the length of the name that this gives."""


@pytest.mark.parametrize("how", WRONG)
def test_long_strings_that_are_no_numbers_are_refused(how: str) -> None:
    old, new, length = WRONG[how]
    assert set(load_tensors(changed(old, old))) == set(ARRAYS)  # but for the damage it is read
    with pytest.raises(ValueError, match=f"a name of {length} characters at byte"):
        load_tensors(changed(old, new))
