# tocompose as an image:  docker build -t tocompose .  &&  docker run --rm -v "$PWD:/work" tocompose convert run.sh
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY converters converters
COPY mappings mappings
COPY man man
RUN pip install --no-cache-dir --prefix=/opt/tocompose .

FROM python:3.13-slim
COPY --from=build /opt/tocompose /usr/local
# Files that are written into a mounted folder belong to the user who started the container: give --user "$(id -u):$(id -g)".
RUN useradd --create-home tocompose
USER tocompose
WORKDIR /work
ENTRYPOINT ["tocompose"]
CMD ["--help"]
