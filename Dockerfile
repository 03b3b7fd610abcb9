# One image for the code server, run pods, the CronJob and the metrics server:
#   docker build --tag price-assets --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" --build-arg SOURCE=https://… .
# With `--target dagster` the same and Dagster's webserver beside it, for the webserver and the daemon.

FROM python:3.12-slim AS dependencies
WORKDIR /build
# `strip`; this stage is thrown away, so its version may be Debian's.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
ENV PIP_NO_CACHE_DIR=1 PIP_NO_DEPS=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.lock .
RUN python -m venv --without-pip /opt/price_assets \
    && pip --python /opt/price_assets install --no-compile --only-binary :all: --require-hashes --requirement requirements.lock
COPY deploy/image/slim.py .
RUN python slim.py /

# What comes on top of the dependencies gets a root of its own, and so a layer of its own: a new version of price_assets is a download of 1 MB.
FROM dependencies AS webserver
COPY requirements-dagster.lock .
RUN pip --python /opt/price_assets install --no-compile --root /webserver --only-binary :all: --require-hashes --requirement requirements-dagster.lock \
    && python slim.py /webserver

FROM dependencies AS package
COPY requirements-build.lock .
RUN pip install --only-binary :all: --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY price_assets price_assets
RUN pip wheel --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/price_assets install --no-compile --root /package /wheel/*.whl \
    && python slim.py /package

FROM python:3.12-slim AS runtime
# Python's image has no bytecode of its own library, and on a read-only root no process could keep any: each would compile it anew.
RUN groupadd --gid 10001 price_assets \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin price_assets \
    && rm -rf /usr/local/bin/pip* /usr/local/lib/python3.12/ensurepip /usr/local/lib/python3.12/site-packages/* \
    && python -m compileall -q -f --invalidation-mode unchecked-hash -x '/(idlelib|lib2to3|tests?|tkinter|turtledemo)/' /usr/local/lib/python3.12
COPY --from=dependencies /opt/price_assets /opt/price_assets
COPY deploy/image/code_server_health.py /opt/price_assets/
ENV PATH=/opt/price_assets/bin:$PATH
# By number, so that Kubernetes sees that it is not root. All but /tmp may be read-only.
USER 10001:10001
# Docker asks a code server in this way. Kubernetes does not look at it: probes are set there.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "/opt/price_assets/code_server_health.py"]
CMD ["price-assets", "--help"]
# What is not given stays empty.
ARG VERSION
ARG REVISION
ARG SOURCE
LABEL org.opencontainers.image.title="price_assets" \
    org.opencontainers.image.description="Price lists from Postgres to CSV and XLSX in object storage, every morning, right or not at all." \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.base.name="docker.io/library/python:3.12-slim" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.source="$SOURCE"

FROM runtime AS dagster
COPY --from=webserver /webserver /
COPY --from=package /package /
LABEL org.opencontainers.image.title="price_assets with Dagster's webserver"

FROM runtime
COPY --from=package /package /
