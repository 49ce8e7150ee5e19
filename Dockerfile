# One image, every role: docker run paybind api | worker | worker --queue documents | mcp | migrate
FROM python:3.12.12-slim-bookworm AS build

WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements-production.lock ./
RUN pip install --require-hashes -r requirements-production.lock
COPY . .
# Editable: templates are read beside the code, and both run from where they were built.
RUN pip install --no-deps --no-build-isolation --editable . \
    && pip uninstall --yes setuptools pip \
    && python -m compileall -q /app /opt/venv

FROM python:3.12.12-slim-bookworm

# Pango draws the policies; its version is the distribution's, which brings its security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 paybind \
    && useradd --uid 10001 --gid paybind --no-create-home --home-dir /var/lib/paybind \
        --shell /usr/sbin/nologin paybind \
    && install --directory --owner paybind --group paybind --mode 0750 \
        /var/lib/paybind /var/lib/paybind/documents

COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/tmp \
    PAYBIND_ENV=production \
    PAYBIND_HOME=/var/lib/paybind \
    API_HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
VOLUME /var/lib/paybind/documents
EXPOSE 8085 9464

# For the api, the default role; docker-compose.yml has the other roles' own.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8085/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["paybind"]
CMD ["api"]
