"""The `datawharf` command. With the marketplace installed it has the operator's commands too."""

from market.client.cli.main import main

__all__ = ["main"]
