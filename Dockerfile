# The office in a container: locked versions, no compiler, no root. `docker run -p 127.0.0.1:8765:8765 kontorist` opens the sample office.
FROM python:3.12-slim AS build
RUN python -m venv /venv
COPY requirements.lock /src/
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /src/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY kontorist /src/kontorist
COPY connectors /src/connectors
COPY agents /src/agents
COPY flows /src/flows
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /src && /venv/bin/python -m compileall -q /venv/lib
# `kontorist init --from NAME` finds its starters beside the packages
COPY starters /venv/lib/python3.12/site-packages/starters

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home kontorist && mkdir /data /prefect && chown kontorist /data /prefect
COPY --from=build /venv /venv
COPY config /office
# One thread for each worker's arithmetic: those of several workers on one machine wait for each other while they spin.
ENV OPENBLAS_NUM_THREADS=1 PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 KONTORIST_OFFICE=/office KONTORIST_DATA=/data
USER kontorist
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=10s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/health', timeout=3)"]
CMD ["kontorist", "serve", "--host", "0.0.0.0"]
