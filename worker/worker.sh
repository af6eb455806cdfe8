#!/bin/sh
# Worker of a sweep, on an instance of its Auto Scaling group: claims an index, downloads the datasets, runs the command, and repeats
# until no index is left. Then it ends its instance. It needs sh, awk, coreutils, util-linux (setsid), curl and the AWS CLI, version 1
# or 2.
#
# staging/sweep/index-state.ts defines the states of an index and their transitions; each change is conditional. DynamoDB decides:
# a worker that lost its index (lease expired, or index cancelled) ends the command and writes nothing.
# An index takes four calls of the AWS CLI, half a second each: ticket, claim, log, end. In addition: one call for results, one per
# minute for the lease, and one every 10 seconds for a growing log.
#
# /var/lib/spawn keeps the state across a reboot: `claim` (index, attempt, lease) and `log/`. A reboot runs the command of the same
# attempt again.
#
# Variables: SPAWN_ROOT, a folder in place of /; for tests also SPAWN_HEARTBEAT, SPAWN_PATIENCE, SPAWN_IDLE and SPAWN_GRACE (seconds) and
# SPAWN_LOG_PIECE (bytes). AWS_… variables work as in the AWS CLI.

set -u

# Parameters. The user data replace these lines; every value is in single quotes, and is used as data only.
sweep='sweep-000000000000'
table='spawn-sweeps-dev'
table_region='us-east-1'
usage_table='spawn-usage-dev'
datasets='1'
counted='stage-000000000000'
logs='us-east-1 example-bucket'
log_prefix='sweep-000000000000/logs/'
log_tags='spawn%3Attl-days=30'
# End of the parameters.

root=${SPAWN_ROOT:-}
programs=$root/opt/spawn
state=$root/var/lib/spawn
# In memory on an instance: a full disk must not prevent the worker from reporting it.
scratch=$root/run/spawn-worker
run=$state/run
# Seconds.
lease_time=300
heartbeat=${SPAWN_HEARTBEAT:-60}
patience=${SPAWN_PATIENCE:-1800}
idle=${SPAWN_IDLE:-30}
grace=${SPAWN_GRACE:-10}
# A log has at most 16 chunks: the first 8 and the last 8.
piece=${SPAWN_LOG_PIECE:-4194304}

export LC_ALL=C PYTHONUTF8=1 AWS_PAGER='' AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-3}"
newline='
'
stopping='' logging='' said_log='' past_end='' index='' why=''
token='' token_until=0 spot_at=0 log_at=0

say() {
  printf 'spawn: %s\n' "$*" >&2
  # In a subshell, which ends if no process reads the log any longer.
  if [ -n "$logging" ]; then (printf 'spawn: %s\n' "$*" >&3) 2>/dev/null; fi
}
now() { date +%s; }
iso_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
is_number() { # at most nine digits: what follows calculates with it
  for each; do
    case $each in '' | *[!0-9]* | ??????????*) return 1 ;; esac
  done
}
random_below() { echo $(($(od -An -N4 -tu4 /dev/urandom) % $1)); }
nap() { sleep 0.2 2>/dev/null || sleep 1; }
pause() { # seconds; SIGTERM ends it
  sleep "$1" 3>&- &
  wait $! || kill $! 2>/dev/null
}
aws_call() { aws "$@" --cli-connect-timeout 5 --cli-read-timeout 20 3>&-; }

# ---- The instance.

