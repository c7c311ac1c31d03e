#!/bin/sh
# thingdrop-device for machines without Node.js: a POSIX shell, curl and openssl. One folder serves this script and the Node.js client.
#
# Of secrets (key, claim, credentials) no program's arguments hold any: curl reads them from standard input, and what must be
# a file lies with mode 0600 in a folder that goes with this process. The functions run in that folder, so that no path of
# the user's (quotes, colons, line breaks) has to be written in another program's syntax: links with fixed names lead there.
#
# A function that fails leaves fault_code, fault_message and fault_hint behind and returns 1, so `a && b || die` dies of either.
# shellcheck disable=SC2015
set -uf
umask 077
LC_ALL=C
export LC_ALL

program=${0##*/}
newline='
'

# ---------------------------------------------------------------------------------------------------------------- help

print_help() {
  case $1 in
    enroll) cat <<HELP
$program enroll: trade a claim for a certificate

Usage: $program enroll [--claim-file FILE] [--ca-file FILE] [--force]

Makes an EC P-256 key, which never leaves this machine, and asks for a certificate with the claim URL
that "thingdrop claims create" printed. The claim is a secret: it is read from THINGDROP_CLAIM, from
--claim-file or from standard input, never from the command line, where other users could see it.
A device that is enrolled already is left as it is.

Options:
  --claim-file FILE      file that holds the claim URL [env THINGDROP_CLAIM_FILE]
  --ca-file FILE         PEM of the CAs to trust for all servers, instead of the system's; saved [env THINGDROP_CA_FILE]
  --force                replace the key and certificate that are there
$(common_options)

Example:
  $program enroll --claim-file press-7.claim
HELP
      ;;
    connect) cat <<HELP
$program connect: connect to MQTT; the first time registers the device

Usage: $program connect [--timeout SECONDS]

Connects with the device's certificate and says goodbye. On a first connection the service registers the
certificate and hangs up meanwhile: then it waits and connects again until it is accepted, for 5 minutes
when --timeout does not say otherwise.

Options:
$(common_options)

Example:
  $program connect
HELP
      ;;
    renew) cat <<HELP
$program renew: renew the certificate when it is due

Usage: $program renew [--force] [--timeout SECONDS]

Makes a new key, asks for a certificate with the present one, connects with it, and only then puts it in the
present one's place. When power fails meanwhile, the device works on with one of the two, and the next renew
goes on. A certificate is due after two thirds of its life and up to a twentieth more, which spreads a fleet;
before, this says so and ends with 0, so that cron may run it daily. Needs curl 7.87 or later.

Options:
  --force                renew now, due or not
$(common_options)

Example:
  17 3 * * * $program renew --dir /var/lib/thingdrop-device   # crontab
HELP
      ;;
    credentials) cat <<HELP
$program credentials: print temporary AWS credentials

Usage: $program credentials [--env]

Trades the certificate for the credentials of the thing's role and prints them as the credential_process of
an AWS profile expects it. They live for an hour or less.

Options:
  --env                  print lines that a shell takes with eval instead
$(common_options)

Example:
  eval "\$($program credentials --env)"
HELP
      ;;
    upload) cat <<HELP
$program upload: send files to S3

Usage: $program upload FILE...

Sends each file under a new key of its own, things/THING/DAY/ID-NAME, and prints one line for each that S3 has.
A file that changes while it is read is not sent. Directories and symbolic links are refused. The exit code
is 1 when any file was not sent; the others are. Needs curl 7.87 or later.

Options:
$(common_options)

