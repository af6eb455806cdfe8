#!/bin/sh
# Downloads one staging entry from the bucket of this machine's region, and verifies every file by its SHA-256.
# It needs sh, awk, coreutils (sha256sum, or shasum) and the AWS CLI, version 1 or 2.
#
# Usage: sh stage.sh [DESTINATION]
#
# stdout is the path of the data, stderr has the messages. The script keeps correct files, and downloads missing and wrong ones. Each
# run reads every file for its SHA-256, also after an earlier run. A file appears at its path only after its verification, and a new
# directory appears as a whole. An interrupted run leaves a folder .spawn-stage-… beside a new destination, or in an existing
# directory; the next run continues there.
#
# Exit codes: 0 complete and verified, 1 another failure, 2 bad input, 3 SHA256 checksum mismatch, 4 403 Forbidden,
# 5 an object is missing, 6 the disk is full, 129, 130 or 143 interrupted.
#
# Variables: SPAWN_REGION, the region to read from; SPAWN_IMDS_WAIT, seconds to wait for the metadata service;
# SPAWN_TRANSFER_CLIENT=classic, not to use the AWS CLI's CRT client. AWS_… variables work as in the AWS CLI.

set -u

# Parameters. `spawn stage script` replaces these lines; every value is in single quotes, and is used as data only.
id='stage-000000000000'
kind='file'
name='example'
manifest_sha256='0000000000000000000000000000000000000000000000000000000000000000'
copies='us-east-1 example-bucket'
destination='/mnt/data/example'
fixed_region=''
# End of the parameters.

export LC_ALL=C PYTHONUTF8=1 AWS_PAGER='' AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-8}"
tab=$(printf '\t')
work='' lock='' transfers='' downloader=''
export id kind work

say() { printf 'spawn: %s\n' "$*" >&2; }
die() { # exit code, message, then lines such as "Why: …"
  code=$1
  shift
  for line; do say "$line"; done
  exit "$code"
}
nap() { sleep 0.2 2>/dev/null || sleep 1; }

if command -v sha256sum >/dev/null 2>&1; then
  sha256() { sha256sum "$@"; }
else
  sha256() { shasum -a 256 "$@"; }
fi

# ---- End of a run: stops child processes, and keeps downloaded data.

cleanup() {
  for child in $transfers; do kill "$child" 2>/dev/null; done
  [ -n "$lock" ] || return 0
  rm -f "$work/config"
  # No data, or all data are in place.
  if rmdir "$work/tree" 2>/dev/null || [ ! -e "$work/tree" ]; then
    for one in "$work"/*; do
      case $one in */lock.*) ;; *) rm -rf "$one" ;; esac
    done
  fi
  rm -rf "$lock"
  rmdir "$work" 2>/dev/null
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- The region, and its bucket.

# Not on workers of sweeps: they know their region.
http() { # method, URL, header
  if command -v curl >/dev/null 2>&1; then
    curl -gfsS --noproxy '*' --connect-timeout 1 --max-time 5 -X "$1" -H "$3" "$2" 2>/dev/null
  else
    wget -qO - --no-proxy -T 5 -t 1 "--method=$1" "--header=$3" "$2" 2>/dev/null
  fi
}

# The instance metadata service may start later than this script; on EC2 that can take a minute.
metadata_region() {
  case ${AWS_EC2_METADATA_DISABLED:-} in [Tt][Rr][Uu][Ee]) return 1 ;; esac
  server=http://169.254.169.254 wait=3
  case ${AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE:-} in [Ii][Pp][Vv]6) server='http://[fd00:ec2::254]' ;; esac
  case $(cat /sys/devices/virtual/dmi/id/sys_vendor /sys/hypervisor/uuid 2>/dev/null) in *Amazon* | ec2*) wait=60 ;; esac
  if [ -n "${AWS_EC2_METADATA_SERVICE_ENDPOINT:-}" ]; then server=${AWS_EC2_METADATA_SERVICE_ENDPOINT%/} wait=60; fi
  end=$(($(date +%s) + ${SPAWN_IMDS_WAIT:-$wait}))
  while :; do
    token=$(http PUT "$server/latest/api/token" 'X-aws-ec2-metadata-token-ttl-seconds: 300') &&
      found=$(http GET "$server/latest/meta-data/placement/region" "X-aws-ec2-metadata-token: $token") &&
      is_region "$found" && printf '%s\n' "$found" && return 0
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 1
  done
}