metadata() { # method, path, header
  curl -gfsS --noproxy '*' --connect-timeout 2 --max-time 5 -X "$1" -H "$3" \
    "${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest/$2" 2>/dev/null 3>&-
}
instance_data() { # path
  if [ "$(now)" -ge "$token_until" ]; then
    token=$(metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 21600') || return
    token_until=$(($(now) + 10800))
  fi
  metadata GET "meta-data/$1" "X-aws-ec2-metadata-token: $token"
}

# The metadata service may start long after the instance.
read_instance() {
  until=$(($(now) + 600))
  until instance=$(instance_data instance-id) && region=$(instance_data placement/region); do
    [ -z "$stopping" ] || exit 0
    [ "$(now)" -lt "$until" ] || power_off 'the metadata service of the instance does not answer'
    pause 1
  done
  log_bucket=$(printf '%s\n' "$logs" | awk -v region="$region" '$1 == region { print $2 }')
}

# The group replaces the instance. EC2 charges at least a minute, so an instance stays for one: a group whose
# instances fail repeatedly costs no more than its workers until the deadline.
power_off() {
  say "$1. The instance ends."
  close_log
  pause "$(awk '{ print $1 < 60 ? 60 - $1 : 0 }' /proc/uptime)"
  shutdown -h now || poweroff
  exit 0
}

# ---- The tables. A request is the JSON of an operation; expressions write every attribute as #attribute, because
# many are reserved words.

key_of() { printf '{"sweep_id":{"S":"%s"},"item":{"S":"%s"}}' "$sweep" "$1"; }
item_of() { printf 'index#%06d' "$1"; }

values() { # name, type, value; name, …
  separator='{'
  while [ $# -ge 3 ]; do
    printf '%s":%s":{"%s":"%s"}' "$separator" "$1" "$2" "$3"
    separator=,
    shift 3
  done
  printf '}'
}

names_of() { # expressions
  # The region's download counter contains the region's name, which is not a valid name in an expression.
  printf '%s' "$*" | tr -c '#a-z0-9_' '\n' | awk -v region="$region" '
    /^#/ && !seen[$0]++ { name = substr($0, 2); printf "%s\"%s\":\"%s\"", separator, $0, name == "in_region" ? "instances_in_" region : name; separator = "," }
  '
}

change() { # table, key, update, condition, values
  printf '{"TableName":"%s","Key":%s,"UpdateExpression":"%s","ConditionExpression":"%s","ExpressionAttributeNames":{%s},"ExpressionAttributeValues":%s}' \
    "$1" "$2" "$3" "$4" "$(names_of "$3 $4")" "$5"
}

# 0: done, the response is in the file answer; 1: a condition failed; 2: no response, or a transient error.
table_call() { # arguments of aws dynamodb
  aws_call dynamodb "$@" --region "$table_region" --output text >"$scratch/answer" 2>"$scratch/error" && return 0
  if grep -q ConditionalCheckFailed "$scratch/error"; then return 1; fi
  return 2
}

# As table_call, with retries: for transaction conflicts, and for an unreachable table.
patient_call() {
  delay=1 patient_until=$(($(now) + patience)) told=''
  while :; do
    table_call "$@"
    result=$?
    [ "$result" = 2 ] || return "$result"
    [ -z "$stopping" ] || stop
    if [ "$(now)" -ge "$patient_until" ]; then
      # Another instance would get the same response.
      last=power_off
      if grep -Eq 'AccessDenied|ResourceNotFound' "$scratch/error"; then last=terminate; fi
      $last "the table $table cannot be reached: $(tail -n 1 "$scratch/error")"
    fi
    if [ -z "$told" ] && ! grep -q Conflict "$scratch/error"; then
      told=yes
      say "the table $table cannot be reached; trying again: $(tail -n 1 "$scratch/error")"
    fi
    pause "$(random_below "$delay").$(random_below 10)"
    [ "$delay" -ge 16 ] || delay=$((delay * 2))
  done
}

update() { # item, update, condition, values, JMESPath of the answer
  change "$table" "$(key_of "$1")" "$2" "$3" "$4" >"$scratch/request"
  patient_call update-item --cli-input-json "file://$scratch/request" --return-values ALL_NEW --query "$5"
}

# The token makes a retry after a lost response idempotent.
transact() { # changes, separated by commas; table_call, to try it once
  printf '[%s]' "$1" >"$scratch/request"
  "${2:-patient_call}" transact-write-items --transact-items "file://$scratch/request" \
    --client-request-token "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
}
update_of() { printf '{"Update":%s}' "$(change "$@")"; }

read_item() { # item, JMESPath of the answer
  patient_call get-item --table-name "$table" --key "$(key_of "$1")" --consistent-read --query "$2"
}

lines_of() { # JMESPath of texts; the answer has a line of each
  printf "join('%s', [%s])" "$newline" "$1"
}

# Reads the sweep's item: sets the common values of all attempts, and `over` once the sweep has ended.
read_sweep() {
  read_item meta "$(lines_of "Item.name.S || '', Item.retries_interrupted.N || '0', Item.retries_error.N || '0',
    Item.timeout_seconds.N || '', Item.results.S || '', Item.deadline_at.S || '', Item.cancelled_at.S || '',
    Item.expires_epoch.N || '0', Item.command.S || ''")"
  {
    read -r sweep_name && read -r retries_interrupted && read -r retries_error && read -r time_limit && read -r results &&
      read -r deadline && read -r cancelled && read -r expires_epoch && cat >"$scratch/command"
  } <"$scratch/answer"
  deadline=$(printf '%s' "$deadline" | tr -dc 0-9)
  over=''
  if [ -z "$sweep_name" ]; then
    over='the sweep does not exist any more'
  elif ! is_number "$retries_interrupted" "$retries_error" "${time_limit:-0}"; then
    over='the item meta is damaged'
  elif [ -n "$cancelled" ]; then
    over='the sweep was cancelled'
  elif is_past_deadline; then
    over="the sweep's deadline has passed"
  fi
}
is_past_deadline() { [ -n "$deadline" ] && [ "$(date -u +%Y%m%d%H%M%S)" -ge "$deadline" ]; }

# ---- The log of an attempt: the command writes to a pipe, and `split` writes chunks, of which the middle ones are
# removed.

open_log() {
  mkdir -p "$state/log" "$scratch"
  [ "$1" = keep ] || rm -f "$state"/log/*
  part=100
  while [ -e "$state/log/$part.aaaa" ]; do part=$((part + 1)); done
  rm -f "$scratch/pipe" "$scratch/splitter" "$scratch/split"
  mkfifo "$scratch/pipe"
  (
    split -b "$piece" -a 4 - "$state/log/$part." <"$scratch/pipe" &
    echo $! >"$scratch/splitter"
    wait $!
    : >"$scratch/split"
  ) 2>/dev/null &
  exec 3>"$scratch/pipe"
  logging=yes uploaded='' said_log=''
}

close_log() {
  [ -n "$logging" ] || return 0
  logging=''
  exec 3>&-
  tries=0
  until [ -e "$scratch/split" ] || [ "$tries" = 25 ]; do
    nap
    tries=$((tries + 1))
  done
  # A process that left the command's group still holds the pipe.
  [ -e "$scratch/split" ] || kill "$(cat "$scratch/splitter")" 2>/dev/null
}

print_log() {
  count=0
  for one in "$state"/log/*.*; do
    [ -f "$one" ] || continue
    cat "$one"
    count=$((count + 1))
    if [ "$count" = 8 ] && [ -f "$state/log/left-out" ]; then
      printf '\nspawn: the log is too long; %s bytes are left out here\n' "$(cat "$state/log/left-out")"
    fi
  done
}

trim_log() {
  set -- "$state"/log/*.*
  [ $# -gt 16 ] || return 0
  shift 8
  while [ $# -gt 8 ]; do
    left_out=$(cat "$state/log/left-out" 2>/dev/null)
    echo $((${left_out:-0} + $(wc -c <"$1"))) >"$state/log/left-out"
    rm -f "$1"
    shift
  done
}

upload_log() {
  trim_log
  seen=$(find "$state/log" -name '*.*' -exec wc -c {} +)
  [ "$seen" != "$uploaded" ] || return 0
  print_log >"$scratch/log"
  if aws_call s3api put-object --bucket "$log_bucket" --key "$log_prefix$index/$attempt.log" --body "$scratch/log" --tagging "$log_tags" \
    --content-type 'text/plain; charset=utf-8' --region "$region" >/dev/null 2>"$scratch/error"; then
    uploaded=$seen
  elif [ -z "$said_log" ]; then
    said_log=yes
    say "the log cannot be written to s3://$log_bucket/$log_prefix: $(tail -n 1 "$scratch/error")"
  fi
}

end_log() {
  close_log
  upload_log
  [ "$seen" = "$uploaded" ] || upload_log
  rm -f "$scratch/log"
}

# ---- Texts of errors: two KB at most, as JSON.

clean_text() {
  tr '\t\r' '  ' | tr -d '\000-\010\013-\037\177' |
    if command -v iconv >/dev/null 2>&1; then iconv -c -f UTF-8 -t UTF-8 2>/dev/null; else tr -d '\200-\377'; fi
}
json_text() { sed 's/[\\"]/\\&/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'; }
log_end() { # the last 64 KB
  print_log | tail -c 65536
}

command_error() { # how it ended
  log_end | sed '/^spawn: /d' | tail -n 20 | tail -c 1700 | clean_text >"$scratch/tail"
  if [ -s "$scratch/tail" ]; then
    { printf '%s. The last lines of its output:\n' "$1" && cat "$scratch/tail"; } | json_text
  else
    printf '%s. It wrote nothing.' "$1" | json_text
  fi
}

# The last message of stage.sh, with its cause and fix.
stage_error() {
  log_end | awk '/^spawn: / { sub(/^spawn: /, ""); if ($0 !~ /^(Why|Fix|With spawn launch): /) message = ""; message = message $0 "\n" } END { printf "%s", message }' |
    head -c 1900 | clean_text | json_text
}

# ---- The claim.

holds='#state = :running AND #owner = :me AND #attempt = :attempt'
holder() { values running S running me S "$instance" attempt N "$attempt" "$@"; }

note_claim() {
  echo "$index $attempt $lease" >"$state/claim.new" && mv "$state/claim.new" "$state/claim"
}
forget_claim() {
  rm -rf "$state/claim" "$run"
  index=''
}
next_lease() {
  lease_new=$(($(now) + lease_time))
  # The clock may have been set back.
  if [ "$lease_new" -gt "${lease:-0}" ]; then lease=$lease_new; fi
}

# After the response of a claim: its values of the index.
claimed=$(lines_of "Attributes.attempt.N, Attributes.interruptions.N, Attributes.errors.N, Attributes.param_set.S || '',
  Attributes.params.S || '{}', Attributes.variables.S || ''")
read_claim() {
  rm -rf "$run"
  mkdir -p "$run/work" "$run/results"
  {
    read -r attempt && read -r interruptions && read -r errors && IFS= read -r param_set && IFS= read -r params && cat >"$scratch/variables"
  } <"$scratch/answer"
  note_claim
}

# Extends the lease of an index that this instance owns: after a reboot, or if the response to its claim was lost.
keep_claim() {
  next_lease
  update "$(item_of "$index")" 'SET #lease_until = :lease' '#state = :running AND #owner = :me' \
    "$(values running S running me S "$instance" lease N "$lease")" "$claimed"
}

# After a reboot: the index of this instance, whose attempt continues.
resume() {
  [ -f "$state/claim" ] && read -r index attempt lease <"$state/claim" && is_number "$index" || return 1
  if keep_claim; then
    read_claim
    open_log keep
    say "index $index, attempt $attempt: started again, since the worker was"
    return 0
  fi
  forget_claim
  return 1
}

claim_pending() { # index
  index=$1 attempt=0 lease=0
  next_lease
  note_claim
  update "$(item_of "$index")" 'SET #state = :running, #owner = :me, #lease_until = :lease, #started_at = :now ADD #attempt :one' \
    '#state = :pending' "$(values pending S pending running S running me S "$instance" lease N "$lease" now S "$(iso_now)" one N 1)" "$claimed" || keep_claim
}

interrupted_text() { # times, owner
  if [ "$1" = 1 ]; then times=once; else times="$1 times"; fi
  printf 'interrupted %s; the last instance was %s' "$times" "$2"
}

# An index whose worker has ended. If its attempts are used up, it fails, and is not claimed.
claim_expired() { # index, owner, attempt, interruptions
  index=$1 attempt=$3 lease=0 interruptions=$(($4 + 1))
  next_lease
  text=$(interrupted_text "$interruptions" "$2")
  expired='#state = :running AND #owner = :old AND #attempt = :attempt AND #lease_until <= :seconds'
  set -- running S running old S "$2" attempt N "$3" seconds N "$(now)" count N "$interruptions" error S "$text" now S "$(iso_now)"
  if [ "$interruptions" -gt "$retries_interrupted" ]; then
    if end_index failed 'SET #state = :failed, #interruptions = :count, #error = :error, #ended_at = :now REMOVE #lease_until, #exit_code' \
      "$expired" "$(values "$@" failed S failed)"; then
      say "index $index failed: $text"
    fi
    return 1
  fi
  note_claim
  update "$(item_of "$index")" 'SET #owner = :me, #lease_until = :lease, #started_at = :now, #interruptions = :count, #error = :error ADD #attempt :one REMOVE #exit_code' \
    "$expired" "$(values "$@" me S "$instance" lease N "$lease" one N 1)" "$claimed" || keep_claim
}

# One attempt to extend the lease: 0 done or no response, 1 refused.
extend_lease() {
  before=$lease
  next_lease
  change "$table" "$(key_of "$(item_of "$index")")" 'SET #lease_until = :lease' "$holds" "$(holder lease N "$lease")" >"$scratch/request"
  table_call update-item --cli-input-json "file://$scratch/request"
  case $? in
    0)
      # It fails on a full disk, which is no reason to end the command.
      note_claim
      answered_at=$(now)
      ;;
    1) return 1 ;;
    *)
      lease=$before
      say "the table $table cannot be reached: $(tail -n 1 "$scratch/error")"
      ;;
  esac
}

# ---- The end of an attempt.

region_change() { # counter, number
  update_of "$table" "$(key_of "region#$region")" "ADD #open :open, #$1 :ended" 'attribute_exists(#open)' "$(values open N "-$2" ended N "$2")"
}

# Ends an index and updates the region's counters in one transaction.
end_index() { # done or failed, update, condition, values
  transact "$(update_of "$table" "$(key_of "$(item_of "$index")")" "$2" "$3" "$4"),$(region_change "$1" 1)"
}

# Whether the attempt has reached this state although the response was lost.
is_in() { # state
  read_item "$(item_of "$index")" "$(lines_of "Item.state.S, Item.attempt.N, Item.owner.S || ''")"
  { read -r found && read -r number && read -r owner; } <"$scratch/answer"
  [ "$found" = "$1" ] && [ "$number" = "$attempt" ] && { [ "$1" = pending ] || [ "$owner" = "$instance" ]; }
}
settle() { # result of a request, state
  if [ "$1" = 0 ] || is_in "$2"; then
    say "index $index, attempt $attempt: $2"
  else
    say "index $index, attempt $attempt: another worker has the index, or it was cancelled. Nothing is written."
  fi
  forget_claim
}

succeed() {
  end_index 'done' 'SET #state = :done, #exit_code = :code, #ended_at = :now REMOVE #error, #lease_until' "$holds" \
    "$(holder 'done' S 'done' code N 0 now S "$(iso_now)")"
  settle $? 'done'
}

fail() { # exit code or '', error as JSON, "final" or nothing
  code=$1 final=${3:-}
  set -- errors N "$((errors + 1))" error S "$2"
  if [ -n "$code" ]; then
    set -- "$@" code N "$code"
    set_code=', #exit_code = :code' remove_code=''
  else
    set_code='' remove_code=', #exit_code'
  fi
  if [ -n "$final" ] || [ $((errors + 1)) -gt "$retries_error" ]; then
    end_index failed "SET #state = :failed, #errors = :errors, #error = :error, #ended_at = :now$set_code REMOVE #lease_until$remove_code" \
      "$holds" "$(holder failed S failed now S "$(iso_now)" "$@")"
    settle $? failed
  else
    update "$(item_of "$index")" \
      "SET #state = :pending, #errors = :errors, #error = :error$set_code REMOVE #owner, #lease_until, #started_at$remove_code" \
      "$holds" "$(holder pending S pending "$@")" Attributes.state.S
    settle $? pending
  fi
}

release() {
  interruptions=$((interruptions + 1))
  set -- count N "$interruptions" error S "$(interrupted_text "$interruptions" "$instance")"
  if [ "$interruptions" -gt "$retries_interrupted" ]; then
    end_index failed 'SET #state = :failed, #interruptions = :count, #error = :error, #ended_at = :now REMOVE #lease_until, #exit_code' \
      "$holds" "$(holder failed S failed now S "$(iso_now)" "$@")"
  else
    update "$(item_of "$index")" \
      'SET #state = :pending, #interruptions = :count, #error = :error REMOVE #owner, #lease_until, #started_at, #exit_code' \
      "$holds" "$(holder pending S pending "$@")" Attributes.state.S
  fi
}

# ---- Children: the download, the command, the copy of results. Each has its own process group.

# Its process ID and start time: the ID alone may belong to another process later.
child_group() {
  read -r child started <"$scratch/child" && [ "$started" = "$(started_at "$child")" ]
} 2>/dev/null
started_at() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || echo unknown; }
signal_child() { kill -s "$1" -- "-$child" 2>/dev/null || kill -s "$1" "$child" 2>/dev/null; }

end_child() {
  until [ -s "$scratch/child" ]; do nap; done
  if child_group; then
    signal_child TERM
    tries=0
    until [ -e "$scratch/status" ] || [ "$tries" -ge $((grace * 5)) ]; do
      nap
      tries=$((tries + 1))
    done
  fi
  signal_child KILL
}

# A process of the command has its results folder among its variables, unless it hides.
end_strays() {
  for tries in 1 2 3; do # it may have started others meanwhile
    # shellcheck disable=SC2046 # one number a line
    kill -s KILL $(grep -lazxF "RESULTS_DIR=$run/results" /proc/[0-9]*/environ | tr -dc '0-9\n') || return 0
    nap
  done
} 2>/dev/null

# Runs a program; meanwhile extends the lease, uploads the log, and checks for reasons to end it. Sets status to its
# exit code, or why to the reason: time, lost, spot, deadline, table, stop.
supervise() { # seconds or '', file for stdout or '', program, arguments
  limit=$1 out=$2
  shift 2
  rm -f "$scratch/child" "$scratch/status"
  (
    if [ -n "$out" ]; then exec >"$out"; else exec >&3; fi
    exec </dev/null 2>&3 3>&-
    # On a full disk the folder may be missing: the program fails.
    cd "$run/work" || set -- false
    setsid "$@" &
    # The shell would write "Killed" to the log.
    exec 2>/dev/null
    echo "$! $(started_at $!)" >"$scratch/child"
    wait $!
    echo $? >"$scratch/status.new"
    mv "$scratch/status.new" "$scratch/status"
  ) &
  watcher=$!
  began=$(now) why='' status='' ticks=0
  beat_at=$((began + heartbeat))
  until [ -e "$scratch/status" ]; do
    ticks=$((ticks + 1))
    if [ "$ticks" -le 50 ]; then nap; else pause 1; fi
    if ! look; then
      end_child
      break
    fi
  done
  wait "$watcher"
  # Ends all its processes, including those that left its group.
  read -r child started <"$scratch/child" && kill -s KILL -- "-$child" 2>/dev/null
  end_strays
  [ -n "$why" ] || read -r status <"$scratch/status"
}

# The periodic checks. Fails if the child must end.
look() {
  time=$(now)
  if [ -n "$stopping" ]; then
    why=stop
  elif [ -n "$limit" ] && [ "$time" -ge $((began + limit)) ]; then
    why='time'
  elif [ "$time" -ge "$spot_at" ]; then
    if instance_data spot/instance-action >"$scratch/notice"; then
      why=spot
    elif is_past_deadline; then
      # A retry may have extended the deadline.
      read_sweep
      [ -z "$over" ] || why=deadline
    fi
    # Counted from its end, so that a slow metadata service leaves time for the heartbeat.
    spot_at=$(($(now) + 5))
  elif [ "$time" -ge "$log_at" ]; then
    upload_log
    # Likewise, and slow heartbeats leave time for the log.
    log_at=$(($(now) + 10))
  elif [ "$time" -ge "$beat_at" ]; then
    beat_at=$((time + heartbeat))
    if ! extend_lease; then
      why=lost
    elif [ $((time - answered_at)) -ge "$patience" ]; then
      why=table
    fi
  fi
  [ -z "$why" ]
}

stop() {
  say 'the worker is stopped'
  if [ -n "$logging" ]; then end_log; fi
  exit 0
}

# The end of an attempt whose child was killed.
give_up() {
  case $why in
    time)
      say "the command has run for $limit seconds, and is ended"
      end_log
      fail '' "$(command_error "timed out after $limit seconds")"
      ;;
    deadline)
      say "$over"
      end_log
      fail '' "$(command_error "$over before the command ended")" final
      ;;
    spot)
      say "the spot instance is to be interrupted: $(cat "$scratch/notice")"
      release
      end_log
      forget_claim
      power_off 'EC2 takes the instance back'
      ;;
    lost)
      say 'another worker has the index, or it was cancelled. The command is ended, and nothing is written.'
      end_log
      forget_claim
      read_sweep
      ;;
    table) power_off "the table $table cannot be reached" ;;
    stop) stop ;;
  esac
}