Example:
  $program upload /var/log/press/*.csv
HELP
      ;;
    *) cat <<HELP
$program: puts the files of this machine into S3, with a certificate instead of a secret key

Usage: $program COMMAND [OPTIONS]

  enroll       trade a claim for a certificate
  connect      connect to MQTT; the first time registers the device
  credentials  print temporary AWS credentials
  upload       send files to S3
  renew        renew the certificate when it is due

  $program COMMAND --help   says more about one command

Example:
  $program enroll --claim-file press-7.claim
  $program connect
  $program upload readings.csv

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Results go to standard output, all else to standard error.
HELP
      ;;
  esac
}

common_options() {
  cat <<'HELP'
  --dir DIR              folder of the key, certificate and configuration (~/.thingdrop-device) [env THINGDROP_DEVICE_DIR]
  --timeout SECONDS      how long to try again while the network or the service is not there [env THINGDROP_TIMEOUT]
  --retry-base-ms MS     longest wait before the first retry; it doubles up to a minute, with jitter [env THINGDROP_RETRY_BASE_MS]
  --help                 this text
HELP
}

# -------------------------------------------------------------------------------------------------------------- faults

say() {
  printf '%s\n' "$(printable "$*")" >&2
}

# What a file name or a server brings along may be no terminal's commands.
printable() {
  printf %s "$1" | tr '\000-\037\177' '?'
}

# CODE MESSAGE [HINT]
fault() {
  fault_code=$1
  fault_is_of_api=no
  fault_message=$2
  fault_hint=${3-$(hint_of "$1")}
  return 1
}

# [SUBJECT]
say_fault() {
  say "${1:+$1: }$fault_code $fault_message"
  [ -z "$fault_hint" ] || say "  $fault_hint"
}

die() {
  say_fault
  exit 1
}

die_of_usage() {
  say "$program: $1"
  say "Try: $program --help"
  exit 2
}

hint_of() {
  case $1 in
    TOOL_MISSING) echo 'install it, or use the Node.js client, which needs neither curl nor openssl' ;;
    CURL_TOO_OLD) echo "install curl 7.87 or later: earlier ones do not sign what S3 asks for; or take other programs, with: $program credentials" ;;
    NOT_ENROLLED) echo "run: $program enroll, with the claim URL in THINGDROP_CLAIM" ;;
    FOLDER_UNUSABLE) echo 'give this user the folder, or choose another: --dir or THINGDROP_DEVICE_DIR' ;;
    FOLDER_DAMAGED) echo "make another claim and run: $program enroll --force" ;;
    KEY_EXPOSED) echo 'others on this machine may have read the key: chmod 600 it, and enroll anew if they are not trusted' ;;
    CA_FILE_UNREADABLE) echo 'name a PEM file with --ca-file or THINGDROP_CA_FILE; enroll --force saves another path' ;;
    CLAIM_MISSING) echo 'put the claim URL into THINGDROP_CLAIM, a file (--claim-file), or pipe it in' ;;
    CLAIM_URL_INVALID) echo 'it looks like https://.../v1/certificates?thing=NAME#tdc_...: thingdrop claims create prints it' ;;
    CLAIM_URL_INSECURE) echo 'use the https address: over http anyone on the way could take the claim' ;;
    ENDPOINT_INSECURE) echo 'use an https address: over http anyone on the way could read and change what is sent' ;;
    ENROLLMENT_REFUSED) echo 'check that the claim URL is the one that thingdrop claims create printed' ;;
    ENROLLMENT_UNAVAILABLE) echo 'the service is busy or down: try again, the claim and the key are kept' ;;
    ANSWER_INVALID) echo 'what answered is not a thingdrop API of this version: check the address and any proxy' ;;
    HOST_NOT_FOUND) echo 'check the host name and the DNS server of this machine' ;;
    CONNECTION_REFUSED) echo 'nothing listens there, or there is no route: check the network, the port and any firewall' ;;
    CONNECTION_TIMEOUT) echo 'no answer in time: check the network and that a firewall lets the port out' ;;
    CONNECTION_LOST) echo 'the link was cut: check the network' ;;
    TLS_REFUSED) echo 'the two agree on no TLS version or protocol: look for a proxy, check the port' ;;
    NOT_TLS) echo 'something else answers there: a captive portal, a proxy, or a wrong port' ;;
    SERVER_CA_UNKNOWN) echo 'name the CA that signed the server with --ca-file, or look for a proxy that intercepts TLS' ;;
    SERVER_HOST_MISMATCH) echo 'the server is not the one that was asked for: check the host name and any proxy' ;;
    SERVER_CERTIFICATE_EXPIRED) echo 'check the clock of this machine; if it is right, the server must renew' ;;
    SERVER_CERTIFICATE_NOT_YET_VALID) echo 'check the clock of this machine: it seems to be behind' ;;
    CERTIFICATE_EXPIRED) echo "check the clock; if it is right, make another claim and run: $program enroll --force" ;;
    CERTIFICATE_NOT_YET_VALID) echo 'check the clock of this machine: it seems to be behind' ;;
    CERTIFICATE_REVOKED) echo 'ask an operator why; a new claim and enroll --force give a new certificate' ;;
    CERTIFICATE_CA_UNREGISTERED) echo 'the fleet CA is not registered there: check the endpoint, or ask an operator' ;;
    CERTIFICATE_REFUSED) echo 'ask an operator: thingdrop things list shows the state and the reason' ;;
    REGISTRATION_PENDING) echo 'the service hangs up on a certificate that is new, quarantined or of another fleet: thingdrop things list says which, and why' ;;
    MQTT_UNAVAILABLE) echo 'the broker is not available: try again' ;;
    MQTT_CLIENT_ID_REFUSED) echo 'the thing name is no client id there: ask an operator' ;;
    MQTT_NOT_AUTHORIZED) echo 'no IoT policy lets this thing connect: ask an operator to explain it' ;;
    MQTT_PROTOCOL) echo 'what answered does not speak MQTT 3.1.1 as AWS IoT does: check mqttEndpoint' ;;
    API_URL_UNUSABLE) echo 'put the https address of the API into device.json as "apiUrl", or enroll again with a new claim and --force' ;;
    RENEWAL_REFUSED) echo 'check the clock and apiUrl in device.json; else ask an operator: thingdrop explain THING' ;;
    RENEWAL_UNAVAILABLE) echo 'the service is busy or down: try again, the new key is kept' ;;
    RENEWAL_ABANDONED) echo 'the present certificate stays in use; ask an operator why the new one was refused: thingdrop explain CERTIFICATE' ;;
    THING_NOT_ATTACHED | CERTIFICATE_INACTIVE) echo "connect once to be registered: $program connect; else ask an operator" ;;
    ROLE_ALIAS_DENIED) echo "an operator must allow iot:AssumeRoleWithCertificate on the alias in the thing's IoT policy" ;;
    ROLE_ALIAS_MISSING) echo 'the role alias was renamed or removed: ask an operator, then enroll --force' ;;
    ROLE_UNASSUMABLE) echo "an operator must let credentials.iot.amazonaws.com assume the alias's role" ;;
    ROLE_SESSION_TOO_LONG) echo "an operator must shorten the alias's duration or raise the role's maximum session" ;;
    CREDENTIALS_REFUSED) echo 'the credentials provider gave no reason that is known: ask an operator' ;;
    CREDENTIALS_UNAVAILABLE) echo 'the credentials provider is busy or down: try again' ;;
    CREDENTIALS_UNPARSABLE) echo 'what answered is no credentials provider: check credentialsEndpoint and any proxy' ;;
    CREDENTIALS_EXPIRED | CLOCK_SKEWED) echo 'set the clock of this machine: S3 takes 15 minutes of difference' ;;
    FILE_UNREADABLE) echo 'check the path and its permissions' ;;
    FILE_NOT_REGULAR) echo 'name the file itself; directories, symbolic links, pipes and devices are not sent' ;;
    FILE_NAME_TOO_LONG) echo 'shorten the file name: S3 takes keys of up to 1,024 bytes' ;;
    FILE_TOO_LARGE) echo 'split it: one PUT takes at most 5 GiB' ;;
    UPLOAD_DENIED) echo 'the role of this thing may not write there: ask an operator; a thing writes under its own prefix only' ;;
    UPLOAD_REFUSED) echo 'S3 gave the reason above' ;;
    UPLOAD_UNAVAILABLE) echo 'S3 is busy or down: try again' ;;
    UPLOAD_CORRUPTED) echo 'the file changed while it was sent, or its bytes on their way: wait until nothing writes to it, then send it again' ;;
    BUCKET_MISSING) echo 'the bucket was renamed or removed: ask an operator, then enroll --force' ;;
    OBJECT_EXISTS) echo 'send the file again: it gets another key' ;;
  esac
}

# Whether the same attempt may succeed later.
is_transient() {
  case $1 in
    CLAIM_IN_USE | INTERNAL | ENROLLMENT_UNAVAILABLE) ;;
    HOST_NOT_FOUND | CONNECTION_REFUSED | CONNECTION_TIMEOUT | CONNECTION_LOST) ;;
    CERTIFICATE_REFUSED | REGISTRATION_PENDING | MQTT_UNAVAILABLE) ;;
    CREDENTIALS_UNAVAILABLE | UPLOAD_UNAVAILABLE | RENEWAL_UNAVAILABLE) ;;
    *) return 1 ;;
  esac
}

# Whether a service refused the certificate, rather than that it could not be asked.
is_refusal() {
  case $fault_code in
    CERTIFICATE_EXPIRED | CERTIFICATE_REVOKED | CERTIFICATE_CA_UNREGISTERED | CERTIFICATE_REFUSED | CERTIFICATE_INACTIVE) ;;
    REGISTRATION_PENDING | MQTT_NOT_AUTHORIZED | THING_NOT_ATTACHED | ROLE_ALIAS_DENIED | CREDENTIALS_REFUSED | RENEWAL_REFUSED) ;;
    *) is_refusal_of_api ;;
  esac
}

is_refusal_of_api() {
  [ "$fault_is_of_api" = yes ] && ! is_transient "$fault_code"
}

# ------------------------------------------------------------------------------------------------------------- retries

# Seconds that only grow, where the system has them: the first network time sets the clock of many a device forward by years.
monotonic_seconds() {
  if [ -r /proc/uptime ]; then
    read -r uptime _ </proc/uptime
    echo "${uptime%%.*}"
  else
    date +%s
  fi
}

# BASE_MS TIMEOUT_SECONDS SUBJECT COMMAND...: tries until it succeeds, fails for good, or the time is up. $failures counts.
# "Full jitter": the wait is uniform between nothing and the doubled base.
retry() {
  ceiling_ms=${retry_base_ms:-$1}
  retry_until=$(($(monotonic_seconds) + ${timeout_seconds:-$2}))
  retry_subject=$3
  shift 3
  failures=0
  told=
  until "$@"; do
    is_transient "$fault_code" || return 1
    failures=$((failures + 1))
    [ "$ceiling_ms" -le 60000 ] || ceiling_ms=60000
    wait_ms=$((ceiling_ms * $(random_below_65536) / 65536))
    [ $(($(monotonic_seconds) + wait_ms / 1000)) -lt "$retry_until" ] || return 1
    ceiling_ms=$((ceiling_ms * 2))
    say_retry
    pause_ms "$wait_ms"
  done
}

say_retry() {
  retry_reason="$fault_code $fault_message"
  [ "$fault_code" != REGISTRATION_PENDING ] || retry_reason='registration pending'
  say "${retry_subject:+$retry_subject: }$retry_reason, retrying in $((wait_ms / 1000)).$((wait_ms % 1000 / 100)) s"
  case " REGISTRATION_PENDING $told " in
    *" $fault_code "*) ;;
    *) say "  $fault_hint" ;;
  esac
  told="$told $fault_code"
}

random_below_65536() {
  od -An -N2 -tu2 /dev/urandom | tr -d ' '
}

# POSIX's sleep takes whole seconds only; most take fractions.
pause_ms() {
  sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" 2>/dev/null || sleep $((($1 + 999) / 1000))
}

# ---------------------------------------------------------------------------------------------------------------- text

# Of JSON these two read the texts that are members. `"name":` with quotes of its own stands nowhere but at a member: inside of a text
# each quote has a backslash before it. Control characters are no part of JSON's texts, so they may become blanks.
json_member='\([A-Za-z0-9]*\)" *: *"\([^"\\]*\(\\.[^"\\]*\)*\)"'

# FILE: a line for each member, its name and its text as it is written, with escapes.
json_members() {
  { tr '\000-\037\177' ' ' <"$1" && echo; } | sed 's/"'"$json_member"'/\
\1 \2\
/g'
}

# FILE NAME: the text of one member.
json_text() {
  json_members "$1" | sed -n "s/^$2 //p" | json_unescape
}

backslash_mark=$(printf '\001')
json_unescape() {
  sed 's/\\\\/'"$backslash_mark"'/g
s/\\n/\
/g
s/\\"/"/g
s/\\\//\//g
s/\\[tr]/ /g
s/'"$backslash_mark"'/\\/g'
}

# Percent-encodes all but A-Z a-z 0-9 - _ . ~, as AWS counts them.
encode_uri() {
  printf %s "$1" | od -An -v -to1 | tr -s ' ' '\n' | while read -r octal; do
    case $octal in
      '') ;;
      05[56] | 06? | 07[01] | 10[1-7] | 11? | 12? | 13[0-27] | 14[1-7] | 15? | 16? | 17[0-26]) printf %b "\\0$octal" ;;
      *) printf '%%%02X' "0$octal" ;;
    esac
  done
}

hex() {
  od -An -v -tx1 | tr -d ' \n'
}

# Whether the text has at least one character, and only those that a bracket expression names.
consists_of() {
  case $2 in
    '' | *[!$1]*) return 1 ;;
  esac
}

# URL: https, or a server on this machine.
is_secure() {
  case $1 in
    https://* | http://localhost[:/]* | http://127.0.0.1[:/]* | http://'[::1]'[:/]*) ;;
    http://localhost | http://127.0.0.1 | http://'[::1]') ;;
    *) return 1 ;;
  esac
}

absolute_path() {
  case $1 in
    /*) printf %s "$1" ;;
    *) printf %s "$started_in/$1" ;;
  esac
}

# --------------------------------------------------------------------------------------------------------------- HTTPS

# HOST: asks what curl's configuration on standard input says. Sets $status; the answer is in ./headers and ./body.
ask() {
  : >body
  : >headers
  status=$(curl --disable --silent --show-error --globoff --proto '=http,https' --connect-timeout 20 --speed-limit 1 --speed-time 60 \
    ${ca_file:+--cacert ca.pem} --dump-header headers --output body --write-out '%{http_code}' --config - 2>error)
  curl_exit=$?
  # A server that refuses may hang up on a body that is still under way.
  [ "$curl_exit" -ne 0 ] && [ "${status:-0}" -lt 300 ] || return 0
  curl_message="$1: $(sed 's/^curl: //' error | head -n 1)"
  tls_fault "$1" && return 1
  case $curl_exit in
    2 | 48) fault CURL_TOO_OLD "$curl_message" ;;
    5 | 6) fault HOST_NOT_FOUND "$curl_message" ;;
    7) fault CONNECTION_REFUSED "$curl_message" ;;
    26) fault FILE_UNREADABLE "$curl_message" ;;
    28) fault CONNECTION_TIMEOUT "$curl_message" ;;
    35) fault TLS_REFUSED "$curl_message" ;;
    58) fault FOLDER_DAMAGED "$curl_message" ;;
    60) fault SERVER_CA_UNKNOWN "$curl_message" ;;
    77) fault CA_FILE_UNREADABLE "$curl_message" ;;
    *) fault CONNECTION_LOST "$curl_message" ;;
  esac
}

# HOST: whether ./error, curl's or openssl's, tells of TLS; then the fault is set. Alerts come from the server and are about our certificate.
tls_fault() {
  case $(cat error) in
    *'alert certificate expired'*) tls_code=CERTIFICATE_EXPIRED ;;
    *'alert certificate revoked'*) tls_code=CERTIFICATE_REVOKED ;;
    *'alert unknown ca'*) tls_code=CERTIFICATE_CA_UNREGISTERED ;;
    *'alert bad certificate'* | *'alert certificate unknown'* | *'alert certificate required'*) tls_code=CERTIFICATE_REFUSED ;;
    *'alert unsupported certificate'* | *'alert access denied'*) tls_code=CERTIFICATE_REFUSED ;;
    *'unrecognized name'* | *ostname?mismatch* | *'IP address mismatch'* | *'does not match'* | *'no alternative certificate subject name'*)
      tls_code=SERVER_HOST_MISMATCH ;;
    *'certificate has expired'*) tls_code=SERVER_CERTIFICATE_EXPIRED ;;
    *'not yet valid'*) tls_code=SERVER_CERTIFICATE_NOT_YET_VALID ;;
    # What curl and openssl say of a signature that is another CA's of the same name.
    *'asn1 encoding routines'* | *'certificate signature failure'*) tls_code=SERVER_CA_UNKNOWN ;;
    *'local issuer'* | *'self-signed certificate'* | *'self signed certificate'* | *'verify the first certificate'*)
      tls_code=SERVER_CA_UNKNOWN ;;
    *'wrong version number'* | *'packet length too long'*) tls_code=NOT_TLS ;;
    *'SSL alert number'*) tls_code=TLS_REFUSED ;;
    *) return 1 ;;
  esac
  fault "$tls_code" "$1: $(grep -E 'alert|error|curl:' error | head -n 1)" || :
}

# FALLBACK: the fault of the API's refusal in ./body, application/problem+json; FALLBACK when it is none.
api_fault() {
  api_code=$(json_text body code)
  if consists_of A-Z_ "$api_code"; then
    fault "$api_code" "$(json_text body detail)" "$(json_text body hint)" || fault_is_of_api=yes
    return 1
  else
    fault "$1" "the API answered $status"
  fi
}

# ------------------------------------------------------------------------------------------------------- device folder

# The user's folder is ./device from here on. Three identities may lie in it, each a key, a certificate and a configuration: device,
# which is in use; renewal, which is to take its place; previous, whose place was taken until the service knows of that.
enter_folder() {
  ln -s "$dir" device
}

open_device() {
  [ -f device/device.json ] && [ -f device/device.pem ] || fault NOT_ENROLLED "$dir holds no device" || return 1
  [ -r device/device.json ] && [ -r device/device.pem ] || fault FOLDER_UNUSABLE "cannot read the files of $dir" || return 1
  place_key && use_slot device
}

# SLOT: whose key and certificate, $slot, and configuration all below works with.
use_slot() {
  slot=$1
  read_configuration "device/$1.json" && trust_ca_file
}

# SLOT: whether all of it is there and fits.
is_whole() {
  [ -f "device/$1.json" ] && [ -f "device/$1.pem" ] && [ -f "device/$1.key" ] && check_key "device/$1.key" &&
    print_public_key "device/$1.pem" | cmp -s - key.pub
}

# FILE
read_configuration() {
  thing_name='' thing_type='' region='' bucket='' role_alias='' mqtt_endpoint='' credentials_endpoint='' api_url='' s3_endpoint='' ca_file=''
  while read -r member value; do
    case $member in
      thingName) thing_name=$value ;;
      thingTypeName) thing_type=$value ;;
      region) region=$value ;;
      bucket) bucket=$value ;;
      roleAlias) role_alias=$value ;;
      mqttEndpoint) mqtt_endpoint=$value ;;
      credentialsEndpoint) credentials_endpoint=$value ;;
      apiUrl) api_url=$value ;;
      s3Endpoint) s3_endpoint=$value ;;
      caFile) ca_file=$(printf %s "$value" | json_unescape) ;;
    esac
  done <<MEMBERS
$(json_members "$1")
MEMBERS
  check_member thingName 'A-Za-z0-9:_-' "$thing_name" &&
    check_member thingTypeName 'A-Za-z0-9:_-' "$thing_type" &&
    check_member region 'a-z0-9-' "$region" &&
    check_member bucket 'a-z0-9.-' "$bucket" &&
    check_member roleAlias 'A-Za-z0-9_=,@-' "$role_alias" &&
    check_member mqttEndpoint ']A-Za-z0-9.:[-' "$mqtt_endpoint" &&
    check_member credentialsEndpoint ']A-Za-z0-9.:[-' "$credentials_endpoint" &&
    check_member apiUrl ']A-Za-z0-9.:[/_~%$-' "${api_url:--}" &&
    check_member s3Endpoint ']A-Za-z0-9.:[/_-' "${s3_endpoint:--}"
}

# MEMBER CHARACTERS TEXT
check_member() {
  consists_of "$2" "$3" || fault FOLDER_DAMAGED "device.json: $1 is missing, or no text that can stand there"
}

trust_ca_file() {
  [ -n "$ca_file" ] || return 0
  [ "$(printable "$ca_file")" = "$ca_file" ] && openssl x509 -noout -in "$ca_file" 2>/dev/null ||
    fault CA_FILE_UNREADABLE "$ca_file is no CA file" || return 1
  ln -sf "$ca_file" ca.pem
}

# The certificate is replaced before its key: a power cut between the two leaves the key where it came from.
place_key() {
  print_public_key device/device.pem >certificate.pub || fault FOLDER_DAMAGED "$dir/device.pem is no certificate" || return 1
  stray=
  for key_file in device/device.key device/device.key.pending device/renewal.key device/previous.key; do
    [ -f "$key_file" ] || continue
    check_key "$key_file" || return 1
    cmp -s certificate.pub key.pub || continue
    [ "$key_file" != device/device.key ] || return 0
    stray=$key_file
    break
  done
  # Another process may be replacing them just now.
  if ! print_public_key device/device.pem | cmp -s - certificate.pub; then
    place_key
    return
  fi
  [ -n "$stray" ] || fault FOLDER_DAMAGED "$dir/device.key is not the key of the certificate beside it" || return 1
  mv -f "$stray" device/device.key 2>/dev/null || fault FOLDER_UNUSABLE "cannot write $dir/device.key" || return 1
  sync_file device/.
}

print_public_key() {
  openssl x509 -noout -pubkey -in "$1" 2>/dev/null
}

# FILE: a private key that nobody else may read. Its public half goes to key.pub.
check_key() {
  # shellcheck disable=SC2012 # POSIX has no stat.
  case $(ls -ldL "$1" | cut -c 1-10) in
    -???------) ;;
    *) fault KEY_EXPOSED "$dir/${1#device/} can be read or written by other users" || return 1 ;;
  esac
  openssl pkey -in "$1" -pubout -out key.pub 2>/dev/null || fault FOLDER_DAMAGED "$dir/${1#device/} is no private key"
}

# FILE: replaced in one step by standard input; after a power cut it is the old one or the new one, whole.
write_durably() {
  { cat >"$1.$$.draft" && sync_file "$1.$$.draft" && mv -f "$1.$$.draft" "$1"; } 2>/dev/null ||
    fault FOLDER_UNUSABLE "cannot write $dir/${1#device/}"
}

# Where sync takes no file, it takes them all.
sync_file() {
  sync "$1" 2>/dev/null || sync
}

# -------------------------------------------------------------------------------------------------------------- enroll

enroll() {
  if [ "$force" = no ] && [ -f "$dir/device.json" ] && [ -f "$dir/device.pem" ]; then
    enter_folder
    open_device || die
    echo "already enrolled as $thing_name"
    return
  fi
  read_claim && parse_claim || die
  trust_ca_file || die
  mkdir -p "$dir" 2>/dev/null && [ -w "$dir" ] || fault FOLDER_UNUSABLE "cannot make or write $dir" || die
  enter_folder
  prepare_key device.key.pending && write_request || die
  retry 2000 300 '' request_certificate && check_answer && save_device || die
  echo "enrolled as $thing_name"
}

read_claim() {
  if [ -n "${THINGDROP_CLAIM-}" ]; then
    claim_url=$THINGDROP_CLAIM
    unset THINGDROP_CLAIM
  elif [ -n "$claim_file" ]; then
    claim_url=$(cat "$claim_file" 2>/dev/null) || fault CLAIM_MISSING "cannot read $claim_file" || return 1
  else
    [ ! -t 0 ] || say 'paste the claim URL, then press Enter and Ctrl-D:'
    claim_url=$(cat)
  fi
  claim_url=$(printf %s "$claim_url" | tr -d '[:space:]')
  [ -n "$claim_url" ] || fault CLAIM_MISSING 'there is no claim'
}

# Sets $claim_address, $claim_host, $thing_name and $claim; repeats nothing of a text that is no claim URL, as it may hold a secret.
parse_claim() {
  claim_parts=$(printf '%s\n' "$claim_url" | sed -n \
    's|^\(https\{0,1\}://\)\([][A-Za-z0-9.:-]\{1,\}\)\(/[A-Za-z0-9/._~%$-]*\)?thing=\([A-Za-z0-9:_-]\{1,128\}\)#\(tdc_[0-9a-f]\{16\}_[0-9a-f]\{64\}\)$|\1\2\3 \2 \4 \5|p')
  read -r claim_address claim_host thing_name claim <<PARTS
$claim_parts
PARTS
  [ -n "$claim" ] || fault CLAIM_URL_INVALID 'that is not a claim URL' || return 1
  is_secure "$claim_address" || fault CLAIM_URL_INSECURE "$claim_host would be spoken to without TLS"
}

# NAME: the key of that name is on disk before it is asked for: who asks for a certificate again asks with the same key and gets the
# same certificate. Of two processes at once the second takes the first one's key. Sets $new_key.
prepare_key() {
  new_key=device/$1
  if [ ! -f "$new_key" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$new_key.$$.draft" 2>error && sync_file "$new_key.$$.draft" ||
      fault FOLDER_UNUSABLE "openssl makes no key in $dir: $(head -n 1 error)" || return 1
    ln "$new_key.$$.draft" "$new_key" 2>/dev/null || [ -f "$new_key" ] || mv "$new_key.$$.draft" "$new_key"
    rm -f "$new_key.$$.draft"
    sync_file device/.
  fi
  check_key "$new_key"
}

# What enrollment and renewal send. X.520 ends a common name at 64 characters, and openssl keeps to it; a thing name may have 128.
write_request() {
  cat >request.cnf <<'CONFIGURATION'
openssl_conf = modules
[modules]
stbl_section = strings
[strings]
commonName = max:128
[req]
distinguished_name = subject
string_mask = utf8only
[subject]
CONFIGURATION
  openssl req -new -config request.cnf -key "$new_key" -sha256 -subj "/CN=$thing_name" -out request.csr 2>error ||
    fault TOOL_MISSING "openssl makes no certificate request: $(head -n 1 error)" || return 1
  printf '{%s"csr":"%s"}' "${claim:+\"claim\":\"$claim\",}" "$(sed 's/$/\\n/' request.csr | tr -d '\n')" >request.json
}

request_certificate() {
  ask "$claim_host" <<CONFIGURATION && judge_answer ENROLLMENT
url = "$claim_address"
header = "content-type: application/json"
data-binary = "@request.json"
max-time = 60
CONFIGURATION
}

# WHAT: of the API's status.
judge_answer() {
  case $status in
    2??) ;;
    429 | 5??) api_fault "$1_UNAVAILABLE" ;;
    *) api_fault "$1_REFUSED" ;;
  esac
}

# The certificate is for our key and our name, and the chain behind it holds.
check_answer() {
  json_text body certificatePem | sed '/^$/d' >certificate.pem
  json_text body chainPem | sed '/^$/d' >chain.pem
  print_public_key certificate.pem >certificate.pub && grep -q 'BEGIN CERTIFICATE' chain.pem ||
    fault ANSWER_INVALID "the API answered $status without a certificate" || return 1
  cmp -s certificate.pub key.pub || fault ANSWER_INVALID 'the certificate is for another key' || return 1
  common_name=$(openssl x509 -noout -subject -nameopt multiline -in certificate.pem | sed -n 's/^ *commonName *= //p')
  [ "$common_name" = "$thing_name" ] || fault ANSWER_INVALID "the certificate is not for $thing_name" || return 1
    [ "$(json_text body certificateId)" = "$(certificate_id certificate.pem)" ] ||
    fault ANSWER_INVALID 'the certificate has another id than the answer says' || return 1
  openssl verify -no_check_time -partial_chain -trusted chain.pem certificate.pem >/dev/null 2>&1 ||
    fault ANSWER_INVALID 'the chain does not hold: the certificate is not signed by it' || return 1
  write_configuration
}

# As AWS IoT names a certificate: the SHA-256 of its DER.
certificate_id() {
  openssl x509 -in "$1" -outform DER | openssl dgst -sha256 -binary | hex
}

# All members that the answer has, so that a client which knows more of them finds them, and the CA file.
write_configuration() {
  members=$({ tr '\000-\037\177' ' ' <body && echo; } | sed -n 's/.*"device" *: *{ *\([^{}]*[^{} ]\) *}.*/\1/p' | sed 's/\([^:]\)","/\1",\
  "/g')
  [ -z "$ca_file" ] || members="$members,$newline  \"caFile\":\"$(printf %s "$ca_file" | sed 's/[\\"]/\\&/g')\""
  printf '{\n  %s\n}\n' "$members" >configuration.json
  asked_name=$thing_name
  read_configuration configuration.json ||
    fault ANSWER_INVALID "the answer's configuration lacks something: $fault_message" || return 1
  [ "$asked_name" = "$thing_name" ] || fault ANSWER_INVALID "the configuration is not for $asked_name"
}

