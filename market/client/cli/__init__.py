"""The `datawharf` command. With the marketplace installed it has the operator's commands too."""
