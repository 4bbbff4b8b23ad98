"""`python -m tests.mutation.mutants run`: mutmut, with the mutants left out that change nothing but words of an error."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst
from mutmut.__main__ import cli
from mutmut.mutation import mutators

NAME_WHAT = {
    "bytes_of",
    "count_of",
    "fields_of",
    "list_of",
    "text_of",
    "parse_base64",
    "parse_decimal",
    "parse_hex",
}
"""Functions whose second argument only says in an error what was being read."""
ENCODINGS = {'"utf-8"', '"ascii"'}


def is_words(node: cst.BaseExpression) -> bool:
    """Whether it is a text that people read: one with a space in it."""
    is_text = isinstance(node, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString)
    return is_text and " " in cst.Module([]).code_for_node(node)


def names_what(call: cst.Call, index: int) -> bool:
    """Whether the argument only says in an error what was being read."""
    return index == 1 and isinstance(call.func, cst.Name) and call.func.value in NAME_WHAT


def other_strings(node: cst.BaseString) -> Iterable[cst.BaseString]:
    """mutmut's changes of a string, unless it is words, or the name of an encoding in other letters."""
    if is_words(node):
        return
    for mutant in mutators.operator_string(node):
        if cst.ensure_type(mutant, cst.SimpleString).value.lower() not in ENCODINGS:
            yield mutant


def other_arguments(node: cst.Call) -> Iterable[cst.Call]:
    """Each argument replaced by None, and each left out, unless it is words."""
    for index, argument in enumerate(node.args):
        if is_words(argument.value) or names_what(node, index):
            continue
        before, after = node.args[:index], node.args[index + 1 :]
        if not argument.star:
            yield node.with_changes(args=[*before, argument.with_changes(value=cst.Name("None")), *after])
        if len(node.args) > 1:
            yield node.with_changes(args=[*before, *after])


OURS = {
    mutators.operator_string: other_strings,
    mutators.operator_arg_removal: other_arguments,
}

if __name__ == "__main__":
    mutators.mutation_operators[:] = [
        (kind, OURS.get(operator, operator)) for kind, operator in mutators.mutation_operators
    ]
    cli()
