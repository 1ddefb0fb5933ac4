"""The hub over HTTP: health for machines that watch it, webhooks for carriers."""
