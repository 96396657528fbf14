"""How files are called that settle what a server does."""

CONFIGURATION_ENDINGS = tuple(
    (
        ".conf .cfg .cnf .ini .toml .yml .yaml .json .xml .properties .env .config "
        ".tmpl .template .vcl .hcl .alloy .river"
    ).split()
)