# In this order a power cut leaves what was there before, or what place_key completes. The certificates of other slots go first: they
# would make a renewal of the replaced identity go on; their keys may yet be what place_key needs.
save_device() {
  rm -f device/previous.pem device/renewal.pem
  write_durably device/device.json <configuration.json || return 1
  cat certificate.pem chain.pem >issued.pem
  write_durably device/device.pem <issued.pem || return 1
  mv -f device/device.key.pending device/device.key || fault FOLDER_UNUSABLE "cannot write $dir/device.key" || return 1
  sync_file device/.
  drop_slot previous
  drop_slot renewal
}

# What is left when this is cut short is no identity, but for a key alone, which asks for its certificate again.
drop_slot() {
  rm -f "device/$1.pem"
  rm -f "device/$1.json"
  rm -f "device/$1.key"
  sync_file device/.
}

# ------------------------------------------------------------------------------------------------------------- connect

broker=
reader=
watchdog=

connect() {
  enter_folder
  open_device && check_validity || die
  retry 2000 300 '' open_mqtt || die
  echo "connected to $mqtt_endpoint as $thing_name"
}

# The service only hangs up on a certificate outside its time; here the date can be told.
check_validity() {
  openssl x509 -noout -checkend 0 -in "device/$slot.pem" >/dev/null ||
    fault CERTIFICATE_EXPIRED "the certificate was valid until $(print_date enddate)" || return 1
  case $(openssl verify -partial_chain -trusted "device/$slot.pem" "device/$slot.pem" 2>&1) in
    *'not yet valid'*) fault CERTIFICATE_NOT_YET_VALID "the certificate is valid from $(print_date startdate)" ;;
  esac
}