# ---- One index.

# Downloads datasets that this boot has not verified yet.
stage_all() {
  place=0
  while [ "$place" -lt "$datasets" ]; do
    if [ ! -s "$scratch/staged-$place" ]; then
      # A subshell, since the parameters would set variables here.
      # shellcheck source=/dev/null
      destination=$(. "$programs/dataset-$place" && printf '%s.' "$destination")
      # shellcheck source=/dev/null
      dataset=$(. "$programs/dataset-$place" && printf '%s' "${id:-}")
      tries=1
      until stage_one "$root${destination%.}"; do
        [ -z "$why" ] || return
        # Another attempt cannot succeed: see the exit codes of stage.sh.
        case $status in [2-6]) return 1 ;; esac
        [ "$tries" -lt 3 ] || return
        say "the download of $dataset failed; trying again"
        supervise '' '' sleep $((tries * 10))
        [ -z "$why" ] || return
        tries=$((tries + 1))
      done
    fi
    place=$((place + 1))
  done
}

stage_one() { # destination
  supervise '' "$scratch/staged" env SPAWN_STAGE_PARAMETERS="$programs/dataset-$place" SPAWN_REGION="$region" AWS_MAX_ATTEMPTS=8 \
    sh "$programs/stage.sh" "$1"
  [ -z "$why" ] && [ "$status" = 0 ] && [ -s "$scratch/staged" ] || return 1
  count_download
  mv "$scratch/staged" "$scratch/staged-$place"
}

