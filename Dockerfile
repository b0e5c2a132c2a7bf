# syntax=docker/dockerfile:1
#
#   docker build --target cpu -t qwentts:cpu .
#   docker build --target cuda -t qwentts:cuda .
#
# A package index of your own, e.g. one with CPU builds of torch: --build-arg PIP_EXTRA_INDEX_URL=...
# The container refuses to start without tokens unless told otherwise; see compose.yaml.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG CUDA_VERSION=13.0.2
ARG CUDA_OS=ubuntu24.04

# ---------------------------------------------------------------- CPU: build
FROM ${PYTHON_IMAGE} AS build-cpu
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG EXTRAS=hub,otlp
WORKDIR /build
RUN python -m venv /opt/qwentts
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src ./src
RUN /opt/qwentts/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

# ---------------------------------------------------------------- CPU: run
FROM ${PYTHON_IMAGE} AS cpu
RUN groupadd --gid 10001 qwentts \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/qwentts --create-home --shell /usr/sbin/nologin qwentts \
    && mkdir -p /etc/qwentts /var/lib/qwentts/voices \
    && chown -R qwentts:qwentts /var/lib/qwentts
COPY --from=build-cpu /opt/qwentts /opt/qwentts
COPY configs /etc/qwentts
ENV PATH=/opt/qwentts/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/var/lib/qwentts/hub \
    QWENTTS_CONFIG_DIR=/etc/qwentts \
    QWENTTS_SERVER__HOST=0.0.0.0 \
    QWENTTS_SERVER__VOICES__DIRECTORY=/var/lib/qwentts/voices
# Nothing is written outside the volume and /tmp: run with --read-only --tmpfs /tmp.
VOLUME /var/lib/qwentts
USER 10001:10001
WORKDIR /var/lib/qwentts
EXPOSE 50051 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["qwentts", "health", "--address", "127.0.0.1:50051"]
ENTRYPOINT ["qwentts"]
CMD ["serve"]

# ---------------------------------------------------------------- CUDA: build (flash-attn is compiled here)
FROM nvidia/cuda:${CUDA_VERSION}-devel-${CUDA_OS} AS build-cuda
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG EXTRAS=gpu,hub,otlp
# Package versions are those of the base image's distribution release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv python3-dev ninja-build \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python3 -m venv /opt/qwentts
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src ./src
# flash-attn's build looks for the torch that it is built against.
RUN /opt/qwentts/bin/pip install --no-cache-dir -c constraints.txt . wheel \
    && /opt/qwentts/bin/pip install --no-cache-dir --no-build-isolation -c constraints.txt ".[${EXTRAS}]"

# ---------------------------------------------------------------- CUDA: run
FROM nvidia/cuda:${CUDA_VERSION}-base-${CUDA_OS} AS cuda
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 qwentts \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/qwentts --create-home --shell /usr/sbin/nologin qwentts \
    && mkdir -p /etc/qwentts /var/lib/qwentts/voices \
    && chown -R qwentts:qwentts /var/lib/qwentts
COPY --from=build-cuda /opt/qwentts /opt/qwentts
COPY configs /etc/qwentts
ENV PATH=/opt/qwentts/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/var/lib/qwentts/hub \
    QWENTTS_CONFIG_DIR=/etc/qwentts \
    QWENTTS_MODEL__DEVICE=cuda \
    QWENTTS_SERVER__HOST=0.0.0.0 \
    QWENTTS_SERVER__VOICES__DIRECTORY=/var/lib/qwentts/voices
VOLUME /var/lib/qwentts
USER 10001:10001
WORKDIR /var/lib/qwentts
EXPOSE 50051 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["qwentts", "health", "--address", "127.0.0.1:50051"]
ENTRYPOINT ["qwentts"]
CMD ["serve"]