# startdate or enddate
print_date() {
  openssl x509 -noout "-$1" -in "device/$slot.pem" | cut -d = -f 2
}

# Connects, is accepted, and says goodbye (MQTT 3.1.1, sections 3.1, 3.2 and 3.14).
open_mqtt() {
  trap '' PIPE
  rm -f silent to_broker from_broker
  mkfifo to_broker from_broker
  # AWS IoT registers a certificate at its first connection only when the CA's comes with it.
  sed '1,/-----END CERTIFICATE-----/d' "device/$slot.pem" >chain.pem
  start_tls
  watch_tls &
  watchdog=$!
  exec 3>to_broker
  print_connect_packet >&3 2>/dev/null
  # In the background, as a shell hears of signals while it waits, but not while a program runs.
  dd bs=1 count=4 <from_broker >answer 2>/dev/null &
  reader=$!
  wait "$reader"
  connack=$(hex <answer)
  [ "$connack" != 20020000 ] || printf '\340\000' >&3 2>/dev/null
  exec 3>&-
  [ -n "$connack" ] || wait "$broker" 2>/dev/null
  judge_connack
  mqtt_result=$?
  [ "$mqtt_result" = 0 ] || kill "$broker" 2>/dev/null
  wait "$broker" 2>/dev/null
  kill "$watchdog" 2>/dev/null
  wait "$watchdog" 2>/dev/null
  broker=
  reader=
  watchdog=
  return "$mqtt_result"
}