# Counts an instance's download once, also after a reboot: one transaction writes the marker and the count. It fails
# if the download is already counted, or if there is no such row.
count_download() {
  case " $counted " in *" $dataset "*) ;; *) return 0 ;; esac
  tries=0
  until transact "$(update_of "$table" "$(key_of "instance#$instance#$dataset")" 'SET #expires_epoch = :expires' 'attribute_not_exists(#expires_epoch)' \
    "$(values expires N "$expires_epoch")"),$(update_of "$usage_table" "{\"staging_id\":{\"S\":\"$dataset\"}}" \
    'ADD #instance_count :one, #download_count :one, #in_region :one' 'attribute_exists(#staging_id)' "$(values one N 1)")" table_call; do
    # Many workers count concurrently.
    if grep -q ConditionalCheckFailed "$scratch/error"; then return 0; fi
    tries=$((tries + 1))
    if [ "$tries" = 8 ]; then
      say "the download of $dataset is not counted: $(tail -n 1 "$scratch/error")"
      return 0
    fi
    pause "$(random_below "$tries").$(random_below 10)"
  done
}

# The command's environment is the following list, without the worker's own variables. Values are arguments of `env`:
# data that no shell parses. The last duplicate counts, so no column replaces a variable of the worker.
run_command() {
  printf '%s\n' "$params" >"$run/params.json"
  set -- env -i LANG=C.UTF-8
  while read -r name encoded; do
    case $name in
      '' | [0-9]* | *[!A-Za-z0-9_]*) ;;
      *)
        # The dot keeps newlines at the end.
        value=$(printf '%s' "$encoded" | base64 -d && printf .)
        set -- "$@" "$name=${value%.}"
        ;;
    esac
  done <"$scratch/variables"
  place=0
  while [ "$place" -lt "$datasets" ]; do
    IFS= read -r path <"$scratch/staged-$place"
    [ "$place" != 0 ] || set -- "$@" "STAGED_PATH=$path"
    set -- "$@" "STAGED_PATH_$place=$path"
    place=$((place + 1))
  done
  # The local cloud has variables for its endpoints.
  for name in AWS_ENDPOINT_URL AWS_EC2_METADATA_SERVICE_ENDPOINT; do
    value=$(printenv "$name") && set -- "$@" "$name=$value"
  done
  set -- "$@" "PATH=$PATH" "HOME=${HOME:-/root}" "AWS_REGION=$region" "AWS_DEFAULT_REGION=$region" \
    "SWEEP_INDEX=$index" "SWEEP_ID=$sweep" "SWEEP_NAME=$sweep_name" "SWEEP_ATTEMPT=$attempt" \
    "PARAM_SET=$param_set" "PARAM_FILE=$run/params.json" "RESULTS_DIR=$run/results"
  cp "$scratch/command" "$run/command"
  chmod 755 "$run/command"
  # Without a line #! it is a shell script.
  if [ "$(head -c 2 "$run/command" | tr -d '\000')" != '#!' ]; then set -- "$@" /bin/sh; fi
  supervise "$time_limit" '' "$@" "$run/command"
}

