"""Statistics of a list of numbers: JSON on standard input, JSON on the last line of standard output."""

import json
import statistics
import sys


def main() -> None:
    numbers = json.load(sys.stdin)["numbers"]
    print(json.dumps({"progress": 0.1, "message": f"{len(numbers)} numbers"}), flush=True)
    if len(numbers) < 2:
        print("a deviation takes two numbers at least", file=sys.stderr)
        sys.exit(3)
    result = {
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "deviation": statistics.stdev(numbers),
    }
    print(json.dumps(result))


main()
