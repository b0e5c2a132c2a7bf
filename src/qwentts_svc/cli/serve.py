"""``qwentts serve``: the gRPC service until SIGTERM."""

from __future__ import annotations

import argparse

from qwentts_svc.cli.options import add_model_options, add_settings_options, resolve

HELP = "run the gRPC service"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    net = parser.add_argument_group("network")
    net.add_argument("--host", help="address to listen on (127.0.0.1)")
    net.add_argument("--port", type=int, help="gRPC port (50051); 0: any free one")
    net.add_argument("--sidecar-port", type=int, metavar="PORT", help="port of /health and /metrics (9090)")
    net.add_argument("--voices-dir", metavar="DIR", help="where registered voices are kept")
    add_model_options(parser)
    add_settings_options(parser)


def run(args: argparse.Namespace) -> int:
    resolved = resolve(
        args,
        {
            "server.host": args.host,
            "server.port": args.port,
            "server.sidecar.port": args.sidecar_port,
            "server.voices.directory": args.voices_dir,
        },
    )
    from qwentts_svc import app

    return app.serve(resolved.settings)