copy_results() {
  [ -n "$results" ] && [ -n "$(find "$run/results" -prune ! -empty 2>/dev/null)" ] || return 0
  # The AWS CLI follows links, also in a cycle: `find` fails for one.
  # shellcheck disable=SC2016 # for the other shell
  supervise '' '' sh -c 'find -L "$1" -name / && exec aws s3 cp --recursive --only-show-errors "$@"' sh \
    "$run/results" "${results%/}/$index/" --region "$region"
  [ -z "$why" ] && [ "$status" = 0 ]
}

run_index() {
  answered_at=$(now)
  if ! stage_all; then
    if [ -n "$why" ]; then
      give_up
      return
    fi
    give_up_data
  fi
  say "index $index, attempt $attempt, on $instance in $region: the command starts"
  run_command
  if [ -n "$why" ]; then
    give_up
  elif [ "$status" != 0 ]; then
    how="the command failed with exit code $status"
    [ "$status" -le 128 ] || how="$how (signal $((status - 128)))"
    if [ "$(df -Pk "$state" | awk 'END { print $4 + 0 }')" -lt 64 ]; then how="$how, and the disk is full"; fi
    say "$how, after $(($(now) - began)) seconds"
    end_log
    fail "$status" "$(command_error "$how")"
  else
    say "the command succeeded after $(($(now) - began)) seconds"
    if copy_results; then
      end_log
      succeed
    elif [ -n "$why" ]; then
      give_up
    else
      say "the results cannot be copied to $results"
      end_log
      fail '' "$(command_error "the command succeeded, but its results cannot be copied to $results")"
    fi
  fi
}

