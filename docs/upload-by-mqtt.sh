#!/bin/sh
# Sends one file to S3 from a machine that has a certificate and no AWS credentials: it asks for a URL over MQTT.
# Usage: upload-by-mqtt.sh FILE [DEVICE-FOLDER]
# Needs the mosquitto clients 2.0 or later, curl and openssl.
set -eu
fail() { echo "$1" >&2 && exit 1; }

file=$1
dir=${2:-$HOME/.thingdrop-device}

setting() { sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$dir/device.json"; }
thing=$(setting thingName)
endpoint=$(setting mqttEndpoint)
ca=$(setting caFile)
host=${endpoint%:*}
case $endpoint in *:*) port=${endpoint##*:} ;; *) port=8883 ;; esac
topic=thingdrop/things/$thing/uploads/create

name=$(basename "$file" | sed 's/[^A-Za-z0-9._-]/_/g')
size=$(wc -c <"$file" | tr -d ' ')
sha256=$(openssl dgst -sha256 -binary "$file" | openssl base64 -A)
# The token is the file's: asked again, the same file has the same place in S3, and arrives once.
token=$(printf '%s %s' "$name" "$sha256" | openssl dgst -sha256 -r | cut -c 1-64)
request="{\"clientToken\":\"$token\",\"name\":\"$name\",\"sizeBytes\":$size,\"sha256\":\"$sha256\"}"

# AWS IoT lets a device connect as its thing and no more than once. So the session is kept (-c), and the answer waits in it.
mqtt() {
  program=$1
  shift
  "$program" -h "$host" -p "$port" --cafile "${ca:-/etc/ssl/certs/ca-certificates.crt}" --cert "$dir/device.pem" \
    --key "$dir/device.key" -V mqttv311 -i "$thing" -c -q 1 "$@"
}
mqtt mosquitto_sub -t "$topic/+" -E -W 30 || fail "no connection to $host:$port as $thing"
mqtt mosquitto_pub -t "$topic" -m "$request"
answer=$(mqtt mosquitto_sub -t "$topic/+" -C 1 -W 30) || answer='nothing came within 30 s'

case $answer in
*'"state":"arrived"'*) echo "$file was there already" && exit ;;
*'"url":"'*) url=$(printf %s "$answer" | sed 's/.*"url":"\([^"]*\)".*/\1/') ;;
*) fail "no URL: $answer" ;;
esac

# Who has the URL may use it: it is in no program's arguments.
status=$(printf 'url = "%s"\n' "$url" | curl -sS -K - -T "$file" -o /dev/null -w '%{http_code}' \
  -H 'content-type: application/octet-stream' -H 'if-none-match: *' -H "x-amz-checksum-sha256: $sha256")
case $status in
200) echo "sent $file" ;;
412) echo "$file was there already" ;;
*) fail "S3 answered $status" ;;
esac
