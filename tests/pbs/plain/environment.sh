# No modules here; the environment of the clone.
. "$LEOPARD_PROFILE/../../.venv/bin/activate"
