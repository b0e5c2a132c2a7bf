"""Speech with Qwen3-TTS behind gRPC."""

from importlib.metadata import version

__version__ = version("qwentts-svc")
