#!/bin/sh
# Makes .env and secrets/ for compose.yaml, once: `./prepare.sh try` or `./prepare.sh mainnet`. What is there stays. Needs the image:
# `docker build -f deploy/Dockerfile -t exitlane:0.1.0 .` in the root of the repository.
set -eu
cd "$(dirname "$0")"
kind=${1:-}
case $kind in try | mainnet) ;; *) echo "usage: ./prepare.sh try|mainnet" >&2; exit 1 ;; esac
umask 077
mkdir -p secrets

# The containers run as whoever owns the files; root makes them for somebody who is not.
uid=$(id -u)
gid=$(id -g)
if [ "$uid" = 0 ]; then
  uid=10001 gid=10001
  chown "$uid:$gid" secrets backups
  trap 'chown -R "$uid:$gid" secrets' EXIT
fi

version=$(sed -n 's/^EXITLANE_VERSION=//p' "$kind.env")
cli() {
  docker run --rm --network none --user "$uid:$gid" --volume "$PWD/secrets:/secrets" \
    "exitlane:$version" dist/services/cli/main.js "$@"
}
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ ! -e .env ]; then
  { cat "$kind.env"; echo "EXITLANE_UID=$uid"; echo "EXITLANE_GID=$gid"; } > .env
fi
if [ ! -e secrets/postgres_password ]; then
  random > secrets/postgres_password
fi
url="postgresql://exitlane:$(cat secrets/postgres_password)@postgres:5432/exitlane"
for service in requestor processor; do
  [ -e "secrets/$service.env" ] || echo "DATABASE_URL=$url" > "secrets/$service.env"
done
if [ ! -e secrets/tls/ca.pem ]; then
  cli certs --out /secrets/tls
fi
# Each name with the least that it needs; the console asks its own users who they are and acts for them.
for who in requestor:service console:admin admin:admin bot:trade; do
  name=${who%%:*}
  role=${who#*:}
  if [ ! -e "secrets/$name.token" ]; then
    said=$(cli token "$name" --role "$role" --out "/secrets/$name.token")
    printf '%s\n' "$said" | tail -n 1 | sed 's/^ *//' >> secrets/access
  fi
done
if [ ! -e secrets/console_users ]; then
  token=$(random)
  printf 'operator operator %s\n' "$(printf %s "$token" | sha256sum | cut -d ' ' -f 1)" > secrets/console_users
  printf '%s\n' "$token" > secrets/console_operator.token
fi
if [ "$kind" = mainnet ] && [ ! -e secrets/wallet.keystore.json ]; then
  echo "still missing: secrets/wallet.keystore.json and secrets/wallet.password (docs/mainnet.md, Wallet)"
fi
echo "ready: docker compose up -d; the console is https://localhost:8443, its token is in secrets/console_operator.token"
