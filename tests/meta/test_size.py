"""Files and functions stay small enough to be read at once."""

import ast
from math import ceil

from tests.meta.tree import sources

FILE_LIMIT, FILE_P90 = 400, 250
FUNCTION_LIMIT, FUNCTION_P90 = 60, 30


def file_sizes() -> dict[str, int]:
    return {name: text.count("\n") for name, text in sources().items()}


def function_sizes() -> dict[str, int]:
    found: dict[str, int] = {}
    for name, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"{name}:{node.lineno} {node.name}"] = (node.end_lineno or node.lineno) - node.lineno + 1
    return found


def p90(sizes: dict[str, int]) -> int:
    ordered = sorted(sizes.values())
    return ordered[ceil(len(ordered) * 0.9) - 1]


def largest(sizes: dict[str, int], over: int) -> str:
    return "\n".join(f"{size} lines: {name}" for name, size in sorted(sizes.items(), key=lambda s: -s[1]) if size > over)


def test_no_file_is_longer_than_400_lines() -> None:
    assert not (found := largest(file_sizes(), FILE_LIMIT)), found


def test_nine_files_of_ten_have_at_most_250_lines() -> None:
    sizes = file_sizes()
    assert p90(sizes) <= FILE_P90, largest(sizes, FILE_P90)


def test_no_function_is_longer_than_60_lines() -> None:
    assert not (found := largest(function_sizes(), FUNCTION_LIMIT)), found


def test_nine_functions_of_ten_have_at_most_30_lines() -> None:
    sizes = function_sizes()
    assert p90(sizes) <= FUNCTION_P90, largest(sizes, FUNCTION_P90)