# From the AWS configuration; version 2 of the AWS CLI also asks the metadata service.
configured_region() {
  aws configure list 2>/dev/null | awk '{ gsub(/:/, " ") } $1 == "region" && $2 ~ /^[a-z]+-[a-z-]+-[0-9]+$/ { print $2; exit }'
}

# End.

is_region() {
  case $1 in '' | *[!a-z0-9-]*) return 1 ;; *-*-*) return 0 ;; *) return 1 ;; esac
}

choose_copy() {
  region=${SPAWN_REGION:-${fixed_region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-}}}}
  [ -n "$region" ] || region=$(metadata_region) || region=$(configured_region)
  [ -z "$region" ] || is_region "$region" || die 2 "\"$region\" is not an AWS region" 'Fix: export SPAWN_REGION=us-east-1'
  bucket='' first_region='' first_bucket=''
  while read -r in_region in_bucket; do
    [ -n "$first_region" ] || first_region=$in_region first_bucket=$in_bucket
    [ "$in_region" != "$region" ] || bucket=$in_bucket
  done <<COPIES
$copies
COPIES
  [ -z "$bucket" ] || return 0
  bucket=$first_bucket
  if [ -n "$region" ]; then
    say "Warning: $id has no replica in $region. The data come from $first_region, and AWS charges for the transfer between regions."
    say "Fix: spawn stage update $id --regions $(printf '%s\n' "$copies" | awk '{ printf "%s,", $1 }')$region"
  else
    say "Warning: the region of this machine is not known. The data come from $first_region; AWS charges for a transfer between regions."
    say 'Fix: export SPAWN_REGION=us-east-1'
  fi
  region=$first_region
}

# ---- The AWS CLI.

# Version 2 has the faster CRT client, which only a configuration file selects: a private copy of the user's. Version
# 1 ignores it.
configure() {
  # The CRT client ignores the AWS CLI's proxy settings.
  [ "${SPAWN_TRANSFER_CLIENT:-}${HTTPS_PROXY:-}${https_proxy:-}${HTTP_PROXY:-}${http_proxy:-}" = '' ] || return 0
  own=${AWS_CONFIG_FILE:-${HOME:-}/.aws/config}
  profile=${AWS_PROFILE:-default}
  [ "$profile" = default ] || profile="profile $profile"
  [ -r "$own" ] || own=/dev/null
  (umask 077 && profile=$profile awk '
    function add() { if (inside && !added) print "s3 =\n  preferred_transfer_client = crt"; if (inside) added = 1 }
    /^[ \t]*\[/ { add(); section = $0; gsub(/^[ \t]*\[[ \t]*|[ \t]*\].*$/, "", section); inside = section == ENVIRON["profile"] }
    { print }
    # A later setting of the user takes precedence.
    inside && !added && /^s3[ \t]*=/ { print "  preferred_transfer_client = crt"; added = 1 }
    END { add(); if (!added) print "[" ENVIRON["profile"] "]\ns3 =\n  preferred_transfer_client = crt" }
  ' <"$own" >"$work/config") && AWS_CONFIG_FILE=$work/config && export AWS_CONFIG_FILE
}

# Replaces the process with the AWS CLI, so that a caller that kills it ends the transfer.
exec_aws() {
  endpoint=${AWS_ENDPOINT_URL_S3:-${AWS_ENDPOINT_URL:-}}
  case ${AWS_IGNORE_CONFIGURED_ENDPOINT_URLS:-} in [Tt][Rr][Uu][Ee]) endpoint='' ;; esac
  # Versions before 1.29 and 2.13 do not read the variables.
  exec aws "$@" --region "$region" --cli-connect-timeout 10 --cli-read-timeout 60 --only-show-errors ${endpoint:+--endpoint-url "$endpoint"}
}

# Classifies a failure of the AWS CLI by its messages in the file errors.
explain() {
  if grep -Eq 'No space left|Errno 28|ENOSPC|AWS_ERROR_.*DISK|Disk quota' "$work/errors"; then
    die 6 'the disk is full' "Why: $work has $(free_bytes) bytes left." 'Fix: free space, or use a larger volume, and run the script again. It keeps what arrived.'
  elif grep -Eq '\(40[13]\)|Forbidden|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken' "$work/errors"; then
    tail -n 1 "$work/errors" >&2
    die 4 'download failed: 403 Forbidden' "Why: the credentials of this machine may not read s3://$bucket/$id/." \
      'Fix: give its role s3:GetObject and s3:ListBucket, or the policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess.' \
      'With spawn launch: --iam-policy s3:GetObject --iam-policy s3:ListBucket'
  elif grep -Eq '\(404\)|NoSuchBucket|NoSuchKey|Not Found' "$work/errors"; then
    die 5 "s3://$bucket/$id/ does not hold all of the data" "Why: $(tail -n 1 "$work/errors")" \
      "Fix: spawn stage info $id shows whether the entry has expired; spawn stage repair $id copies missing data again."
  elif grep -q 'Unable to locate credentials' "$work/errors"; then
    die 1 'there are no AWS credentials' 'Fix: give the instance a role (an instance profile), or set AWS_PROFILE.'
  fi
  die 1 'the download failed' "Why: $(tail -n 3 "$work/errors" | tr '\n' ' ')" 'Fix: run the script again. It keeps what arrived.'
}

free_bytes() { df -Pk "$work" | awk '{ line = $0 } END { match(line, /[0-9]+ +[0-9]+ +-?[0-9]+ +[0-9]+%/); split(substr(line, RSTART), f); printf "%.0f", f[3] * 1024 }'; }

# ---- One run at a time. The owner of the highest number holds the lock; it is free if all owners have ended.

# Not on workers of sweeps: one worker is all that downloads.
boot_id() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }
started_at() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || echo unknown; }

