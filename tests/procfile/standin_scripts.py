"""What the stand-ins for base images need beside packages: start scripts, and build tools that are simulated.

The compilers of Java, Go and Elixir, with what they would download, are too heavy for a test. Their stand-ins make the
files that the real ones would make, under the names of their documentation; busybox answers in the place of the app.
"""

from __future__ import annotations

# Packages come from the stand-in itself: what their installation does is the package manager's business.
NOTHING = "#!/bin/sh\nexit 0\n"
APPLET = '#!/bin/sh\nexec busybox "${0##*/}" "$@"\n'
ADD_USER = "#!/bin/sh\nexec useradd --uid 1000 --create-home app\n"
NETCAT = '#!/bin/sh\nexec nc.openbsd "$@"\n'
# The start script of the official image fills variables into templates; this does the same in fewer words.
NGINX = """#!/bin/sh
for template in /etc/nginx/templates/*.template; do
  [ -f "$template" ] || continue
  names=$(env | sed -n 's/^\\([A-Z][A-Z0-9_]*\\)=.*/${\\1}/p' | tr '\\n' ' ')
  envsubst "$names" < "$template" > "/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
"""
NGINX_CONF = """daemon off;
pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
  include mime.types;
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  include conf.d/*.conf;
}
"""
# As the official image: the first start makes the cluster, with user, password and database of the environment.
POSTGRES = """#!/bin/sh
set -e
bin=/usr/lib/postgresql/15/bin
: "${PGDATA:=/var/lib/postgresql/data}"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres "$PGDATA" /run/postgresql
  exec setpriv --reuid 999 --regid 999 --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  $bin/initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile /tmp/password --auth-host scram-sha-256 -N
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \\"${POSTGRES_DB:-$POSTGRES_USER}\\"" | $bin/postgres --single -D "$PGDATA" postgres
fi
shift
exec $bin/postgres -D "$PGDATA" "$@" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql -c jit=off
"""
# https://github.com/docker-library/php: apache2-foreground, and the module that runs PHP within the server.
APACHE = """#!/bin/sh
export APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data APACHE_LOG_DIR=/tmp
export APACHE_RUN_DIR=/tmp APACHE_PID_FILE=/tmp/apache2.pid APACHE_LOCK_DIR=/tmp
ln -sf /dev/stderr /tmp/error.log; ln -sf /dev/stdout /tmp/access.log; ln -sf /dev/stdout /tmp/other_vhosts_access.log
exec apache2 -DFOREGROUND "$@"
"""
ENABLE = """#!/bin/sh
cd /etc/apache2/mods-enabled
for name; do for file in ../mods-available/$name.*; do [ ! -e "$file" ] || ln -sf "$file" .; done; done
"""
APACHE_MODULES = (
    "mpm_prefork authz_core authz_host alias dir env mime filter setenvif php8.2"
)
# https://docs.ruby-lang.org/en/master/Gem/Package.html: Debian takes gems apart; this puts them together again, with
# the libraries that Debian has compiled.
GEMS = """
require "rubygems/package"
require "rubygems/indexer"
require "fileutils"
def copy(patterns, target)
  Dir[*patterns].each { |tree| FileUtils.cp_r("#{tree}/.", target) }
end
FileUtils.mkdir_p("/srv/gems/gems")
Dir["/debs/*/usr/{share,lib/*}/rubygems-integration/*/specifications/*.gemspec"].each do |path|
  spec = Gem::Specification.load(path) or next
  tree = path[%r{/debs/[^/]+/usr}]
  home = "/tmp/gem-#{spec.full_name}"
  FileUtils.mkdir_p("#{home}/lib")
  copy("#{tree}/{share,lib/*}/rubygems-integration/*/gems/#{spec.full_name}", home)
  copy(["#{tree}/lib/ruby/vendor_ruby", "#{tree}/lib/*/ruby/vendor_ruby/3.1.0"], "#{home}/lib")
  copy("#{tree}/lib/*/rubygems-integration/*/extensions/*/*/#{spec.full_name}", "#{home}/lib")
  Dir.chdir(home) do
    spec.bindir = %w[exe bin].find { |name| File.directory?(name) } || "bin"
    FileUtils.mkdir_p(spec.bindir)
    spec.executables.each do |name|
      target = "#{spec.bindir}/#{name}"
      FileUtils.cp("#{tree}/bin/#{name}", target) unless File.exist?(target)
    end
    spec.extensions = []
    spec.require_paths = ["lib", *spec.require_paths].uniq.select { |folder| File.directory?(folder) }
    spec.rdoc_options, spec.extra_rdoc_files, spec.test_files = [], [], []
    spec.files = Dir["**/*"].select { |file| File.file?(file) }
    FileUtils.mv(Gem::Package.build(spec, true), "/srv/gems/gems")
  end
end
Gem::Indexer.new("/srv/gems").generate_index
"""
_SERVE = 'mkdir -p /tmp/www; echo "{name} $*" > /tmp/www/index.html; exec busybox httpd -f -p "{port}" -h /tmp/www'
# https://maven.apache.org/guides/mini/guide-naming-conventions.html: target/<artifactId>-<version>.jar
MAVEN = """#!/bin/sh
case "$*" in *package*) ;; *) exit 0 ;; esac
own=$(sed '/<parent>/,/<\\/parent>/d' pom.xml)
name=$(echo "$own" | sed -n 's/^  <artifactId>\\(.*\\)<\\/artifactId>.*/\\1/p' | head -1)
version=$(echo "$own" | sed -n 's/^  <version>\\(.*\\)<\\/version>.*/\\1/p' | head -1)
mkdir -p target && echo "jar of $name" > "target/$name-$version.jar"
"""
JAVA = f"""#!/bin/sh
for word; do case "$word" in -Dserver.port=*) port=${{word#*=}} ;; *.jar) jar=$word ;; esac; done
set -- "$(cat "$jar")"
{_SERVE.format(name="java", port="$port")}
"""
# https://pkg.go.dev/cmd/go: a program is called after the last part of its package's path. Where the app has a database
# the program speaks to it, and demands TLS as Go's driver does.
GO = """#!/bin/sh
[ "$1" != run ] || { shift; set -- "$@"; exec sh -c 'mkdir -p /tmp/www; echo "go run $0" > /tmp/www/index.html;
  exec busybox httpd -f -p "$PORT" -h /tmp/www' "$@"; }
[ "$1" = build ] || exit 0
for package; do
  case "$package" in
    ./...|./cmd/...) set -- cmd/*/ ;;
    .) set -- "$(sed -n 's/^module //p' go.mod)" ;;
    ./*) set -- "$package" ;;
    *) continue ;;
  esac
  for folder; do
    name=$(basename "$folder")
    printf '%s\\n' '#!/bin/sh' 'ask() { psql "$DATABASE_URL?sslmode=require" -v ON_ERROR_STOP=1 -qtAc "$1"; }' \\
      'if [ "${REQUEST_METHOD:-}" ]; then echo; ask "insert into visits default values"' \\
      '  echo "visits $(ask "select count(*) from visits") done 0"; exit 0; fi' \\
      'if [ "${0##*/}" = migrate ]; then' \\
      '  [ -z "${DATABASE_URL:-}" ] || ask "create table if not exists visits (id serial)" || exit 1' \\
      '  echo migrated; exit 0; fi' \\
      'mkdir -p /tmp/www/cgi-bin; echo "go ${0##*/}" > /tmp/www/index.html; cp "$0" /tmp/www/cgi-bin/visits' \\
      'exec busybox httpd -f -p "$PORT" -h /tmp/www' > "/out/$name"
    chmod +x "/out/$name"
  done
done
"""
# https://hexdocs.pm/mix/Mix.Tasks.Release.html: _build/prod/rel/NAME, with the overlays of phx.gen.release in bin.
MIX = """#!/bin/sh
[ "$1" = release ] || exit 0
name=$(sed -n 's/.*app: :\\([a-z_]*\\).*/\\1/p' mix.exs)
bin=_build/$MIX_ENV/rel/$name/bin
mkdir -p "$bin"
printf '%s\\n' '#!/bin/sh' 'echo migrated' > "$bin/migrate"
printf '%s\\n' '#!/bin/sh' 'mkdir -p /tmp/www; echo "phoenix $PHX_SERVER $MIX_ENV" > /tmp/www/index.html' \\
  'exec busybox httpd -f -p "$PORT" -h /tmp/www' > "$bin/server"
chmod +x "$bin"/*
"""
