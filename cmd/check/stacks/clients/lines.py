"""Orders in, answers out: what the programs in Python have in common."""

import json
import sys


def say(**what):
    print(json.dumps(what), flush=True)


def orders():
    """Yields each order until they end."""
    while line := sys.stdin.readline():
        yield json.loads(line)