start_tls() {
  mqtt_host=$(printf %s "$mqtt_endpoint" | sed 's/:[0-9]*$//')
  mqtt_port=${mqtt_endpoint#"$mqtt_host"}
  mqtt_port=${mqtt_port#:}
  mqtt_port=${mqtt_port:-8883}
  set -- -verify_hostname "$mqtt_host" -servername "$mqtt_host"
  case $mqtt_host in
    \[*\]) set -- -verify_ip "$(printf %s "$mqtt_host" | tr -d '[]')" -noservername ;;
    *[!0-9.]*) ;;
    *) set -- -verify_ip "$mqtt_host" -noservername ;;
  esac
  # AWS IoT takes MQTT on 443 only with this protocol name.
  [ "$mqtt_port" != 443 ] || set -- "$@" -alpn x-amzn-mqtt-ca
  [ -z "$ca_file" ] || set -- "$@" -CAfile ca.pem
  [ ! -s chain.pem ] || set -- "$@" -cert_chain chain.pem
  openssl s_client -quiet -no_ign_eof -connect "$mqtt_host:$mqtt_port" "$@" -verify_return_error \
    -cert "device/$slot.pem" -key "device/$slot.key" <to_broker >from_broker 2>error &
  broker=$!
}

# Ends a connection that is silent.
watch_tls() {
  exec >/dev/null 2>&1
  trap 'kill "$sleeper"; exit' TERM
  sleep 20 &
  sleeper=$!
  wait "$sleeper"
  : >silent
  kill "$broker"
}

