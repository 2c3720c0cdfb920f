# One image of this release. What reaches the build is listed in .dockerignore; the pins and hashes in requirements/image.lock:
# what `make run` needs, and the extra `scale`, so that the image serves a PostgreSQL too.
FROM python:3.11-slim-bookworm AS build
# A mirror of your own, if you have one: docker build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
WORKDIR /src
RUN python -m venv /opt/touchline
COPY requirements/image.lock requirements/image.lock
RUN /opt/touchline/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --require-hashes -r requirements/image.lock
COPY . .
RUN /opt/touchline/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# A new named volume at /data takes its owner and mode from here.
RUN groupadd --gid 10001 touchline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin touchline \
    && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /opt/touchline /opt/touchline
ENV PATH=/opt/touchline/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUTF8=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TOUCHLINE_DATA=/data
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "touchline.healthy", "8311", "/readyz"]
CMD ["touchline", "up", "--host", "127.0.0.1", "--port", "8311"]
