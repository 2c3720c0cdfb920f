#!/bin/sh
# Makes the secrets of docker-compose.yml, once, from the system's random bytes: deploy/secrets, or the folder that is named.
# The folder is closed to others (0700); the files in it are readable, since each service reads its own under a user of its own.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
umask 022
secret() { od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # NAME TEXT: what is there stays
    [ -s "$folder/$1" ] || printf '%s\n' "$2" > "$folder/$1"
}
keep postgres_password "$(secret)"
keep owner_database "postgresql://touchline_owner:$(secret)@postgres/touchline"
keep database "postgresql://touchline:$(secret)@postgres/touchline"
keep metrics_token "$(secret)"
keep grafana_password "$(secret)"
