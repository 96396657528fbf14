"""Text knows where its characters stand, whatever was cut out before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocompose.readers.text import Text, decode, join_texts, without_returns


def test_columns_count_characters_not_bytes() -> None:
    text = Text("a.sh", "Ä=1\n\tß x")
    assert text.place(text.text.index("x")) == (2, 4)


def test_a_replacement_stands_where_the_original_stood() -> None:
    text = Text("m", "a $$X b").edited([(2, 4, "$")])
    assert text.text == "a $X b"
    assert text.place(2) == (1, 3)
    assert text.place(3) == (1, 5)
    assert text.place(5) == (1, 7)


def test_pieces_keep_their_places() -> None:
    source = Text("r.md", "one\n  two\n  three\n")
    pieces = join_texts([source.cut(6, 10), source.cut(12, 18)])
    assert pieces.text == "two\nthree\n"
    assert pieces.place(0) == (2, 3)
    assert pieces.place(4) == (3, 3)


def test_a_mask_must_have_the_same_length() -> None:
    with pytest.raises(ValueError, match="length"):
        Text("f", "abc").masked("ab")


def test_windows_line_ends_do_not_move_columns() -> None:
    text = without_returns(Text("f", "ab\r\ncd\r\n"))
    assert text.text == "ab\ncd\n"
    assert text.place(text.text.index("d")) == (2, 2)


def test_old_line_ends_are_line_ends() -> None:
    assert without_returns(Text("f", "a\rb\r")).text == "a\nb\n"


@given(st.text(alphabet="ab\nÄ€\t", max_size=60), st.data())
def test_every_kept_character_keeps_its_place(source: str, data: st.DataObject) -> None:
    text = Text("f", source)
    first = data.draw(st.integers(0, len(source)))
    last = data.draw(st.integers(first, len(source)))
    replacement = data.draw(st.sampled_from(["", "x", "longer"]))
    edited = text.edited([(first, last, replacement)])
    assert edited.text == source[:first] + replacement + source[last:]
    for offset in range(len(source)):
        if offset < first:
            assert edited.place(offset) == text.place(offset)
        elif offset >= last:
            assert edited.place(offset - (last - first) + len(replacement)) == text.place(
                offset
            )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfdocker", "docker"),
        ("docker Ä".encode(), "docker Ä"),
        ("docker Ä".encode("latin-1"), "docker Ä"),
        ("docker run".encode("utf-16"), "docker run"),
        (b"a\x00b", None),
        (bytes(range(1, 32)) * 9, None),
    ],
)
def test_files_are_decoded_or_refused(data: bytes, text: str | None) -> None:
    assert decode(data) == text
