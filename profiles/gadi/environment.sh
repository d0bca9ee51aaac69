# What every job and the head need before they start, on top of a login shell's environment. Load
# modules here. Compute nodes have no network, and /home is small.
if command -v module > /dev/null; then module load python3/3.12.1; fi
clone=$(cd "$LEOPARD_PROFILE/../.." && pwd)
if [ -r "$clone/.venv/bin/activate" ]; then . "$clone/.venv/bin/activate"; fi
if [ -n "${PROJECT:-}" ] && [ -d "/scratch/$PROJECT/$USER" ]; then
  export XDG_CACHE_HOME="/scratch/$PROJECT/$USER/.cache"
fi
export PIP_NO_INDEX=1
