#!/bin/bash
# properties = {properties}
# One job of the workflow on a compute node. PBS starts it in $HOME with a login shell's PATH.

umask 027
cd "$LEOPARD_DIRECTORY" || exit
export LEOPARD_DEADLINE=$(($(date +%s) + LEOPARD_WALLTIME)) # when PBS will kill it
export TMPDIR="${{PBS_JOBFS:-${{TMPDIR:-/tmp}}}}"

# The exit file says how the job ended when the server has forgotten it. With a trap on TERM the
# shell outlives the signal by which PBS ends a job, and waits for what it runs.
leave() {{
  local code=$? exit=.snakemake/pbs/exit
  cd "$LEOPARD_DIRECTORY" && mkdir -p $exit &&
    echo "$code $SECONDS $PBS_JOBNAME" > "$exit/.$PBS_JOBID" &&
    mv "$exit/.$PBS_JOBID" "$exit/$PBS_JOBID"
  exit $code
}}
trap leave EXIT
trap : TERM

. "$LEOPARD_ENVIRONMENT"
echo "$(date '+%F %T') $PBS_JOBID on $(hostname), ${{PBS_QUEUE:-}}, $(nproc) CPUs"
if command -v nvidia-smi > /dev/null; then
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
fi
python3 --version

{exec_job}
