"""What a run takes over from an earlier one, and what it does not."""

from pathlib import Path

import pytest
from leopard.decoding.parts import discard_parts, make_once, prepare_parts

NAMES = ("chr1.npy", "chr1.npz", "chr2.npy", "chr2.npz")


def make_parts(directory):
    prepare_parts(directory, "first")
    for name in NAMES:
        (directory / name).write_text(name)


def test_parts_are_kept_while_they_are_of_the_same(tmp_path):
    make_parts(tmp_path / "parts")
    prepare_parts(tmp_path / "parts", "first")
    assert all((tmp_path / "parts" / name).exists() for name in NAMES)
    prepare_parts(tmp_path / "parts", "second")
    assert not any((tmp_path / "parts" / name).exists() for name in NAMES)
    discard_parts(tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("removed", range(len(NAMES) + 1))
def test_what_a_stopped_run_left_of_them_is_not_taken_for_all(tmp_path, monkeypatch, removed):
    directory, unlink, done = tmp_path / "parts", Path.unlink, []

    def stop(path, missing_ok=False):
        if len(done) == removed:
            raise InterruptedError
        done.append(path)
        unlink(path, missing_ok=missing_ok)

    make_parts(directory)
    with monkeypatch.context() as patched, pytest.raises(InterruptedError):
        patched.setattr(Path, "unlink", stop)
        discard_parts(directory)
    prepare_parts(directory, "first")
    left = [name for name in NAMES if (directory / name).exists()]
    assert left in ([], list(NAMES))


def test_a_file_is_made_again_if_it_is_of_something_else_or_its_making_was_stopped(tmp_path):
    made, versions = tmp_path / "made.txt", iter("abc")

    def make():
        made.write_text(next(versions))

    def stop():
        make()
        raise InterruptedError

    make_once(made, "first", make)
    make_once(made, "first", make)
    assert made.read_text() == "a"
    with pytest.raises(InterruptedError):
        make_once(made, "second", stop)
    make_once(made, "second", make)
    assert made.read_text() == "c"