# ---- The next index.

read_region() {
  read_item "region#$region" 'Item.[start.N, end.N, open.N, alive.N]'
  read -r start end open alive <"$scratch/answer"
  check_region
}

# Another worker could not continue either.
check_region() {
  is_number "$start" "$end" "${open#-}" "${alive#-}" "${ticket:-0}" && [ "$start" -lt "$end" ] || terminate "the item region#$region is damaged"
}

claimable='#state = :pending OR (#state = :running AND #lease_until <= :seconds)'
range='#sweep_id = :sweep AND #item BETWEEN :from AND :to'
fields='#item, #state, #owner, #attempt, #interruptions'
# Writes item, state, owner, attempt and interruptions of claimable indices to the file found: at most 50, from a
# range.
find_open() { # from, to
  : >"$scratch/found"
  [ "$1" -lt "$2" ] || return 0
  printf '{"TableName":"%s","KeyConditionExpression":"%s","FilterExpression":"%s","ProjectionExpression":"%s","ExpressionAttributeNames":{%s},"ExpressionAttributeValues":%s}' \
    "$table" "$range" "$claimable" "$fields" "$(names_of "$range $claimable $fields")" \
    "$(values sweep S "$sweep" from S "$(item_of "$1")" to S "$(item_of $(($2 - 1)))" pending S pending running S running seconds N "$(now)")" >"$scratch/request"
  patient_call query --cli-input-json "file://$scratch/request" --max-items 50 --query 'Items[].[item.S, state.S, owner.S, attempt.N, interruptions.N]'
  # Skips lines that do not belong to an item, and items that are not an index of the provider, because a request will
  # contain these texts.
  awk '/^index#[0-9]+\t(pending|running\t[0-9a-z-]+\t[0-9]+\t[0-9]+$)/ && length($1) == 12' "$scratch/answer" >"$scratch/found"
}

