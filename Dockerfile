# syntax=docker/dockerfile:1

# --- packages and compiled files; nothing of the tools stays in the image
FROM python:3.13-slim AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /mila
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.txt
COPY . ./
RUN /venv/bin/python docker/prepare.py

# --- what runs
FROM python:3.13-slim
# The version is the distribution's: its security fixes are wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libmagic1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data mila \
    && install -d -m 0700 -o mila -g mila /data
COPY --from=build /venv /venv
COPY --from=build /mila /mila
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data HOST=0.0.0.0 PORT=8000
WORKDIR /mila
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "docker/healthy.py", "web"]
ENTRYPOINT ["docker/entrypoint.sh"]
CMD ["web"]
