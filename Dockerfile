# The service in a container: docs/container.md says how to build and run it.
#
# The base is any Debian-like image with Python 3.11 or later and its venv module.
# `scripts/pin-base-image` writes the digest of what a tag names now into the next line.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all:
RUN python3 -m venv /tools && python3 -m venv --without-pip /opt/brainlens

# A registry of one's own is named in a pip.conf that is there for this step only.
COPY requirements/build.lock requirements/serve.lock requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /tools/bin/pip install --require-hashes -r requirements/build.lock \
    && /tools/bin/pip --python /opt/brainlens/bin/python install --require-hashes \
        -r requirements/serve.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN /tools/bin/pip wheel --no-build-isolation --no-deps --no-index --wheel-dir /wheels . \
    && /tools/bin/pip --python /opt/brainlens/bin/python install --no-deps --no-index \
        /wheels/*.whl

FROM ${BASE}
RUN useradd --user-group --uid 10001 --no-create-home --home-dir /var/lib/brainlens \
        --shell /usr/sbin/nologin brainlens \
    && install -d -m 0700 -o brainlens -g brainlens /var/lib/brainlens
COPY --from=build /opt/brainlens /opt/brainlens
ENV PATH=/opt/brainlens/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BRAINLENS_DATA_DIR=/var/lib/brainlens \
    BRAINLENS_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/brainlens
VOLUME /var/lib/brainlens
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
ENTRYPOINT ["brainlens"]
CMD ["serve"]
