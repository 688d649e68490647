"""The real hub: a project folder with one target, served with its API in its own process."""

import argparse
import shutil
import sys
from pathlib import Path

PACKS = Path(__file__).parent / "packs"
SITE = "BENCH"
FILES = {
    "tracemill.yaml": "name: bench\nlisten: 127.0.0.1:0\nstore: {store}\nsites: [BENCH]\nlog_level: error\n",
    "authority.yaml": "rules:\n  - {{facet: quality, owner: qms}}\n  - {{facet: stock, owner: target}}\n",
    "sites/BENCH.yaml": "title: Bench\nzone: UTC\ngrace: 1d\n",
    "systems/target.yaml": "pack: bench-target\nsite: BENCH\nmode: act\nuser: hub\nconnection: {{url: '{target}'}}\n",
    "systems/qms.yaml": "pack: bench-target\nsite: BENCH\nmode: observe\nverbs: []\nconnection: {{url: '{target}'}}\n",
}


def write_project(folder: Path, store: str, target: str) -> None:
    """Write the project folder: quality decides in `qms`, which speaks through the API; `target` is told."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(store=store, target=target))
    shutil.copytree(PACKS, folder / "packs", dirs_exist_ok=True)


def serve(folder: Path) -> int:
    from tracemill.app.serve import serve as serve_hub

    return serve_hub(folder, lambda address, _: print(address, flush=True))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--profile", type=Path, help="write a cProfile of the loop thread here")
    options = arguments.parse_args()
    if options.profile:
        import cProfile

        profile = cProfile.Profile()
        try:
            profile.runcall(serve, options.folder)
        finally:
            profile.dump_stats(options.profile)
        sys.exit(0)
    sys.exit(serve(options.folder))
