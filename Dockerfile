# tocompose as an image:  docker build -t tocompose .  &&  docker run --rm -v "$PWD:/work" tocompose convert run.sh
# Its page:  docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8686:8686 tocompose serve --host 0.0.0.0
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY converters converters
COPY mappings mappings
COPY man man
RUN pip install --no-cache-dir --prefix=/opt/tocompose ".[serve]"

FROM python:3.13-slim
COPY --from=build /opt/tocompose /usr/local
# Files that are written into a mounted folder belong to the user who started the container: give --user "$(id -u):$(id -g)".
RUN useradd --create-home tocompose
USER tocompose
WORKDIR /work
EXPOSE 8686
ENTRYPOINT ["tocompose"]
CMD ["--help"]