# A reopened index: concurrent workers start at different places.
claim_open() {
  middle=$((start + $(random_below $((end - start)))))
  find_open "$middle" "$end"
  [ -s "$scratch/found" ] || find_open "$start" "$middle"
  tries=0
  while [ -s "$scratch/found" ] && [ "$tries" -lt 5 ]; do
    tries=$((tries + 1))
    line=$(($(random_below $(($(wc -l <"$scratch/found")))) + 1))
    # shellcheck disable=SC2046 # the fields have no blanks
    set -- $(sed -n "${line}p" "$scratch/found")
    sed "${line}d" "$scratch/found" >"$scratch/rest"
    mv "$scratch/rest" "$scratch/found"
    number=$(echo "${1#index#}" | sed 's/^0*\([0-9]\)/\1/')
    if [ "$2" = pending ]; then claim_pending "$number"; else claim_expired "$number" "$3" "$4" "$5"; fi && return 0
    forget_claim
  done
  return 1
}

# A ticket is an unclaimed index. After the last ticket, only reopened indices remain.
claim_ticket() {
  update "region#$region" 'ADD #next_ticket :one' 'attribute_exists(#next_ticket)' "$(values one N 1)" \
    'Attributes.[next_ticket.N, start.N, end.N, open.N, alive.N]' || terminate "the sweep has no region $region"
  read -r ticket start end open alive <"$scratch/answer"
  check_region
  ticket=$((start + ticket - 1))
  if [ "$ticket" -ge "$end" ]; then
    past_end=yes
    return 1
  fi
  claim_pending "$ticket" && return 0
  forget_claim
  return 1
}

