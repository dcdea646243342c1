#!/bin/sh
# Checks and tests the pipelines, and says what a deploy would change; `ci/rta.sh deploy` then deploys it. What follows `deploy` is for
# `rta deploy`: `ci/rta.sh deploy --allow-rebuild`.
#
# KAFKA_BROKERS and SCHEMA_REGISTRY_URL say where. Without brokers there is nothing to plan against, and it ends after the tests.
# The plan is Markdown, in plan.md (RTA_PLAN). RTA is the command, if it is not to be fetched.
set -eu
cd "$(dirname "$0")/.."
RTA=${RTA:-npx -y @rta/cli@{{version}}}
plan=${RTA_PLAN:-plan.md}

$RTA fmt --check .
$RTA check
$RTA test

if [ -z "${KAFKA_BROKERS:-}" ]; then
  echo 'KAFKA_BROKERS is not set: nothing to plan against.'
  exit 0
fi

# 0: nothing to do; 3: there are changes; anything else: refused, and the plan says why.
changes=0
$RTA plan --detailed-exitcode --markdown > "$plan" || changes=$?
# Where there was nothing to ask (no broker, no registry) there is no plan.
if [ ! -s "$plan" ]; then
  rm -f "$plan"
  exit "$changes"
fi
cat "$plan"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$plan" >> "$GITHUB_STEP_SUMMARY"; fi
case $changes in
  0 | 3) ;;
  *) exit "$changes" ;;
esac

if [ "${1:-}" = deploy ] && [ "$changes" -eq 3 ]; then
  shift
  # For `rta history`; `--by` of one's own comes later, and goes before.
  $RTA deploy ${GITHUB_ACTOR:+--by "$GITHUB_ACTOR"} "$@"
fi
