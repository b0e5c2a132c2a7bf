"""Python code for every schema under ``proto/``, into ``src/qwentts_svc/server/pb``.

python proto/generate.py            write it
python proto/generate.py --check    exit 1 when the files in the tree are not what would be written
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent
TARGET = ROOT.parent / "src" / "qwentts_svc" / "server" / "pb"
PACKAGE = "qwentts_svc.server.pb"


def generate(target: Path) -> list[Path]:
    """Write all modules below ``target``; returns their paths relative to it."""
    schemas = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.proto"))
    arguments = [f"--proto_path={ROOT}", f"--proto_path={files('grpc_tools') / '_proto'}"]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", *arguments, *outputs, *schemas]) != 0:
        raise SystemExit("protoc failed")
    # The generated code imports from the schema's root, which is inside our package.
    roots = "|".join(sorted({Path(schema).parts[0] for schema in schemas}))
    pattern = re.compile(rf"^(from|import) (?=(?:{roots})\.)", re.MULTILINE)
    made = sorted(path for path in target.rglob("*") if path.suffix in {".py", ".pyi"})
    for path in made:
        path.write_text(pattern.sub(rf"\1 {PACKAGE}.", path.read_text(encoding="utf-8")), encoding="utf-8")
    return [path.relative_to(target) for path in made]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        stale = []
        for relative in generate(Path(folder)):
            wanted = (Path(folder) / relative).read_bytes()
            actual = TARGET / relative
            if actual.is_file() and actual.read_bytes() == wanted:
                continue
            stale.append(str(relative))
            if not check:
                actual.parent.mkdir(parents=True, exist_ok=True)
                actual.write_bytes(wanted)
                for parent in (actual.parent, *actual.parent.parents):
                    if parent == TARGET.parent:
                        break
                    (parent / "__init__.py").touch()
    for name in stale:
        sys.stderr.write(f"{'out of date' if check else 'written'}: {name}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