claim_next() {
  while :; do
    [ -z "$stopping" ] || stop
    # An index that is claimed after the end would fail without a result.
    if is_past_deadline; then read_sweep; fi
    [ -z "$over" ] || leave "$over"
    if [ -z "$past_end" ]; then
      claim_ticket && break
      # Claimed by a worker that searched for open indices, or cancelled. The following indices may be so, too, and
      # each would cost a ticket: from now on, this worker searches for open indices.
      if [ -z "$past_end" ]; then
        past_end=yes
        read_sweep
        [ -z "$over" ] || leave "$over"
        continue
      fi
    else
      read_region
    fi
    if is_past_deadline; then read_sweep; fi
    [ -z "$over" ] || leave "$over"
    [ "$open" -gt 0 ] || leave 'all indices of the region have ended'
    claim_open && break
    # Surplus workers leave.
    if take_off '#alive > #open'; then terminate 'no index is left for this worker'; fi
    pause "$(($(random_below "$idle") + 1))"
  done
  read_claim
  open_log new
}

# ---- The end of the worker.

# Once per instance: decrements the region's number of workers.
take_off() { # condition
  [ ! -e "$state/left" ] || return 0
  case $1 in *:zero*) set -- "$1" zero N 0 ;; esac
  condition=$1
  shift
  transact "$(update_of "$table" "$(key_of "region#$region")" 'ADD #alive :less' "$condition" "$(values less N -1 "$@")")" || return
  : >"$state/left"
}

leave() { # why
  take_off '#alive > :zero'
  terminate "$1"
}

# The group does not replace an instance that ends in this way.
terminate() { # why
  say "$1; the worker leaves"
  delay=1 leave_until=$(($(now) + 600))
  until aws_call autoscaling terminate-instance-in-auto-scaling-group --instance-id "$instance" --should-decrement-desired-capacity \
    --region "$region" >/dev/null 2>"$scratch/error"; do
    say "Auto Scaling did not end the instance: $(tail -n 1 "$scratch/error")"
    if grep -Eq 'ValidationError|AccessDenied' "$scratch/error" || [ "$(now)" -ge "$leave_until" ] || [ -n "$stopping" ]; then
      power_off 'the worker has left'
    fi
    pause "$(random_below "$delay").$(random_below 10)"
    [ "$delay" -ge 32 ] || delay=$((delay * 2))
  done
  exit 0
}

# The data cannot be downloaded: the index fails, and the worker leaves, so that one instance fails one index. The
# last worker fails all open indices with the same error, because no worker remains for them.
give_up_data() {
  end_log
  error=$(stage_error)
  [ -n "$error" ] || error="the download of $dataset failed with exit code $status"
  # See the exit codes of stage.sh.
  case $status in [2-6]) final=final ;; *) final='' ;; esac
  fail '' "$error" "$final"
  take_off '#alive > :zero'
  # The lease of an ended worker may still have to expire.
  until=$(($(now) + 2 * lease_time))
  while read_region && [ "$alive" = 0 ] && [ "$open" -gt 0 ] && [ "$(now)" -lt "$until" ]; do
    if claim_open; then
      read_claim
      fail '' "$error" final
    else
      pause 5
    fi
  done
  terminate 'the data cannot be had'
}

# ---- The worker.

trap 'stopping=yes' TERM INT HUP
mkdir -p "$state" "$scratch"
for program in aws awk base64 curl mkfifo od setsid split; do
  command -v "$program" >/dev/null 2>&1 || { say "the program $program is not installed" && exit 1; }
done
# A killed worker may have left its command running.
if child_group; then signal_child KILL; fi
rm -rf "${scratch:?}"/*
read_instance
say "worker of $sweep on $instance in $region"
[ ! -e "$state/left" ] || terminate 'the worker has left before'
read_sweep
[ -z "$over" ] || leave "$over"
resume || claim_next
while :; do
  run_index
  claim_next
done