print_connect_packet() {
  set -- $((12 + ${#thing_name}))
  printf '\020'
  if [ "$1" -lt 128 ]; then print_byte "$1"; else print_byte $(($1 % 128 + 128)) && print_byte $(($1 / 128)); fi
  # Protocol MQTT, level 4, clean session, 60 s of keep-alive.
  printf '\000\004MQTT\004\002\000\074\000'
  print_byte ${#thing_name}
  printf %s "$thing_name"
}

print_byte() {
  printf %b "\\0$(printf %03o "$1")"
}

judge_connack() {
  case $connack in
    20020000) ;;
    20020002) fault MQTT_CLIENT_ID_REFUSED "$mqtt_endpoint refused with CONNACK 2" ;;
    20020003) fault MQTT_UNAVAILABLE "$mqtt_endpoint refused with CONNACK 3" ;;
    20020005) fault MQTT_NOT_AUTHORIZED "$mqtt_endpoint refused with CONNACK 5" ;;
    ?*) fault MQTT_PROTOCOL "$mqtt_endpoint sent $connack where CONNACK is due" ;;
    '') judge_silence ;;
  esac
}

judge_silence() {
  [ ! -f silent ] || fault CONNECTION_TIMEOUT "$mqtt_endpoint was silent for too long" || return 1
  tls_fault "$mqtt_endpoint" && return 1
  case $(cat error) in
    *'verify return:1'*) fault REGISTRATION_PENDING "$mqtt_endpoint took the certificate and hung up" ;;
    *refused* | *nreachable*) fault CONNECTION_REFUSED "$mqtt_endpoint: $(head -n 1 error)" ;;
    *'not known'* | *'not resolve'* | *'Temporary failure'* | *'nodename nor servname'*) fault HOST_NOT_FOUND "$mqtt_endpoint: $(head -n 1 error)" ;;
    *) fault CONNECTION_LOST "$mqtt_endpoint ended the connection" ;;
  esac
}

# --------------------------------------------------------------------------------------------------------- credentials

credentials() {
  enter_folder
  open_device && retry 1000 120 '' fetch_credentials || die
  if [ "$as_exports" = yes ]; then
    printf "export %s='%s'\n" AWS_ACCESS_KEY_ID "$access_key_id" AWS_SECRET_ACCESS_KEY "$secret_access_key" \
      AWS_SESSION_TOKEN "$session_token" AWS_REGION "$region"
  else
    printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"%s","Expiration":"%s"}\n' \
      "$access_key_id" "$secret_access_key" "$session_token" "$expiration"
  fi
}

# Sets $access_key_id, $secret_access_key, $session_token and $expiration, which can stand between quotes anywhere.
fetch_credentials() {
  ask "$credentials_endpoint" <<CONFIGURATION || return 1
url = "https://$credentials_endpoint/role-aliases/$(encode_uri "$role_alias")/credentials"
header = "x-amzn-iot-thingname: $thing_name"
cert = "device/$slot.pem"
key = "device/$slot.key"
max-time = 60
CONFIGURATION
  [ "$status" = 200 ] || credentials_fault || return 1
  access_key_id='' secret_access_key='' session_token='' expiration=''
  while read -r member value; do
    case $member in
      accessKeyId) access_key_id=$value ;;
      secretAccessKey) secret_access_key=$value ;;
      sessionToken) session_token=$value ;;
      expiration) expiration=$value ;;
    esac
  done <<MEMBERS
$(json_members body)
MEMBERS
  : >body
  consists_of A-Za-z0-9 "$access_key_id" && consists_of A-Za-z0-9+/=._- "$secret_access_key" &&
    consists_of A-Za-z0-9+/=._- "$session_token" && consists_of 0-9TZ:.- "$expiration" ||
    fault CREDENTIALS_UNPARSABLE "$credentials_endpoint answered without credentials"
}

# The provider's own words (AWS IoT developer guide, "Authorizing direct calls to AWS services").
credentials_fault() {
  reason=$(json_text body message)
  case $status:$reason in
    429:* | 5??:*) credentials_code=CREDENTIALS_UNAVAILABLE ;;
    *'nvalid thing name'*) credentials_code=THING_NOT_ATTACHED ;;
    *'ccess '[Dd]enied*) credentials_code=ROLE_ALIAS_DENIED ;;
    *'ole alias does not exist'*) credentials_code=ROLE_ALIAS_MISSING ;;
    *'nable to assume the role'*) credentials_code=ROLE_UNASSUMABLE ;;
    *'exceeds the MaxSessionDuration'*) credentials_code=ROLE_SESSION_TOO_LONG ;;
    *'ertificate is invalid'*) credentials_code=CERTIFICATE_INACTIVE ;;
    *) credentials_code=CREDENTIALS_REFUSED ;;
  esac
  fault "$credentials_code" "role alias $role_alias: $status ${reason:-no reason given}"
}

# -------------------------------------------------------------------------------------------------------------- upload

