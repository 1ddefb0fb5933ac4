"""One file per revision; `hub.store.revisions.REVISIONS` names them all."""
