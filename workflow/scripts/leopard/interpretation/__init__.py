"""Why a network calls a site, and what a variant would change."""