upload() {
  [ $# -gt 0 ] || die_of_usage 'upload needs at least one FILE'
  enter_folder
  check_curl && open_device && choose_bucket_url || die
  session_token=
  unsent=0
  for path in "$@"; do
    if prepare_file && retry 500 300 "$path" put_file; then
      printf '%s  %s bytes\n' "$(printable "$key")" "$size"
    else
      say_fault "$path"
      unsent=$((unsent + 1))
    fi
  done
  [ "$unsent" -eq 0 ] && return
  say "$unsent of $# files were not sent"
  return 1
}

# Since 7.87 curl signs x-amz- headers and takes the payload's hash from one.
check_curl() {
  read -r curl_major curl_minor <<VERSION
$(curl --version | sed -n '1s/^curl \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
VERSION
  [ "${curl_major:-0}" -gt 7 ] || [ "${curl_minor:-0}" -ge 87 ] || fault CURL_TOO_OLD "this is curl $curl_major.$curl_minor"
}

# A name with a dot fits no wildcard certificate, so it goes into the path, as with an endpoint of one's own.
choose_bucket_url() {
  domain=amazonaws.com
  case $region in cn-*) domain=amazonaws.com.cn ;; esac
  case $s3_endpoint:$bucket in
    :*.*) bucket_url=https://s3.$region.$domain/$bucket ;;
    :*) bucket_url=https://$bucket.s3.$region.$domain ;;
    *) bucket_url=${s3_endpoint%/}/$bucket ;;
  esac
  is_secure "$bucket_url" || fault ENDPOINT_INSECURE "$bucket_url is without TLS" || return 1
  bucket_host=${bucket_url#*://}
  bucket_host=${bucket_host%%/*}
}

# Makes $path ./file, and sets its key, which it keeps through every retry, its size and its two forms of SHA-256.
prepare_file() {
  absolute=$(absolute_path "$path" && echo .)
  absolute=${absolute%.}
  [ ! -L "$absolute" ] || fault FILE_NOT_REGULAR 'it is a symbolic link' || return 1
  [ -e "$absolute" ] || fault FILE_UNREADABLE 'it is not there' || return 1
  [ -f "$absolute" ] || fault FILE_NOT_REGULAR 'it is a directory, a pipe, a socket or a device' || return 1
  [ -r "$absolute" ] || fault FILE_UNREADABLE 'this user may not read it' || return 1
  key=things/$thing_name/$(date -u +%Y-%m-%d)/$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')-${path##*/}
  [ ${#key} -le 1024 ] || fault FILE_NAME_TOO_LONG 'its key has more than 1,024 bytes' || return 1
  rm -f file
  ln -s "$absolute" file
  # shellcheck disable=SC2012 # POSIX has no stat, and wc may read all of it.
  size=$(ls -lnL file | sed -n '1s/^[^ ]* *[^ ]* *[^ ]* *[^ ]* *\([0-9]*\).*/\1/p')
  [ "$size" -le 5368709120 ] || fault FILE_TOO_LARGE "it has $size bytes" || return 1
  openssl dgst -sha256 -binary <file >digest 2>/dev/null || fault FILE_UNREADABLE 'it cannot be read' || return 1
  sha256_hex=$(hex <digest)
  sha256_base64=$(openssl base64 <digest)
}

put_file() {
  [ -n "$session_token" ] || fetch_credentials || return 1
  put_object && return
  # Nobody else can know the key, so what is there was put by an attempt whose answer was lost.
  [ "$fault_code" != OBJECT_EXISTS ] || [ "$failures" -eq 0 ] || return 0
  [ "$fault_code" = CREDENTIALS_EXPIRED ] || return 1
  session_token=
  fetch_credentials && put_object
}

put_object() {
  ask "$bucket_host" <<CONFIGURATION || return 1
url = "$bucket_url/$(encode_uri "$key" | sed 's/%2F/\//g')"
upload-file = "file"
aws-sigv4 = "aws:amz:$region:s3"
user = "$access_key_id:$secret_access_key"
header = "x-amz-security-token: $session_token"
header = "x-amz-content-sha256: $sha256_hex"
header = "x-amz-checksum-sha256: $sha256_base64"
header = "content-type: $(content_type "$path")"
header = "if-none-match: *"
CONFIGURATION
  [ "$status" = 200 ] || put_fault
}

put_fault() {
  s3_code=$(xml_text Code)
  put_message="$key: S3 answered $status $s3_code: $(xml_text Message)"
  case $status:$s3_code in
    *:ExpiredToken) fault CREDENTIALS_EXPIRED "$put_message" ;;
    *:RequestTimeTooSkewed) fault CLOCK_SKEWED "this machine says $(date -u), S3 says $(sed -n 's/^[Dd]ate: *//p' headers | tr -d '\r')" ;;
    *:AccessDenied) fault UPLOAD_DENIED "$put_message" ;;
    *:NoSuchBucket) fault BUCKET_MISSING "$put_message" ;;
    *:BadDigest | *:XAmzContentSHA256Mismatch) fault UPLOAD_CORRUPTED "$put_message" ;;
    412:*) fault OBJECT_EXISTS "$put_message" ;;
    501:*) fault UPLOAD_REFUSED "$put_message" ;;
    409:* | 429:* | 5??:* | *:RequestTimeout) fault UPLOAD_UNAVAILABLE "$put_message" ;;
    *) fault UPLOAD_REFUSED "$put_message" ;;
  esac
}

# NAME: the text of an element of ./body.
xml_text() {
  { tr '\000-\037\177' ' ' <body && echo; } | sed -n "s/.*<$1>\([^<]*\)<.*/\1/p" |
    sed "s/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&apos;/'/g; s/&amp;/\&/g"
}

content_type() {
  case $(printf %s "${1##*/}" | tr '[:upper:]' '[:lower:]') in
    *.csv) echo text/csv ;;
    *.gz) echo application/gzip ;;
    *.jpg | *.jpeg) echo image/jpeg ;;
    *.json) echo application/json ;;
    *.jsonl | *.ndjson) echo application/x-ndjson ;;
    *.log | *.txt) echo 'text/plain; charset=utf-8' ;;
    *.mp4) echo video/mp4 ;;
    *.parquet) echo application/vnd.apache.parquet ;;
    *.pdf) echo application/pdf ;;
    *.png) echo image/png ;;
    *.tar) echo application/x-tar ;;
    *.wav) echo audio/wav ;;
    *.webp) echo image/webp ;;
    *.xml) echo application/xml ;;
    *.zip) echo application/zip ;;
    *.zst) echo application/zstd ;;
    *) echo application/octet-stream ;;
  esac
}

# --------------------------------------------------------------------------------------------------------------- renew

renew() {
  enter_folder
  check_curl && open_device || die
  if [ "$force" = no ] && [ ! -f device/renewal.key ] && [ ! -f device/previous.pem ]; then
    check_validity || die
    seconds_left=$(seconds_until_due)
    if [ "$seconds_left" -gt 0 ]; then
      echo "not due for $((seconds_left / 86400)) days"
      return
    fi
  fi
  renew_certificate || die
  use_slot device || die
  echo "renewed as $thing_name, valid until $(print_date enddate)"
}

# Goes on from wherever an earlier attempt was cut short. The present certificate is kept until the service knows of the new one.
renew_certificate() {
  for key_file in device/renewal.key device/previous.key; do
    [ ! -f "$key_file" ] || check_key "$key_file" || return 1
  done
  if is_unsettled; then
    settle_renewal
    return
  fi
  cp device/device.pem current.pem
  is_whole renewal || obtain_renewal || return 1
  try_out_renewal || judge_refusal || return 1
  promote_renewal && settle_renewal
}

# Whether the certificate in use took another's place, and the service may not know of it yet.
is_unsettled() {
  if is_whole previous; then
    cmp -s device/previous.pem device/device.pem || return 0
    # A copy, made before the exchange that did not come.
    is_whole renewal && return 1
  fi
  drop_slot previous
  return 1
}

obtain_renewal() {
  request_renewal && write_durably device/renewal.json <configuration.json || return 1
  cat certificate.pem chain.pem >issued.pem
  write_durably device/renewal.pem <issued.pem || return 1
  is_whole renewal || fault FOLDER_DAMAGED "$dir/renewal.key was replaced by another process"
}

# Asks for the certificate of the renewal's key, which is dropped when the API refuses it.
request_renewal() {
  use_slot device && prepare_key renewal.key && write_request || return 1
  call_api certificates && check_answer && return
  ! is_refusal_of_api || drop_renewal
  return 1
}

# The key may be in its new place only half way, when another process is exchanging the two just now.
drop_renewal() {
  place_key
  drop_slot renewal
}

try_out_renewal() {
  use_slot renewal && check_validity && retry 2000 300 '' open_mqtt && retry 2000 300 '' fetch_credentials
}

# After a new certificate was refused: it is given up or waited for, as registration may lag and an operator may approve it.
judge_refusal() {
  is_refusal || return 1
  refusal_code=$fault_code
  refusal_message=$fault_message
  refusal_hint=$fault_hint
  case $refusal_code:$(find device/renewal.pem -mtime +0 2>/dev/null) in
    CERTIFICATE_REVOKED:* | CERTIFICATE_EXPIRED:* | *:?*)
      drop_renewal
      fault RENEWAL_ABANDONED "the new certificate is given up: $refusal_code $refusal_message" || return 1
      ;;
  esac
  # The broker gives no reason; the API does, if it knows one.
  request_renewal || ! is_refusal_of_api || return 1
  fault "$refusal_code" "$refusal_message" "$refusal_hint"
}

