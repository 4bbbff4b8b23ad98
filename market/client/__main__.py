"""`python -m market.client`: the datawharf command, for where its script is not on the path."""

from market.client.cli.main import main

if __name__ == "__main__":
    main()
