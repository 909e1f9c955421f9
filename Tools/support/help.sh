# shellcheck shell=sh
# Sourced by the scripts of Tools: with --help a script prints the comment at its head.
case ${1:-} in
  -h | --help)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