# Cut short anywhere, the device slot holds one of the two, and the other is whole beside it. Another process may have come first.
promote_renewal() {
  if cmp -s current.pem device/device.pem; then
    write_durably device/previous.key <device/device.key &&
      write_durably device/previous.json <device/device.json &&
      write_durably device/previous.pem <device/device.pem &&
      replace_device renewal || return 1
  fi
  drop_slot renewal
}

# SLOT
replace_device() {
  write_durably device/device.json <"device/$1.json" && write_durably device/device.pem <"device/$1.pem" && place_key
}

# Reports that the certificate in use holds the thing, and forgets the previous one. When it is refused and the previous one is not,
# that is put back.
settle_renewal() {
  use_slot device || return 1
  : >request.json
  if call_api "certificates/$(certificate_id device/device.pem)/confirm"; then
    drop_slot renewal
    # Last: as long as it is here, a crash leads here again.
    drop_slot previous
    return
  fi
  is_refusal || return 1
  refusal_code=$fault_code
  refusal_message=$fault_message
  refusal_hint=$fault_hint
  if use_slot previous && retry 2000 300 '' fetch_credentials; then
    replace_device previous || return 1
    drop_slot renewal
    drop_slot previous
    fault RENEWAL_ABANDONED "the new certificate is given up: $refusal_code $refusal_message"
  else
    fault "$refusal_code" "$refusal_message" "$refusal_hint"
  fi
}

# PATH below the thing's: sends ./request.json, signed with credentials that the slot's certificate gets.
call_api() {
  api_path=$1
  [ -n "$api_url" ] || fault API_URL_UNUSABLE 'device.json does not say where the API is' || return 1
  is_secure "$api_url" || fault API_URL_UNUSABLE "apiUrl of device.json is $api_url" || return 1
  case $thing_name:$((curl_major * 100 + curl_minor)) in
    # Before 8.9 curl signs a colon in a path as it is, and AWS its percent-encoded form.
    *:*:7?? | *:*:80[0-8]) fault CURL_TOO_OLD "this is curl $curl_major.$curl_minor, and a thing name with a colon needs 8.9" || return 1 ;;
  esac
  api_host=${api_url#*://}
  api_host=${api_host%%/*}
  check_validity && retry 2000 300 '' fetch_credentials && retry 2000 300 '' send_to_api
}

send_to_api() {
  ask "$api_host" <<CONFIGURATION && judge_answer RENEWAL
url = "${api_url%/}/v1/things/$thing_name/$api_path"
header = "content-type: application/json"
data-binary = "@request.json"
aws-sigv4 = "aws:amz:$region:execute-api"
user = "$access_key_id:$secret_access_key"
header = "x-amz-security-token: $session_token"
header = "x-amz-content-sha256: $(openssl dgst -sha256 -binary <request.json | hex)"
max-time = 60
CONFIGURATION
}

# After two thirds of its life and up to a twentieth of it later. How much later follows from the fingerprint, so that a fleet which
# enrolled in one hour does not renew in one.
seconds_until_due() {
  valid_from=$(epoch_seconds "$(print_date startdate)")
  life=$(($(epoch_seconds "$(print_date enddate)") - valid_from))
  jitter=$((0x$(certificate_id "device/$slot.pem" | cut -c 1-4)))
  echo $((valid_from + life * 2 / 3 + life * jitter / 65536 / 20 - $(date +%s)))
}

# A date as openssl writes it, `Nov  4 10:37:13 2026 GMT`: POSIX's date reads none.
epoch_seconds() {
  # shellcheck disable=SC2046,SC2086
  set -- $(printf %s "$1" | tr : ' ')
  months=JanFebMarAprMayJunJulAugSepOctNovDec
  before=${months%"$1"*}
  month=$((${#before} / 3 + 1))
  year=$(($6 - (month <= 2)))
  # Days since 1970 in a calendar whose years begin in March.
  days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 + $2 - 719469))
  echo $(((days * 24 + ${3#0}) * 3600 + ${4#0} * 60 + ${5#0}))
}

# -------------------------------------------------------------------------------------------------------- command line

# NAME VALUE MINIMUM: a whole number, or nothing.
check_number() {
  case $2 in
    '') ;;
    0?* | *[!0-9]* | ??????????*) die_of_usage "--$1 takes a whole number, not \"$2\"" ;;
    *) [ "$2" -ge "$3" ] || die_of_usage "--$1 takes a whole number of at least $3, not \"$2\"" ;;
  esac
}

leave() {
  for child in $broker $reader $watchdog; do
    kill "$child" 2>/dev/null
  done
  cd / && rm -rf "$work"
}

main() {
  command=${1-}
  case $command in
    enroll | connect | credentials | upload | renew) shift ;;
    --help | help) print_help program && exit ;;
    '') die_of_usage 'name a command' ;;
    *) die_of_usage 'there is no such command' ;;
  esac

  dir=${THINGDROP_DEVICE_DIR:-${HOME-}/.thingdrop-device}
  timeout_seconds=${THINGDROP_TIMEOUT-}
  retry_base_ms=${THINGDROP_RETRY_BASE_MS-}
  claim_file=${THINGDROP_CLAIM_FILE-}
  ca_file=${THINGDROP_CA_FILE-}
  force=no
  claim=
  as_exports=no
  remaining=$#
  while [ "$remaining" -gt 0 ]; do
    argument=$1
    shift
    remaining=$((remaining - 1))
    option=${argument%%=*}
    case $command:$option in
      *:--help) print_help "$command" && exit ;;
      enroll:--force | renew:--force) force=yes && continue ;;
      credentials:--env) as_exports=yes && continue ;;
      *:--dir | *:--timeout | *:--retry-base-ms | enroll:--claim-file | enroll:--ca-file) ;;
      *:--)
        while [ "$remaining" -gt 0 ]; do
          argument=$1
          shift
          remaining=$((remaining - 1))
          set -- "$@" "$argument"
        done
        break
        ;;
      *:-?*) die_of_usage "$command has no option $option" ;;
      upload:*) set -- "$@" "$argument" && continue ;;
      enroll:*) die_of_usage 'enroll takes no operand; a claim does not belong on a command line' ;;
      *) die_of_usage "$command takes no operand" ;;
    esac
    if [ "$argument" != "$option" ]; then
      value=${argument#*=}
    else
      [ "$remaining" -gt 0 ] || die_of_usage "$option needs a value"
      value=$1
      shift
      remaining=$((remaining - 1))
    fi
    case $option in
      --dir) dir=$value ;;
      --timeout) timeout_seconds=$value ;;
      --retry-base-ms) retry_base_ms=$value ;;
      --claim-file) claim_file=$value ;;
      --ca-file) ca_file=$value ;;
    esac
  done
  check_number timeout "$timeout_seconds" 0
  check_number retry-base-ms "$retry_base_ms" 1

  for tool in curl openssl; do
    command -v "$tool" >/dev/null || fault TOOL_MISSING "there is no $tool" || die
  done
  started_in=$PWD
  dir=$(absolute_path "$dir")
  [ -z "$claim_file" ] || claim_file=$(absolute_path "$claim_file")
  [ -z "$ca_file" ] || ca_file=$(absolute_path "$ca_file")
  work=$(mktemp -d "${TMPDIR:-/tmp}/thingdrop.XXXXXX") || exit 1
  trap leave EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  cd "$work" || exit 1
  "$command" "$@"
}

main "$@"
