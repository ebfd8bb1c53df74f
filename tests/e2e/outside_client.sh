#!/bin/sh
# A producer that knows the contract and nothing else: curl sends, openssl signs.
#
#   outside_client.sh NAME...     the calls to make, in this order; see the bottom
#
# From the environment: URL and SOURCE and SECRET, and OUT, the folder for what comes back:
# NAME.status, NAME.headers and NAME.body of each call.
set -eu

key=$(printf %s "${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')

# sign ID TIMESTAMP FILE: the signature of a body that lies in a file.
sign() {
  { printf '%s.%s.' "$1" "$2"; cat "$3"; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A
}

# call NAME ID BODY [CURL ARGUMENTS...]: a call of JSON with a good signature of now. What is bad
# about it on purpose stands in MEDIA, TIMESTAMP, SIGNATURE or SOURCE_ID.
call() {
  name=$1 id=$2
  printf %s "$3" > "$OUT/$name.sent"
  shift 3
  send "$@"
}

# send [CURL ARGUMENTS...]: the same with what lies in NAME.sent.
send() {
  timestamp=${TIMESTAMP:-$(date +%s)}
  signature=${SIGNATURE-webhook-signature: v1,$(sign "$id" "$timestamp" "$OUT/$name.sent")}
  curl --silent --show-error --max-time 30 --noproxy '*' "$@" \
    -H 'Expect:' -H "Content-Type: ${MEDIA:-application/json}" -H "webhook-id: $id" \
    -H "webhook-timestamp: $timestamp" -H "$signature" \
    --data-binary "@$OUT/$name.sent" --dump-header "$OUT/$name.headers" \
    --output "$OUT/$name.body" --write-out '%{http_code}' \
    "$URL/v1/sources/${SOURCE_ID:-$SOURCE}/deliveries" > "$OUT/$name.status"
}

# comment ID: an event as the table of the contract has it.
comment() {
  printf '{"id": "%s", "type": "comment.created", "timestamp": "%s", "data": {"id": "%s",
    "post_id": "p1", "author": {"id": "u1", "name": "莉莉"}, "text": "收到的瓶子是碎的"}}' \
    "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1"
}

# one NAME: each row of the answer table, by the condition in its second column.
one() {
  case $1 in
    accepted) call "$1" d-1 "$(comment e-1)" ;;
    repeated) call "$1" d-1 "$(comment e-1)" ;;
    batch) call "$1" d-2 '{"type": "batch", "timestamp": "2026-11-21T08:15:04Z",
      "data": {"events": ['"$(comment e-1), $(comment e-2), $(comment e-3)"']}}' ;;
    cloud_event) MEDIA=application/cloudevents+json && call "$1" d-3 '{"specversion": "1.0", "source": "/outside", "id": "e-4",
      "time": "2026-11-21T08:15:04Z", "type": "follower.followed",
      "data": {"follower": {"id": "u2"}}}' ;;
    unknown_type) call "$1" d-4 '{"id": "e-5", "type": "star.exploded",
      "timestamp": "2026-11-21T08:15:04Z", "data": {}}' ;;
    not_json) call "$1" d-5 '{"id": ' ;;
    too_deep) call "$1" d-6 "$(printf '%0.s[' $(seq 200))$(printf '%0.s]' $(seq 200))" ;;
    bad_envelope) call "$1" d-7 '{"id": "e-6", "data": {}}' ;;
    unsigned) SIGNATURE='webhook-signature:' && call "$1" d-8 "$(comment e-7)" ;;
    wrong_signature) SIGNATURE='webhook-signature: v1,'$(printf 'a guess' | openssl base64 -A) &&
      call "$1" d-8 "$(comment e-7)" ;;
    expired) TIMESTAMP=$(($(date +%s) - 400)) && call "$1" d-8 "$(comment e-7)" ;;
    unknown_source) SOURCE_ID=01a1fc86-4709-7dca-acf3-46af0cecb7c0 &&
      call "$1" d-8 "$(comment e-7)" ;;
    too_large) name=$1 id=d-9 && head -c 1048577 /dev/zero | tr '\0' ' ' > "$OUT/$1.sent" && send ;;
    wrong_media) MEDIA=text/plain && call "$1" d-10 "$(comment e-8)" ;;
    compressed) call "$1" d-10 "$(comment e-8)" -H 'Content-Encoding: gzip' ;;
    bad_event) call "$1" d-11 '{"type": "batch", "timestamp": "2026-11-21T08:15:04Z",
      "data": {"events": ['"$(comment e-9)"', {"id": "e-10", "type": "comment.created",
      "timestamp": "2026-11-21T08:15:04Z", "data": {"id": 7}}]}}' ;;
    over_quota) name=$1 n=0 && while
      n=$((n + 1)); call "$1" "q-$n" "$(comment "q-$n")"
      [ "$(cat "$OUT/$1.status")" = 202 ] && [ $n -lt 100 ]
    do :; done ;;
    unavailable) call "$1" d-12 "$(comment e-11)" ;;
    *) echo "unknown call: $1" >&2; exit 2 ;;
  esac
}

for wanted in "$@"; do
  # In a shell of its own: what was made bad for one call is good again for the next.
  (one "$wanted")
done
