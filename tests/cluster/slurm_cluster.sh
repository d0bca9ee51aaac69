#!/usr/bin/env bash
# A Slurm cluster of this one machine, for tests: slurm_cluster.sh start DIR | stop DIR
#
# Installs Debian's Slurm where it is missing, so it needs root; all else stays in DIR. It has neither
# cgroups nor accounting, and promises more than the machine has: 16 CPUs, 64 GB, and two GPUs that
# are only names. Status 77: this machine cannot run it, and the last line on stderr says why.
set -euo pipefail

# Slurm's commands look here when there is no /etc/slurm/slurm.conf. SLURM_CONF would not reach the
# srun inside a job: Snakemake's executor takes SLURM_* out of its environment.
LINK=/run/slurm/conf

cannot() {
  echo "$*" >&2
  exit 77
}

install_slurm() {
  type slurmctld slurmd munged sbatch srun squeue scontrol >/dev/null 2>&1 && return
  command -v apt-get >/dev/null || cannot "Slurm is missing and there is no apt-get to install it"
  local log
  log=$(mktemp)
  {
    apt-get update -qq \
      && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge
  } >"$log" 2>&1 </dev/null || cannot "apt-get cannot install slurm-wlm and munge: $(tail -n 1 "$log")"
  rm "$log"
}

free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 50); do
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  cannot "no free port"
}

write_configuration() {
  local host
  host=$(hostname -s)
  # Slurm wants a device file for each GPU; the job sees its index, as it would a real one's.
  cat >"$DIR/gres.conf" <<END
AutoDetect=off
Name=gpu Type=v100 File=/dev/null
Name=gpu Type=a100 File=/dev/zero
END
  # MinJobAge: without accounting, squeue is how Snakemake learns of finished jobs.
  cat >"$DIR/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$DIR/munge.socket
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/slurmctld.pid
SlurmdPidFile=$DIR/slurmd.pid
SlurmctldLogFile=$DIR/slurmctld.log
SlurmdLogFile=$DIR/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MessageTimeout=5
MailProg=/bin/true
ReturnToService=2
MinJobAge=3600
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 Gres=gpu:v100:1,gpu:a100:1
PartitionName=cpu Nodes=$host Default=YES MaxTime=1-0
PartitionName=gpu Nodes=$host MaxTime=2-0
END
}

start() {
  [ "$(id -u)" = 0 ] || cannot "only root can install and start Slurm"
  [ ! -e /etc/slurm/slurm.conf ] || cannot "this machine belongs to a Slurm cluster already"
  install_slurm
  if [ -L "$LINK" ]; then stop "$(readlink "$LINK")"; fi  # of a test that was killed
  mkdir -p "$DIR/state" "$DIR/spool"
  write_configuration
  mkdir -p "$(dirname "$LINK")"
  ln -s "$DIR" "$LINK"
  (umask 077 && head -c 1024 /dev/urandom >"$DIR/munge.key")
  # --force: the directory may lie under one that only root can enter.
  munged --force --key-file="$DIR/munge.key" --socket="$DIR/munge.socket" \
    --seed-file="$DIR/munge.seed" --pid-file="$DIR/munged.pid" --log-file="$DIR/munged.log" \
    2>"$DIR/munged.err"
  slurmctld -c -f "$DIR/slurm.conf"
  slurmd -f "$DIR/slurm.conf"
  for _ in $(seq 60); do
    kill -0 "$(<"$DIR/slurmctld.pid")" 2>/dev/null || break
    [ "$(sinfo --noheader --format=%T 2>/dev/null | uniq)" != idle ] || return 0
    sleep 0.5
  done
  grep -hE 'error|fatal' "$DIR"/*.log >&2
  stop "$DIR"
  echo "the cluster did not come up: see its logs above" >&2
  exit 1
}

stop() {
  local daemon pid
  timeout 20 scancel --user="$(id -un)" || true
  for daemon in slurmd slurmctld munged; do
    [ -s "$1/$daemon.pid" ] || continue
    pid=$(<"$1/$daemon.pid")
    kill "$pid" 2>/dev/null || continue
    timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
  done
  rm -f "$LINK"
}

DIR=$(realpath -m "${2:?usage: $0 start|stop DIR}")
case $1 in
  start) start ;;
  stop) stop "$DIR" ;;
esac
