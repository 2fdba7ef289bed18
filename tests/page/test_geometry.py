"""The layout editor's geometry and gestures, without a page: node runs the `.test.mjs` here."""

from pathlib import Path

import pytest
from node_runner import run_tests

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))
TEST = "import test from 'node:test';\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_geometry(path):
    run_tests(path)


def test_tests_that_pass_are_counted(tmp_path):
    path = tmp_path / "two.mjs"
    path.write_text(TEST + "test('one', () => {}); test('two', () => {});")
    assert run_tests(path) == 2


@pytest.mark.parametrize(
    "script, said",
    [
        ("", "bad.mjs"),
        ("test('one', () => {}); test('two', () => { throw Error('here'); });", "here"),
        ("test('one', () => {}); test.skip('two', () => {});", "skip"),
        ("import './gone.mjs'; test('one', () => {});", "gone.mjs"),
        ("test('one', () => {}); throw Error('there');", "there"),
    ],
    ids=["none", "failing", "skipped", "not there", "broken"],
)
def test_tests_that_do_not_all_pass_are_noticed(script, said, tmp_path):
    path = tmp_path / "bad.mjs"
    path.write_text(TEST + script)
    with pytest.raises(AssertionError, match=said):
        run_tests(path)