is_held() { # folder of a lock
  if ! read -r host boot pid start <"$1/owner"; then
    # The owner has not written its name yet, or was killed before.
    [ -n "$(find "$1" -prune -mmin -1)" ]
    return
  fi 2>/dev/null
  [ "$host" = "$(uname -n)" ] || return 0
  [ "$boot" = "$(boot_id)" ] && kill -0 "$pid" 2>/dev/null && [ "$start" = "$(started_at "$pid")" ]
}

# The lock of another process, if there is one.
held_by_others() { # own lock
  for one in "$work"/lock.*; do
    if [ -d "$one" ] && [ "$one" != "$1" ] && is_held "$one"; then printf '%s\n' "$one" && return 0; fi
  done
  return 1
}

is_own_folder() { [ ! -L "$1" ] && [ -d "$1" ] && [ -n "$(find "$1" -prune -user "$(id -u)" 2>/dev/null)" ]; }

take_lock() {
  told='' tries=0
  while :; do
    mkdir -m 700 "$work" 2>/dev/null
    if is_own_folder "$work"; then
      tries=0
    elif [ "$tries" -lt 5 ]; then
      # A run that has just ended removed it.
      tries=$((tries + 1))
      nap
      continue
    else
      die 2 "$work cannot be used" 'Why: it cannot be made, or another user made it.' "Fix: mkdir -p '${work%/*}', or remove it, or give another destination."
    fi
    if ! other=$(held_by_others ''); then
      top=0
      for one in "$work"/lock.*; do [ ! -d "$one" ] || [ "${one##*.}" -le "$top" ] || top=${one##*.}; done
      mine=$work/lock.$((top + 1))
      if mkdir "$mine" 2>/dev/null; then
        echo "$(uname -n) $(boot_id) $$ $(started_at $$)" >"$mine/owner"
        # If another process created a lock in between, neither has it.
        if ! other=$(held_by_others "$mine"); then
          lock=$mine
          for one in "$work"/lock.*; do [ "$one" = "$lock" ] || rm -rf "$one"; done
          return 0
        fi
        rm -rf "$mine"
      fi
    elif [ -z "$told" ]; then
      told=yes
      say "Waiting for another download of $id: $(cat "$other/owner" 2>/dev/null). If it does not run any more: rm -r '$other'"
    fi
    nap
  done
}

# End.

# ---- The manifest: JSON lines become lines of fields. In a name, control characters and backslashes are octal escapes for printf.

read_manifest() {
  awk '
    function fail(why) { print "line " NR ": " why; failed = 1; exit 1 }
    function octal(byte) { return sprintf("\\0%03o", byte) }
    function utf8(code) {
      if (code == 0) fail("a NUL")
      if (code < 32 || code == 92 || code == 127) return octal(code)
      if (code < 128) return sprintf("%c", code)
      if (code < 2048) return octal(192 + int(code / 64)) octal(128 + code % 64)
      if (code < 65536) return octal(224 + int(code / 4096)) octal(128 + int(code / 64) % 64) octal(128 + code % 64)
      return octal(240 + int(code / 262144)) octal(128 + int(code / 4096) % 64) octal(128 + int(code / 64) % 64) octal(128 + code % 64)
    }
    function hex4(  digits, i, value) { # the digits after \u
      digits = tolower(substr(rest, 2, 4))
      rest = substr(rest, 6)
      if (length(digits) != 4 || digits ~ /[^0-9a-f]/) fail("an escape")
      for (i = 1; i <= 4; i++) value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
      return value
    }
    function text(  out, mark, code, low) { # the string at the start of rest
      if (substr(rest, 1, 1) != "\"") fail("no string")
      rest = substr(rest, 2)
      while (match(rest, /["\\]/)) {
        out = out substr(rest, 1, RSTART - 1)
        mark = substr(rest, RSTART, 1)
        rest = substr(rest, RSTART + 1)
        if (mark == "\"") return out
        mark = substr(rest, 1, 1)
        if (mark == "u") {
          code = hex4()
          if (code >= 55296 && code < 56320 && substr(rest, 1, 2) == "\\u") {
            rest = substr(rest, 2)
            low = hex4()
            if (low < 56320 || low > 57343) fail("half a character")
            code = 65536 + (code - 55296) * 1024 + low - 56320
          } else if (code >= 55296 && code < 57344) fail("half a character")
          out = out utf8(code)
        } else {
          if (!(mark in escapes)) fail("an escape")
          out = out escapes[mark]
          rest = substr(rest, 2)
        }
      }
      fail("a string without an end")
    }
    function above(path) { # notes the folders above a path
      while (sub(/\/[^\/]*$/, "", path) && !(path in folders)) folders[path] = 1
    }
    # Whether a link leads out of the tree; each link of its path is followed, as the system does.
    function leaves(link,  steps, count, at, step, stack, depth, hops, here, parts, i) {
      depth = split(link, stack, "/") - 1
      steps[1] = links[link]; count = 1
      while (count > 0) {
        at = steps[count]
        if (at ~ /^\//) return 1
        i = index(at, "/")
        step = i ? substr(at, 1, i - 1) : at
        if (i) steps[count] = substr(at, i + 1); else count--
        sub(/^\/+/, "", steps[count])
        if (step == "" || step == ".") continue
        if (step == "..") { if (depth-- == 0) return 1; continue }
        stack[++depth] = step
        here = stack[1]
        for (i = 2; i <= depth; i++) here = here "/" stack[i]
        if (here in links) { if (++hops > 40) return 0; depth--; steps[++count] = links[here] }
      }
      return 0
    }
    BEGIN {
      split("\" / b f n r t", marks, " "); split("\" / \\0010 \\0014 \\0012 \\0015 \\0011", codes, " ")
      for (i in marks) escapes[marks[i]] = codes[i]
      escapes["\\"] = octal(92)
      out = ENVIRON["work"]
    }
    {
      if ($0 ~ /[\001-\037]/) fail("a control character")
      split("", v)
      rest = $0
      if (sub(/^\{/, "", rest) == 0) fail("no object")
      for (;;) {
        key = text()
        if (key in v || sub(/^:/, "", rest) == 0) fail("no value")
        if (substr(rest, 1, 1) == "\"") v[key] = text()
        else if (match(rest, /^[0-9]+/)) { v[key] = substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1) }
        else fail("no value")
        if (sub(/^,/, "", rest) == 0) break
      }
      if (rest != "}") fail("no end")
    }
    NR == 1 { if (v["version"] != "1" || v["kind"] != ENVIRON["kind"]) fail("another version or kind"); next }
    {
      path = v["path"]
      if (v["type"] == "directory" && sub(/\/$/, "", path) == 0) fail("the name of a folder")
      if (path == "" || path ~ /^\// || path ~ /\/$/ || path ~ /\/\// || path ~ /(^|\/)\.\.?(\/|$)/) fail("a path outside of the data")
      if (index(path "/", ".spawn-" ENVIRON["id"] "/") == 1) fail("a name that this script uses")
      if (NR > 2 && (last "") >= (v["path"] "")) unsorted = 1
      if (path in seen_link) fail("a name twice")
      last = v["path"]
      above(path)
      if (v["type"] == "link") {
        if (v["target"] == "") fail("a link without a target")
        links[path] = v["target"]
        next
      }
      if (length(v["mode"]) != 3 || v["mode"] ~ /[^0-7]/) fail("a mode")
      if (v["type"] == "directory") { folders[path] = 1; empty[path] = v["mode"]; next }
      if (v["type"] != "file" || v["size"] !~ /^[0-9]+$/) fail("a type that this script does not know")
      sum = v["sha256"]
      if (sum == "") { sum = "-"; unhashed++ }
      else if (length(sum) != 64 || sum ~ /[^0-9a-f]/) fail("a SHA-256")
      print v["mode"] "\t" v["size"] "\t" sum "\t" path > (out "/files")
      files++
    }
    END {
      if (failed) exit 1
      for (path in folders) {
        if (path in links) fail("a path below a link")
        print path > (out "/folders")
      }
      for (path in links) {
        if (leaves(path)) fail("the link " path " leaves the directory")
        print links[path] "\t" path > (out "/links")
      }
      for (path in empty) print empty[path] "\t" path > (out "/empty")
      if (ENVIRON["kind"] == "file" && files != 1) fail("more than one file")
      print files + 0, unhashed + 0 > (out "/counts")
    }
  ' "$work/manifest"
}

# Sets path to a name of the lists. The dot keeps newlines at the end, which command substitution removes.
decode() {
  case $1 in
    *\\*) path=$(printf '%b.' "$1") path=${path%.} ;;
    *) path=$1 ;;
  esac
}

# ---- Check and place files. Lists have the fields mode, size, SHA-256, name.

# Checks the files of list $1 below folder $2 in batches, and writes them to the lists good and bad. With a process ID
# $3, it waits for files that this process still downloads.
check() {
  list=$1 root=$2 downloader=${3:-}
  : >"$work/good"
  : >"$work/bad"
  cd "$root" || return
  batch=''
  set --
  while IFS=$tab read -r mode size sum file; do
    decode "$file"
    line=$mode$tab$size$tab$sum$tab$file
    until [ -f "./$path" ] && [ ! -L "./$path" ]; do
      check_batch "$@"
      batch=''
      set --
      if [ -z "$downloader" ] || ! kill -0 "$downloader" 2>/dev/null; then
        # The file may have appeared before the process ended.
        if [ -f "./$path" ] && [ ! -L "./$path" ]; then break; fi
        printf '%s\n' "$line" >>"$work/bad"
        continue 2
      fi
      nap
    done
    if [ "$sum" = - ] || [ "$path" != "$file" ]; then
      # No SHA-256 to compare with, or a name that sha256sum would print in another form.
      if [ "$sum" = - ]; then found=$(($(wc -c <"./$path"))) wanted=$size; else found=$(sha256 <"./$path") wanted=$sum; fi
      if [ "${found%% *}" = "$wanted" ]; then printf '%s\n' "$line" >>"$work/good"; else printf '%s\n' "$line" >>"$work/bad"; fi
      continue
    fi
    batch="$batch$line
"
    set -- "$@" "./$path"
    if [ $# -ge 200 ]; then
      check_batch "$@"
      batch=''
      set --
    fi
  done <"$list"
  check_batch "$@"
  cd /
}

check_batch() {
  [ $# -gt 0 ] || return 0
  # An unreadable file has no line, and is bad.
  sha256 "$@" >"$work/sums" 2>>"$work/errors"
  printf '%s' "$batch" | awk -F "$tab" '
    FILENAME != "-" { sums[substr($0, 67)] = substr($0, 1, 64); next }
    { print > (ENVIRON["work"] (sums["./" $4] == $3 ? "/batch-good" : "/batch-bad")) }
  ' "$work/sums" -
  for which in good bad; do
    [ ! -f "$work/batch-$which" ] || { cat "$work/batch-$which" >>"$work/$which" && rm "$work/batch-$which"; } || exit 1
  done
}

# Runs a command for consecutive files of list $2 in one folder (as mv) or with one mode (as chmod).
in_batches() { # command, list, from, to
  how=$1 list=$2 from=$3 to=${4:-} group=''
  set --
  while IFS=$tab read -r mode _ _ file; do
    decode "$file"
    case $how in
      chmod) next=$mode ;;
      *) case $path in */*) next=$to/${path%/*} ;; *) next=$to ;; esac ;;
    esac
    if [ "$next" != "$group" ] || [ $# -ge 200 ]; then
      run_batch "$@" || return
      set --
    fi
    group=$next
    set -- "$@" "$from/$path"
  done <"$list"
  run_batch "$@"
}

run_batch() {
  [ $# -gt 0 ] || return 0
  case $how in
    chmod) chmod "$group" "$@" ;;
    mv) mkdir -p "$group" && mv -f "$@" "$group/" ;;
    ln) mkdir -p "$group" && ln -f "$@" "$group/" ;;
  esac 2>>"$work/errors"
}

# ---- Download.

# The S3 folder with the files of a directory.
url() { if [ "$kind" = file ]; then printf '%s' "s3://$bucket/$id/"; else printf '%s' "s3://$bucket/$id/$name/"; fi; }

# Downloads single objects, several concurrently. It needs no permission to list the bucket.
fetch_each() { # list
  mkdir -p "$work/one"
  rm -rf "$work"/one/*
  slot=0 transfers=''
  while IFS=$tab read -r _ _ _ file; do
    slot=$((slot + 1))
    decode "$file"
    case $path in */*) mkdir -p "$work/tree/${path%/*}" ;; esac
    (
      (exec_aws s3 cp "$(url)$path" "$work/one/$slot") 2>>"$work/errors" &
      one=$!
      trap 'kill "$one"' TERM
      wait "$one" && mv -f "$work/one/$slot" "$work/tree/$path" 2>>"$work/errors"
    ) </dev/null &
    transfers="$transfers $!"
    if [ $((slot % 4)) = 0 ]; then wait_for_transfers; fi
  done <"$1"
  wait_for_transfers
}

wait_for_transfers() {
  for child in $transfers; do wait "$child"; done
  transfers=''
}

# Starts the download of all missing files. A directory is listed; a file is hashed during its download.
start_download() {
  if [ "$kind" = directory ]; then
    (exec_aws s3 sync "$(url)" "$work/tree" --size-only) </dev/null 2>>"$work/errors" &
    downloader=$! transfers=$!
    return
  fi
  rm -f "$work/pipe" "$work/sums" "$work/written"
  mkfifo "$work/pipe" || exit 1
  { tee "$work/part" <"$work/pipe" 2>>"$work/errors" && : >"$work/written"; } | sha256 >"$work/sums" &
  hasher=$!
  (exec_aws s3 cp "$(url)$name" - >"$work/pipe") </dev/null 2>>"$work/errors" &
  downloader=$! transfers=$!
}

# Downloads the missing files of the list `need`, and checks all of them: the results are the lists good and bad.
fetch() {
  : >"$work/missing"
  while IFS=$tab read -r mode size sum file; do
    decode "$file"
    [ -f "$work/tree/$path" ] || printf '%s\n' "$mode$tab$size$tab$sum$tab$file" >>"$work/missing"
  done <"$work/need"
  count=$(($(wc -l <"$work/missing")))
  if [ "$count" -gt 0 ]; then
    bytes=$(awk -F "$tab" '{ sum += $2 } END { printf "%.0f", sum }' "$work/missing")
    if awk "BEGIN { exit !($bytes > $(free_bytes)) }"; then
      die 6 'the disk is full' "Why: $count files of $id need $bytes bytes, and $work has $(free_bytes) bytes left." \
        'Fix: free space, or use a larger volume, and run the script again. It keeps what arrived.'
    fi
    say "Downloading $count of $files files, $bytes bytes, from s3://$bucket/$id/"
  fi
  if [ "$kind" = file ]; then
    fetch_file
    return
  fi
  if [ "$count" -gt 16 ]; then
    # Verified files at the destination are not downloaded again. A file system without hard links only costs time.
    [ ! -s "$work/kept" ] || in_batches ln "$work/kept" "$dest" "$work/tree"
    [ -n "$downloader" ] || start_download
  elif [ "$count" -gt 0 ] && [ -z "$downloader" ]; then
    fetch_each "$work/missing"
  fi
  check "$work/need" "$work/tree" "$downloader"
  if [ -n "$downloader" ]; then
    wait "$downloader"
    downloader='' transfers=''
    # Without permission to list the bucket, the manifest names the objects.
    if [ -s "$work/bad" ] && grep -q 'ListObjects' "$work/errors"; then
      say "Warning: the credentials may not list s3://$bucket/. Objects are downloaded one by one, which takes longer."
      : >"$work/errors"
      fetch_each "$work/bad"
      check "$work/need" "$work/tree"
    fi
  fi
}

fetch_file() {
  [ -n "$downloader" ] || start_download
  wait "$downloader"
  status=$?
  wait "$hasher"
  downloader='' transfers=''
  cp "$work/need" "$work/bad"
  [ "$status" = 0 ] && [ -f "$work/written" ] || return 0
  IFS=$tab read -r _ size sum file <"$work/need"
  decode "$file"
  mv -f "$work/part" "$work/tree/$path"
  [ "$(($(wc -c <"$work/tree/$path")))" = "$size" ] || return 0
  read -r found _ <"$work/sums"
  if [ "$sum" = - ] || [ "$sum" = "$found" ]; then : >"$work/bad"; fi
}

# One more attempt for missing and wrong files.
fetch_twice() {
  fetch
  [ -s "$work/bad" ] || return 0
  if grep -Eq 'No space left|Errno 28|\(403\)|AccessDenied|Forbidden|Unable to locate' "$work/errors"; then explain; fi
  say "Downloading $(($(wc -l <"$work/bad"))) files again: they are missing or differ from the staged data"
  in_batches_remove "$work/bad"
  : >"$work/errors"
  cp "$work/need" "$work/all"
  cp "$work/bad" "$work/need"
  fetch
  mv "$work/all" "$work/need"
  [ -s "$work/bad" ] || return 0
  IFS=$tab read -r _ _ _ file <"$work/bad"
  decode "$file"
  [ -f "$work/tree/$path" ] || explain
  in_batches_remove "$work/bad"
  die 3 'SHA256 checksum mismatch' "Why: $(url)$path does not hold the staged data, after two downloads." \
    "Fix: spawn stage repair $id; if that fails, stage the data again: spawn stage delete $id --yes, then spawn stage upload"
}

in_batches_remove() { # list
  while IFS=$tab read -r _ _ _ file; do
    decode "$file"
    rm -f "$work/tree/$path"
  done <"$1"
}

# ---- Links and empty folders, below a root.

finish_tree() { # root
  root=$1
  if [ -f "$work/empty" ]; then
    while IFS=$tab read -r mode file; do
      decode "$file"
      if [ -L "$root/$path" ] || ! mkdir -p "$root/$path" || ! chmod "$mode" "$root/$path"; then die 1 "$root/$path cannot be made"; fi
    done <"$work/empty"
  fi
  [ -f "$work/links" ] || return 0
  while IFS=$tab read -r target file; do
    decode "$target"
    target=$path
    decode "$file"
    rm -f "$work/link"
    ln -s -- "$target" "$work/link" || exit 1
    # Replaces an existing link, but not a file, which belongs to the user.
    if [ -L "$root/$path" ]; then
      rm -f "$root/$path"
    elif [ -e "$root/$path" ]; then
      die 2 "$root/$path is in the way of a link" 'Fix: move it away, and run the script again.'
    fi
    case $path in */*) mkdir -p "$root/${path%/*}" ;; esac
    mv -f "$work/link" "$root/$path" || exit 1
  done <"$work/links"
}

# ---- The run.

command -v aws >/dev/null 2>&1 || die 2 'the AWS CLI is not installed' 'Fix: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html'
dest=${1:-$destination}
case $dest in /*) ;; *) dest=${PWD%/}/${dest#./} ;; esac
while [ "$dest" != / ] && [ "${dest%/}" != "$dest" ]; do dest=${dest%/}; done
if [ "$kind" = file ]; then
  [ ! -d "$dest" ] || dest=${dest%/}/$name
  [ ! -d "$dest" ] || die 2 "$dest is a directory" 'Fix: give another destination.'
elif [ -e "$dest" ] || [ -L "$dest" ]; then
  [ -d "$dest" ] || die 2 "$dest is not a directory" 'Fix: give another destination.'
fi
parent=${dest%/*}
# In the destination's file system, so that a rename places files.
if [ "$kind" = directory ] && [ -d "$dest" ]; then parent=$dest; fi
mkdir -p "${parent:-/}" || die 2 "${parent:-/} cannot be made" 'Fix: give another destination.'
work=$parent/.spawn-$id
take_lock
choose_copy
configure
mkdir -p "$work/tree" || exit 1
rm -f "$work/manifest" "$work/files" "$work/folders" "$work/links" "$work/empty" "$work/counts" "$work/kept" "$work"/batch-*
: >"$work/errors"

# Downloads the data and the manifest concurrently if the data are missing: the AWS CLI takes a second to start.
[ -e "$dest" ] || start_download
(exec_aws s3 cp "s3://$bucket/$id/.spawn-manifest.jsonl" "$work/manifest") </dev/null 2>"$work/manifest-errors" &
transfers="$transfers $!"
if ! wait $!; then
  mv "$work/manifest-errors" "$work/errors"
  explain
fi
found=$(sha256 <"$work/manifest")
[ "${found%% *}" = "$manifest_sha256" ] || die 3 'SHA256 checksum mismatch' \
  "Why: s3://$bucket/$id/.spawn-manifest.jsonl is not the manifest that this script was made for." "Fix: spawn stage repair $id"
problem=$(read_manifest) || die 1 'the manifest cannot be read' "Why: $problem"
touch "$work/files"
read -r files unhashed <"$work/counts"
[ "$unhashed" = 0 ] || say "Warning: $unhashed files were staged without SHA-256. Only their sizes are verified."

if [ "$kind" = file ]; then
  IFS=$tab read -r mode size sum file <"$work/files"
  decode "$file"
  [ "$path" = "$name" ] || die 1 'the manifest cannot be read' "Why: it is of another file than $name."
  found=''
  if [ -f "$dest" ] && [ ! -L "$dest" ]; then
    if [ "$sum" = - ]; then found=$(($(wc -c <"$dest"))) sum=$size; else found=$(sha256 <"$dest"); fi
  fi
  if [ "${found%% *}" != "$sum" ]; then
    [ -z "$found" ] || say "$dest differs from the staged data, and is replaced"
    cp "$work/files" "$work/need"
    fetch_twice
    IFS=$tab read -r mode _ _ file <"$work/files"
    decode "$file"
    [ ! -L "$dest" ] || rm -f "$dest"
    chmod "$mode" "$work/tree/$path" || exit 1
    mv -f "$work/tree/$path" "$dest" || exit 1
  else
    chmod "$mode" "$dest" || exit 1
  fi
elif [ ! -d "$dest" ]; then
  cp "$work/files" "$work/need"
  fetch_twice
  in_batches chmod "$work/files" "$work/tree" || explain
  # Places the tree as a whole, unless an interrupted run left other files in it.
  if [ "$(find "$work/tree" ! -type d -exec sh -c 'echo $#' sh {} + | awk '{ sum += $1 } END { print sum + 0 }')" != "$files" ]; then
    rm -rf "$work/clean"
    mkdir "$work/clean" || exit 1
    in_batches mv "$work/files" "$work/tree" "$work/clean" || explain
    rm -rf "$work/tree"
    mv "$work/clean" "$work/tree" || exit 1
  fi
  finish_tree "$work/tree"
  [ ! -e "$dest" ] || die 1 "$dest appeared during the download" 'Fix: run the script again.'
  mv "$work/tree" "$dest" || exit 1
else
  if [ -f "$work/folders" ]; then
    while read -r file; do
      decode "$file"
      [ ! -L "$dest/$path" ] || die 2 "$dest/$path is a symbolic link" 'Why: the data would be written to another place.' 'Fix: remove it, or give another destination.'
    done <"$work/folders"
  fi
  check "$work/files" "$dest"
  mv "$work/good" "$work/kept"
  mv "$work/bad" "$work/need"
  in_batches chmod "$work/kept" "$dest" || explain
  if [ -s "$work/need" ]; then
    fetch_twice
    in_batches chmod "$work/need" "$work/tree" || explain
    in_batches mv "$work/need" "$work/tree" "$dest" || explain
  fi
  finish_tree "$dest"
fi
rm -rf "$work/tree"
say "$id is complete and verified: $dest"
printf '%s\n' "$dest"
