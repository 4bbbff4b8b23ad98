"""Passwords that a command is given: asked for, or out of a file, standard input or the environment.

Never as a word of the command line: every user of the machine can read that in the list of processes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from market.client.errors import ClientError


class Password(click.ParamType[str]):
    """On the command line "@file" for the first line of a file, or "-" for that of standard input."""

    name = "@FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = param.name if param is not None else None
        source = ctx.get_parameter_source(name) if ctx is not None and name is not None else None
        # What was typed at the prompt or stands in the environment is the password itself, whatever it begins with.
        if source is not ParameterSource.COMMANDLINE or not value:
            return str(value)
        option = param.opts[-1] if param is not None else ""
        if value == "-":
            return sys.stdin.readline().rstrip("\r\n")
        if not value.startswith("@"):
            raise ClientError(
                "{option} names where the password is: @file, or - for standard input. Left out, it is asked for or comes "
                "from {variable}. On the command line everybody on this machine could read it.",
                option=option,
                variable=param.envvar if param is not None else "",
            )
        try:
            return Path(value[1:]).read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
        except OSError as error:
            raise ClientError("{path} cannot be read: {why}.", path=value[1:], why=error.strerror) from error


PASSWORD = Password()
