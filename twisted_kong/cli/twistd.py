"""``python -m twisted_kong.cli.twistd``: what the script ``twistd`` does, wherever that may be installed."""

from twisted.scripts.twistd import run

if __name__ == "__main__":
    run()  # type: ignore[no-untyped-call]
