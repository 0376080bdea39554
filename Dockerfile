# Sparkops as a container: web, worker and clock are the same image with different commands.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /srv/sparkops --shell /usr/sbin/nologin sparkops
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8080
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/sparkops
COPY bot ./bot
COPY integrations ./integrations
COPY stacks ./stacks
USER sparkops
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
CMD ["gunicorn", "--config", "python:bot.gunicorn_settings", "bot.app:create_app()"]
