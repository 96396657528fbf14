"""A server that nothing outside of its container reaches is told, wherever it is told to listen there."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

MANIFESTS = {
    "gunicorn": {"requirements.txt": "flask\ngunicorn\n"},
    "python": {"requirements.txt": "flask\n"},
    "bundle": {"Gemfile": "gem 'puma'\ngem 'unicorn'\n"},
    "ruby": {"Gemfile": "gem 'sinatra'\n"},
    "node": {"package.json": "{}"},
    "bin/app": {"go.mod": "module app\n"},
}


def place_told(command: str, files: dict[str, str]) -> str:
    """The file and line of the note; empty where there is none."""
    program = command.split()[0]
    manifests = MANIFESTS.get(program, MANIFESTS["node"])
    sources = {"Procfile": f"web: {command}\n", **manifests, **files}
    content = {path: text.encode() for path, text in sources.items()}
    notes = convert(Memory(content, "app"), Options(source="procfile")).notes
    spans = [note.span for note in notes if note.code == "TC329"]
    return f"{spans[0].file}:{spans[0].line}" if spans and spans[0] else ""


@pytest.mark.parametrize(
    ("command", "files", "place"),
    [
        # By the command.
        ("gunicorn -b unix:/tmp/a.sock a:app", {}, "Procfile:1"),
        ("gunicorn --bind 127.0.0.1:8000 a:app", {}, "Procfile:1"),
        ("bundle exec puma -b unix:///tmp/a.sock", {}, "Procfile:1"),
        ("bundle exec unicorn -l /tmp/a.sock", {}, "Procfile:1"),
        ("php -S localhost:8000", {"composer.json": "{}"}, "Procfile:1"),
        ("npx vite preview --port 8080", {}, "Procfile:1"),
        (
            "npm start",
            {"package.json": '{"scripts": {"start": "vite preview"}}'},
            "Procfile:1",
        ),
        (
            "npm start",
            {
                "package.json": '{"scripts": {"start": "next start -H 127.0.0.1 --hostname 127.0.0.1"}}'
            },
            "Procfile:1",
        ),
        # By the configuration.
        (
            "bundle exec puma -C config/a.rb",
            {"config/a.rb": "threads 1\nbind 'tcp://127.0.0.1:3000'\n"},
            "config/a.rb:2",
        ),
        (
            "bundle exec puma",
            {"config/puma.rb": 'bind "unix:///tmp/a.sock"\n'},
            "config/puma.rb:1",
        ),
        ("bundle exec unicorn -c u.rb", {"u.rb": "listen '/tmp/a.sock'\n"}, "u.rb:1"),
        (
            "bundle exec unicorn -c config/unicorn.rb",
            {"config/unicorn.rb": "listen '127.0.0.1:8080'\n"},
            "config/unicorn.rb:1",
        ),
        # By the code.
        (
            "python a.py",
            {
                "a.py": "from flask import Flask\napp = Flask(__name__)\napp.run(port=5000)\n"
            },
            "a.py:3",
        ),
        (
            "python a.py",
            {"a.py": "import uvicorn\nuvicorn.run(\n  'a:app',\n  port=8000,\n)\n"},
            "a.py:2",
        ),
        (
            "python a.py",
            {"a.py": "HTTPServer(('localhost', 80), H).serve_forever()\n"},
            "a.py:1",
        ),
        ("node a.js", {"a.js": "app.listen(3000, '127.0.0.1')\n"}, "a.js:1"),
        (
            "node a.js",
            {
                "a.js": "const f = require('fastify')()\nf.x\nfastify.listen({ port: 3000 })\n"
            },
            "a.js:3",
        ),
        (
            "npm start",
            {
                "package.json": '{"scripts": {"start": "node a.js"}}',
                "a.js": "app.listen(3000, 'localhost')\n",
            },
            "a.js:1",
        ),
        (
            "bin/app",
            {"main.go": 'http.ListenAndServe("localhost:8080", nil)\n'},
            "main.go:1",
        ),
        ("ruby a.rb", {"a.rb": "set :bind, 'localhost'\n"}, "a.rb:1"),
    ],
)
def test_a_server_that_nothing_reaches_is_told_where_it_says_so(
    command: str, files: dict[str, str], place: str
) -> None:
    assert place_told(command, files) == place


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (
            "gunicorn -b 0.0.0.0:8000 a:app",
            {"gunicorn.conf.py": "bind = '127.0.0.1:8000'\n"},
        ),
        ("gunicorn a:app", {"a.py": "app = Flask(__name__)\napp.run()\n"}),
        ("gunicorn a:app", {"gunicorn.conf.py": "# bind = '127.0.0.1:8000'\n"}),
        (
            "bundle exec puma",
            {"config/puma.rb": "port ENV['PORT']\nbind 'unix:///tmp/a.sock'\n"},
        ),
        (
            "bundle exec unicorn -c u.rb",
            {"u.rb": "listen '/tmp/a.sock'\nlisten ENV['PORT'], tcp_nopush: false\n"},
        ),
        (
            "python a.py",
            {"a.py": "app = Flask(__name__)\napp.run(host='0.0.0.0', port=5000)\n"},
        ),
        (
            "python a.py",
            {
                "a.py": "app = Flask(__name__)\napp.run(\n  port=int(os.environ.get('PORT', 5000)),\n  host=HOST,\n)\n"
            },
        ),
        ("python a.py", {"a.py": "bot = Client('a')\nbot.run()\n"}),
        (
            "node a.js",
            {
                "a.js": "app.listen(process.env.PORT, () => console.log('http://localhost:3000'))\n"
            },
        ),
        ("node a.js", {"a.js": "// app.listen(3000, 'localhost')\napp.listen(3000)\n"}),
        (
            "node a.js",
            {"a.js": "require('fastify')\nfastify.listen({ port, host: '0.0.0.0' })\n"},
        ),
        ("npx vite preview --host 0.0.0.0", {}),
        ("bin/app", {"main.go": 'http.ListenAndServe(":8080", nil)\n'}),
    ],
)
def test_a_server_that_can_be_reached_is_not_told(
    command: str, files: dict[str, str]
) -> None:
    assert place_told(command, files) == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("css: python -m shop.gone", "TC566"),
        ("css: python -m shop.tasks", ""),
        ("css: python -m watchfiles shop", ""),
        ("css: node gone.js", "TC566"),
        ("css: bin/gone --watch", "TC566"),
        ("css: npm run gone", "TC592"),
        ("css: npm run css", ""),
        ("worker: python -u -m shop.gone", "TC566"),
    ],
)
def test_what_a_development_process_runs_is_looked_for(line: str, code: str) -> None:
    files = {
        "Procfile": "web: gunicorn shop.wsgi\nworker: rq worker\n",
        "Procfile.dev": f"{line}\n",
        "requirements.txt": "gunicorn\n",
        "package.json": '{"scripts": {"css": "tailwindcss"}}',
        "shop/tasks.py": "",
    }
    content = {path: text.encode() for path, text in files.items()}
    notes = convert(Memory(content, "app"), Options(source="procfile")).notes
    codes = [
        note.code
        for note in notes
        if note.span
        and note.span.file == "Procfile.dev"
        and note.code in ("TC566", "TC592")
    ]
    assert codes == ([code] if code else [])


@pytest.mark.parametrize(
    ("manifest", "code", "is_told"),
    [
        ("python-telegram-bot\n", "app.run_polling()\n", True),
        ("python-telegram-bot\n", "app.run_webhook(port=1)\n", False),
        ("python-telegram-bot\nflask\n", "app.run_polling()\n", False),
        ("python-telegram-bot\n", "import os\nos.environ['PORT']\n", False),
        ("requests\n", "print(1)\n", False),
    ],
)
def test_a_web_process_that_only_calls_others_is_not_asked(
    manifest: str, code: str, is_told: bool
) -> None:
    files = {
        "Procfile": "web: python bot.py\n",
        "requirements.txt": manifest,
        "bot.py": code,
    }
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "bot"), Options(source="procfile"))
    [service] = result.stack.services
    assert ("TC597" in {note.code for note in result.notes}) == is_told
    assert (service.healthcheck is None, not service.ports) == (is_told, is_told)


@pytest.mark.parametrize(
    ("command", "name", "text", "port"),
    [
        ("puma -C config/puma.rb", "config/puma.rb", "port 9200\n", "9200"),
        ("puma", "config/puma.rb", 'bind "tcp://0.0.0.0:9200"\n', "9200"),
        ("puma", "config/puma.rb", 'port ENV.fetch("PORT") { 3000 }\n', "3000"),
        ("puma -p 9300", "config/puma.rb", "port 9200\n", "9300"),
        ("gunicorn a -c conf.py", "conf.py", "bind = '0.0.0.0:9100'\n", "9100"),
        ("gunicorn a", "gunicorn.conf.py", "bind = ['[::]:9100']\n", "9100"),
        ("gunicorn a", "gunicorn.conf.py", "bind = f'0.0.0.0:{os.environ[\"PORT\"]}'\n", "8000"),
        ("gunicorn a -b 0.0.0.0:$PORT", "gunicorn.conf.py", "bind = '0.0.0.0:9100'\n", "8000"),
        ("streamlit run a.py", ".streamlit/config.toml", "[server]\nport = 8600\n", "8600"),
    ],
)  # fmt: skip
def test_a_port_that_a_server_s_own_file_states_is_the_one_that_is_published(
    command: str, name: str, text: str, port: str
) -> None:
    library = "Gemfile" if "puma" in command else "requirements.txt"
    files = {"Procfile": f"web: {command}\n", name: text, library: ""}
    content = {path: text.encode() for path, text in files.items()}
    (web,) = convert(Memory(content, "shop"), Options(source="procfile")).stack.services
    assert [published.target for published in web.ports] == [port]


NGINX = "server {\n  # listen 1111;\n  listen 9123;\n}\n"


@pytest.mark.parametrize(
    ("files", "port"),
    [
        (
            {
                "Dockerfile": "FROM nginx:1.27\nCOPY site.conf /etc/nginx/conf.d/default.conf\n",
                "site.conf": NGINX,
            },
            "9123",
        ),
        (
            {
                "Dockerfile": 'FROM nginx\nCOPY conf/ /etc/nginx/conf.d/\nCMD ["nginx", "-g", "daemon off;"]\n',
                "conf/a.conf": "server { listen 8088; }\n",
            },
            "8088",
        ),
        ({"Dockerfile": "FROM nginx:1.27\nCOPY public /usr/share/nginx/html\n"}, "80"),
        (
            {
                "Dockerfile": "FROM caddy:2\nCOPY Caddyfile /etc/caddy/Caddyfile\n",
                "Caddyfile": ":9000 {\n  root * /srv\n}\n",
            },
            "9000",
        ),
        # The file takes the port that the container is told.
        (
            {
                "Dockerfile": "FROM caddy:2\nCOPY Caddyfile /etc/caddy/Caddyfile\n",
                "Caddyfile": ":{$PORT:9000} {\n}\n",
            },
            "8080",
        ),
        # Another program than the base's listens.
        (
            {
                "Dockerfile": 'FROM nginx\nCOPY site.conf /etc/nginx/conf.d/a\nEXPOSE 7000\nCMD ["node", "a.js"]\n',
                "site.conf": NGINX,
            },
            "7000",
        ),
    ],
)
def test_the_port_of_the_server_that_an_image_is_built_on(
    files: dict[str, str], port: str
) -> None:
    content = {path: text.encode() for path, text in files.items()}
    project = Memory({**content, "app.json": b'{"name": "shop"}'}, "shop")
    (web,) = convert(project, Options(source="procfile")).stack.services
    assert [one.target for one in web.ports] == [port]
    values = {variable.name: variable.value for variable in web.environment}
    assert values["PORT"] == port
